import { z } from 'zod'
import { SourcesConfig } from './sources-config.ts'
import { StreamConfig } from './stream-config.ts'
import { UniverseConfig } from './universe-config.ts'

export const DataCollectionConfig = z
  .strictObject({
    pollIntervalMs: z
      .int()
      .min(100)
      .default(30_000)
      .describe('Market milliseconds between two looks at the venue; at most one candle.'),
    settleMs: z
      .int()
      .min(0)
      .max(60_000)
      .default(1_000)
      .describe('Market milliseconds that the venue is given after a candle to make it final.'),
    historyCandles: z
      .int()
      .min(1)
      .max(100_000)
      .default(1_000)
      .describe(
        'Candles that the store is to hold at a start, so that indicators are warm at once.',
      ),
    pageCandles: z
      .int()
      .min(10)
      .max(1_000)
      .default(1_000)
      .describe('Candles asked for at once; venues allow 300 to 1000.'),
    orderBookDepth: z
      .int()
      .min(0)
      .max(1_000)
      .default(20)
      .describe(
        'Levels of the books of the traded venue: what an entry may take is capped by them; 0 tells none.',
      ),
    backoffMinimumMs: z
      .int()
      .min(1)
      .default(5_000)
      .describe('First wait after a fault of the venue.'),
    backoffMaximumMs: z
      .int()
      .min(1)
      .default(300_000)
      .describe('Longest wait between two attempts.'),
    breakerFailures: z
      .int()
      .min(1)
      .default(4)
      .describe('Failures in a row after which one small question goes ahead of a whole look.'),
    dataAgeMaxMs: z
      .int()
      .min(1_000)
      .default(300_000)
      .describe('Market milliseconds after which a ticker, or an overdue candle, is stale.'),
    recheckMs: z
      .int()
      .min(60_000)
      .default(3_600_000)
      .describe('Market milliseconds between two comparisons of stored candles with the venue.'),
    recheckCandles: z
      .int()
      .min(10)
      .max(1_000)
      .default(240)
      .describe('Stored candles that are compared: how late a correction is still found.'),
    stream: StreamConfig.prefault({}),
    sources: SourcesConfig,
    universe: UniverseConfig.prefault({}),
  })
  .describe('data-collection: candles, tickers and order books from the venue.')
export type DataCollectionConfig = z.infer<typeof DataCollectionConfig>
