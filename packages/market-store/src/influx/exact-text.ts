// How amounts are kept exactly in a database of floats: each point has, beside its float fields for charts and
// statistics, one text field `exact` with all its amounts. Being one field, it is written or not as a whole.
import { Decimal } from '@flotilla/money'

import { MarketStoreError } from '../port.ts'

type Part = Decimal | number | null

export function exactText(parts: readonly Part[]): string {
  return parts.map((part) => (part === null ? '-' : part.toString())).join(' ')
}

export class ExactText {
  readonly #parts: readonly string[]

  constructor(text: string, length: number) {
    this.#parts = text.split(' ')
    if (this.#parts.length !== length) {
      throw new MarketStoreError(`stored amounts "${text}" are not ${String(length)}`)
    }
  }

  decimal(index: number): Decimal {
    const text = this.#parts[index] ?? ''
    if (!Decimal.isDecimal(text))
      throw new MarketStoreError(`stored amount "${text}" is no decimal`)
    return Decimal.from(text)
  }

  decimalOrNull(index: number): Decimal | null {
    return this.#parts[index] === '-' ? null : this.decimal(index)
  }

  integer(index: number): number {
    const value = Number(this.#parts[index])
    if (!Number.isSafeInteger(value)) throw new MarketStoreError('stored time is no integer')
    return value
  }
}
