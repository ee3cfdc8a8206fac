/**
 * What is seen at the venue, as the messages that say it. Ids follow from venue, symbol and time alone,
 * so that a candle that is published again after a crash has the id that it had before.
 */
import {
  BookUpdated,
  CandleClosed,
  candleKey,
  createMessage,
  HistoryProvided,
  historyPageMax,
  instant,
  SourceStateChanged,
  TickerUpdated,
  UniverseChanged,
} from '@flotilla/contracts'
import type { AnyMessage, MessageOfType, Timeframe } from '@flotilla/contracts'
import type { Decimal } from '@flotilla/money'
import type { VenueCandle, VenueOrderBook, VenueTicker } from '@flotilla/venue'
import type { FreshnessChange } from './freshness.ts'
import type { SourceHealth } from './source-health.ts'
import type { Universe } from './universe.ts'

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

/** The answer to a request, in as many pages as it takes; one without candles when there are none. */
export function historyMessages(
  request: MessageOfType<'market.history.requested.v1'>,
  candles: readonly VenueCandle[],
  now: number,
): AnyMessage[] {
  const pages = Math.max(1, Math.ceil(candles.length / historyPageMax))
  return Array.from({ length: pages }, (_, index) => {
    const page = candles.slice(index * historyPageMax, (index + 1) * historyPageMax)
    return createMessage(HistoryProvided, {
      source,
      occurredAt: now,
      cause: request,
      discriminator: String(index + 1),
      payload: {
        ...request.payload,
        page: index + 1,
        pages,
        candles: page.map(rowOf),
      },
    })
  })
}

function rowOf({ openTime, open, high, low, close, baseVolume }: VenueCandle) {
  const [o, h, l, c, v] = [open, high, low, close, baseVolume].map(String) as Figures
  return [instant(openTime), o, h, l, c, v] satisfies HistoryRow
}
type HistoryRow = HistoryProvided['candles'][number]
type Figures = [string, string, string, string, string]

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

/** The whole universe, each time: who missed the last one needs no other. */
export function universeMessage(
  venue: string,
  universe: Universe,
  seen: { readonly now: number; readonly volumes: ReadonlyMap<string, Decimal> },
): AnyMessage {
  const symbols = [...universe.values()].map(({ symbol, tier, eligible, reason }) => {
    const quoteVolume24h = seen.volumes.get(symbol)?.toString() ?? null
    return { symbol, tier, eligible, reason, quoteVolume24h }
  })
  return createMessage(UniverseChanged, {
    source,
    occurredAt: seen.now,
    discriminator: `${venue} ${seen.now}`,
    payload: { venue, symbols },
  })
}

/** Where the settings of a source are, for those who have to change them. */
export type SourceFix = {
  /** Paths in flotilla.yaml, and the variables that stand for them. */
  readonly settings: readonly string[]
  readonly variables: readonly string[]
}

export function sourceMessage(
  from: { readonly source: string; readonly fix: SourceFix },
  health: SourceHealth,
  now: number,
): AnyMessage {
  return createMessage(SourceStateChanged, {
    source,
    occurredAt: now,
    discriminator: `${from.source} ${health.state} ${now}`,
    payload: {
      source: from.source,
      state: health.state,
      reason: health.state === 'healthy' ? 'the venue answers' : health.reason,
      fix: health.state === 'disabled' ? fixOf(from.source, from.fix) : null,
    },
  })
}

/** Trading on one symbol has to stop, or may start again; the source as a whole may be well. */
export function symbolMessage(venue: string, change: FreshnessChange, now: number): AnyMessage {
  const { symbol, stale, reason } = change
  const state = stale ? 'degraded' : 'healthy'
  return createMessage(SourceStateChanged, {
    source,
    occurredAt: now,
    discriminator: `${venue} ${symbol} ${state} ${now}`,
    payload: { source: venue, symbol, state, reason, fix: null },
  })
}

/** What an operator changes, and what goes on without it. */
export function fixOf(venue: string, { settings, variables }: SourceFix): string {
  return (
    `check ${settings.join(' and ')} of ${venue} (${variables.join(' and ')}); a changed file is ` +
    'noticed, a changed variable needs a restart, and control.reload asks once more with the same; ' +
    'until then no candles and prices come from it, while stored candles, other sources and ' +
    'protection at the venue go on'
  )
}
