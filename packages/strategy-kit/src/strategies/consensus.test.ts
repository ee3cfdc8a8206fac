import { instant } from '@flotilla/contracts'
import { ema } from '@flotilla/indicators'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { consensusOf } from '../consensus.ts'
import { defineStrategy } from '../define-strategy.ts'
import type { Evaluation, StrategyState } from '../strategy.ts'
import { analysis } from '../testing.ts'
import { consensus } from './consensus.ts'

/** Wishes what its indicator says: to enter with that confidence above 0, to exit below, else nothing. */
function puppet(name: string, period: number) {
  return defineStrategy({
    name,
    summary: 'Does as it is told.',
    parameters: z.strictObject({ bias: z.number().min(0).max(20).default(0) }),
    needs: () => ({ indicators: { order: ema(period) } }),
    initialState: null,
    onAnalysis: ({ indicators: { order }, parameters, position }) => {
      const confidence = Math.abs(order) + parameters.bias
      if (order > 0 && position === null) {
        return { state: null, wish: { action: 'enter', confidence, reason: 'told' } }
      }
      if (order < 0) return { state: null, wish: { action: 'exit', confidence, reason: 'told' } }
      return { state: null, wish: null }
    },
  })
}

const pair = consensusOf({
  name: 'pair',
  summary: 'Two puppets.',
  members: [puppet('left', 2), puppet('right', 3)],
})
const only = (...names: readonly string[]) => ({
  sources: names.map((source) => ({ source })),
})
type Told = { left?: number; right?: number; score?: number }
const minute = 60_000
const epoch = 1_767_571_200_000

/** Tells candle after candle; positions follow the wishes. */
function play(parameters: unknown, ...candles: readonly Told[]) {
  const strategy = pair.configure(parameters)
  let state: StrategyState = strategy.initialState
  let held = false
  return candles.map(({ left, right, score = null }, index): Evaluation => {
    const evaluation = strategy.evaluate({
      analysis: analysis({
        candleCloseTime: instant(epoch + index * minute),
        score,
        indicators: {
          ...(left === undefined ? {} : { 'ema(2)': left }),
          ...(right === undefined ? {} : { 'ema(3)': right }),
        },
      }),
      position: held ? { quantity: 1, averageEntryPrice: 50_000 } : null,
      state,
    })
    if (evaluation.kind === 'not-warm') return evaluation
    state = evaluation.state
    if (evaluation.wish !== null) held = evaluation.wish.action === 'enter'
    return evaluation
  })
}

function wishes(parameters: unknown, ...candles: readonly Told[]) {
  return play(parameters, ...candles).map((each) => {
    if (each.kind === 'not-warm' || each.wish === null) return null
    return [each.wish.action, each.wish.confidence] as const
  })
}

describe('the votes of several sources', () => {
  it('are weighed by their weights', () => {
    const sources = [
      { source: 'left', weight: 3 },
      { source: 'right', weight: 1 },
    ]
    expect(wishes({ sources }, { left: 80, right: 60 })).toEqual([['enter', 75]])
    expect(wishes({ sources: sources.toReversed() }, { left: 80, right: 60 })).toEqual([
      ['enter', 75],
    ])
  })

  it('an exit counts against the rise by its confidence', () => {
    expect(wishes(only('left', 'right'), { left: 80, right: -30 })).toEqual([['enter', 75]])
    expect(wishes(only('left', 'right'), { left: 80, right: -80 })).toEqual([null])
  })

  it('the score is a source, and half of it leans on the neutral 50', () => {
    expect(wishes(only('left', 'analysis'), { left: 80, score: 40 })).toEqual([['enter', 75]])
  })

  it('a disabled source is not heard, and the others share its weight', () => {
    const sources = [{ source: 'left' }, { source: 'right', enabled: false, weight: 50 }]
    expect(wishes({ sources }, { left: 70, right: -90 })).toEqual([['enter', 70]])
    expect(pair.configure({ sources }).indicators).toEqual([ema(2)])
  })

  it('a source without opinion, without indicators or without a score drops out', () => {
    const all = only('left', 'right', 'analysis')
    const lenient = { ...all, quorumShare: 0.3 }
    expect(wishes(lenient, { left: 70, right: 0 })).toEqual([['enter', 70]])
    expect(wishes(lenient, { left: 70 })).toEqual([['enter', 70]])
  })

  it('a vote that has grown old falls silent, and speaks again when it is renewed', () => {
    const parameters = { ...only('left', 'right'), voteAgeCandlesMax: 2, quorumShare: 1 }
    const quiet = { left: 0, right: 0 }
    const late = (pauses: number) =>
      wishes(parameters, { left: 90, right: 0 }, ...Array.from({ length: pauses }, () => quiet), {
        left: 0,
        right: 80,
      }).at(-1)
    expect(late(1)).toEqual(['enter', 85])
    expect(late(2)).toBeNull()
  })

  it('without a quorum there is no entry, but there is an exit', () => {
    expect(wishes(only('left', 'right', 'analysis'), { left: 90 })).toEqual([null])
    expect(
      wishes(
        { ...only('left', 'right', 'analysis'), voteAgeCandlesMax: 1 },
        { left: 90, right: 90 },
        { left: 0, right: 0 },
        { left: -90, right: 0 },
      ),
    ).toEqual([['enter', 90], null, ['exit', 90]])
  })

  it('agreement is acted on once, when it is reached', () => {
    const strategy = pair.configure(only('left', 'right'))
    const told = analysis({ indicators: { 'ema(2)': 80, 'ema(3)': 80 } })
    const first = strategy.evaluate({
      analysis: told,
      position: null,
      state: strategy.initialState,
    })
    if (first.kind === 'not-warm') throw new Error('not warm')
    // A stop took the position away at once: the agreement is the same one.
    const second = strategy.evaluate({ analysis: told, position: null, state: first.state })
    expect([first, second]).toMatchObject([{ wish: { action: 'enter' } }, { wish: null }])
  })

  it('the reason names who spoke, with vote and share', () => {
    const [first] = play(only('left', 'right', 'analysis'), { left: 80, right: 60 })
    expect(first).toMatchObject({
      wish: {
        reason: 'consensus 70.0, 2 of 3 sources speak: left 80 (50 %), right 60 (50 %)',
      },
    })
  })

  it('only when no source at all can speak is it not warm', () => {
    expect(play(only('left', 'right'), {})).toEqual([
      { kind: 'not-warm', missing: ['ema(2)', 'ema(3)'] },
    ])
    expect(play(only('left', 'analysis'), {})).toMatchObject([{ kind: 'evaluated', wish: null }])
  })
})

describe('the shipped consensus', () => {
  it.each([
    [{ sources: [{ source: 'tea-leaves' }] }, /ema-crossover/],
    [{ sources: [{ source: 'rsi-reversion', parameters: { oversold: 99 } }] }, /oversold/],
    [{ sources: [{ source: 'analysis', parameters: { oversold: 30 } }] }, /oversold/],
    [{ sources: [{ source: 'analysis' }, { source: 'analysis' }] }, /there twice/],
    [{ sources: [] }, /sources/],
    [{ enterFrom: 40 }, /enterFrom/],
  ])('refuses %j', (parameters, reason) => {
    expect(() => consensus.configure(parameters)).toThrow(reason)
  })

  it('needs each indicator of its sources once', () => {
    const sources = [{ source: 'ema-crossover' }, { source: 'momentum-breakout' }]
    const kinds = consensus.configure({ sources }).indicators.map(({ kind }) => kind)
    expect(kinds).toEqual(['ema', 'ema', 'rsi', 'sma'])
  })
})
