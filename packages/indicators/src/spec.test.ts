import { describe, expect, it } from 'vitest'
import {
  adx,
  atr,
  bollinger,
  candlesToFirstValue,
  candlesToSettle,
  donchian,
  ema,
  formatIndicator,
  IndicatorSet,
  library,
  macd,
  obv,
  parseIndicator,
  rsi,
  sma,
  stddev,
  stochastic,
  valueNames,
  volatility,
  vwap,
} from './index.ts'
import type { Bar, IndicatorSpec, LibraryKind } from './index.ts'

const libraryKinds: readonly LibraryKind[] = [
  'cci',
  'choppiness',
  'cmf',
  'cmo',
  'dema',
  'hma',
  'kama',
  'mfi',
  'roc',
  'smma',
  'tema',
  'vwma',
  'williams',
  'wma',
]

const every: readonly IndicatorSpec[] = [
  sma(20),
  ema(12),
  ema(12, 'first-price'),
  rsi(),
  atr(7),
  atr(7, 'first-range'),
  macd(),
  { ...macd(5, 35, 5), convention: 'independent' },
  bollinger(20, 2.5),
  bollinger(20, 2, 'sample'),
  adx(),
  adx(10, 'wilder'),
  stochastic(5, 3, 2),
  obv(),
  obv(undefined, 'zero'),
  obv(20),
  vwap(),
  vwap(20),
  donchian(),
  donchian(55, 'previous'),
  stddev(30),
  stddev(30, 'sample'),
  volatility(),
  volatility(30, 'sample'),
  ...libraryKinds.map((kind) => library(kind, 9)),
]

function bar(high: number, low: number, close: number): Bar {
  return { openTime: 0, high, low, close, volume: 1 }
}

describe('indicator specs', () => {
  it('text and spec are each other’s inverse', () => {
    for (const spec of every) expect(parseIndicator(formatIndicator(spec))).toStrictEqual(spec)
    expect(new Set(every.map(formatIndicator)).size).toBe(every.length)
  })

  it('left-out arguments take their usual values', () => {
    expect(parseIndicator('macd')).toEqual(macd(12, 26, 9))
    expect(parseIndicator('rsi()')).toEqual(rsi(14))
    expect(parseIndicator('bollinger( 20, 2 )')).toEqual(bollinger(20, 2))
    expect(parseIndicator('adx(wilder)')).toEqual(adx(14, 'wilder'))
    expect(parseIndicator('vwap')).toEqual(vwap())
    expect(parseIndicator('cci')).toEqual(library('cci', 20))
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
    ['trix(3)', /known: sma/],
    ['ema', /ema\(12\)/],
    ['ema(0)', /whole number/],
    ['ema(12,13)', /number of arguments/],
    ['ema(x)', /whole number/],
    ['macd(26,12,9)', /fast must be less/],
    ['bollinger(20,0)', /multiplier/],
    ['ema(12', /no indicator/],
    ['constructor', /no indicator/],
    ['adx(14,tradingview)', /wilder/],
    ['obv(20,zero)', /no beginning/],
    ['volatility(1,sample)', /2 or more/],
  ])('%s is refused with a reason', (text, reason) => {
    expect(() => parseIndicator(text)).toThrow(reason)
  })

  it('a set computes a spec named twice once', () => {
    const set = new IndicatorSet([ema(2), ema(2), atr(1)])
    expect(set.names).toEqual(['ema(2)', 'atr(1)'])
    set.update(bar(3, 1, 2))
    expect(set.complete).toBe(false)
    set.update(bar(5, 3, 4))
    expect(set.complete).toBe(true)
    expect([...set.values]).toEqual([3, 3])
    expect(set.get('atr(1)')).toBe(3)
    expect(set.get('rsi(14)')).toBeNaN()
  })

  it('values are complete with the candle that the spec names, and not before', () => {
    for (const spec of every) {
      const set = new IndicatorSet([spec])
      const first = candlesToFirstValue(spec)
      for (let index = 1; index < first; index += 1) {
        set.update({ ...bar(12, 9, 10 + (index % 2)), openTime: index * 60_000 })
      }
      expect([formatIndicator(spec), set.complete]).toEqual([formatIndicator(spec), false])
      // A session that begins with the candle, for what begins anew with the day.
      set.update({ ...bar(12, 9, 10), openTime: 86_400_000 })
      expect([formatIndicator(spec), set.complete]).toEqual([formatIndicator(spec), true])
      expect(candlesToSettle(spec, 60_000)).toBeGreaterThanOrEqual(first)
    }
  })

  it('what begins anew with the day settles within a day of candles', () => {
    expect(candlesToSettle(vwap(), 60_000)).toBe(1_440)
    expect(candlesToSettle(vwap(), 86_400_000)).toBe(1)
    expect(new IndicatorSet([vwap(), sma(5)], 3_600_000).candlesToSettle).toBe(24)
  })

  it('only a level can be carried on', () => {
    const set = new IndicatorSet([obv(), obv(3), sma(3)])
    expect(set.levelNames).toEqual(['obv'])
    set.update(bar(2, 1, 1))
    set.carryOn('obv', 1_000)
    set.update(bar(2, 1, 2))
    expect(set.get('obv')).toBe(1_001)
    expect(() => set.carryOn('sma(3)', 1)).toThrow(/no level/)
  })

  it('a set without indicators takes candles and has no values', () => {
    const set = new IndicatorSet([])
    set.update(bar(1, 1, 1))
    expect(set.complete).toBe(true)
    expect(set.values).toHaveLength(0)
  })
})
