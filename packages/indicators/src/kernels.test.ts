import { describe, expect, it } from 'vitest'
import { Atr, Bollinger, Ema, Macd, Rsi, Sma } from './index.ts'

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

  it('a period that is no positive whole number is refused', () => {
    for (const period of [0, -1, 1.5, Number.NaN]) {
      expect(() => new Ema(period)).toThrow(RangeError)
      expect(() => new Atr(period)).toThrow(RangeError)
    }
    expect(() => new Macd({ fast: 26, slow: 12, signal: 9 })).toThrow(/fast/)
    expect(() => new Bollinger(20, 0)).toThrow(/multiplier/)
  })
})
