import { describe, expect, it } from 'vitest'
import {
  Adx,
  Atr,
  Bollinger,
  Donchian,
  Ema,
  Macd,
  Obv,
  ObvChange,
  RollingVwap,
  Rsi,
  Sma,
  StandardDeviation,
  Stochastic,
  Volatility,
  Vwap,
} from './index.ts'

describe('kernels by hand', () => {
  it('SMA is silent until its window is full, then the plain mean', () => {
    const sma = new Sma(3)
    expect([1, 2, 6, 7].map((input) => sma.update(input))).toEqual([NaN, NaN, 3, 5])
  })

  it('EMA starts from the mean of its first values', () => {
    const ema = new Ema(3)
    expect([1, 2, 6, 7].map((input) => ema.update(input))).toEqual([NaN, NaN, 3, 5])
  })

  it('RSI needs one candle more than its period', () => {
    const rsi = new Rsi(2)
    expect([10, 11, 10, 13].map((input) => rsi.update(input))).toEqual([
      NaN,
      NaN,
      50,
      (100 * 1.75) / 2,
    ])
  })

  it('RSI of prices that only rise is 100, that only fall 0, that stand still 50', () => {
    const last = (inputs: readonly number[]): number => {
      const rsi = new Rsi(3)
      return inputs.reduce((_, input) => rsi.update(input), Number.NaN)
    }
    expect(last([1, 2, 3, 4, 5])).toBe(100)
    expect(last([5, 4, 3, 2, 1])).toBe(0)
    expect(last([5, 5, 5, 5, 5])).toBe(50)
  })

  it('ATR counts a gap from the previous close and leaves the first candle out', () => {
    const atr = new Atr(2)
    expect(atr.update(10, 9, 9.5)).toBeNaN()
    expect(atr.update(12, 11, 11.5)).toBeNaN()
    expect(atr.update(11, 8, 9)).toBe((2.5 + 3.5) / 2)
    expect(atr.update(9, 9, 9)).toBe((3 + 0) / 2)
  })

  it('Bollinger uses the population deviation', () => {
    const bands = new Bollinger(2, 2)
    bands.update(1)
    expect(bands.update(3)).toBe(2)
    expect([bands.upper, bands.lower]).toEqual([4, 0])
  })

  it('Bollinger bands of a constant price far from zero have no width', () => {
    const bands = new Bollinger(20, 2)
    for (let index = 0; index < 100; index += 1) bands.update(67_123.45)
    expect(bands.upper - bands.lower).toBeLessThan(1e-9)
  })

  it('MACD with aligned seeds starts both averages on the same candle', () => {
    const macd = new Macd({ fast: 2, slow: 4, signal: 1 })
    for (const input of [100, 50, 3, 5]) macd.update(input)
    expect(macd.line).toBe(4 - 39.5)
    const independent = new Macd({ fast: 2, slow: 4, signal: 1 }, 'independent')
    for (const input of [100, 50, 3, 5]) independent.update(input)
    expect(independent.line).not.toBe(macd.line)
  })

  it('MACD line comes before its signal, and the histogram is their difference', () => {
    const macd = new Macd({ fast: 2, slow: 3, signal: 2 })
    for (const input of [1, 2, 4]) macd.update(input)
    expect(macd.line).not.toBeNaN()
    expect(macd.histogram).toBeNaN()
    macd.update(8)
    expect(macd.histogram).toBe(macd.line - macd.signal)
  })

  it('EMA from the first price goes on from it, unseen until its period is over', () => {
    const ema = new Ema(3, 'first-price')
    expect([8, 4, 2, 10].map((input) => ema.update(input))).toEqual([NaN, NaN, 4, 7])
  })

  it('ATR with the first range is one candle earlier', () => {
    const atr = new Atr(2, 'first-range')
    expect(atr.update(10, 9, 9.5)).toBeNaN()
    expect(atr.update(12, 11, 11.5)).toBe((1 + 2.5) / 2)
  })

  it('ADX of a market that only rises is 100, all of it upwards', () => {
    const adx = new Adx(3)
    for (let index = 0; index < 12; index += 1) adx.update(index + 2, index, index + 1)
    expect(adx.adx).toBe(100)
    expect(adx.plus).toBeCloseTo(50, 9)
    expect(adx.minus).toBe(0)
  })

  it('ADX of a market that never moved is 0, and stays what it was when one stops', () => {
    const still = new Adx(2)
    for (let index = 0; index < 9; index += 1) still.update(5, 5, 5)
    expect([still.adx, still.plus, still.minus]).toEqual([0, 0, 0])
    const stopped = new Adx(2)
    for (let index = 0; index < 9; index += 1) stopped.update(index + 2, index, index + 1)
    for (let index = 0; index < 200; index += 1) stopped.update(9, 9, 9)
    expect(stopped.adx).toBeCloseTo(100, 6)
  })

  it('Stochastic places the close in its range; a range without height has no place', () => {
    const raw = new Stochastic({ range: 2, smoothing: 1, signal: 2 })
    expect(raw.update(10, 0, 5)).toBeNaN()
    expect(raw.update(8, 2, 7.5)).toBe(75)
    expect(raw.d).toBeNaN()
    expect(raw.update(12, 2, 2)).toBe(0)
    expect(raw.d).toBe(37.5)
    const flat = new Stochastic({ range: 2, smoothing: 2, signal: 1 })
    for (let index = 0; index < 5; index += 1) flat.update(3, 3, 3)
    expect([flat.k, flat.d]).toEqual([50, 50])
  })

  it('OBV adds what rose, takes off what fell, and leaves out what closed as before', () => {
    const obv = new Obv()
    const change = new ObvChange(2)
    const candles = [
      [10, 5],
      [11, 3],
      [11, 7],
      [9, 4],
      [10, 1],
    ] as const
    expect(candles.map(([close, volume]) => obv.update(close, volume))).toEqual([5, 8, 8, 4, 5])
    expect(candles.map(([close, volume]) => change.update(close, volume))).toEqual([
      NaN,
      NaN,
      3,
      -4,
      -3,
    ])
  })

  it('VWAP begins anew at midnight, and is silent on the part of a day that it came late for', () => {
    const day = 86_400_000
    const vwap = new Vwap()
    expect(vwap.update(day - 60_000, 90, 4)).toBeNaN()
    expect(vwap.update(day, 100, 1)).toBe(100)
    expect(vwap.update(day + 60_000, 110, 3)).toBe(107.5)
    expect(vwap.update(2 * day, 50, 0)).toBe(50)
    expect(vwap.update(2 * day + 60_000, 60, 2)).toBe(60)
    expect(new Vwap().update(3 * day, 7, 1)).toBe(7)
  })

  it('rolling VWAP forgets what has left its window; without volume the price is all there is', () => {
    const vwap = new RollingVwap(2)
    expect(vwap.update(10, 1)).toBeNaN()
    expect(vwap.update(20, 3)).toBe(17.5)
    expect(vwap.update(30, 0)).toBe(20)
    expect(vwap.update(40, 0)).toBe(40)
  })

  it('Donchian channel of the candles before can be left by the newest', () => {
    const current = new Donchian(2)
    const previous = new Donchian(2, 'previous')
    for (const [high, low] of [
      [5, 4],
      [6, 3],
      [9, 8],
    ] as const) {
      current.update(high, low)
      previous.update(high, low)
    }
    expect([current.upper, current.lower, current.middle]).toEqual([9, 3, 6])
    expect([previous.upper, previous.lower, previous.middle]).toEqual([6, 3, 4.5])
  })

  it('a sample deviation is wider than that of a population', () => {
    const last = (deviation: StandardDeviation): number =>
      [2, 4, 6].map((input) => deviation.update(input)).at(-1) as number
    expect(last(new StandardDeviation(3, 'sample'))).toBe(2)
    expect(last(new StandardDeviation(3))).toBeCloseTo(Math.sqrt(8 / 3), 12)
    expect(() => new StandardDeviation(1, 'sample')).toThrow(/two values/)
    const bands = new Bollinger(3, 1, 'sample')
    for (const input of [2, 4, 6]) bands.update(input)
    expect([bands.middle, bands.upper, bands.lower]).toEqual([4, 6, 2])
  })

  it('volatility of a price that grows evenly is nothing, of one that doubles and halves ln 2', () => {
    const even = new Volatility(3)
    for (const close of [1, 2, 4, 8, 16]) even.update(close)
    expect(even.value).toBe(0)
    const swinging = new Volatility(2)
    expect([1, 2].map((close) => swinging.update(close))).toEqual([NaN, NaN])
    expect(swinging.update(1)).toBeCloseTo(Math.LN2, 12)
  })

  it('a period that is no positive whole number is refused', () => {
    for (const period of [0, -1, 1.5, Number.NaN]) {
      expect(() => new Ema(period)).toThrow(RangeError)
      expect(() => new Atr(period)).toThrow(RangeError)
      expect(() => new Adx(period)).toThrow(RangeError)
      expect(() => new Donchian(period)).toThrow(RangeError)
      expect(() => new ObvChange(period)).toThrow(RangeError)
      expect(() => new RollingVwap(period)).toThrow(RangeError)
      expect(() => new Volatility(period)).toThrow(RangeError)
      expect(() => new Stochastic({ range: period, smoothing: 1, signal: 1 })).toThrow(RangeError)
    }
    expect(() => new Macd({ fast: 26, slow: 12, signal: 9 })).toThrow(/fast/)
    expect(() => new Bollinger(20, 0)).toThrow(/multiplier/)
  })
})
