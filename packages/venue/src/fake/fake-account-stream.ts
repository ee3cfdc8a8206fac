// The fake venue's stream of account events: what has changed in its book since it was last told. A test cuts
// the line and mends it; what happens meanwhile is never told.
import type { Decimal } from '@flotilla/money'

import type { AccountEvent, AccountWatch, VenueFill, VenueOrder } from '../port.ts'
import type { FakeBook } from './fake-book.ts'
import { viewOf } from './fake-orders.ts'

type Told = { readonly status: VenueOrder['status']; readonly filled: string }
type Listener = (event: AccountEvent) => void

export class FakeAccountStream {
  readonly #book: FakeBook
  readonly #now: () => number
  readonly #listeners = new Set<Listener>()
  readonly #told = new Map<string, Told>()
  #fillsTold = 0
  #isUp = true

  constructor(book: FakeBook, now: () => number) {
    this.#book = book
    this.#now = now
  }

  watch(listener: Listener): AccountWatch {
    this.#listeners.add(listener)
    if (this.#isUp) listener({ kind: 'connected' })
    return {
      close: async () => {
        this.#listeners.delete(listener)
      },
    }
  }

  cut(reason: string): void {
    if (!this.#isUp) return
    this.#isUp = false
    this.#say({ kind: 'disconnected', reason })
  }

  mend(): void {
    if (this.#isUp) return
    this.#isUp = true
    this.#say({ kind: 'connected' })
  }

  transfer(asset: string, change: Decimal): void {
    if (this.#isUp) this.#say({ kind: 'transfer', asset, change, at: this.#now() })
  }

  /** Tells what has changed in the book since the last time. */
  flush(): void {
    const events = this.#book.orders.flatMap((order) => this.#eventsOf(viewOf(order)))
    this.#fillsTold = this.#book.fills.length
    if (events.length === 0 || !this.#isUp) return
    for (const event of events) this.#say(event)
    this.#say({ kind: 'balances', balances: this.#book.account.balances() })
  }

  #eventsOf(order: VenueOrder): AccountEvent[] {
    const before = this.#told.get(order.venueOrderId)
    const now = { status: order.status, filled: order.filledQuantity.toString() }
    if (before?.status === now.status && before.filled === now.filled) return []
    this.#told.set(order.venueOrderId, now)
    const fills = this.#book.fills
      .slice(this.#fillsTold)
      .filter(({ venueOrderId }) => venueOrderId === order.venueOrderId)
    if (fills.length === 0) return [{ kind: 'order', order }]
    const ended = order.status !== 'filled' && order.status !== 'partially-filled'
    const traded = fills.map((_, at) => this.#afterFill(order, fills.slice(0, at + 1)))
    return ended ? [...traded, { kind: 'order', order }] : traded
  }

  /** The order as it was after the first of its new fills, with the last of them. */
  #afterFill(order: VenueOrder, fills: readonly VenueFill[]): AccountEvent {
    const all = this.#book.fills.filter(({ venueOrderId }) => venueOrderId === order.venueOrderId)
    const last = fills.at(-1)!
    const upTo = all.slice(0, all.indexOf(last) + 1)
    const zero = order.quantity.minus(order.quantity)
    const filledQuantity = upTo.reduce((total, fill) => total.plus(fill.quantity), zero)
    const filledNotional = upTo.reduce((total, fill) => total.plus(fill.notional), zero)
    const status = filledQuantity.equals(order.quantity) ? 'filled' : 'partially-filled'
    const then = { ...order, filledQuantity, filledNotional, status, fills: [last] } as const
    return { kind: 'order', order: then }
  }

  #say(event: AccountEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
