import { describe, expect, it } from 'vitest'
import { analysis } from '../testing.ts'
import { emaCrossover } from './ema-crossover.ts'

const strategy = emaCrossover.configure({})

function evaluate(options: {
  fast: number
  slow: number
  rsi?: number
  before: 'above' | 'below' | null
  held?: boolean
  score?: number
}) {
  return strategy.evaluate({
    analysis: analysis({
      indicators: {
        'ema(12)': options.fast,
        'ema(26)': options.slow,
        'rsi(14)': options.rsi ?? 55,
      },
      score: options.score ?? null,
    }),
    position: options.held === true ? { quantity: 1, averageEntryPrice: 50_000 } : null,
    state: { relation: options.before },
  })
}

describe('ema-crossover', () => {
  it('enters when the fast average comes from below to above', () => {
    expect(evaluate({ fast: 101, slow: 100, before: 'below' })).toMatchObject({
      state: { relation: 'above' },
      wish: { action: 'enter', reason: expect.stringContaining('crossed above') as string },
    })
  })

  it('the first analysis after a fresh start is no crossing', () => {
    expect(evaluate({ fast: 101, slow: 100, before: null })).toMatchObject({ wish: null })
  })

  it('staying above is no second entry', () => {
    expect(evaluate({ fast: 102, slow: 100, before: 'above' })).toMatchObject({ wish: null })
  })

  it('does not add to what it holds', () => {
    expect(evaluate({ fast: 101, slow: 100, before: 'below', held: true })).toMatchObject({
      wish: null,
    })
  })

  it('does not buy a market that has run hot', () => {
    expect(evaluate({ fast: 101, slow: 100, before: 'below', rsi: 76 })).toMatchObject({
      state: { relation: 'above' },
      wish: null,
    })
  })

  it('exits while it holds and the fast average is below, until it is flat', () => {
    for (const before of ['above', 'below'] as const) {
      expect(evaluate({ fast: 99, slow: 100, before, held: true })).toMatchObject({
        wish: { action: 'exit' },
      })
    }
    expect(evaluate({ fast: 99, slow: 100, before: 'below' })).toMatchObject({ wish: null })
  })

  it('is surer when the score agrees', () => {
    const sure = (score: number): unknown => {
      const result = evaluate({ fast: 101, slow: 100, before: 'below', score })
      return result.kind === 'evaluated' ? result.wish?.confidence : null
    }
    expect([sure(-100), sure(0), sure(100)]).toEqual([40, 60, 80])
  })

  it('refuses averages in the wrong order', () => {
    expect(() => emaCrossover.configure({ fastPeriod: 30 })).toThrow(/less than slowPeriod/)
  })
})
