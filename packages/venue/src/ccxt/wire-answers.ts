// The venue's answers as values of the port.
import { Decimal } from '@flotilla/money'

import type {
  CandleRequest,
  VenueCandle,
  VenueFill,
  VenueOrder,
  VenueProtection,
  VenueTicker,
} from '../port.ts'
import type { z } from 'zod'
import { orderStatusOf, orderTypeOf, timeInForceOf } from './wire-forms.ts'
import type { kline, ticker, WireOrder, WireOrderList, WireTrade } from './wire-schemas.ts'

export function candleFrom(
  row: z.infer<typeof kline>,
  request: CandleRequest,
  venueTime: number,
): VenueCandle {
  const [openTime, open, high, low, close, baseVolume, lastMs, quoteVolume] = row
  const closeTime = lastMs + 1
  return {
    symbol: request.symbol,
    timeframe: request.timeframe,
    openTime,
    closeTime,
    open,
    high,
    low,
    close,
    baseVolume,
    quoteVolume,
    closed: closeTime <= venueTime,
  }
}

export function tickerFrom(wire: z.infer<typeof ticker>, symbol: string): VenueTicker {
  return {
    symbol,
    last: wire.lastPrice,
    bid: orNull(wire.bidPrice),
    ask: orNull(wire.askPrice),
    quoteVolume24h: wire.quoteVolume,
    observedAt: wire.closeTime,
  }
}

export function orderFrom(wire: WireOrder, symbol: string): VenueOrder {
  const type = orderTypeOf(wire.type)
  if (type === null) throw new Error(`unknown order type ${wire.type}`)
  const updatedAt = timeOf(wire)
  const base = identityOf(wire, symbol)
  return {
    ...base,
    type,
    timeInForce: timeInForceOf(wire.timeInForce),
    status: orderStatusOf(wire.status),
    quantity: wire.origQty,
    limitPrice: orNull(wire.price),
    stopPrice: orNull(wire.stopPrice ?? Decimal.zero),
    filledQuantity: wire.executedQty,
    filledNotional: wire.cummulativeQuoteQty,
    fills: wire.fills?.map((fill) => embeddedFillFrom(fill, base, updatedAt)) ?? null,
    updatedAt,
    endReason: wire.expiryReason ?? null,
  }
}

function identityOf(wire: WireOrder, symbol: string) {
  const listId = wire.orderListId ?? noList
  return {
    symbol,
    clientOrderId: wire.origClientOrderId ?? wire.clientOrderId,
    venueOrderId: wire.orderId,
    venueProtectionId: listId === noList ? null : listId,
    side: wire.side === 'BUY' ? ('buy' as const) : ('sell' as const),
  }
}

/** The venue's word for an order on its own. */
const noList = '-1'

function timeOf(wire: WireOrder): number {
  const at = wire.updateTime ?? wire.transactTime ?? wire.time
  if (at === undefined) throw new Error(`order ${wire.orderId} without a time`)
  return at
}

type OrderBase = Pick<VenueOrder, 'symbol' | 'clientOrderId' | 'venueOrderId' | 'side'>
type EmbeddedFill = NonNullable<WireOrder['fills']>[number]

function embeddedFillFrom(fill: EmbeddedFill, order: OrderBase, executedAt: number): VenueFill {
  return {
    symbol: order.symbol,
    tradeId: fill.tradeId,
    venueOrderId: order.venueOrderId,
    clientOrderId: order.clientOrderId,
    side: order.side,
    price: fill.price,
    quantity: fill.qty,
    notional: fill.price.times(fill.qty),
    fee: fill.commission,
    feeAsset: fill.commissionAsset,
    executedAt,
  }
}

export function fillFrom(wire: WireTrade, symbol: string): VenueFill {
  return {
    symbol,
    tradeId: wire.id,
    venueOrderId: wire.orderId,
    clientOrderId: null,
    side: wire.isBuyer ? 'buy' : 'sell',
    price: wire.price,
    quantity: wire.qty,
    notional: wire.quoteQty,
    fee: wire.commission,
    feeAsset: wire.commissionAsset,
    executedAt: wire.time,
  }
}

/** Of the two legs one waits for the market to make it better, the other for it to get worse. */
export function protectionFrom(
  list: WireOrderList,
  legs: readonly VenueOrder[],
  symbol: string,
): VenueProtection {
  const takeProfit = legs.find((leg) => leg.type === 'limit-maker')
  const stop = legs.find((leg) => leg.type === 'stop-loss' || leg.type === 'stop-loss-limit')
  if (takeProfit === undefined || stop === undefined) {
    throw new Error(`order list ${list.orderListId} is not a stop with a take-profit`)
  }
  return {
    symbol,
    clientProtectionId: list.listClientOrderId,
    venueProtectionId: list.orderListId,
    status: list.listOrderStatus === 'EXECUTING' ? 'open' : 'done',
    stop,
    takeProfit,
    entry: legs.find((leg) => leg !== stop && leg !== takeProfit) ?? null,
  }
}

/** On the wire, 0 stands for "none" where a price cannot be zero. */
function orNull(price: Decimal): Decimal | null {
  return price.isZero() ? null : price
}
