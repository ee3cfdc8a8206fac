import { holdingOf } from './holdings.ts'
import { refusals, type Refusal } from './refusal.ts'
import {
  isLimit,
  isStop,
  ofSide,
  remainingOf,
  type Engine,
  type Market,
  type OrderType,
  type Side,
  type SymbolRules,
} from './types.ts'
import { larger, multiply } from './units.ts'

/** The part of an order that the symbol's filters look at. */
export type Filtered = {
  readonly side: Side
  readonly type: OrderType
  readonly price: bigint
  readonly stopPrice: bigint
  readonly trailingDelta: number
  /** Zero when a market order is sized by its quote amount. */
  readonly quantity: bigint
  readonly quoteQuantity: bigint
  readonly icebergQuantity: bigint
}

/** What a single order must pass, in this order. */
export function checkFilters(engine: Engine, market: Market, order: Filtered): Refusal | null {
  return (
    checkPrices(market, order) ??
    checkSizes(market, order) ??
    maxPosition(engine, market, order) ??
    checkCounts(engine, market, countOf(order))
  )
}

export function checkPrices(market: Market, order: Filtered): Refusal | null {
  return priceFilter(market, order) ?? percentPrice(market, order) ?? trailingDelta(market, order)
}

export function checkSizes(market: Market, order: Filtered): Refusal | null {
  return (
    lotSize(market, order) ??
    marketLotSize(market, order) ??
    notional(market, order) ??
    icebergParts(market, order)
  )
}

function priceFilter({ rules }: Market, order: Filtered): Refusal | null {
  const wrongLimit = isLimit(order.type) && isWrongPrice(rules, order.price)
  const hasStop = isStop(order.type) && !(order.trailingDelta > 0 && order.stopPrice === 0n)
  const wrongStop = hasStop && isWrongPrice(rules, order.stopPrice)
  return wrongLimit || wrongStop ? refusals.filter('PRICE_FILTER') : null
}

function isWrongPrice({ tick, priceMin, priceMax }: SymbolRules, price: bigint): boolean {
  return (
    price < priceMin || (priceMax > 0n && price > priceMax) || (tick > 0n && price % tick !== 0n)
  )
}

function percentPrice({ rules, averagePrice }: Market, order: Filtered): Refusal | null {
  if (!isLimit(order.type)) return null
  const { up, down } = ofSide(rules.percent, order.side)
  const highest = multiply(averagePrice, up)
  const lowest = multiply(averagePrice, down)
  if (order.price <= highest && order.price >= lowest) return null
  return refusals.filter('PERCENT_PRICE_BY_SIDE')
}

/** The venue names a range for each direction; here both are the same. */
function trailingDelta({ rules }: Market, order: Filtered): Refusal | null {
  if (!isStop(order.type) || order.trailingDelta === 0) return null
  const { trailingMin, trailingMax } = rules
  const isRight = order.trailingDelta >= trailingMin && order.trailingDelta <= trailingMax
  return isRight ? null : refusals.filter('TRAILING_DELTA')
}

function lotSize({ rules }: Market, order: Filtered): Refusal | null {
  if (order.quoteQuantity > 0n) return null
  const { quantity, icebergQuantity } = order
  const isPassed =
    isLot(rules, quantity) && (icebergQuantity === 0n || isLot(rules, icebergQuantity))
  return isPassed ? null : refusals.filter('LOT_SIZE')
}

function isLot({ step, quantityMin, quantityMax }: SymbolRules, amount: bigint): boolean {
  return (
    amount > 0n &&
    amount >= quantityMin &&
    amount <= quantityMax &&
    (step === 0n || amount % step === 0n)
  )
}

function marketLotSize({ rules }: Market, order: Filtered): Refusal | null {
  if (isLimit(order.type) || order.quoteQuantity > 0n) return null
  const { marketStep, marketQuantityMin, marketQuantityMax } = rules
  const { quantity } = order
  const isRight =
    quantity >= marketQuantityMin &&
    (marketQuantityMax === 0n || quantity <= marketQuantityMax) &&
    (marketStep === 0n || quantity % marketStep === 0n)
  return isRight ? null : refusals.filter('MARKET_LOT_SIZE')
}

