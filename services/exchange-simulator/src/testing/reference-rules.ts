import type { NewOrder, Side, SymbolRules } from '../core/index.ts'

const ONE = 100_000_000n

export type ReferenceList = {
  readonly kind: 'OCO' | 'OTO' | 'OTOCO' | 'OPO' | 'OPOCO'
  readonly ids: readonly number[]
  /** Bought for those that will sell it, and kept. */
  proceeds: bigint
}

export type ReferenceOrder = {
  readonly id: number
  readonly request: NewOrder
  name: string
  status: string
  reason: string | null
  quantity: bigint
  executed: bigint
  spent: bigint
  prevented: bigint
  preventedSpent: bigint
  workingAt: number
  /** Its turn among those that stand or wait at the same price; zero before it does. */
  turn: number
  shown: bigint
  /** The best price since it follows the price, or null. */
  best: bigint | null
  /** What a purchase holds for one unit. */
  basis: bigint
  /** At work at any price, it holds nothing. */
  isUnlocked: boolean
  amends: number
  list: ReferenceList | null
}

export type ReferenceOptions = { readonly rules: SymbolRules; readonly average: bigint }

export function refuseByPrice(request: NewOrder, options: ReferenceOptions): string | null {
  const { rules: rule, average } = options
  const { price, stopPrice, side } = request
  const isFree = request.trailingDelta > 0 && stopPrice === 0n
  const stops = isStop(request) && !isFree ? [stopPrice] : []
  const isOdd = (value: bigint): boolean =>
    value < rule.priceMin || value > rule.priceMax || value % rule.tick !== 0n
  const prices = [...(hasLimit(request) ? [price] : []), ...stops]
  if (prices.some(isOdd)) return 'Filter failure: PRICE_FILTER'
  if (hasLimit(request)) {
    const high = (average * rule.percent[side].up) / ONE
    const low = (average * rule.percent[side].down) / ONE
    if (price > high || price < low) return 'Filter failure: PERCENT_PRICE_BY_SIDE'
  }
  if (request.trailingDelta === 0) return null
  const isFar = request.trailingDelta < rule.trailingMin || request.trailingDelta > rule.trailingMax
  return isFar ? 'Filter failure: TRAILING_DELTA' : null
}

export function refuseBySize(request: NewOrder, options: ReferenceOptions): string | null {
  const { rules: rule, average } = options
  const { quantity, quoteQuantity, icebergQuantity } = request
  if (quoteQuantity === 0n) {
    const isWrong = (lot: bigint): boolean =>
      lot < rule.quantityMin || lot > rule.quantityMax || lot % rule.step !== 0n
    if (isWrong(quantity)) return 'Filter failure: LOT_SIZE'
    if (icebergQuantity > 0n && isWrong(icebergQuantity)) return 'Filter failure: LOT_SIZE'
    if (!hasLimit(request) && quantity > rule.marketQuantityMax) {
      return 'Filter failure: MARKET_LOT_SIZE'
    }
  }
  const at = hasLimit(request) ? request.price : average
  const value = quoteQuantity > 0n ? quoteQuantity : (at * quantity) / ONE
  if (value < rule.notionalMin) return 'Filter failure: NOTIONAL'
  if (hasLimit(request) && value > rule.notionalMax) return 'Filter failure: NOTIONAL'
  const isCrumbled =
    icebergQuantity > 0n && quantity > icebergQuantity * BigInt(rule.icebergPartsMax)
  return isCrumbled ? 'Filter failure: ICEBERG_PARTS' : null
}

export function refuseByCount(
  wanted: readonly NewOrder[],
  orders: readonly ReferenceOrder[],
  { rules: rule }: ReferenceOptions,
): string | null {
  const open = orders.filter(isOpen).map(({ request }) => request)
  const all = [...open, ...wanted]
  if (all.length > rule.ordersMax) return 'Filter failure: MAX_NUM_ORDERS'
  if (wanted.some(isStop) && all.filter(isStop).length > rule.algoOrdersMax) {
    return 'Filter failure: MAX_NUM_ALGO_ORDERS'
  }
  const isIceberg = ({ icebergQuantity }: NewOrder): boolean => icebergQuantity > 0n
  if (wanted.some(isIceberg) && all.filter(isIceberg).length > rule.icebergOrdersMax) {
    return 'Filter failure: MAX_NUM_ICEBERG_ORDERS'
  }
  return null
}

/** The filters, one after the other. */
export function refuseByFilter(
  request: NewOrder,
  orders: readonly ReferenceOrder[],
  options: ReferenceOptions,
): string | null {
  return (
    refuseByPrice(request, options) ??
    refuseBySize(request, options) ??
    refuseByCount([request], orders, options)
  )
}

export function draft(request: NewOrder, last: bigint): ReferenceOrder {
  return {
    id: 0,
    request,
    name: request.clientOrderId,
    status: 'NEW',
    reason: null,
    quantity: request.quantity,
    executed: 0n,
    spent: 0n,
    prevented: 0n,
    preventedSpent: 0n,
    workingAt: -1,
    turn: 0,
    shown: 0n,
    best: null,
    basis: basisOf(request, last),
    isUnlocked: false,
    amends: 0,
    list: null,
  }
}

export function basisOf(request: NewOrder, last: bigint): bigint {
  if (hasLimit(request)) return request.price
  return request.stopPrice === 0n ? last : request.stopPrice
}

export function leftOf(order: ReferenceOrder): bigint {
  return order.quantity - order.executed - order.prevented
}

export function needOf(order: ReferenceOrder): bigint {
  const { request } = order
  if (request.type === 'MARKET' || order.isUnlocked) return 0n
  return request.side === 'SELL' ? leftOf(order) : (order.basis * leftOf(order)) / ONE
}

export function isOpen(order: ReferenceOrder): boolean {
  return ['NEW', 'PARTIALLY_FILLED', 'PENDING_NEW'].includes(order.status)
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

export function least(...values: readonly bigint[]): bigint {
  return values.reduce((low, value) => (value < low ? value : low))
}

/** Rising stops first, then falling ones, the nearest price of each kind; last those that follow. */
export function rank(left: ReferenceOrder, right: ReferenceOrder): number {
  const kind = ({ request }: ReferenceOrder): number =>
    request.trailingDelta > 0 ? 2 : isRising(request) ? 0 : 1
  if (kind(left) !== kind(right)) return kind(left) - kind(right)
  const [low, high] = [left.request.stopPrice, right.request.stopPrice]
  if (kind(left) < 2 && low !== high) return low < high === isRising(left.request) ? -1 : 1
  return left.turn - right.turn
}

/** Has the price turned by so many basis points from its best? */
export function hasTurned({ request, best }: ReferenceOrder, price: bigint): boolean {
  if (best === null) return false
  const delta = BigInt(request.trailingDelta)
  const change = request.side === 'SELL' ? best - price : price - best
  return change * 10_000n >= best * delta
}
