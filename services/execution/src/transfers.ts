// What the venue told of money that came or went without an order: it explains differences of balances.
import { Decimal } from '@flotilla/money'

/** The stream and the answers about balances come from different copies: so often both must agree. */
const AGREEMENTS = 2

export class Transfers {
  /** By asset: what they came to since the balance was last taken for right. */
  readonly #told = new Map<string, { readonly sum: Decimal; readonly agreements: number }>()
  /** Assets whose balance was right while the venue told of every transfer, up to now. */
  readonly #watched = new Set<string>()

  add(asset: string, change: Decimal): void {
    const sum = change.plus(this.#told.get(asset)?.sum ?? Decimal.zero)
    this.#told.set(asset, { sum, agreements: 0 })
  }

  /** Whether transfers come to exactly this difference. */
  explain(asset: string, difference: Decimal): boolean {
    return this.#told.get(asset)?.sum.equals(difference) === true
  }

  /** A difference of this asset cannot be a transfer that nobody told us of. */
  knowsAllOf(asset: string): boolean {
    return this.#watched.has(asset)
  }

  /** Balance and book are the same: what was told is in both, unless one of them lags. */
  agreed(asset: string): void {
    this.#watched.add(asset)
    const told = this.#told.get(asset)
    if (told === undefined) return
    const agreements = told.agreements + 1
    if (agreements >= AGREEMENTS) this.#told.delete(asset)
    else this.#told.set(asset, { ...told, agreements })
  }

  /** The balance as it is was taken for right. */
  settled(asset: string): void {
    this.#told.delete(asset)
  }

  missed(): void {
    this.#watched.clear()
  }
}
