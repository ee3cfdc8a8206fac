import { describe, expect, it } from 'vitest'
import {
  atr,
  bollinger,
  ema,
  formatIndicator,
  IndicatorSet,
  macd,
  parseIndicator,
} from './index.ts'
import { rsi, sma, valueNames } from './index.ts'

describe('indicator specs', () => {
  it('text and spec are each other’s inverse', () => {
    for (const spec of [sma(20), ema(12), rsi(), atr(7), macd(), bollinger(20, 2.5)]) {
      expect(parseIndicator(formatIndicator(spec))).toEqual(spec)
    }
  })

  it('left-out arguments take their usual values', () => {
    expect(parseIndicator('macd')).toEqual(macd(12, 26, 9))
    expect(parseIndicator('rsi()')).toEqual(rsi(14))
    expect(parseIndicator('bollinger( 20, 2 )')).toEqual(bollinger(20, 2))
  })

  it('every value has a name of its own', () => {
    expect(valueNames(ema(12))).toEqual(['ema(12)'])
    expect(valueNames(macd())).toEqual([
      'macd(12,26,9).line',
      'macd(12,26,9).signal',
      'macd(12,26,9).histogram',
    ])
    expect(valueNames(bollinger(20, 2))[1]).toBe('bollinger(20,2).upper')
  })

  it.each([
    ['vwma(3)', /known: sma/],
    ['ema', /ema\(12\)/],
    ['ema(0)', /whole number/],
    ['ema(12,13)', /number of arguments/],
    ['ema(x)', /whole number/],
    ['macd(26,12,9)', /fast must be less/],
    ['bollinger(20,0)', /multiplier/],
    ['ema(12', /no indicator/],
  ])('%s is refused with a reason', (text, reason) => {
    expect(() => parseIndicator(text)).toThrow(reason)
  })

  it('a set computes a spec named twice once', () => {
    const set = new IndicatorSet([ema(2), ema(2), atr(1)])
    expect(set.names).toEqual(['ema(2)', 'atr(1)'])
    set.update(3, 1, 2)
    expect(set.complete).toBe(false)
    set.update(5, 3, 4)
    expect(set.complete).toBe(true)
    expect([...set.values]).toEqual([3, 3])
    expect(set.get('atr(1)')).toBe(3)
    expect(set.get('rsi(14)')).toBeNaN()
  })

  it('a set without indicators takes candles and has no values', () => {
    const set = new IndicatorSet([])
    set.update(1, 1, 1)
    expect(set.complete).toBe(true)
    expect(set.values).toHaveLength(0)
  })
})
