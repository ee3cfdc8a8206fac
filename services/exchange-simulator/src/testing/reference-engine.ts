import type { NewOco, NewOrder, Side, SymbolRules } from '../core/index.ts'
import {
  draft,
  needOf,
  isOpen,
  isStop,
  hasLimit,
  isRising,
  other,
  isWilling,
  isBetter,
  rank,
  refuseByFilter,
  type ReferenceOrder,
} from './reference-rules.ts'

/**
 * The matching engine once more, as simple as it can be said: lists that are searched from end to end,
 * locks that are added up anew each time, a book that is an array. Slow, and hard to get wrong.
 */
export type ReferenceTrade = readonly [
  orderId: number,
  price: bigint,
  quantity: bigint,
  fee: bigint,
  isMaker: boolean,
]

type Level = { readonly price: bigint; quantity: bigint }

const ONE = 100_000_000n

export class ReferenceEngine {
  readonly orders: ReferenceOrder[] = []
  readonly trades: ReferenceTrade[] = []
  readonly total: Record<string, bigint>
  readonly #rules: SymbolRules
  readonly #fees: { maker: bigint; taker: bigint }
  readonly #options: { rules: SymbolRules; average: bigint }
  #asks: Level[] = []
  #bids: Level[] = []
  #last = 0n

  constructor(options: {
    rules: SymbolRules
    fees: { maker: bigint; taker: bigint }
    average: bigint
    balances: Record<string, bigint>
  }) {
    this.#rules = options.rules
    this.#fees = options.fees
    this.#options = options
    this.total = { ...options.balances }
  }

