import { isNameTaken } from './client-names.ts'
import { holdingOf } from './holdings.ts'
import { holdFor, lockPriceOf } from './legs.ts'
import { knownMarket } from './lifecycle.ts'
import { accepts, bestOf, opposite, ownBest } from './matching.ts'
import { planMatch, type Plan } from './plan.ts'
import { refusals, type Refusal } from './refusal.ts'
import { isAtStop } from './stops.ts'
import {
  isStop,
  statusOf,
  type Engine,
  type Market,
  type OrderType,
  type SelfTradeMode,
  type Side,
  type TimeInForce,
} from './types.ts'

export type NewOrder = {
  readonly symbol: string
  readonly side: Side
  readonly type: OrderType
  readonly timeInForce: TimeInForce
  readonly price: bigint
  readonly stopPrice: bigint
  readonly trailingDelta: number
  readonly quantity: bigint
  readonly quoteQuantity: bigint
  readonly icebergQuantity: bigint
  readonly clientOrderId: string
  readonly selfTradeMode: SelfTradeMode
  readonly strategyId: number | null
  readonly strategyType: number | null
}

/** The market of a symbol, if orders are taken there. */
export function openMarket(engine: Engine, symbol: string): Market | Refusal {
  const market = knownMarket(engine, symbol)
  if (market === undefined) return refusals.invalidSymbol()
  return statusOf(market) === 'TRADING' ? market : refusals.marketClosed()
}

/** The first thing that is wrong with any of them. */
export function firstRefusal<Item>(
  items: readonly Item[],
  check: (item: Item) => Refusal | null,
): Refusal | null {
  for (const item of items) {
    const refusal = check(item)
    if (refusal !== null) return refusal
  }
  return null
}

export function checkIceberg({ icebergQuantity, quantity }: NewOrder): Refusal | null {
  return icebergQuantity > quantity ? refusals.icebergTooLarge() : null
}

/** What the matching engine itself says against an order, before it exists or when it wakes up. */
export function checkClientId(market: Market, clientOrderId: string): Refusal | null {
  return isNameTaken(market, clientOrderId) ? refusals.duplicateOrder() : null
}

/** A stop that is already through, and a maker that would take. */
export function checkImmediate(
  market: Market,
  request: Pick<NewOrder, 'side' | 'type' | 'price' | 'stopPrice'>,
): Refusal | null {
  const { side, type } = request
  if (isStop(type)) {
    const isThrough = request.stopPrice > 0n && isAtStop(request, market.lastPrice)
    return isThrough ? refusals.wouldTrigger() : null
  }
  if (type !== 'LIMIT_MAKER') return null
  return crosses(market, side, request.price) ? refusals.wouldTake() : null
}

function crosses(market: Market, side: Side, price: bigint): boolean {
  const house = bestOf(market, opposite(side))
  const own = ownBest(market, opposite(side))
  return (
    (house !== null && accepts(side, price, house.price)) ||
    (own !== null && accepts(side, price, own.price))
  )
}

export function checkFunds(engine: Engine, market: Market, request: NewOrder): Refusal | null {
  const { rules } = market
  const { free } = holdingOf(engine, request.side === 'BUY' ? rules.quote : rules.base)
  const needed = fundsFor(market, request)
  if (needed === null) return refusals.filter('LOT_SIZE')
  return needed > free ? refusals.insufficientBalance() : null
}

/** What must be free for it; null for a quote amount that is not worth one step of the quantity. */
function fundsFor(market: Market, request: NewOrder): bigint | null {
  const { type, side, quantity, quoteQuantity } = request
  if (type !== 'MARKET') return needOf(market, request)
  const isByQuote = quoteQuantity > 0n
  // A sale needs what it sells, whatever it will get for it.
  if (side === 'SELL' && !isByQuote) return quantity
  const plan = planMarket(market, request)
  if (isByQuote && plan.complete && plan.base + plan.prevented === 0n) return null
  if (side === 'SELL') return plan.base
  return isByQuote ? quoteQuantity : plan.quote
}

/** What the order will hold while it rests or waits. */
export function needOf(market: Market, request: NewOrder): bigint {
  return holdFor(request, request.quantity, lockPriceOf(request, market.lastPrice))
}

function planMarket(market: Market, request: NewOrder): Plan {
  return planMatch(market, {
    side: request.side,
    limit: null,
    quantity: request.quoteQuantity > 0n ? null : request.quantity,
    quote: request.quoteQuantity,
    mode: request.selfTradeMode,
  })
}
