// The fake venue's balances: free and locked per asset, never negative.
import { Decimal } from '@flotilla/money'

import type { VenueBalance } from '../port.ts'
import type { Lock } from './fake-orders.ts'

type Entry = { free: Decimal; locked: Decimal }

export class FakeAccount {
  readonly #entries = new Map<string, Entry>()

  constructor(balances: Readonly<Record<string, string>>) {
    for (const [asset, amount] of Object.entries(balances)) {
      this.#entries.set(asset, { free: Decimal.from(amount), locked: Decimal.zero })
    }
  }

  balances(): VenueBalance[] {
    return [...this.#entries]
      .map(([asset, { free, locked }]) => ({ asset, free, locked, total: free.plus(locked) }))
      .filter((balance) => !balance.total.isZero())
  }

  free(asset: string): Decimal {
    return this.#entry(asset).free
  }

  credit(asset: string, amount: Decimal): void {
    const entry = this.#entry(asset)
    entry.free = entry.free.plus(amount)
  }

  hold(lock: Lock): void {
    const entry = this.#entry(lock.asset)
    entry.free = entry.free.minus(lock.amount)
    entry.locked = entry.locked.plus(lock.amount)
  }

  /** Pays from what an order had locked; what the price improved goes back to free. */
  payFrom(lock: Lock, quantity: Decimal, amount: Decimal): void {
    const released = Decimal.min(lock.amount, quantity.times(lock.perUnit))
    const entry = this.#entry(lock.asset)
    lock.amount = lock.amount.minus(released)
    entry.locked = entry.locked.minus(released)
    entry.free = entry.free.plus(released).minus(amount)
  }

  release(lock: Lock): void {
    const entry = this.#entry(lock.asset)
    entry.locked = entry.locked.minus(lock.amount)
    entry.free = entry.free.plus(lock.amount)
    lock.amount = Decimal.zero
  }

  #entry(asset: string): Entry {
    const known = this.#entries.get(asset)
    if (known !== undefined) return known
    const created = { free: Decimal.zero, locked: Decimal.zero }
    this.#entries.set(asset, created)
    return created
  }
}
