import type { NewOrder } from '../core/index.ts'
import {
  basisOf,
  hasLimit,
  hasTurned,
  isBetter,
  isOpen,
  isRising,
  isStop,
  isWilling,
  least,
  leftOf,
  needOf,
  other,
  rank,
  refuseByPrice,
  refuseBySize,
  type ReferenceOrder,
} from './reference-rules.ts'
import { ReferenceState, type ReferenceLevel } from './reference-state.ts'

/**
 * The matching engine once more, as simple as it can be said: lists that are searched from end to end,
 * locks that are added up anew each time, a book that is an array. Slow, and hard to get wrong.
 */
type Outlook = { base: bigint; quote: bigint; prevented: bigint; isComplete: boolean }

const ONE = 100_000_000n
const POOR = 'Account has insufficient balance for requested action.'

export class ReferenceEngine extends ReferenceState {
  #turns = 0

  move(price: bigint, [asks, bids]: readonly [ReferenceLevel[], ReferenceLevel[]], now: number) {
    this.asks = asks.map((level) => ({ ...level }))
    this.bids = bids.map((level) => ({ ...level }))
    for (const side of ['BUY', 'SELL'] as const) {
      for (;;) {
        const maker = this.own(side)[0]
        const house = this.house(other(side))[0]
        if (maker === undefined || house === undefined) break
        if (!isWilling(side, maker.request.price, house.price)) break
        this.#trade(maker, [maker.request.price, least(maker.shown, house.quantity)], 'maker')
      }
    }
    this.#print(price)
    this.settle(now)
  }

  protected refuseImmediate(request: NewOrder): string | null {
    if (isStop(request) && request.stopPrice > 0n && this.#isReached(request, this.last)) {
      return 'Stop price would trigger immediately.'
    }
    if (request.type !== 'LIMIT_MAKER') return null
    const against = other(request.side)
    const prices = [this.house(against)[0]?.price, this.own(against)[0]?.request.price]
    return prices.some(
      (price) => price !== undefined && isWilling(request.side, request.price, price),
    )
      ? 'Order would immediately match and take.'
      : null
  }

  protected refuseFunds(order: ReferenceOrder): string | null {
    const { request } = order
    const asset = this.assetOf(request.side)
    if (request.type !== 'MARKET') return needOf(order) > this.free(asset) ? POOR : null
    const { base, quote, prevented, isComplete } = this.#foresee(order)
    const byQuote = request.quoteQuantity > 0n
    if (byQuote && isComplete && base + prevented === 0n) return 'Filter failure: LOT_SIZE'
    const buyNeed = byQuote ? request.quoteQuantity : quote
    const sellNeed = byQuote ? base : order.quantity
    return (request.side === 'BUY' ? buyNeed : sellNeed) > this.free(asset) ? POOR : null
  }

  /** Where the two legs of a pair are, as seen from the last price. */
  protected refuseRelation(above: NewOrder, below: NewOrder): string | null {
    const at = (leg: NewOrder): bigint | null => {
      if (!isStop(leg)) return leg.price
      return leg.stopPrice === 0n ? null : leg.stopPrice
    }
    const isRight = (at(above) ?? this.last + 1n) > this.last && (at(below) ?? -1n) < this.last
    return isRight ? null : 'The relationship of the prices for the orders is not correct.'
  }

  protected begin(order: ReferenceOrder, now: number): void {
    if (isStop(order.request)) {
      order.turn = this.#turns += 1
      if (order.request.trailingDelta > 0 && order.request.stopPrice === 0n) order.best = this.last
      return
    }
    order.workingAt = now
    this.#work(order)
  }

  protected settle(now: number): void {
    for (;;) {
      const ripe = this.#ripe()
      if (ripe !== undefined) {
        this.#awaken(ripe, now)
        continue
      }
      const waiting = this.orders.filter(
        (order) => isOpen(order) && order.workingAt === -1 && order.turn > 0,
      )
      const reached = waiting.filter((order) =>
        order.request.trailingDelta > 0
          ? hasTurned(order, this.last)
          : this.#isReached(order.request, this.last),
      )
      const first = reached.sort(rank)[0]
      if (first === undefined) return
      this.#endPartner(first)
      first.turn = 0
      first.workingAt = now
      this.#work(first)
    }
  }