/**
 * An order at the market's price is valued at the reference price (since 2026-05), else at the average
 * price, or at the last one where nothing was traded lately; its maximum is not checked.
 */
function notional(market: Market, order: Filtered): Refusal | null {
  const { notionalMin, notionalMax } = market.rules
  if (!isLimit(order.type)) {
    const isByQuote = order.quoteQuantity > 0n
    const value = isByQuote ? order.quoteQuantity : multiply(marketPrice(market), order.quantity)
    return value < notionalMin ? refusals.filter('NOTIONAL') : null
  }
  const value = multiply(order.price, order.quantity)
  return value < notionalMin || value > notionalMax ? refusals.filter('NOTIONAL') : null
}

function marketPrice(market: Market): bigint {
  const reference = market.referencePrice()
  if (reference > 0n) return reference
  return market.averagePrice > 0n ? market.averagePrice : market.lastPrice
}

function icebergParts({ rules }: Market, order: Filtered): Refusal | null {
  const { quantity, icebergQuantity } = order
  if (icebergQuantity === 0n) return null
  const parts = (quantity + icebergQuantity - 1n) / icebergQuantity
  return parts > BigInt(rules.icebergPartsMax) ? refusals.filter('ICEBERG_PARTS') : null
}

/** What is owned and what is under purchase, together with this purchase. */
function maxPosition(engine: Engine, market: Market, order: Filtered): Refusal | null {
  const { base, positionMax } = market.rules
  if (positionMax === 0n || order.side === 'SELL') return null
  const { free, locked } = holdingOf(engine, base)
  let position = free + locked + sizeOf(market, order)
  for (const open of market.live.values()) {
    if (open.side === 'BUY') position += larger(0n, remainingOf(open))
  }
  return position > positionMax ? refusals.filter('MAX_POSITION') : null
}

function sizeOf(market: Market, { quantity, quoteQuantity }: Filtered): bigint {
  if (quoteQuantity === 0n) return quantity
  return (quoteQuantity * 100_000_000n) / larger(1n, market.lastPrice)
}

type Count = { readonly orders: number; readonly stops: number; readonly icebergs: number }

function countOf({ type, icebergQuantity }: Filtered): Count {
  return { orders: 1, stops: isStop(type) ? 1 : 0, icebergs: icebergQuantity > 0n ? 1 : 0 }
}

/** The orders of a list are counted together. */
function sumOf(orders: readonly Filtered[]): Count {
  const sum = { orders: 0, stops: 0, icebergs: 0 }
  for (const { orders: one, stops, icebergs } of orders.map(countOf)) {
    sum.orders += one
    sum.stops += stops
    sum.icebergs += icebergs
  }
  return sum
}

function isOver(count: number, added: number, most: number): boolean {
  return added > 0 && count + added > most
}

/** Whether there may be so many more open orders. */
function checkCounts(engine: Engine, market: Market, added: Count): Refusal | null {
  const { rules, live, algoOrders, icebergOrders } = market
  if (isOver(live.size, added.orders, rules.ordersMax)) return refusals.filter('MAX_NUM_ORDERS')
  if (isOver(algoOrders, added.stops, rules.algoOrdersMax)) {
    return refusals.filter('MAX_NUM_ALGO_ORDERS')
  }
  if (isOver(icebergOrders, added.icebergs, rules.icebergOrdersMax)) {
    return refusals.filter('MAX_NUM_ICEBERG_ORDERS')
  }
  if (engine.ordersMax === null) return null
  const open = [...engine.markets.values()].reduce((sum, other) => sum + other.live.size, 0)
  return isOver(open, added.orders, engine.ordersMax)
    ? refusals.filter('EXCHANGE_MAX_NUM_ORDERS')
    : null
}

/** The same for the orders of one more list; after the filters comes what bars any order. */
export function checkListCounts(
  engine: Engine,
  market: Market,
  orders: readonly Filtered[],
): Refusal | null {
  const isFull = market.openLists >= market.rules.orderListsMax
  return (
    checkCounts(engine, market, sumOf(orders)) ??
    (isFull ? refusals.filter('MAX_NUM_ORDER_LISTS') : engine.barred)
  )
}
