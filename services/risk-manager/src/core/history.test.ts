import { describe, expect, it } from 'vitest'
import { correlationOf, noteBar, type Bar } from './history.ts'

const minuteMs = 60_000

describe('the correlation of two symbols', () => {
  const bars = (...closes: readonly number[]) =>
    closes.map((close, index) => {
      const openTime = index * minuteMs
      return { openTime, closeTime: openTime + minuteMs, high: close, low: close, close }
    })

  it.each([
    { title: 'the same', other: [100, 110, 99, 105, 95], is: 1 },
    { title: 'twice the price', other: [200, 220, 198, 210, 190], is: 1 },
    { title: 'the inverse', other: [1 / 100, 1 / 110, 1 / 99, 1 / 105, 1 / 95], is: -1 },
  ])('is $is for $title', ({ other, is }) => {
    const one = bars(100, 110, 99, 105, 95)
    expect(correlationOf(one, bars(...other), 4)).toBeCloseTo(is, 10)
  })

  it('follows each candle that closes, and each that is corrected', () => {
    const histories = new Map<string, Bar[]>()
    const note = (symbol: string, closes: readonly number[]) => {
      for (const bar of bars(...closes)) noteBar(histories, symbol, bar)
    }
    const correlation = (candles: number) =>
      correlationOf(histories.get('one')!, histories.get('other')!, candles)
    note('one', [100, 110, 99, 105])
    note('other', [100, 110, 99, 105])
    expect(correlation(4)).toBeCloseTo(1, 10)
    expect(correlation(8)).toBeNull()
    // The newest returns of the two are opposite.
    note('one', [100, 110, 99, 105, 150])
    note('other', [100, 110, 99, 105, 70])
    expect(correlation(4)).toBeLessThan(0)
    note('other', [100, 110, 99, 105, 150])
    expect(correlation(4)).toBeCloseTo(1, 10)
    note('one', [100, 110, 99, 105, 70])
    expect(correlation(4)).toBeLessThan(0)
  })

  it('is not known with fewer than half of the candles, or of a price that stands still', () => {
    const one = bars(100, 110, 99)
    expect(correlationOf(one, one, 4)).toBeCloseTo(1, 10)
    expect(correlationOf(one, one, 5)).toBeNull()
    expect(correlationOf(one, bars(100, 100, 100), 4)).toBeNull()
  })
})
