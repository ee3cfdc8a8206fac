/**
 * Whatever a feed does to the candles on their way (loss, repetition, disorder, forming candles,
 * answers that never come), what goes out is the clean sequence, each candle once.
 */
import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { candle, candles, epoch, minute } from '../testing.ts'
import { createSequence, observe, observeAnswer } from './index.ts'
import type { SequenceDecision } from './index.ts'

const length = 40

/** One look at the venue: a stretch of the market with damage done to it. */
const look = fc.record({
  from: fc.nat(length - 1),
  count: fc.integer({ min: 1, max: 12 }),
  lost: fc.array(fc.nat(11), { maxLength: 6 }),
  repeated: fc.array(fc.nat(11), { maxLength: 3 }),
  forming: fc.array(fc.nat(11), { maxLength: 2 }),
  order: fc.array(fc.nat(), { minLength: 30, maxLength: 30 }),
  /** Whether the question for the gap is answered this time. */
  backfills: fc.boolean(),
})

type Look = typeof look extends fc.Arbitrary<infer Value> ? Value : never

function damaged({ from, count, lost, repeated, forming, order }: Look) {
  const kept = candles(from, Math.min(from + count, length)).filter((_, at) => !lost.includes(at))
  const seen = kept.map((each, at) => (forming.includes(at) ? { ...each, closed: false } : each))
  const twice = repeated.flatMap((at) => seen[at] ?? [])
  const all = [...seen, ...twice]
  return all
    .map((each, at) => ({ each, rank: order[at] ?? 0 }))
    .toSorted((left, right) => left.rank - right.rank)
    .map(({ each }) => each)
}

it('damage in any form yields exactly the clean sequence', () => {
  fc.assert(
    fc.property(fc.array(look, { minLength: 3, maxLength: 25 }), (looks) => {
      const out: number[] = []
      let sequence = createSequence(minute, [candle(-1)])
      const take = (decision: SequenceDecision): SequenceDecision => {
        sequence = decision.sequence
        out.push(...decision.released.map(({ openTime }) => openTime))
        expect(decision.abandoned).toEqual([])
        expect(decision.corrections).toEqual([])
        expect(decision.released.every(({ closed }) => closed)).toBe(true)
        return decision
      }
      const honest = (from: number): ReturnType<typeof candles> =>
        candles((from - epoch) / minute, length)
      for (const each of looks) {
        const { gap } = take(observe(sequence, damaged(each)))
        if (gap !== null && each.backfills) take(observeAnswer(sequence, gap, honest(gap.from)))
        expect(out).toEqual(candles(0, out.length).map(({ openTime }) => openTime))
      }
      take(observe(sequence, honest(sequence.nextOpenTime ?? epoch)))
      expect(out).toEqual(candles(0, length).map(({ openTime }) => openTime))
    }),
    { numRuns: 300, seed: propertySeed },
  )
})

it('a stop at any moment and a start from what is stored skips nothing and repeats nothing', () => {
  fc.assert(
    fc.property(
      fc.array(look, { minLength: 3, maxLength: 20 }),
      fc.array(fc.boolean(), { minLength: 20 }),
      (looks, stops) => {
        const stored = [candle(-1)]
        let sequence = createSequence(minute, stored)
        looks.forEach((each, at) => {
          const decision = observe(sequence, damaged(each))
          stored.push(...decision.released)
          sequence = stops[at] === true ? createSequence(minute, stored) : decision.sequence
        })
        const rest = observe(sequence, candles(0, length))
        stored.push(...rest.released)
        expect(stored.map(({ openTime }) => openTime)).toEqual(
          candles(-1, length).map(({ openTime }) => openTime),
        )
      },
    ),
    { numRuns: 200, seed: propertySeed },
  )
})
