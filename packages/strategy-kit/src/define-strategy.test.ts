import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { bollinger, defineStrategy, ema, macd, StrategyFaultError } from './index.ts'
import type { EnterWish, ExitWish } from './index.ts'
import { analysis } from './testing.ts'

function always(wish: EnterWish | ExitWish | null) {
  return defineStrategy({
    name: 'always',
    summary: 'Answers the same each time.',
    parameters: z.strictObject({ period: z.int().min(2).max(50).default(5) }),
    needs: ({ period }) => ({ indicators: { average: ema(period) } }),
    initialState: null,
    onAnalysis: () => ({ state: null, wish }),
  })
}

const warm = analysis({ close: '50000.1', indicators: { 'ema(5)': 1 } })
const enter: EnterWish = { action: 'enter', confidence: 70, reason: 'because' }

describe('defineStrategy', () => {
  it('parameters take their defaults and are held to their ranges', () => {
    expect(always(null).configure({}).indicators).toEqual([ema(5)])
    expect(always(null).configure({ period: 7 }).indicators).toEqual([ema(7)])
    expect(() => always(null).configure({ period: 1 })).toThrow(/period/)
    expect(() => always(null).configure({ perod: 7 })).toThrow(/perod/)
  })

  it('a strategy is not asked before its indicators have values, and says which lack', () => {
    const result = always(enter)
      .configure({})
      .evaluate({ analysis: analysis(), position: null, state: null })
    expect(result).toEqual({ kind: 'not-warm', missing: ['ema(5)'] })
  })

  it('an entry is priced exactly: expected price, a stop of 5 % and a profit of 10 %', () => {
    const result = always(enter)
      .configure({})
      .evaluate({ analysis: warm, position: null, state: null })
    expect(JSON.parse(JSON.stringify(result))).toEqual({
      kind: 'evaluated',
      state: null,
      wish: {
        action: 'enter',
        confidence: 70,
        reason: 'because',
        expectedPrice: '50000.1',
        stopLossPrice: '47500.095',
        takeProfitPrice: '55000.11',
        setupSince: null,
      },
    })
  })

  it.each([
    [{ ...enter, confidence: 101 }, /confidence 101/],
    [{ ...enter, confidence: Number.NaN }, /confidence NaN/],
    [{ ...enter, reason: ' ' }, /reason/],
    [{ ...enter, stopLossPercent: 100 }, /stop of 100/],
    [{ ...enter, takeProfitPercent: 0 }, /profit of 0/],
    [{ ...enter, stopLossPercent: Number.NaN }, /NaN/],
    [{ ...enter, setupSince: Number.NaN }, /since NaN/],
  ])('a wish that makes no sense is a fault that names the strategy: %o', (wish, reason) => {
    const strategy = always(wish).configure({})
    const evaluate = (): unknown =>
      strategy.evaluate({ analysis: warm, position: null, state: null })
    expect(evaluate).toThrow(StrategyFaultError)
    expect(evaluate).toThrow(reason)
    expect(evaluate).toThrow(/^always:/)
  })

  it('indicators of several parts arrive as objects under the names of the author', () => {
    const seen: unknown[] = []
    const strategy = defineStrategy({
      name: 'looker',
      summary: 'Looks.',
      parameters: z.strictObject({}),
      needs: () => ({ indicators: { trend: macd(), bands: bollinger(20, 2) } }),
      initialState: { looks: 0 as number },
      onAnalysis: ({ indicators, state }) => {
        seen.push(indicators.trend.histogram, indicators.bands.upper)
        return { state: { looks: state.looks + 1 }, wish: null }
      },
    }).configure({})
    const indicators = {
      'macd(12,26,9).line': 3,
      'macd(12,26,9).signal': 1,
      'macd(12,26,9).histogram': 2,
      'bollinger(20,2).middle': 10,
      'bollinger(20,2).upper': 12,
      'bollinger(20,2).lower': 8,
    }
    const result = strategy.evaluate({
      analysis: analysis({ indicators }),
      position: null,
      state: { looks: 4 },
    })
    expect(seen).toEqual([2, 12])
    expect(result).toEqual({ kind: 'evaluated', state: { looks: 5 }, wish: null })
  })

  it('a name that could not stand in configuration is refused', () => {
    const nameless = (): unknown =>
      defineStrategy({
        name: 'My Strategy',
        summary: '',
        parameters: z.strictObject({}),
        needs: () => ({ indicators: {} }),
        initialState: null,
        onAnalysis: () => ({ state: null, wish: null }),
      })
    expect(nameless).toThrow(/no strategy name/)
  })
})
