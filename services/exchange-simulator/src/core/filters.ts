import { refusals, type Refusal } from './refusal.ts'
import { isLimit, isStop, type Market, type OrderType, type Side } from './types.ts'
import { multiply } from './units.ts'

/** The part of an order that the symbol's filters look at. */
export type Filtered = {
  readonly side: Side
  readonly type: OrderType
  readonly price: bigint
  readonly stopPrice: bigint
  /** Zero when a market order is sized by its quote amount. */
  readonly quantity: bigint
  readonly quoteQuantity: bigint
}

type Filter = (market: Market, order: Filtered) => Refusal | null

const filters: readonly Filter[] = [
  priceFilter,
  percentPrice,
  lotSize,
  marketLotSize,
  notional,
  maxOrders,
  maxAlgoOrders,
]

export function checkFilters(market: Market, order: Filtered): Refusal | null {
  for (const filter of filters) {
    const refusal = filter(market, order)
    if (refusal !== null) return refusal
  }
  return null
}

function priceFilter(market: Market, order: Filtered): Refusal | null {
  const { tick, priceMin, priceMax } = market.rules
  const isWrong = (price: bigint): boolean =>
    price < priceMin || price > priceMax || (tick > 0n && price % tick !== 0n)
  const wrongLimit = isLimit(order.type) && isWrong(order.price)
  const wrongStop = isStop(order.type) && isWrong(order.stopPrice)
  return wrongLimit || wrongStop ? refusals.filter('PRICE_FILTER') : null
}

function percentPrice(market: Market, order: Filtered): Refusal | null {
  if (!isLimit(order.type)) return null
  const { percentUp, percentDown } = market.rules
  const highest = multiply(market.averagePrice, percentUp)
  const lowest = multiply(market.averagePrice, percentDown)
  if (order.price <= highest && order.price >= lowest) return null
  return refusals.filter('PERCENT_PRICE_BY_SIDE')
}

function lotSize(market: Market, order: Filtered): Refusal | null {
  if (order.quoteQuantity > 0n) return null
  const { step, quantityMin, quantityMax } = market.rules
  const { quantity } = order
  const isRight =
    quantity > 0n && quantity >= quantityMin && quantity <= quantityMax && quantity % step === 0n
  return isRight ? null : refusals.filter('LOT_SIZE')
}

function marketLotSize(market: Market, order: Filtered): Refusal | null {
  if (isLimit(order.type) || order.quoteQuantity > 0n) return null
  const { marketStep, marketQuantityMin, marketQuantityMax } = market.rules
  const { quantity } = order
  const isRight =
    quantity >= marketQuantityMin &&
    (marketQuantityMax === 0n || quantity <= marketQuantityMax) &&
    (marketStep === 0n || quantity % marketStep === 0n)
  return isRight ? null : refusals.filter('MARKET_LOT_SIZE')
}

/** An order at the market's price is valued at the average price; its maximum is not checked. */
function notional(market: Market, order: Filtered): Refusal | null {
  const { notionalMin, notionalMax } = market.rules
  if (!isLimit(order.type)) {
    const value =
      order.quoteQuantity > 0n ? order.quoteQuantity : multiply(market.averagePrice, order.quantity)
    return value < notionalMin ? refusals.filter('NOTIONAL') : null
  }
  const value = multiply(order.price, order.quantity)
  return value < notionalMin || value > notionalMax ? refusals.filter('NOTIONAL') : null
}

function maxOrders(market: Market): Refusal | null {
  return market.live.size >= market.rules.ordersMax ? refusals.filter('MAX_NUM_ORDERS') : null
}

function maxAlgoOrders(market: Market, order: Filtered): Refusal | null {
  if (!isStop(order.type)) return null
  const isFull = market.algoOrders >= market.rules.algoOrdersMax
  return isFull ? refusals.filter('MAX_NUM_ALGO_ORDERS') : null
}
