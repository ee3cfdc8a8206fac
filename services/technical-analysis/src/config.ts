import { streams, Timeframe } from '@flotilla/contracts'
import { IndicatorSyntaxError, parseIndicator } from '@flotilla/indicators'
import { z } from 'zod'

const indicator = z.string().superRefine((text, context) => {
  try {
    parseIndicator(text)
  } catch (error) {
    if (!(error instanceof IndicatorSyntaxError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
  }
})

export const TechnicalAnalysisConfig = z
  .strictObject({
    indicators: z
      .array(indicator)
      .max(100)
      .default(['sma(20)', 'sma(50)', 'ema(50)', 'bollinger(20,2)'])
      .describe(
        'Computed besides the ones that the readings rest on, as ema(200) or macd(5,35,5).',
      ),
    timeframes: z
      .array(Timeframe)
      .max(10)
      .default([])
      .describe('Higher timeframes to build from the candles and to analyse, too, as [5m, 1h].'),
    partitions: z
      .array(
        z
          .int()
          .min(0)
          .max(streams.candles.partitions - 1),
      )
      .min(1)
      .optional()
      .describe('The shares of the symbols that this process takes, of 0 to 3; all unless given.'),
    storeIndicators: z
      .enum(['all', 'volatility'])
      .default('all')
      .describe(
        'What goes to the market store: every value, or only average true range and volatility.',
      ),
    refillAttempts: z
      .int()
      .min(1)
      .max(100)
      .default(5)
      .describe('How often the store is asked for a missing candle before going on without.'),
    refillPauseMs: z
      .int()
      .min(0)
      .max(60_000)
      .default(200)
      .describe('Real milliseconds between two such questions.'),
  })
  .describe('technical-analysis: indicators and readings of every closed candle.')
export type TechnicalAnalysisConfig = z.infer<typeof TechnicalAnalysisConfig>
