// What the messages of others do to the book: orders settle or end reservations, commands move the
// trading state, the market brings prices.
import {
  createMessage,
  epochMs,
  TradingStateChanged,
  type AnyMessage,
  type CandleClosed,
  type MessageOfType,
  type OrderFacts,
} from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import { notePrice, type Book, type BookChange } from './book.ts'
import type { Work } from './decide.ts'
import { depthOf } from './entry-scaling.ts'
import { noteBar } from './history.ts'
import { changesOf, resumed, type Watched } from './observe.ts'
import { settleEnd, settleFill, type OrderFact, type Shortfall } from './settlement.ts'
import { regimeMessages } from './take-stock.ts'
import {
  scopesOf,
  tradingStateKey,
  tradingStates,
  wholeAccount,
  writeTradingState,
  type TradingCommand,
} from './trading-state.ts'

export type OrderMessage = Extract<AnyMessage, { type: `execution.order.${string}` }>
export type CommandMessage = MessageOfType<
  'control.pause.v1' | 'control.resume.v1' | 'control.halt.v1'
>
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

export function takeCommand(watched: Watched, message: CommandMessage): Work {
  const { book, now } = watched
  const { account } = book.account
  const { payload } = message
  if (payload.account !== null && payload.account !== account) return noWork
  const command = commandOf(message)
  const scopes = scopesOf(book, command, payload.symbol)
  const entries = scopes.map((scope) => {
    const before = book.tradingStates.get(scope)
    const state = tradingStates[before?.state ?? 'active'][command]
    const { reason, requestedBy } = payload
    const entry = { state, since: message.occurredAt, reason, requestedBy }
    // A second pause changes nothing, neither the reason nor the time of the first.
    return { scope, entry: before?.state === state ? before : entry }
  })
  const anew = command === 'resume' && payload.symbol === null ? resumed(watched) : null
  return {
    changes: [
      ...entries.map(({ scope, entry }): BookChange => ({
        kind: 'memory-stored',
        agent: 'risk-manager',
        key: tradingStateKey(account, scope),
        value: writeTradingState(entry),
      })),
      ...(anew === null ? [] : changesOf(book, anew)),
    ],
    records: [],
    outgoing: [
      ...(anew === null ? [] : regimeMessages({ book, seen: anew, now, cause: message })),
      ...entries.map(({ scope, entry }) =>
        createMessage(TradingStateChanged, {
          source: 'risk-manager',
          occurredAt: now,
          cause: message,
          discriminator: scope,
          account,
          payload: {
            account,
            symbol: scope === wholeAccount ? null : scope,
            state: entry.state,
            reason: entry.reason,
          },
        }),
      ),
    ],
  }
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

const noWork: Work = { changes: [], records: [], outgoing: [] }

function priceAt(price: string, at: string) {
  return { price: Decimal.from(price), at: epochMs(at), source: 'market' } as const
}

function commandOf(message: CommandMessage): TradingCommand {
  switch (message.type) {
    case 'control.pause.v1':
      return 'pause'
    case 'control.resume.v1':
      return 'resume'
    case 'control.halt.v1':
      return 'halt'
  }
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