  locked(asset: string): bigint {
    let sum = 0n
    for (const order of this.orders) {
      if (!isOpen(order) || this.#assetOf(order.request.side) !== asset) continue
      const partner = order.partner === null ? undefined : this.orders[order.partner - 1]
      const need = needOf(order)
      if (partner === undefined || !isOpen(partner)) sum += need
      // Of two legs the larger need counts, once.
      else if (order.id < partner.id) sum += need > needOf(partner) ? need : needOf(partner)
    }
    return sum
  }

  free(asset: string): bigint {
    return (this.total[asset] ?? 0n) - this.locked(asset)
  }

  move(price: bigint, asks: Level[], bids: Level[], now: number): void {
    this.#asks = asks.map((level) => ({ ...level }))
    this.#bids = bids.map((level) => ({ ...level }))
    for (const side of ['BUY', 'SELL'] as const) {
      for (;;) {
        const maker = this.#bestOwn(side)
        const house = this.#house(other(side))[0]
        if (maker === undefined || house === undefined) break
        if (!isWilling(side, maker.request.price, house.price)) break
        const open = maker.quantity - maker.executed
        const quantity = open < house.quantity ? open : house.quantity
        this.#trade(maker, maker.request.price, quantity, true)
      }
    }
    this.#last = price
    this.#trigger(now)
  }

  submit(request: NewOrder, now: number): string | ReferenceOrder {
    const refusal = this.#refuse(request) ?? this.#refuseFunds(request)
    if (refusal !== null) return refusal
    const order = this.#add(request)
    this.#begin(order, now)
    this.#trigger(now)
    return order
  }

  oco({ above, below }: NewOco, now: number): string | ReferenceOrder[] {
    const refusal = this.#refuseOco(above, below)
    if (refusal !== null) return refusal
    const [first, second] = isStop(above) || !isStop(below) ? [above, below] : [below, above]
    const orders = [this.#add(first), this.#add(second)]
    orders[0]!.partner = orders[1]!.id
    orders[1]!.partner = orders[0]!.id
    for (const order of orders) this.#begin(order, now)
    this.#trigger(now)
    return orders
  }

  cancel(clientOrderId: string): string | ReferenceOrder {
    const order = this.orders.findLast(({ request }) => request.clientOrderId === clientOrderId)
    if (order === undefined || !isOpen(order)) return 'Unknown order sent.'
    const partner = order.partner === null ? undefined : this.orders[order.partner - 1]
    if (partner !== undefined && isOpen(partner)) partner.status = 'CANCELED'
    order.status = 'CANCELED'
    return order
  }

  replace(name: string, isStrict: boolean, [request, now]: readonly [NewOrder, number]): string {
    const filtered = refuseByFilter(request, this.orders, this.#options)
    if (filtered !== null) return filtered
    const isFailed = typeof this.cancel(name) === 'string'
    if (isFailed && isStrict) return 'not attempted'
    const placed = this.submit(request, now)
    return `${isFailed} ${typeof placed === 'string' ? placed : placed.id}`
  }

  #refuse(request: NewOrder): string | null {
    return refuseByFilter(request, this.orders, this.#options) ?? this.#refuseByState(request)
  }

  #refuseByState(request: NewOrder): string | null {
    if (this.#isNamed(request.clientOrderId)) return 'Duplicate order sent.'
    return this.#refuseImmediate(request)
  }

  #isNamed(clientOrderId: string): boolean {
    return this.orders.some(
      (order) => isOpen(order) && order.request.clientOrderId === clientOrderId,
    )
  }

  #refuseImmediate(request: NewOrder): string | null {
    if (isStop(request) && this.#isReached(request)) return 'Stop price would trigger immediately.'
    if (request.type !== 'LIMIT_MAKER') return null
    const against = other(request.side)
    const prices = [this.#house(against)[0]?.price, this.#bestOwn(against)?.request.price]
    return prices.some(
      (price) => price !== undefined && isWilling(request.side, request.price, price),
    )
      ? 'Order would immediately match and take.'
      : null
  }

  #refuseFunds(request: NewOrder): string | null {
    const asset = this.#assetOf(request.side)
    const poor = 'Account has insufficient balance for requested action.'
    if (request.type !== 'MARKET') {
      return needOf(draft(request)) > this.free(asset) ? poor : null
    }
    const { base, quote, isComplete } = this.#price(request)
    if (request.quoteQuantity > 0n && isComplete && base === 0n) return 'Filter failure: LOT_SIZE'
    const byQuote = request.quoteQuantity > 0n
    const buyNeed = byQuote ? request.quoteQuantity : quote
    const sellNeed = byQuote ? base : request.quantity
    return (request.side === 'BUY' ? buyNeed : sellNeed) > this.free(asset) ? poor : null
  }

  #refuseOco(above: NewOrder, below: NewOrder): string | null {
    const filtered =
      refuseByFilter(above, this.orders, this.#options) ??
      refuseByFilter(below, this.orders, this.#options)
    if (filtered !== null) return filtered
    const open = this.orders.filter(isOpen)
    if (open.length + 2 > this.#rules.ordersMax) return 'Filter failure: MAX_NUM_ORDERS'
    const stops = [...open.map(({ request }) => request), above, below].filter(isStop).length
    if (stops > this.#rules.algoOrdersMax) return 'Filter failure: MAX_NUM_ALGO_ORDERS'
    const lists = new Set(
      open
        .filter(({ partner }) => partner !== null)
        .map(({ id, partner }) => Math.min(id, partner ?? id)),
    )
    if (lists.size >= this.#rules.orderListsMax) return 'Filter failure: MAX_NUM_ORDER_LISTS'
    const isTwice = above.clientOrderId === below.clientOrderId
    if (isTwice || this.#isNamed(above.clientOrderId) || this.#isNamed(below.clientOrderId)) {
      return 'Duplicate order sent.'
    }
    const at = (leg: NewOrder): bigint => (isStop(leg) ? leg.stopPrice : leg.price)
    if (at(above) <= this.#last || at(below) >= this.#last) {
      return 'The relationship of the prices for the orders is not correct.'
    }
    const early = this.#refuseImmediate(above) ?? this.#refuseImmediate(below)
    if (early !== null) return early
    const needs = [needOf(draft(above)), needOf(draft(below))]
    const need = needs[0]! > needs[1]! ? needs[0]! : needs[1]!
    return need > this.free(this.#assetOf(above.side))
      ? 'Account has insufficient balance for requested action.'
      : null
  }

  #add(request: NewOrder): ReferenceOrder {
    const order = { ...draft(request), id: this.orders.length + 1 }
    this.orders.push(order)
    return order
  }

  #begin(order: ReferenceOrder, now: number): void {
    if (isStop(order.request)) return
    order.workingAt = now
    this.#work(order)
  }

  #work(order: ReferenceOrder): void {
    const { request } = order
    if (request.type !== 'MARKET' && !hasLimit(request)) {
      // A triggered market stop must pay from what is free at that moment.
      order.workingAt = -2
      const { base, quote } = this.#price({ ...request, quantity: order.quantity })
      const need = request.side === 'BUY' ? quote : base
      const free = this.#freeWithout(order)
      if (free < need) return this.#finish(order, 'EXPIRED', 'REJECTED')
    }
    if (request.timeInForce === 'FOK' && !this.#price(request).isComplete) {
      return this.#finish(order, 'EXPIRED', 'UNFILLED_FOK_ORDER_EXPIRED')
    }
    this.#take(order)
    if (!isOpen(order)) return
    if (!hasLimit(request)) {
      if (request.quoteQuantity > 0n) order.quantity = order.executed
      return this.#finish(order, 'EXPIRED', 'INSUFFICIENT_LIQUIDITY')
    }
    if (request.timeInForce === 'IOC') {
      this.#finish(order, 'EXPIRED', 'UNFILLED_IOC_QUANTITY_EXPIRED')
    }
  }

  #freeWithout(order: ReferenceOrder): bigint {
    const asset = this.#assetOf(order.request.side)
    const { status } = order
    order.status = 'SET ASIDE'
    const free = this.free(asset)
    order.status = status
    return free
  }

  /** One step at a time: look at the best of both books, and deal with it. */
  #take(order: ReferenceOrder): void {
    const { request } = order
    for (;;) {
      const house = this.#house(other(request.side))[0]
      const own = this.#bestOwn(other(request.side))
      const most = this.#most(order, house)
      if (most === 0n) {
        if (request.quoteQuantity > 0n) order.quantity = order.executed
        if (order.status !== 'FILLED') this.#finish(order, 'FILLED', null)
        return
      }
      const limit = hasLimit(request) ? request.price : null
      const isOwnNext =
        own !== undefined &&
        isWilling(request.side, limit, own.request.price) &&
        (house === undefined || isBetter(request.side, own.request.price, house.price))
      if (isOwnNext) {
        if (request.selfTradeMode !== 'EXPIRE_TAKER') this.#finish(own, 'EXPIRED_IN_MATCH', null)
        if (request.selfTradeMode === 'EXPIRE_MAKER') continue
        if (request.quoteQuantity > 0n) order.quantity = order.executed
        return this.#finish(order, 'EXPIRED_IN_MATCH', null)
      }
      if (house === undefined || !isWilling(request.side, limit, house.price)) return
      const wanted = most ?? 0n
      const quantity = wanted < house.quantity ? wanted : house.quantity
      this.#trade(order, house.price, quantity, false)
      // What is left of a quote amount buys no further lot at this price: that is all there is.
      if (request.quoteQuantity > 0n && quantity === wanted) {
        order.quantity = order.executed
        return this.#finish(order, 'FILLED', null)
      }
    }
  }

  /** What is still wanted at the next price; null means more than can be known. */
  #most(order: ReferenceOrder, house: Level | undefined): bigint | null {
    const { request } = order
    if (request.quoteQuantity === 0n) return order.quantity - order.executed
    if (house === undefined) return null
    const raw = ((request.quoteQuantity - order.spent) * ONE) / house.price
    return raw - (raw % this.#rules.step)
  }

  /** What a taker would get from the synthetic book. */
  #price(request: NewOrder): { base: bigint; quote: bigint; isComplete: boolean } {
    const own = this.#bestOwn(other(request.side))
    const wall = request.selfTradeMode === 'EXPIRE_MAKER' ? undefined : own?.request.price
    const limit = hasLimit(request) ? request.price : null
    let base = 0n
    let quote = 0n
    for (const level of this.#house(other(request.side))) {
      const byQuote = request.quoteQuantity > 0n
      const raw = byQuote
        ? ((request.quoteQuantity - quote) * ONE) / level.price
        : request.quantity - base
      const most = byQuote ? raw - (raw % this.#rules.step) : raw
      if (most === 0n) return { base, quote, isComplete: true }
      if (!isWilling(request.side, limit, level.price)) return { base, quote, isComplete: false }
      if (wall !== undefined && !isWilling(request.side, wall, level.price)) {
        return { base, quote, isComplete: false }
      }
      const quantity = most < level.quantity ? most : level.quantity
      base += quantity
      quote += (quantity * level.price) / ONE
      if (quantity === most) return { base, quote, isComplete: true }
    }
    return { base, quote, isComplete: false }
  }

  #trade(order: ReferenceOrder, price: bigint, quantity: bigint, isMaker: boolean): void {
    this.#endPartner(order)
    const { base, quote } = this.#rules
    const value = (price * quantity) / ONE
    const isBuy = order.request.side === 'BUY'
    const rate = isMaker ? this.#fees.maker : this.#fees.taker
    const fee = ((isBuy ? quantity : value) * rate) / ONE
    this.total[base] = (this.total[base] ?? 0n) + (isBuy ? quantity - fee : -quantity)
    this.total[quote] = (this.total[quote] ?? 0n) + (isBuy ? -value : value - fee)
    const levels = this.#house(other(order.request.side))
    levels[0]!.quantity -= quantity
    if (levels[0]!.quantity === 0n) levels.shift()
    order.executed += quantity
    order.spent += value
    this.#last = price
    this.trades.push([order.id, price, quantity, fee, isMaker])
    order.status = 'PARTIALLY_FILLED'
    const isByQuote = order.request.quoteQuantity > 0n
    if (!isByQuote && order.executed === order.quantity) this.#finish(order, 'FILLED', null)
  }

  #trigger(now: number): void {
    for (;;) {
      const waiting = this.orders.filter(
        (order) => isOpen(order) && order.workingAt === -1 && isStop(order.request),
      )
      const reached = waiting.filter(({ request }) => this.#isReached(request))
      const first = reached.sort((left, right) => rank(left, right))[0]
      if (first === undefined) return
      this.#endPartner(first)
      first.workingAt = now
      this.#work(first)
      if (isOpen(first)) first.workingAt = now
    }
  }

  #isReached(request: NewOrder): boolean {
    return isRising(request) ? this.#last >= request.stopPrice : this.#last <= request.stopPrice
  }

  #finish(order: ReferenceOrder, status: string, reason: string | null): void {
    order.status = status
    order.reason = reason
    this.#endPartner(order)
  }

  #endPartner(order: ReferenceOrder): void {
    const partner = order.partner === null ? undefined : this.orders[order.partner - 1]
    if (partner === undefined || !isOpen(partner)) return
    partner.status = 'EXPIRED'
    partner.reason = 'OCO_TRIGGER'
  }

  #house(side: Side): Level[] {
    return side === 'BUY' ? this.#bids : this.#asks
  }

  #bestOwn(side: Side): ReferenceOrder | undefined {
    const resting = this.orders.filter(
      (order) =>
        isOpen(order) &&
        order.workingAt >= 0 &&
        order.request.side === side &&
        hasLimit(order.request),
    )
    return resting.sort((left, right) => {
      const [a, b] = [left.request.price, right.request.price]
      if (a !== b) return a < b === (side === 'SELL') ? -1 : 1
      return left.workingAt - right.workingAt || left.id - right.id
    })[0]
  }

  #assetOf(side: Side): string {
    return side === 'BUY' ? this.#rules.quote : this.#rules.base
  }
}
