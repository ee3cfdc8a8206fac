// What technical-analysis says about the market. A signal is never advice to trade.
import { z } from 'zod'
import { defineMessage, type PayloadOf } from './message.ts'
import { Instant, MarketSymbol, PriceText, Timeframe, VenueName } from './primitives.ts'

/** From -100 (as bearish as it gets) to 100 (as bullish as it gets). */
const Reading = z.number().min(-100).max(100)

export const SignalsComputed = defineMessage('analysis.signals.computed.v1', {
  summary: 'All indicator values and readings as of one closed candle.',
  payload: z.strictObject({
    venue: VenueName,
    symbol: MarketSymbol,
    timeframe: Timeframe,
    candleOpenTime: Instant,
    candleCloseTime: Instant,
    close: PriceText,
    /** Values by name, `ema(12)`, `macd(12,26,9).histogram`; one that is not warm is absent. */
    indicators: z.record(z.string(), z.number()),
    readings: z.strictObject({
      trend: Reading.nullable(),
      momentum: Reading.nullable(),
      /** Average true range as a share of the price, in per cent. */
      volatilityPercent: z.number().min(0).nullable(),
    }),
    /** The readings weighed into one figure; null until all are warm. */
    score: Reading.nullable(),
    /** `live` or `backfill`, as of the candle: what is old must not be traded on. */
    origin: z.enum(['live', 'backfill']),
  }),
})
export type SignalsComputed = PayloadOf<typeof SignalsComputed>

export const IndicatorsRequested = defineMessage('analysis.indicators.requested.v1', {
  summary: 'A strategy needs indicators of a symbol that no signal carries yet.',
  payload: z.strictObject({
    venue: VenueName,
    symbol: MarketSymbol,
    timeframe: Timeframe,
    /** As text, as `sma(200)` or `macd(5,35,5)`. */
    indicators: z.array(z.string().min(1).max(64)).min(1).max(100),
  }),
})
export type IndicatorsRequested = PayloadOf<typeof IndicatorsRequested>
