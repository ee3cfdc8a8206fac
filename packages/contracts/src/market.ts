// Facts about the market, as data-collection sees it.
import { z } from 'zod'
import { deriveId } from './ids.ts'
import { defineMessage, type PayloadOf } from './message.ts'
import {
  DecimalText,
  Instant,
  MarketSymbol,
  PriceText,
  QuantityText,
  Timeframe,
  VenueName,
} from './primitives.ts'

const market = { venue: VenueName, symbol: MarketSymbol }

export const CandleClosed = defineMessage('market.candle.closed.v1', {
  summary: 'A candle is final. Published once per venue, symbol and timeframe, in order of time.',
  payload: z.strictObject({
    ...market,
    timeframe: Timeframe,
    /** Start of the interval, inclusive. */
    openTime: Instant,
    /** End of the interval, exclusive: the open time of the next candle. */
    closeTime: Instant,
    open: PriceText,
    high: PriceText,
    low: PriceText,
    close: PriceText,
    /** Traded quantity in base units. */
    baseVolume: QuantityText,
    /** Traded value in quote currency; null when the venue does not say. */
    quoteVolume: QuantityText.nullable(),
    /** `live` when it came as the newest, `backfill` when it filled a gap or the time before. */
    origin: z.enum(['live', 'backfill']),
  }),
})
export type CandleClosed = PayloadOf<typeof CandleClosed>

/** What names a candle for ever: the discriminator of its message. */
export function candleKey(
  series: Pick<CandleClosed, 'venue' | 'symbol' | 'timeframe'>,
  openTimeMs: number,
): string {
  return `${series.venue} ${series.symbol} ${series.timeframe} ${openTimeMs}`
}

/** The id of a candle's message, for who has the candle from the store and not from the bus. */
export function candleMessageId(
  series: Pick<CandleClosed, 'venue' | 'symbol' | 'timeframe'>,
  openTimeMs: number,
): string {
  return deriveId(CandleClosed.type, '', '', candleKey(series, openTimeMs))
}

export const TickerUpdated = defineMessage('market.ticker.updated.v1', {
  summary: 'The newest prices of a symbol.',
  payload: z.strictObject({
    ...market,
    last: PriceText,
    bid: PriceText.nullable(),
    ask: PriceText.nullable(),
    /** Value traded in the last 24 hours, always in quote currency; null when unknown. */
    quoteVolume24h: QuantityText.nullable(),
    observedAt: Instant,
  }),
})
export type TickerUpdated = PayloadOf<typeof TickerUpdated>

const level = z.tuple([PriceText, QuantityText])

export const BookUpdated = defineMessage('market.book.updated.v1', {
  summary: 'The best levels of the order book, best first: price and base quantity.',
  payload: z.strictObject({
    ...market,
    bids: z.array(level).max(1000),
    asks: z.array(level).max(1000),
    observedAt: Instant,
  }),
})
export type BookUpdated = PayloadOf<typeof BookUpdated>

export const UniverseChanged = defineMessage('market.universe.changed.v1', {
  summary: 'Which symbols may be traded, each with the reason of its verdict.',
  payload: z.strictObject({
    venue: VenueName,
    symbols: z.array(
      z.strictObject({
        symbol: MarketSymbol,
        tier: z.enum(['core', 'rotational', 'event']),
        eligible: z.boolean(),
        /** A stable code such as `force_eligible_core_asset` or `quote_volume_below_minimum`. */
        reason: z.string().min(1),
        quoteVolume24h: DecimalText.nullable(),
      }),
    ),
  }),
})
export type UniverseChanged = PayloadOf<typeof UniverseChanged>

export const SourceStateChanged = defineMessage('market.source.state-changed.v1', {
  summary: 'A data source became healthy, degraded or disabled.',
  payload: z.strictObject({
    source: z.string().min(1),
    /** Only this symbol of the source; all of it when absent. Degraded: its data is too old to trade on. */
    symbol: MarketSymbol.optional(),
    state: z.enum(['healthy', 'degraded', 'disabled']),
    reason: z.string().min(1),
    /** The setting to change, where changing one helps. */
    fix: z.string().min(1).nullable(),
  }),
})
export type SourceStateChanged = PayloadOf<typeof SourceStateChanged>
