import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { atr, bollinger, ema, IndicatorSet, macd, rsi, sma } from './index.ts'

const specs = [sma(20), ema(12), ema(26), rsi(14), macd(), bollinger(), atr(14)]

type Bar = { high: number; low: number; close: number }

const price = fc.double({ min: 0.01, max: 100_000, noNaN: true })
const bars = fc.array(
  fc
    .record({ first: price, second: price, share: fc.double({ min: 0, max: 1, noNaN: true }) })
    .map(({ first, second, share }): Bar => {
      const low = Math.min(first, second)
      const high = Math.max(first, second)
      return { high, low, close: low + (high - low) * share }
    }),
  { minLength: 1, maxLength: 120 },
)

function feed(set: IndicatorSet, series: readonly Bar[]): void {
  for (const bar of series) set.update(bar.high, bar.low, bar.close)
}

describe('indicator set', () => {
  it('fed in any chunks ends with the same digits as fed whole', () => {
    fc.assert(
      fc.property(bars, fc.array(fc.nat(40), { maxLength: 12 }), (series, cuts) => {
        const whole = new IndicatorSet(specs)
        feed(whole, series)
        const chunked = new IndicatorSet(specs)
        let from = 0
        for (const cut of cuts) {
          feed(chunked, series.slice(from, from + cut))
          from += cut
        }
        feed(chunked, series.slice(from))
        expect([...chunked.values]).toEqual([...whole.values])
      }),
    )
  })

  it('window indicators do not depend on what was before the window', () => {
    fc.assert(
      fc.property(bars, fc.array(price, { minLength: 20, maxLength: 20 }), (before, closes) => {
        const old = new IndicatorSet([sma(20), bollinger()])
        feed(old, before)
        const young = new IndicatorSet([sma(20), bollinger()])
        for (const close of closes) {
          old.update(close, close, close)
          young.update(close, close, close)
        }
        expect([...old.values]).toEqual([...young.values])
      }),
    )
  })

  it('after the settling time the beginning is forgotten', () => {
    fc.assert(
      fc.property(bars, fc.integer(), (before, seed) => {
        const old = new IndicatorSet(specs)
        feed(old, before)
        const young = new IndicatorSet(specs)
        let close = 1000
        for (let index = 0; index < young.candlesToSettle; index += 1) {
          close += Math.sin(seed + index * 1.7)
          old.update(close + 1, close - 1, close)
          young.update(close + 1, close - 1, close)
        }
        young.values.forEach((value, index) => {
          expect(Math.abs(value - (old.values[index] as number))).toBeLessThan(1e-5)
        })
      }),
      { numRuns: 20 },
    )
  })

  it('values stay in their ranges: RSI in 0..100, bands around the mean, ATR not negative', () => {
    fc.assert(
      fc.property(bars, (series) => {
        const set = new IndicatorSet(specs)
        feed(set, series)
        if (series.length < 30) return
        expect(set.get('rsi(14)')).toBeGreaterThanOrEqual(0)
        expect(set.get('rsi(14)')).toBeLessThanOrEqual(100)
        expect(set.get('atr(14)')).toBeGreaterThanOrEqual(0)
        expect(set.get('bollinger(20,2).upper')).toBeGreaterThanOrEqual(
          set.get('bollinger(20,2).middle'),
        )
        expect(set.get('bollinger(20,2).lower')).toBeLessThanOrEqual(
          set.get('bollinger(20,2).middle'),
        )
      }),
    )
  })
})
