// What the fake venue's book keeps of an order, and how that looks from outside.
import { Decimal } from '@flotilla/money'

import type { FillsFrom, OrderRequest, VenueFill, VenueOrder, VenueOrderStatus } from '../port.ts'

/** Assets set aside for an order. The two legs of a protection share one: either may use it up. */
export type Lock = { readonly asset: string; readonly perUnit: Decimal; amount: Decimal }

export type FakeOrder = {
  readonly request: OrderRequest
  readonly venueOrderId: string
  readonly venueProtectionId: string | null
  readonly lock: Lock
  status: VenueOrderStatus
  /** A stop that has not been reached yet takes no part in matching. */
  triggered: boolean
  filledQuantity: Decimal
  filledNotional: Decimal
  updatedAt: number
  endReason: string | null
}

export type FakeProtection = {
  readonly clientProtectionId: string
  readonly venueProtectionId: string
  readonly symbol: string
  readonly stop: FakeOrder
  readonly takeProfit: FakeOrder
  entry?: FakeOrder | undefined
}

export function isLive(order: FakeOrder): boolean {
  return ['pending', 'open', 'partially-filled'].includes(order.status)
}

export function remainingOf(order: FakeOrder): Decimal {
  return order.request.quantity.minus(order.filledQuantity)
}

export function limitPriceOf(request: OrderRequest): Decimal | null {
  return 'limitPrice' in request ? request.limitPrice : null
}

export function stopPriceOf(request: OrderRequest): Decimal | null {
  return 'stopPrice' in request ? request.stopPrice : null
}

export function viewOf(order: FakeOrder): VenueOrder {
  const { request } = order
  return {
    symbol: request.symbol,
    clientOrderId: request.clientOrderId,
    venueOrderId: order.venueOrderId,
    venueProtectionId: order.venueProtectionId,
    side: request.side,
    type: request.type,
    timeInForce: 'timeInForce' in request ? request.timeInForce : 'gtc',
    status: order.status,
    quantity: request.quantity,
    limitPrice: limitPriceOf(request),
    stopPrice: stopPriceOf(request),
    filledQuantity: order.filledQuantity,
    filledNotional: order.filledNotional,
    fills: null,
    updatedAt: order.updatedAt,
    endReason: order.endReason,
  }
}

/** True when the market has gone through the order's stop price in the direction that sets it off. */
export function isTriggeredAt(request: OrderRequest, price: Decimal): boolean {
  if (!('stopPrice' in request)) return true
  const stopsLoss = request.type === 'stop-loss' || request.type === 'stop-loss-limit'
  const wantsRise = stopsLoss === (request.side === 'buy')
  return wantsRise ? price.atLeast(request.stopPrice) : price.atMost(request.stopPrice)
}

/** True when an order with this limit would trade at once against a market at this price. */
export function crosses(request: OrderRequest, price: Decimal): boolean {
  const limit = limitPriceOf(request)
  if (limit === null) return true
  return request.side === 'buy' ? limit.atLeast(price) : limit.atMost(price)
}

export function zeroLock(asset: string): Lock {
  return { asset, perUnit: Decimal.zero, amount: Decimal.zero }
}

export function fillsFrom(
  fills: readonly VenueFill[],
  symbol: string,
  from: FillsFrom,
): readonly VenueFill[] {
  const own = fills.filter((fill) => fill.symbol === symbol)
  if ('newest' in from) return own.slice(-from.newest)
  if ('since' in from) return own.filter(({ executedAt }) => executedAt >= from.since)
  return own.filter(({ tradeId }) => BigInt(tradeId) >= BigInt(from.fromId))
}
