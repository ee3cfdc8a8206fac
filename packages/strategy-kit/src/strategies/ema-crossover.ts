import { ema, rsi } from '@flotilla/indicators'
import { z } from 'zod'
import { defineStrategy } from '../define-strategy.ts'
import { clampConfidence, exitParameters, period } from '../parameters.ts'

type Relation = 'above' | 'below'
type State = { readonly relation: Relation | null }
/** Without a candle before there is no crossing: the first analysis only tells where we stand. */
const initialState: State = { relation: null }

/**
 * Follows a trend: buys when the fast average crosses above the slow one, sells when it lies below
 * again. Works in markets that move for a while in one direction; loses a little, often, in markets
 * that go sideways, where every crossing is a false start. The RSI keeps it from buying a move that
 * has already run hot.
 */
export const emaCrossover = defineStrategy({
  name: 'ema-crossover',
  summary: 'Buys when the fast average crosses above the slow one, sells when it falls below.',
  parameters: z
    .strictObject({
      fastPeriod: period(12, 200).describe('Candles of the fast average.'),
      slowPeriod: period(26).describe('Candles of the slow average.'),
      rsiPeriod: period(14, 200).describe('Candles of the RSI that filters entries.'),
      rsiEntryMax: z
        .number()
        .min(50)
        .max(100)
        .default(75)
        .describe('No entry above this RSI: the move has run already.'),
      ...exitParameters,
    })
    .refine((parameters) => parameters.fastPeriod < parameters.slowPeriod, {
      error: 'fastPeriod must be less than slowPeriod',
      path: ['fastPeriod'],
    }),
  needs: (parameters) => ({
    indicators: {
      fast: ema(parameters.fastPeriod),
      slow: ema(parameters.slowPeriod),
      rsi: rsi(parameters.rsiPeriod),
    },
  }),
  initialState,
  onAnalysis: ({ indicators, parameters, position, score, state }) => {
    const { fast, slow } = indicators
    const relation: Relation = fast > slow ? 'above' : 'below'
    const next = { relation }
    const lean = (score ?? 0) / 5
    if (position !== null && relation === 'below') {
      const reason = `fast average ${show(fast)} is below slow average ${show(slow)}`
      return {
        state: next,
        wish: { action: 'exit', confidence: clampConfidence(60 - lean), reason },
      }
    }
    const crossed = state.relation === 'below' && relation === 'above'
    if (!crossed || position !== null || indicators.rsi > parameters.rsiEntryMax) {
      return { state: next, wish: null }
    }
    return {
      state: next,
      wish: {
        action: 'enter',
        confidence: clampConfidence(60 + lean),
        reason:
          `fast average ${show(fast)} crossed above slow average ${show(slow)}, ` +
          `RSI ${indicators.rsi.toFixed(1)}`,
        stopLossPercent: parameters.stopLossPercent,
        takeProfitPercent: parameters.takeProfitPercent,
      },
    }
  },
})

function show(value: number): string {
  return value.toPrecision(7)
}
