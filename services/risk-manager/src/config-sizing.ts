import { Decimal } from '@flotilla/money'
import { z } from 'zod'
import { share } from './config-fields.ts'
import { sizingMethods, type Sizing } from './core/index.ts'

const fields = z.strictObject({
  method: z
    .enum(sizingMethods)
    .default('balance-share')
    .describe(
      'balance-share, fixed-risk by the distance of the stop, or volatility-target by ATR.',
    ),
  riskShare: share
    .default('0.01')
    .describe('fixed-risk: share of the account that is lost when an entry is stopped.'),
  volatilityShare: share
    .default('0.005')
    .describe('volatility-target: share of the account that a move of one ATR is.'),
  volatilityPeriod: z.int().min(2).max(100).default(14).describe('Candles of the ATR.'),
  confidenceScaleMin: share
    .default('1')
    .describe('Part of the size at confidenceMin, growing to all at 100; 1 scales nothing.'),
  depthShareMax: share
    .default('1')
    .describe('Part of what the order book offers up to slippageMax that an entry may take.'),
  depthAgeMaxMs: z
    .int()
    .min(1_000)
    .default(60_000)
    .describe('Market milliseconds after which an order book caps nothing.'),
  expensiveAssetShare: share
    .default('0.005')
    .describe('Part of the buying power where the size buys not even one step of an asset.'),
  wholeUnitAssets: z
    .array(z.string().regex(/^[A-Z0-9]{1,20}$/))
    .default([])
    .describe('Base assets that are traded in whole units, as shares of companies.'),
})

export const SizingConfig = fields.prefault({}).describe('How large an entry is.')

/** A candle is the newest until the next one closes, and that may come a little late. */
const candlesMax = 3

export function sizingOf(
  config: z.infer<typeof fields>,
  { candleMs }: { readonly candleMs: number },
): Sizing {
  return {
    method: config.method,
    riskShare: Decimal.from(config.riskShare),
    volatilityShare: Decimal.from(config.volatilityShare),
    volatilityPeriod: config.volatilityPeriod,
    historyAgeMaxMs: candlesMax * candleMs,
    confidenceScaleMin: Decimal.from(config.confidenceScaleMin),
    depthShareMax: Decimal.from(config.depthShareMax),
    depthAgeMaxMs: config.depthAgeMaxMs,
    expensiveAssetShare: Decimal.from(config.expensiveAssetShare),
    wholeUnitAssets: new Set(config.wholeUnitAssets),
  }
}
