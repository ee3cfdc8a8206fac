import { bollinger } from '@flotilla/indicators'
import { z } from 'zod'
import { defineStrategy } from '../define-strategy.ts'
import { clampConfidence, exitParameters } from '../parameters.ts'

type State = { readonly above: boolean | null }
/** Without a candle before there is no breakout: the first one only tells on which side we stand. */
const initialState: State = { above: null }

/**
 * Buys strength: enters when the close leaves the bands upwards, sells when it is back below their
 * middle. Works when a quiet market wakes up and goes on; fails in ranges, where the upper band is
 * where moves end. Bands that are narrower than a trade costs are left alone.
 */
export const bollingerBreakout = defineStrategy({
  name: 'bollinger-breakout',
  summary:
    'Buys when the close breaks out above the bands, sells when it is back below the middle.',
  parameters: z.strictObject({
    period: z.int().min(5).max(200).default(20).describe('Candles of the bands.'),
    multiplier: z
      .number()
      .min(0.5)
      .max(5)
      .default(2)
      .describe('Half the width of the bands, in standard deviations.'),
    widthMinPercent: z
      .number()
      .min(0)
      .max(20)
      .default(0.5)
      .describe('No entry while the bands are narrower, in per cent of the price.'),
    ...exitParameters,
  }),
  needs: (parameters) => ({
    indicators: { bands: bollinger(parameters.period, parameters.multiplier) },
  }),
  initialState,
  onAnalysis: ({ indicators: { bands }, parameters, position, price, score, state }) => {
    const above = price > bands.upper
    const next = { above }
    if (position !== null) {
      if (price >= bands.middle) return { state: next, wish: null }
      const reason = `close ${show(price)} fell below the middle band ${show(bands.middle)}`
      return { state: next, wish: { action: 'exit', confidence: clampConfidence(65), reason } }
    }
    const width = bands.upper - bands.lower
    const widthPercent = (100 * width) / bands.middle
    const brokeOut = state.above === false && above
    if (!brokeOut || widthPercent < parameters.widthMinPercent) return { state: next, wish: null }
    // How far the close stands outside, in widths of the bands: half a width is already far.
    const force = Math.min(1, (2 * (price - bands.upper)) / width)
    return {
      state: next,
      wish: {
        action: 'enter',
        confidence: clampConfidence(58 + 20 * force + (score ?? 0) / 10),
        reason:
          `close ${show(price)} broke out above the upper band ${show(bands.upper)}, ` +
          `bands ${widthPercent.toFixed(2)} % wide`,
        stopLossPercent: parameters.stopLossPercent,
        takeProfitPercent: parameters.takeProfitPercent,
      },
    }
  },
})

function show(value: number): string {
  return value.toPrecision(7)
}
