import { holdingOf } from './holdings.ts'
import { noteLegEnd } from './legs.ts'
import { endOrder, payAsset, release, type Ending } from './lifecycle.ts'
import { accepts, opposite, ownBest, planMatch, trade, type Plan } from './matching.ts'
import { enqueue } from './order-queue.ts'
import {
  isLimit,
  isLive,
  remainingOf,
  type Engine,
  type Market,
  type Order,
  type SelfTradeMode,
  type Side,
} from './types.ts'

export type Working = {
  readonly engine: Engine
  readonly market: Market
  readonly order: Order
  readonly now: number
}

/** An order begins to work: it takes what it may, then it rests or ends. Its lock is in place. */
export function execute(working: Working): void {
  if (isLimit(working.order.type)) executeLimit(working)
  else executeAtMarket(working)
}

/** The price at which the account's own orders stand in the taker's way. */
export function barrierOf(
  market: Market,
  taker: { readonly side: Side; readonly selfTradeMode: SelfTradeMode },
): bigint | null {
  if (taker.selfTradeMode === 'EXPIRE_MAKER') return null
  return ownBest(market, opposite(taker.side))?.price ?? null
}

function executeLimit(working: Working): void {
  const { market, order } = working
  const barrier = barrierOf(market, order)
  const plan = planMatch(market, {
    side: order.side,
    limit: order.price,
    quantity: remainingOf(order),
    quote: 0n,
    barrier,
  })
  if (order.timeInForce === 'FOK' && !plan.complete) {
    end(working, { status: 'EXPIRED', reason: 'UNFILLED_FOK_ORDER_EXPIRED' })
    return
  }
  take(working, plan)
  if (!isLive(order)) return
  if (barrier !== null && accepts(order.side, order.price, barrier)) {
    end(working, { status: 'EXPIRED_IN_MATCH', reason: null })
  } else if (order.timeInForce === 'IOC') {
    end(working, { status: 'EXPIRED', reason: 'UNFILLED_IOC_QUANTITY_EXPIRED' })
  } else {
    enqueue(order.side === 'BUY' ? market.bids : market.asks, order)
  }
}

function executeAtMarket(working: Working): void {
  const { engine, market, order } = working
  release(engine, order, order.locked)
  const barrier = barrierOf(market, order)
  const byQuote = order.quoteQuantity > 0n
  const plan = planMatch(market, {
    side: order.side,
    limit: null,
    quantity: byQuote ? null : remainingOf(order),
    quote: order.quoteQuantity,
    barrier,
  })
  // Only a triggered stop can find its money gone: a new order was checked on arrival.
  const { free } = holdingOf(engine, payAsset(market, order))
  if (free < (order.side === 'BUY' ? plan.quote : plan.base)) {
    end(working, { status: 'EXPIRED', reason: 'REJECTED' })
    return
  }
  if (byQuote && plan.complete) order.quantity = plan.base
  take(working, plan)
  if (!isLive(order)) return
  if (byQuote) order.quantity = order.executed
  const isBlocked = barrier !== null
  end(working, {
    status: isBlocked ? 'EXPIRED_IN_MATCH' : 'EXPIRED',
    reason: isBlocked ? null : 'INSUFFICIENT_LIQUIDITY',
  })
}

function take(working: Working, plan: Plan): void {
  expireCrossed(working, plan)
  for (const { price, quantity } of plan.fills) {
    trade({ ...working, price, quantity, isMaker: false })
  }
}

/** Own orders that the taker would have met expire. */
function expireCrossed(working: Working, plan: Plan): void {
  const { market, order } = working
  if (order.selfTradeMode === 'EXPIRE_TAKER') return
  for (;;) {
    const own = ownBest(market, opposite(order.side))
    if (own === null || !isMet(order, plan, own.price)) return
    end({ ...working, order: own }, { status: 'EXPIRED_IN_MATCH', reason: null })
    if (order.selfTradeMode === 'EXPIRE_BOTH') return
  }
}

/**
 * The synthetic book stands first at equal prices, so a taker that is filled meets only what is
 * strictly better than its last price; one that is not filled meets all that it would accept.
 */
function isMet(taker: Order, plan: Plan, price: bigint): boolean {
  if (!plan.complete) return accepts(taker.side, isLimit(taker.type) ? taker.price : null, price)
  const last = plan.fills.at(-1)?.price
  return last !== undefined && price !== last && accepts(taker.side, last, price)
}

function end(working: Working, ending: Omit<Ending, 'now'>): void {
  const { engine, order, now } = working
  endOrder(engine, order, { ...ending, now })
  noteLegEnd(engine, order, now)
}
