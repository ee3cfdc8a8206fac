/**
 * What is seen at the venue, as the messages that say it. Ids follow from venue, symbol and time alone,
 * so that a candle that is published again after a crash has the id that it had before.
 */
import {
  BookUpdated,
  CandleClosed,
  candleKey,
  createMessage,
  instant,
  SourceStateChanged,
  TickerUpdated,
} from '@flotilla/contracts'
import type { AnyMessage, Timeframe } from '@flotilla/contracts'
import type { VenueCandle, VenueOrderBook, VenueTicker } from '@flotilla/venue'
import type { SourceHealth } from './source-health.ts'

const source = 'data-collection'

export type Series = {
  readonly venue: string
  readonly symbol: string
  readonly timeframe: Timeframe
}

export function candleMessage(
  series: Series,
  candle: VenueCandle,
  origin: 'live' | 'backfill',
): AnyMessage {
  const { venue, symbol, timeframe } = series
  return createMessage(CandleClosed, {
    source,
    occurredAt: candle.closeTime,
    discriminator: candleKey(series, candle.openTime),
    payload: {
      venue,
      symbol,
      timeframe,
      openTime: instant(candle.openTime),
      closeTime: instant(candle.closeTime),
      open: candle.open.toString(),
      high: candle.high.toString(),
      low: candle.low.toString(),
      close: candle.close.toString(),
      baseVolume: candle.baseVolume.toString(),
      quoteVolume: candle.quoteVolume.toString(),
      origin,
    },
  })
}

export function tickerMessage(venue: string, ticker: VenueTicker): AnyMessage {
  return createMessage(TickerUpdated, {
    source,
    occurredAt: ticker.observedAt,
    discriminator: `${venue} ${ticker.symbol} ${ticker.observedAt}`,
    payload: {
      venue,
      symbol: ticker.symbol,
      last: ticker.last.toString(),
      bid: ticker.bid?.toString() ?? null,
      ask: ticker.ask?.toString() ?? null,
      quoteVolume24h: ticker.quoteVolume24h.toString(),
      observedAt: instant(ticker.observedAt),
    },
  })
}

export function bookMessage(venue: string, book: VenueOrderBook): AnyMessage {
  const levels = (side: VenueOrderBook['bids']): [string, string][] =>
    side.map(({ price, quantity }) => [price.toString(), quantity.toString()])
  return createMessage(BookUpdated, {
    source,
    occurredAt: book.observedAt,
    discriminator: `${venue} ${book.symbol} ${book.observedAt}`,
    payload: {
      venue,
      symbol: book.symbol,
      bids: levels(book.bids),
      asks: levels(book.asks),
      observedAt: instant(book.observedAt),
    },
  })
}

export function sourceMessage(venue: string, health: SourceHealth, now: number): AnyMessage {
  return createMessage(SourceStateChanged, {
    source,
    occurredAt: now,
    discriminator: `${venue} ${health.state} ${now}`,
    payload: {
      source: venue,
      state: health.state,
      reason: health.state === 'healthy' ? 'the venue answers' : health.reason,
      fix: health.state === 'disabled' ? fixOf(venue) : null,
    },
  })
}

function fixOf(venue: string): string {
  return `check venue.apiKey and venue.apiSecret of ${venue}, then restart or send control.reload`
}
