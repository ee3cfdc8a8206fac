// What the messages of others do to the book: orders settle or end reservations, the market brings
// prices.
import {
  epochMs,
  type AnyMessage,
  type CandleClosed,
  type MessageOfType,
  type OrderFacts,
} from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import { notePrice, type Book } from './book.ts'
import type { Work } from './decide.ts'
import { depthOf } from './entry-scaling.ts'
import { noteBar } from './history.ts'
import { settleEnd, settleFill, type OrderFact, type Shortfall } from './settlement.ts'

export type OrderMessage = Extract<AnyMessage, { type: `execution.order.${string}` }>
export type MarketMessage = MessageOfType<
  'market.candle.closed.v1' | 'market.ticker.updated.v1' | 'market.book.updated.v1'
>

export function takeOrder(
  book: Book,
  message: OrderMessage,
): Work & { readonly shortfalls: readonly Shortfall[] } {
  const { payload } = message
  const fact = orderFactOf(message)
  const nothing = { changes: [], records: [], outgoing: [], shortfalls: [] }
  if (!('fill' in payload)) {
    // An order whose outcome is unknown keeps its reservation until the venue has answered.
    if (message.type === 'execution.order.unknown.v1') return nothing
    return { ...nothing, changes: settleEnd(book, fact) }
  }
  const { fill } = payload
  const outcome = settleFill(book, {
    ...fact,
    price: Decimal.from(fill.price),
    quantity: Decimal.from(fill.quantity),
    fee: Decimal.from(fill.fee),
    feeAsset: fill.feeAsset,
    last: message.type === 'execution.order.filled.v1',
  })
  return { ...nothing, ...outcome }
}

/** What the market says is remembered beside the facts; only candles of the timeframe make a history. */
export function takeMarket(book: Book, message: MarketMessage, timeframe: string): void {
  switch (message.type) {
    case 'market.candle.closed.v1':
      takeCandle(book, message.payload, timeframe)
      return
    case 'market.ticker.updated.v1': {
      const { symbol, last, observedAt } = message.payload
      notePrice(book, symbol, priceAt(last, observedAt))
      return
    }
    case 'market.book.updated.v1':
      book.depths.set(message.payload.symbol, depthOf(message.payload))
  }
}

function takeCandle(book: Book, candle: CandleClosed, timeframe: string): void {
  const { symbol, high, low, close, openTime, closeTime } = candle
  notePrice(book, symbol, priceAt(close, closeTime))
  if (candle.timeframe !== timeframe) return
  noteBar(book.histories, symbol, {
    openTime: epochMs(openTime),
    closeTime: epochMs(closeTime),
    high: Number(high),
    low: Number(low),
    close: Number(close),
  })
}

function priceAt(price: string, at: string) {
  return { price: Decimal.from(price), at: epochMs(at), source: 'market' } as const
}

function orderFactOf(message: OrderMessage): OrderFact {
  const order: OrderFacts = message.payload
  return {
    symbol: order.symbol,
    side: order.side,
    leg: order.leg,
    reservationId: order.reservationId,
    endsReservation: order.endsReservation,
    filledQuantity: Decimal.from(order.filledQuantity),
    filledQuote: Decimal.from(order.filledQuote),
    at: epochMs(message.occurredAt),
    reason: endReasonOf(message),
  }
}

/** `order filled`, `order expired: intent_expired`. */
function endReasonOf(message: OrderMessage): string {
  const word = message.type.split('.')[2] ?? ''
  const code = 'code' in message.payload ? `: ${message.payload.code}` : ''
  return `order ${word}${code}`
}
