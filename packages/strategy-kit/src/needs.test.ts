import { expect, it } from 'vitest'
import { z } from 'zod'
import { adx, defineStrategy, donchian, library, obv, stochastic, vwap } from './index.ts'
import { analysesOf } from './testing.ts'

/** Says what it sees: the types are those that the needs promise. */
const watcher = defineStrategy({
  name: 'watcher',
  summary: 'Enters when everything that it asked for is there.',
  parameters: z.strictObject({}),
  needs: () => ({
    indicators: {
      direction: adx(5),
      place: stochastic(5, 3, 3),
      channel: donchian(5, 'previous'),
      volume: obv(4),
      fair: vwap(5),
      rare: library('cci', 5),
    },
  }),
  initialState: null,
  onAnalysis: ({ indicators: { direction, place, channel, volume, fair, rare } }) => {
    const seen: readonly number[] = [
      direction.adx,
      direction.plus - direction.minus,
      place.k - place.d,
      channel.upper - channel.middle - channel.lower,
      volume + fair + rare,
    ]
    const complete = seen.every(Number.isFinite)
    return {
      state: null,
      wish: complete ? { action: 'enter', confidence: 50, reason: seen.join(' ') } : null,
    }
  },
})

it('a strategy sees every kind of indicator by the parts of its value, once all are there', () => {
  const strategy = watcher.configure({})
  const closes = Array.from({ length: 20 }, (_, index) => 100 + (index % 3) + index)
  const evaluations = analysesOf(strategy, closes).map((each) =>
    strategy.evaluate({ analysis: each, position: null, state: null }),
  )
  const first = evaluations.findIndex(({ kind }) => kind === 'evaluated')
  expect(first).toBe(9)
  for (const evaluation of evaluations.slice(first)) {
    expect(evaluation).toMatchObject({ kind: 'evaluated', wish: { action: 'enter' } })
  }
})
