import { describe, expect, it } from 'vitest'
import { analysis } from '../testing.ts'
import { bollingerBreakout } from './bollinger-breakout.ts'

const strategy = bollingerBreakout.configure({})

/** Bands from 98 to 102 around 100, unless another width is given. */
function evaluate(
  close: number,
  options: { above?: boolean | null; held?: boolean; half?: number; score?: number } = {},
) {
  const { above = false, held = false, half = 2, score = null } = options
  return strategy.evaluate({
    analysis: analysis({
      close: String(close),
      score,
      indicators: {
        'bollinger(20,2).middle': 100,
        'bollinger(20,2).upper': 100 + half,
        'bollinger(20,2).lower': 100 - half,
      },
    }),
    position: held ? { quantity: 1, averageEntryPrice: 100 } : null,
    state: { above },
  })
}

describe('bollinger-breakout', () => {
  it('enters when the close leaves the bands upwards', () => {
    expect(evaluate(102.5)).toMatchObject({
      state: { above: true },
      wish: { action: 'enter', reason: expect.stringContaining('bands 4.00 % wide') as string },
    })
  })

  it('a close on the upper band has not left it', () => {
    expect(evaluate(102)).toMatchObject({ state: { above: false }, wish: null })
  })

  it.each([
    ['the first candle is no breakout', { above: null }],
    ['staying outside is no second one', { above: true }],
    ['it does not add to what it holds', { held: true }],
    ['bands narrower than the minimum are left alone', { half: 0.2 }],
  ])('%s', (_statement, options) => {
    expect(evaluate(102.5, options)).toMatchObject({ wish: null })
  })

  it('is surer the farther the close stands outside, and when the score agrees', () => {
    const sure = (close: number, score?: number): unknown => {
      const result = evaluate(close, score === undefined ? {} : { score })
      return result.kind === 'evaluated' ? result.wish?.confidence : null
    }
    expect([sure(103), sure(104), sure(105), sure(103, 50)]).toEqual([68, 78, 78, 73])
  })

  it('exits below the middle, only when it holds', () => {
    expect(evaluate(99.9, { held: true })).toMatchObject({ wish: { action: 'exit' } })
    expect(evaluate(100, { held: true })).toMatchObject({ wish: null })
    expect(evaluate(99.9)).toMatchObject({ wish: null })
  })

  it('a market that stands still does nothing', () => {
    expect(evaluate(100, { half: 0, above: false })).toMatchObject({ wish: null })
  })
})