  protected finish(order: ReferenceOrder, status: string, reason: string | null): void {
    order.status = status
    order.reason = reason
    this.#endPartner(order)
    const { list } = order
    if (list === null || list.kind === 'OCO' || list.ids[0] !== order.id) return
    if (status === 'FILLED') return
    for (const id of list.ids.slice(1)) {
      const pending = this.orders[id - 1]!
      if (!isOpen(pending)) continue
      pending.status = 'EXPIRED'
      pending.reason = 'OTO_PHASE_ONE_EXPIRED'
    }
    list.proceeds = 0n
  }

  /** Of the lists whose first order is filled the one that was filled first. */
  #ripe(): ReferenceOrder[] | undefined {
    const lastTrade = (id: number): number => this.trades.findLastIndex(([by]) => by === id)
    const lists = new Set(this.orders.flatMap(({ list }) => (list === null ? [] : [list])))
    return [...lists]
      .map(({ ids }) => ids.map((id) => this.orders[id - 1]!))
      .filter(([first, second]) => first!.status === 'FILLED' && second!.status === 'PENDING_NEW')
      .sort(([left], [right]) => lastTrade(left!.id) - lastTrade(right!.id))[0]
      ?.slice(1)
  }

  #awaken(orders: readonly ReferenceOrder[], now: number): void {
    const list = orders[0]!.list!
    const { rules } = this.options
    if (list.kind.startsWith('OPO')) {
      const most = least(list.proceeds, rules.quantityMax)
      for (const order of orders) order.quantity = most - (most % rules.step)
    }
    list.proceeds = 0n
    for (const order of orders) order.basis = basisOf(order.request, this.last)
    if (this.#refuseStart(orders)) {
      for (const order of orders) {
        order.status = 'EXPIRED'
        order.reason = 'REJECTED'
      }
      return
    }
    for (const order of orders) order.status = 'NEW'
    for (const order of orders) this.begin(order, now)
  }

  #refuseStart(orders: readonly ReferenceOrder[]): boolean {
    const [above, below] = orders
    const isFit = orders.every((order) => {
      const request = { ...order.request, quantity: order.quantity }
      return (
        refuseByPrice(request, this.options) === null &&
        refuseBySize(request, this.options) === null &&
        this.refuseImmediate(request) === null &&
        this.refuseFunds(order) === null
      )
    })
    if (!isFit || above === undefined || below === undefined) return !isFit
    return this.refuseRelation(above.request, below.request) !== null
  }

  #work(order: ReferenceOrder): void {
    const { request } = order
    if (request.type !== 'MARKET' && !hasLimit(request)) {
      // A triggered market stop must pay from what is free at that moment.
      order.isUnlocked = true
      const { base, quote } = this.#foresee(order)
      const need = request.side === 'BUY' ? quote : base
      const isPoor = this.free(this.assetOf(request.side)) < need
      if (isPoor) return this.finish(order, 'EXPIRED', 'REJECTED')
    }
    if (request.timeInForce === 'FOK') {
      const { isComplete, prevented } = this.#foresee(order)
      if (!isComplete || prevented > 0n) {
        return this.finish(order, 'EXPIRED', 'UNFILLED_FOK_ORDER_EXPIRED')
      }
    }
    this.#take(order)
    if (!isOpen(order)) return
    if (!hasLimit(request)) {
      if (request.quoteQuantity > 0n) order.quantity = order.executed + order.prevented
      return this.finish(order, 'EXPIRED', 'INSUFFICIENT_LIQUIDITY')
    }
    if (request.timeInForce !== 'GTC') {
      return this.finish(order, 'EXPIRED', 'UNFILLED_IOC_QUANTITY_EXPIRED')
    }
    order.turn = this.#turns += 1
    this.#show(order)
  }

  #show(order: ReferenceOrder): void {
    const { icebergQuantity } = order.request
    const left = leftOf(order)
    order.shown = icebergQuantity === 0n ? left : least(icebergQuantity, left)
  }

  /** One step at a time: look at the best of both books, and deal with it. */
  #take(order: ReferenceOrder): void {
    const { side, selfTradeMode: mode } = order.request
    let ending = 'FILLED'
    while (isOpen(order)) {
      const house = this.house(other(side))[0]
      const own = this.own(other(side))[0]
      const isOwn =
        own !== undefined && (house === undefined || isBetter(side, own.request.price, house.price))
      const price = isOwn ? own.request.price : house?.price
      const limit = hasLimit(order.request) ? order.request.price : null
      if (price === undefined || !isWilling(side, limit, price)) return
      const wanted = this.#wanted(order, price)
      if (wanted === 0n) {
        // Its own order, which would only expire, offers nothing: with nobody else the book is empty.
        if (house === undefined && mode === 'EXPIRE_MAKER') return
        return this.#closeByQuote(order, ending)
      }
      if (!isOwn) this.#trade(order, [price, least(wanted, house!.quantity)], 'taker')
      else if (mode === 'NONE') this.#tradeOwn(order, own, least(wanted, own.shown))
      else this.#prevent(order, own, wanted)
      if (mode !== 'EXPIRE_MAKER') ending = isOwn && mode !== 'NONE' ? 'EXPIRED_IN_MATCH' : 'FILLED'
      if (isOpen(order) && this.#wanted(order, price) === 0n) {
        return this.#closeByQuote(order, ending)
      }
    }
  }

  /** What is left of a quote amount buys no further lot: that is all there is. */
  #closeByQuote(order: ReferenceOrder, status: string): void {
    order.quantity = order.executed + order.prevented
    this.finish(order, status, null)
  }

  #wanted(order: ReferenceOrder, price: bigint): bigint {
    const { quoteQuantity } = order.request
    if (quoteQuantity === 0n) return leftOf(order)
    const raw = ((quoteQuantity - order.spent - order.preventedSpent) * ONE) / price
    return raw - (raw % this.options.rules.step)
  }

  #prevent(taker: ReferenceOrder, maker: ReferenceOrder, wanted: bigint): void {
    const mode = taker.request.selfTradeMode
    const left = leftOf(maker)
    const isShared = mode === 'DECREMENT' || mode === 'TRANSFER'
    this.matches.push([taker.id, maker.id])
    const lose = (order: ReferenceOrder, quantity: bigint, isAll: boolean): void => {
      this.#endPartner(order)
      order.prevented += quantity
      order.preventedSpent += (quantity * maker.request.price) / ONE
      order.shown = least(order.shown, leftOf(order))
      if (!isAll) return
      if (order.request.quoteQuantity > 0n) order.quantity = order.executed + order.prevented
      this.finish(order, 'EXPIRED_IN_MATCH', null)
    }
    const common = least(left, wanted)
    if (mode !== 'EXPIRE_TAKER') lose(maker, isShared ? common : left, !isShared || common === left)
    if (mode !== 'EXPIRE_MAKER') {
      lose(taker, isShared ? common : wanted, !isShared || common === wanted)
    }
  }

  /** What a taker would get, by going through both books on paper. */
  #foresee(order: ReferenceOrder): Outlook {
    const { request } = order
    const { side, selfTradeMode: mode, quoteQuantity } = request
    const limit = hasLimit(request) ? request.price : null
    const own = mode === 'EXPIRE_MAKER' ? [] : this.own(other(side))
    const offers = [
      ...this.house(other(side)).map(({ price, quantity }) => ({ price, quantity, isOwn: false })),
      ...own.map((maker) => ({ price: maker.request.price, quantity: leftOf(maker), isOwn: true })),
    ].sort((left, right) => {
      if (left.price === right.price) return Number(left.isOwn) - Number(right.isOwn)
      return isBetter(side, left.price, right.price) ? -1 : 1
    })
    const paper = { ...order, quantity: quoteQuantity > 0n ? 0n : order.quantity }
    const seen: Outlook = { base: 0n, quote: 0n, prevented: 0n, isComplete: false }
    for (const { price, quantity: there, isOwn } of offers) {
      const wanted = this.#wanted(paper, price)
      if (wanted === 0n) return { ...seen, isComplete: true }
      if (!isWilling(side, limit, price)) return seen
      if (isOwn && mode.startsWith('EXPIRE')) return seen
      const quantity = least(wanted, there)
      const value = (quantity * price) / ONE
      if (isOwn && mode !== 'NONE') {
        paper.prevented += quantity
        paper.preventedSpent += value
        seen.prevented += quantity
      } else {
        paper.executed += quantity
        paper.spent += value
        seen.base += quantity
        seen.quote += value
      }
      if (quantity === wanted) return { ...seen, isComplete: true }
    }
    return seen
  }

  #tradeOwn(taker: ReferenceOrder, maker: ReferenceOrder, quantity: bigint): void {
    const deal = [maker.request.price, quantity] as const
    this.#endPartner(taker)
    this.#endPartner(maker)
    const levels = this.house(other(taker.request.side))
    const added: ReferenceLevel = { price: deal[0], quantity: deal[1] }
    levels.unshift(added)
    this.#trade(taker, deal, 'taker')
    const opposite = this.house(taker.request.side)
    opposite.unshift({ ...added, quantity })
    this.#trade(maker, deal, 'maker')
  }

  /** With whoever stands first on the other side of the house's book. */
  #trade(
    order: ReferenceOrder,
    [price, quantity]: readonly [price: bigint, quantity: bigint],
    role: 'maker' | 'taker',
  ): void {
    this.#endPartner(order)
    const { base, quote } = this.options.rules
    const value = (price * quantity) / ONE
    const isBuy = order.request.side === 'BUY'
    const fee = ((isBuy ? quantity : value) * this.fees[role]) / ONE
    this.total[base] = (this.total[base] ?? 0n) + (isBuy ? quantity - fee : -quantity)
    this.total[quote] = (this.total[quote] ?? 0n) + (isBuy ? -value : value - fee)
    const { list } = order
    if (list !== null && list.ids[0] === order.id && list.kind.startsWith('OPO')) {
      list.proceeds += quantity - fee
    }
    const levels = this.house(other(order.request.side))
    levels[0]!.quantity -= quantity
    if (levels[0]!.quantity === 0n) levels.shift()
    order.executed += quantity
    order.spent += value
    this.trades.push([order.id, price, quantity, fee, role === 'maker'])
    this.#print(price)
    order.status = 'PARTIALLY_FILLED'
    const isByQuote = order.request.quoteQuantity > 0n
    if (!isByQuote && leftOf(order) === 0n) return this.finish(order, 'FILLED', null)
    if (role === 'taker') return
    order.shown -= quantity
    if (order.shown > 0n) return
    order.turn = this.#turns += 1
    this.#show(order)
  }

  #print(price: bigint): void {
    this.last = price
    for (const order of this.orders) {
      const { request } = order
      if (!isOpen(order) || request.trailingDelta === 0) continue
      if (order.turn === 0 || order.workingAt !== -1) continue
      if (order.best === null) {
        if (this.#isReached(request, price)) order.best = price
      } else if (isBetter(request.side, price, order.best)) {
        order.best = price
      }
    }
  }

  #isReached(request: NewOrder, price: bigint): boolean {
    return isRising(request) ? price >= request.stopPrice : price <= request.stopPrice
  }

  #endPartner(order: ReferenceOrder): void {
    const partner = this.partnerOf(order)
    if (partner === undefined || !isOpen(partner)) return
    partner.status = 'EXPIRED'
    partner.reason = 'OCO_TRIGGER'
  }
}
