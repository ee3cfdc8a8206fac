// Candles of the past, asked for by an agent that has no venue of its own and answered by the one that has.
import { z } from 'zod'
import { defineMessage, type PayloadOf } from './message.ts'
import {
  Instant,
  MarketSymbol,
  PriceText,
  QuantityText,
  Timeframe,
  VenueName,
} from './primitives.ts'

const range = {
  venue: VenueName,
  symbol: MarketSymbol,
  timeframe: Timeframe,
  /** Open time of the oldest candle, inclusive. */
  from: Instant,
  /** Exclusive. */
  to: Instant,
}

/** Candles of one message: some 80 kilobytes. */
export const historyPageMax = 1_000

export const HistoryRequested = defineMessage('market.history.requested.v1', {
  summary: 'Candles of the past are wanted that the market store does not give, from the venue.',
  payload: z.strictObject(range),
})
export type HistoryRequested = PayloadOf<typeof HistoryRequested>

export const HistoryProvided = defineMessage('market.history.provided.v1', {
  summary:
    'Closed candles that were asked for, oldest first: one page of the answer. They are no news.',
  payload: z
    .strictObject({
      ...range,
      /** From 1 to `pages`. */
      page: z.int().min(1),
      pages: z.int().min(1),
      /** Open time, open, high, low, close, traded quantity in base units. */
      candles: z
        .array(z.tuple([Instant, PriceText, PriceText, PriceText, PriceText, QuantityText]))
        .max(historyPageMax),
    })
    .refine(({ page, pages }) => page <= pages, { error: 'page lies beyond pages' }),
})
export type HistoryProvided = PayloadOf<typeof HistoryProvided>
