import { Decimal } from '@flotilla/money'
import { describe, expect, it } from 'vitest'
import { candle, candles, epoch, indexOf, minute } from '../testing.ts'
import { createSequence, emptyAnswersMax, observe, observeAnswer, recentMax } from './index.ts'
import type { Gap, SequenceDecision } from './index.ts'

const gap = (from: number, to: number): Gap => ({
  from: epoch + from * minute,
  to: epoch + to * minute,
})

function numbers(decision: SequenceDecision): number[] {
  return decision.released.map(({ openTime }) => indexOf(openTime))
}

/** Candles 0 to 9 have gone out. */
const running = createSequence(minute, candles(0, 10))

describe('the order of candles', () => {
  it('a fresh sequence begins with the first candle it sees', () => {
    const decision = observe(createSequence(minute), candles(3, 6))
    expect(numbers(decision)).toEqual([3, 4, 5])
  })

  it('what comes next goes out, in order, whatever order it came in', () => {
    const decision = observe(running, [candle(12), candle(10), candle(11)])
    expect(numbers(decision)).toEqual([10, 11, 12])
    expect(decision.gap).toBeNull()
  })

  it('a candle goes out once', () => {
    const first = observe(running, [candle(10), candle(10)])
    expect(numbers(first)).toEqual([10])
    const second = observe(first.sequence, [candle(10), candle(9)])
    expect(second).toMatchObject({ released: [], corrections: [], counts: { duplicates: 2 } })
  })

  it('a forming candle does not go out, its closed form does', () => {
    const forming = observe(running, [candle(10, { closed: false })])
    expect(forming).toMatchObject({ released: [], gap: null, counts: { unclosed: 1 } })
    expect(numbers(observe(forming.sequence, [candle(10)]))).toEqual([10])
  })

  it('what comes ahead of a gap waits until the gap is filled', () => {
    const ahead = observe(running, [candle(12), candle(13)])
    expect(ahead).toMatchObject({ released: [], gap: gap(10, 12) })
    const filled = observeAnswer(ahead.sequence, gap(10, 12), candles(10, 13))
    expect(numbers(filled)).toEqual([10, 11, 12, 13])
    expect(filled).toMatchObject({ gap: null, abandoned: [] })
  })

  it('a half-filled gap lets out the half and names the rest', () => {
    const ahead = observe(running, [candle(13)])
    const half = observeAnswer(ahead.sequence, gap(10, 13), [candle(10), candle(13)])
    expect(numbers(half)).toEqual([10])
    expect(half.gap).toEqual(gap(11, 13))
  })

  it('a gap is given up when the venue has answered often enough without it', () => {
    let decision = observe(running, [candle(12)])
    for (let answer = 1; answer < emptyAnswersMax; answer += 1) {
      decision = observeAnswer(decision.sequence, gap(10, 12), [candle(12)])
      expect(decision).toMatchObject({ released: [], abandoned: [] })
    }
    decision = observeAnswer(decision.sequence, gap(10, 12), [candle(12)])
    expect(numbers(decision)).toEqual([12])
    expect(decision).toMatchObject({ abandoned: [gap(10, 12)], gap: null })
  })

  it('an empty answer proves nothing about a gap', () => {
    let decision = observe(running, [candle(12)])
    for (let answer = 0; answer < 2 * emptyAnswersMax; answer += 1) {
      decision = observeAnswer(decision.sequence, gap(10, 12), [])
    }
    expect(decision).toMatchObject({ abandoned: [], gap: gap(10, 12) })
  })

  it('answers without the candle count anew for each gap', () => {
    let decision = observe(running, [candle(12)])
    decision = observeAnswer(decision.sequence, gap(10, 12), [candle(12)])
    decision = observeAnswer(decision.sequence, gap(10, 12), [candle(10), candle(12)])
    decision = observeAnswer(decision.sequence, gap(11, 12), [candle(12)])
    decision = observeAnswer(decision.sequence, gap(11, 12), [candle(12)])
    expect(decision.abandoned).toEqual([])
  })

  it('a candle with other figures than went out is a correction, and only once', () => {
    const changed = candle(9, { close: Decimal.from(50_010), high: Decimal.from(50_020) })
    const decision = observe(running, [changed])
    expect(decision).toMatchObject({ released: [], corrections: [changed] })
    expect(observe(decision.sequence, [changed])).toMatchObject({
      corrections: [],
      counts: { duplicates: 1 },
    })
  })

  it('a candle that turns up in a hole that was given up is a correction', () => {
    const holed = createSequence(minute, [...candles(0, 5), ...candles(7, 10)])
    const decision = observe(holed, [candle(5)])
    expect(decision).toMatchObject({ released: [], corrections: [candle(5)] })
    expect(observe(decision.sequence, [candle(5)]).corrections).toEqual([])
  })

  it('what is older than we remember is taken as known', () => {
    const long = createSequence(minute, candles(0, recentMax + 10))
    const old = candle(2, { close: Decimal.from(50_003) })
    expect(observe(long, [old])).toMatchObject({ corrections: [], counts: { duplicates: 1 } })
  })

  it.each([
    ['off the grid', { openTime: epoch + 10 * minute + 1, closeTime: epoch + 11 * minute + 1 }],
    ['too long', { closeTime: epoch + 12 * minute }],
    ['with a high below its close', { high: Decimal.from(1) }],
    ['with a low above its open', { low: Decimal.from(50_012), high: Decimal.from(50_012) }],
    ['with a price of nothing', { low: Decimal.zero }],
    ['with a negative volume', { baseVolume: Decimal.from(-1) }],
  ])('a candle %s is refused', (_what, overrides) => {
    const decision = observe(running, [candle(10, overrides)])
    expect(decision).toMatchObject({ released: [], counts: { invalid: 1 } })
  })

  it('an observation leaves the sequence it was made from as it was', () => {
    const before = JSON.stringify(running)
    observe(running, [candle(10), candle(13), candle(9, { close: Decimal.from(50_012) })])
    expect(JSON.stringify(running)).toBe(before)
  })
})
