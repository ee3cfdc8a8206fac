import { rsi } from '@flotilla/indicators'
import { z } from 'zod'
import { defineStrategy } from '../define-strategy.ts'
import { clampConfidence, exitParameters, period } from '../parameters.ts'

type State = { readonly oversold: boolean }
const initialState: State = { oversold: false }

/**
 * Bets on the way back: buys when the RSI comes back up out of the oversold zone, sells when it reaches
 * the overbought zone. Works in markets that swing around a level; fails in a crash, where oversold
 * stays oversold and each recovery is a step down, which is what the stop is for.
 */
export const rsiReversion = defineStrategy({
  name: 'rsi-reversion',
  summary: 'Buys when the RSI leaves the oversold zone upwards, sells when it is overbought.',
  parameters: z
    .strictObject({
      period: period(14, 200).describe('Candles of the RSI.'),
      oversold: z
        .number()
        .min(5)
        .max(45)
        .default(30)
        .describe('Below this the market is oversold.'),
      overbought: z.number().min(50).max(95).default(70).describe('From this on it is overbought.'),
      ...exitParameters,
    })
    .describe('RSI mean reversion.'),
  needs: (parameters) => ({ indicators: { rsi: rsi(parameters.period) } }),
  initialState,
  onAnalysis: ({ indicators, parameters, position, state }) => {
    const oversold = indicators.rsi < parameters.oversold
    const next = { oversold }
    const shown = indicators.rsi.toFixed(1)
    if (position !== null && indicators.rsi >= parameters.overbought) {
      const confidence = clampConfidence(60 + (indicators.rsi - parameters.overbought))
      const reason = `RSI ${shown} reached ${parameters.overbought}`
      return { state: next, wish: { action: 'exit', confidence, reason } }
    }
    const recovered = state.oversold && !oversold
    if (!recovered || position !== null) return { state: next, wish: null }
    return {
      state: next,
      wish: {
        action: 'enter',
        confidence: clampConfidence(55 + (indicators.rsi - parameters.oversold)),
        reason: `RSI ${shown} came back above ${parameters.oversold}`,
        stopLossPercent: parameters.stopLossPercent,
        takeProfitPercent: parameters.takeProfitPercent,
      },
    }
  },
})
