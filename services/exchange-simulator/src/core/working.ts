import { holdingOf } from './holdings.ts'
import { noteLegEnd } from './legs.ts'
import { endOrder, payAsset, release, type Ending } from './lifecycle.ts'
import { accepts, bestOf, opposite, ownBest, trade, tradeWithOwn } from './matching.ts'
import { planMatch, wantedAt, type Plan } from './plan.ts'
import { prevent } from './self-trade.ts'
import { book, rest } from './stops.ts'
import {
  isLimit,
  isLive,
  isStop,
  remainingOf,
  visibleOf,
  type Engine,
  type Level,
  type Market,
  type Order,
  type Side,
} from './types.ts'
import { smaller } from './units.ts'

export type Working = {
  readonly engine: Engine
  readonly market: Market
  readonly order: Order
  readonly now: number
}

/** A stop waits for its price; everything else takes what it may at once. */
export function begin(working: Working): void {
  const { market, order, now } = working
  if (isStop(order.type)) rest(market, order, now)
  else execute(working)
}

/** An order begins to work: it takes what it may, then it rests or ends. Its lock is in place. */
export function execute(working: Working): void {
  if (isLimit(working.order.type)) executeLimit(working)
  else executeAtMarket(working)
}

function executeLimit(working: Working): void {
  const { market, order } = working
  const isWhole = order.timeInForce !== 'FOK' || isFillable(planOf(working, order.price))
  if (!isWhole) return end(working, { status: 'EXPIRED', reason: 'UNFILLED_FOK_ORDER_EXPIRED' })
  take(working)
  if (!isLive(order)) return
  if (order.timeInForce !== 'GTC') {
    return end(working, { status: 'EXPIRED', reason: 'UNFILLED_IOC_QUANTITY_EXPIRED' })
  }
  if (order.icebergQuantity > 0n) {
    order.visible = smaller(order.icebergQuantity, remainingOf(order))
  }
  book(market, order)
}

function isFillable(plan: Plan): boolean {
  return plan.complete && plan.prevented === 0n
}

function planOf({ market, order }: Working, limit: bigint | null): Plan {
  return planMatch(market, {
    side: order.side,
    limit,
    quantity: order.quoteQuantity > 0n ? null : remainingOf(order),
    quote: order.quoteQuantity,
    mode: order.selfTradeMode,
  })
}

function executeAtMarket(working: Working): void {
  const { engine, order } = working
  release(engine, order, order.locked)
  const isByQuote = order.quoteQuantity > 0n
  // A new order by quantity has been checked on arrival: nothing else is to be known beforehand.
  if (isByQuote || order.type !== 'MARKET') {
    const plan = planOf(working, null)
    if (!isPaid(working, plan)) return end(working, { status: 'EXPIRED', reason: 'REJECTED' })
    if (isByQuote && plan.complete) order.quantity = plan.base + plan.prevented
  }
  take(working)
  if (!isLive(order)) return
  if (isByQuote) order.quantity = order.executed + order.prevented
  end(working, { status: 'EXPIRED', reason: 'INSUFFICIENT_LIQUIDITY' })
}

/** A triggered stop can find its money gone. */
function isPaid({ engine, market, order }: Working, plan: Plan): boolean {
  const { free } = holdingOf(engine, payAsset(market, order))
  return free >= (order.side === 'BUY' ? plan.quote : plan.base)
}

/** One counterpart after the other, the best first, until one of the two has had enough. */
function take(working: Working): void {
  while (isLive(working.order) && takeNext(working)) continue
}

/** False when there is nobody left whom the order would meet. */
function takeNext(working: Working): boolean {
  const { engine, market, order, now } = working
  const maker = opposite(order.side)
  const house = bestOf(market, maker)
  const own = ownBest(market, maker)
  if (own !== null && isAhead(order.side, own, house)) {
    const wanted = wantedBy(working, own.price)
    if (wanted > 0n) meetOwn(working, own, wanted)
    return wanted > 0n
  }
  if (house === null) return false
  const { price } = house
  const quantity = smaller(wantedBy(working, price), house.quantity)
  if (quantity > 0n) trade({ engine, market, order, price, quantity, isMaker: false, now })
  return quantity > 0n
}

/** The synthetic book stands first at equal prices. */
function isAhead(side: Side, own: Order, house: Level | null): boolean {
  return house === null || !accepts(side, own.price, house.price)
}

/** How much it would still take at a price: nothing beyond its limit. */
function wantedBy({ market, order }: Working, price: bigint): bigint {
  if (isLimit(order.type) && !accepts(order.side, order.price, price)) return 0n
  if (order.quantity > 0n) return remainingOf(order)
  const quote = order.quoteQuantity - order.executedQuote - order.preventedQuote
  return wantedAt(market, { quantity: null, quote }, price)
}

function meetOwn(working: Working, maker: Order, wanted: bigint): void {
  const { engine, market, order, now } = working
  if (order.selfTradeMode !== 'NONE') {
    return prevent({ engine, market, taker: order, maker, wanted, now })
  }
  const quantity = smaller(wanted, visibleOf(maker))
  tradeWithOwn({ ...working, price: maker.price, quantity, isMaker: false }, maker)
}

function end(working: Working, ending: Omit<Ending, 'now'>): void {
  const { engine, order, now } = working
  endOrder(engine, order, { ...ending, now })
  noteLegEnd(engine, order, now)
}
