import type { NewOrder, Side, SymbolRules } from '../core/index.ts'

const ONE = 100_000_000n

export type ReferenceOrder = {
  readonly id: number
  readonly request: NewOrder
  status: string
  reason: string | null
  quantity: bigint
  executed: bigint
  spent: bigint
  workingAt: number
  partner: number | null
}

/** The filters, one after the other. */
export function refuseByFilter(
  request: NewOrder,
  orders: readonly ReferenceOrder[],
  { rules: rule, average }: { rules: SymbolRules; average: bigint },
): string | null {
  const { price, stopPrice, quantity, quoteQuantity } = request
  const prices = [...(hasLimit(request) ? [price] : []), ...(isStop(request) ? [stopPrice] : [])]
  const isOdd = (value: bigint): boolean =>
    value < rule.priceMin || value > rule.priceMax || value % rule.tick !== 0n
  if (prices.some(isOdd)) return 'Filter failure: PRICE_FILTER'
  if (hasLimit(request)) {
    const high = (average * rule.percentUp) / ONE
    const low = (average * rule.percentDown) / ONE
    if (price > high || price < low) return 'Filter failure: PERCENT_PRICE_BY_SIDE'
  }
  if (quoteQuantity === 0n) {
    const isWrong =
      quantity < rule.quantityMin || quantity > rule.quantityMax || quantity % rule.step !== 0n
    if (isWrong) return 'Filter failure: LOT_SIZE'
    if (!hasLimit(request) && quantity > rule.marketQuantityMax) {
      return 'Filter failure: MARKET_LOT_SIZE'
    }
  }
  const at = hasLimit(request) ? price : average
  const value = quoteQuantity > 0n ? quoteQuantity : (at * quantity) / ONE
  if (value < rule.notionalMin) return 'Filter failure: NOTIONAL'
  if (hasLimit(request) && value > rule.notionalMax) return 'Filter failure: NOTIONAL'
  const open = orders.filter(isOpen)
  if (open.length >= rule.ordersMax) return 'Filter failure: MAX_NUM_ORDERS'
  const stops = open.filter((order) => isStop(order.request)).length
  if (isStop(request) && stops >= rule.algoOrdersMax) return 'Filter failure: MAX_NUM_ALGO_ORDERS'
  return null
}

export function draft(request: NewOrder): ReferenceOrder {
  return {
    id: 0,
    request,
    status: 'NEW',
    reason: null,
    quantity: request.quantity,
    executed: 0n,
    spent: 0n,
    workingAt: -1,
    partner: null,
  }
}

export function needOf(order: ReferenceOrder): bigint {
  const { request } = order
  if (request.type === 'MARKET' || order.workingAt === -2) return 0n
  const open = order.quantity - order.executed
  if (request.side === 'SELL') return open
  return ((hasLimit(request) ? request.price : request.stopPrice) * open) / ONE
}

export function isOpen(order: ReferenceOrder): boolean {
  return order.status === 'NEW' || order.status === 'PARTIALLY_FILLED'
}

export function isStop({ type }: NewOrder): boolean {
  return type.startsWith('STOP_LOSS') || type.startsWith('TAKE_PROFIT')
}

export function hasLimit({ type }: NewOrder): boolean {
  return type.includes('LIMIT')
}

export function isRising({ type, side }: NewOrder): boolean {
  return side === 'BUY' ? type.startsWith('STOP_LOSS') : type.startsWith('TAKE_PROFIT')
}

export function other(side: Side): Side {
  return side === 'BUY' ? 'SELL' : 'BUY'
}

export function isWilling(side: Side, limit: bigint | null, price: bigint): boolean {
  return limit === null || (side === 'BUY' ? price <= limit : price >= limit)
}

export function isBetter(side: Side, price: bigint, than: bigint): boolean {
  return side === 'BUY' ? price < than : price > than
}

/** Rising stops first, the nearest price of each kind, the oldest. */
export function rank(left: ReferenceOrder, right: ReferenceOrder): number {
  const [a, b] = [isRising(left.request), isRising(right.request)]
  if (a !== b) return a ? -1 : 1
  const [low, high] = [left.request.stopPrice, right.request.stopPrice]
  if (low !== high) return low < high === a ? -1 : 1
  return left.id - right.id
}
