import { describe, expect, it } from 'vitest'
import { analysedCandle, epoch, minute, resampled } from '../testing.ts'
import { CandleBuilder } from './index.ts'
import type { AnalysedCandle, BuiltCandle } from './index.ts'

const five = 5 * minute

function builder(): CandleBuilder {
  return new CandleBuilder(five, minute)
}

function feed(built: CandleBuilder, ...indices: readonly number[]): readonly BuiltCandle[] {
  return indices.flatMap((index) => built.add(analysedCandle(index)))
}

/** Of the candles of these minutes. */
function expected(...indices: readonly number[]): AnalysedCandle[] {
  return resampled(indices.map(analysedCandle), 5)
}

describe('candle builder', () => {
  it('hands out a candle with the base candle that ends it', () => {
    const built = builder()
    expect(feed(built, 0, 1, 2, 3)).toEqual([])
    expect(feed(built, 4)).toEqual([{ ...expected(0, 1, 2, 3, 4)[0], missing: 0 }])
    expect(feed(built, 5, 6, 7, 8, 9)).toEqual([{ ...expected(5, 6, 7, 8, 9)[0], missing: 0 }])
  })

  it('does without what is missing, and says how much that is', () => {
    const built = builder()
    expect(feed(built, 0, 3, 4)).toEqual([{ ...expected(0, 3, 4)[0], missing: 2 }])
  })

  it('knows that a candle is over when a later base candle comes', () => {
    const built = builder()
    expect(feed(built, 0, 1, 2)).toEqual([])
    expect(feed(built, 11)).toEqual([{ ...expected(0, 1, 2)[0], missing: 2 }])
    expect(feed(built, 12, 13, 14)).toEqual([{ ...expected(11, 12, 13, 14)[0], missing: 1 }])
  })

  it('hands out two when the later base candle ends one itself', () => {
    const built = builder()
    expect(feed(built, 0, 1, 9)).toEqual([
      { ...expected(0, 1)[0], missing: 3 },
      { ...expected(9)[0], missing: 4 },
    ])
  })

  it('does not tell a first candle whose beginning it has not seen', () => {
    const built = builder()
    expect(feed(built, 2, 3, 4)).toEqual([])
    expect(feed(built, 6, 7, 8, 9)).toEqual([{ ...expected(6, 7, 8, 9)[0], missing: 1 }])
    const late = builder()
    expect(feed(late, 2, 3, 5, 6, 7, 8)).toEqual([])
    expect(feed(late, 9)).toHaveLength(1)
  })

  it('a late base candle takes its place as long as the candle is not over', () => {
    const built = builder()
    feed(built, 0, 2, 3)
    expect(built.correct(analysedCandle(1))).toBe(true)
    expect(feed(built, 4)).toEqual([{ ...expected(0, 1, 2, 3, 4)[0], missing: 0 }])
    expect(built.correct(analysedCandle(3))).toBe(false)
    expect(feed(built, 5, 6, 7, 8, 9)).toEqual([{ ...expected(5, 6, 7, 8, 9)[0], missing: 0 }])
  })

  it('a corrected base candle replaces what it was, its close included when it is the newest', () => {
    const built = builder()
    feed(built, 0, 1, 2)
    const higher = { ...analysedCandle(1), high: 99_000, volume: 7 }
    const close = { ...analysedCandle(2), close: 50_001.5, closeText: '50001.5' }
    expect(built.correct(higher)).toBe(true)
    expect(built.correct(higher)).toBe(false)
    expect(built.correct(close)).toBe(true)
    const [over] = feed(built, 5)
    const [plain] = resampled([analysedCandle(0), higher, close], 5)
    expect(over).toEqual({ ...plain, missing: 2 })
  })

  it('forgets the candle it was building when it is reset', () => {
    const built = builder()
    feed(built, 0, 1)
    built.reset()
    expect(feed(built, 2, 3, 4)).toEqual([])
  })

  it('days begin at UTC midnight', () => {
    const days = new CandleBuilder(86_400_000, 3_600_000)
    const hour = (index: number): AnalysedCandle => {
      const openTime = epoch + index * 3_600_000
      return { ...analysedCandle(index), openTime, closeTime: openTime + 3_600_000 }
    }
    const told = Array.from({ length: 49 }, (_, index) => days.add(hour(index - 1))).flat()
    expect(told.map(({ openTime }) => openTime)).toEqual([epoch, epoch + 86_400_000])
  })

  it.each([
    [five, 3 * minute],
    [five, five],
    [minute, five],
  ])('candles of %i ms are not built from those of %i ms', (interval, base) => {
    expect(() => new CandleBuilder(interval, base)).toThrow(RangeError)
  })
})
