import { ById } from './by-id.ts'
import {
  copyEnded,
  createEnded,
  endedCreatedAt,
  endedName,
  endedOrder,
  fileEnded,
  type EndedOrders,
} from './ended-orders.ts'
import type { TradeFile } from './trade-file.ts'
import { isLive, type Order } from './types.ts'

/** Whether an order made at this time is meant. */
export type Within = (createdAt: number) => boolean

type Parts = {
  readonly live: ById<Order>
  readonly trades: TradeFile
  readonly ended: EndedOrders
  readonly last: number
  readonly isHidden: ((order: Order) => boolean) | null
}

/**
 * All orders of a symbol by their ids, which count from 1. Live ones are objects; one that ends is
 * written into a row, and made anew for whoever asks for it.
 */
export class OrderFile implements Iterable<Order> {
  readonly live: ById<Order>
  readonly #trades: TradeFile
  readonly #ended: EndedOrders
  readonly #isHidden: Parts['isHidden']
  #last: number

  constructor({ live, trades, ended, last, isHidden }: Parts) {
    this.live = live
    this.#trades = trades
    this.#ended = ended
    this.#isHidden = isHidden
    this.#last = last
  }

  static create(symbol: string, trades: TradeFile): OrderFile {
    const ended = createEnded(symbol)
    return new OrderFile({ live: new ById(), trades, ended, last: 0, isHidden: null })
  }

  /** The newest order's id, and how many there ever were. */
  get last(): number {
    return this.#last
  }

  /** The id of one more order. */
  next(): number {
    this.#last += 1
    return this.#last
  }

  /** It has ended, and does not change any more. */
  end(order: Order): void {
    fileEnded(this.#ended, order)
  }

  /** What an earlier run knew. */
  restore(order: Order): void {
    this.#last = Math.max(this.#last, order.id)
    if (isLive(order)) this.live.set(order.id, order)
    else this.end(order)
  }

  get(id: number): Order | undefined {
    if (id > this.#last || !Number.isInteger(id)) return undefined
    const order = this.live.get(id) ?? this.#past(id)
    return order !== undefined && this.#isHidden?.(order) === true ? undefined : order
  }

  /** Its client id; null where there is no such order. */
  nameOf(id: number): string | null {
    if (this.#isHidden !== null) return this.get(id)?.clientOrderId ?? null
    return this.live.get(id)?.clientOrderId ?? endedName(this.#ended, id)
  }

  all(): Order[] {
    return [...this]
  }

  *[Symbol.iterator](): Generator<Order> {
    for (let id = 1; id <= this.#last; id += 1) {
      const order = this.get(id)
      if (order !== undefined) yield order
    }
  }

  /** The first so many from an id on. */
  from(id: number, limit: number, within: Within): Order[] {
    const found: Order[] = []
    for (let next = id; next <= this.#last && found.length < limit; next += 1) {
      this.#collect(next, within, found)
    }
    return found
  }

  /** The last so many, the oldest of them first. */
  latest(limit: number, within: Within): Order[] {
    const found: Order[] = []
    for (let next = this.#last; next > 0 && found.length < limit; next -= 1) {
      this.#collect(next, within, found)
    }
    return found.reverse()
  }

  /** A picture of the present, which no later order, trade or cancel changes. */
  copy(trades: TradeFile): OrderFile {
    const live = new ById<Order>()
    for (const order of this.live.values()) {
      live.set(order.id, { ...order, trades: [...order.trades] })
    }
    return this.#seen(live, trades, this.#isHidden)
  }

  /** The same orders as seen by somebody to whom some of them are not known yet. */
  without(trades: TradeFile, isHidden: (order: Order) => boolean): OrderFile {
    const known = new ById<Order>()
    for (const order of this.live.values()) if (!isHidden(order)) known.set(order.id, order)
    const before = this.#isHidden
    const isAway = (order: Order): boolean => isHidden(order) || before?.(order) === true
    return this.#seen(known, trades, isAway)
  }

  #seen(live: ById<Order>, trades: TradeFile, isHidden: Parts['isHidden']): OrderFile {
    return new OrderFile({
      live,
      trades,
      ended: copyEnded(this.#ended),
      last: this.#last,
      isHidden,
    })
  }

  #past(id: number): Order | undefined {
    return endedOrder(this.#ended, id, (...wish) => this.#trades.of(...wish))
  }

  #collect(id: number, within: Within, found: Order[]): void {
    const createdAt = this.live.get(id)?.createdAt ?? endedCreatedAt(this.#ended, id)
    const order = within(createdAt) ? this.get(id) : undefined
    if (order !== undefined) found.push(order)
  }
}
