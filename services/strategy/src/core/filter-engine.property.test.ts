/**
 * Whatever the trades of whatever many days were: a filter that is in its range stays in it, no step is
 * larger than one, all steps of a day go the same way, nothing moves below ten trades, and nothing but
 * the four filters is there at all.
 */
import { Decimal } from '@flotilla/money'
import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { review } from './index.ts'
import type { ClosedTrade, DynamicFilters } from './index.ts'

const day = 86_400_000
const start = Date.UTC(2026, 0, 1, 0, 5)
const days = 40

const ranges = {
  confidenceMin: [68, 82, 2],
  quoteVolume24hMin: [8_000, 60_000, 4_000],
  spreadMaxPercent: [0.7, 2.4, 0.2],
  setupAgeHoursMax: [24, 168, 24],
} as const
const stricter = {
  confidenceMin: 1,
  quoteVolume24hMin: 1,
  spreadMaxPercent: -1,
  setupAgeHoursMax: -1,
}
type Name = keyof typeof ranges
const names = Object.keys(ranges) as Name[]

/** A trader's history: good luck or bad luck holds for all of it. */
const history = fc
  .record({
    luck: fc.integer({ min: -100, max: 100 }),
    trades: fc.array(
      fc.record({
        at: fc.integer({ min: 0, max: days * day }),
        hundredths: fc.integer({ min: -100, max: 100 }),
        measured: fc.boolean(),
      }),
      { minLength: 10, maxLength: 90, size: 'max' },
    ),
  })
  .map(({ luck, trades }) =>
    trades.map(({ at, hundredths, measured }): ClosedTrade => ({
      closedAt: start + at,
      profit: Decimal.from(luck + hundredths),
      rMultiple: measured ? (luck + hundredths) / 100 : null,
    })),
  )
const filters = fc.record({
  confidenceMin: fc.integer({ min: 68, max: 82 }),
  quoteVolume24hMin: fc.integer({ min: 8_000, max: 60_000 }),
  spreadMaxPercent: fc.integer({ min: 7, max: 24 }).map((tenths) => tenths / 10),
  setupAgeHoursMax: fc.integer({ min: 24, max: 168 }),
})

it('stays in its ranges and never does more than it says', () => {
  let changes = 0
  fc.assert(
    fc.property(history, filters, (trades, first) => {
      let current: DynamicFilters = first
      for (let at = 1; at <= days; at++) {
        const now = start + at * day
        const result = review(current, trades, { now, dueAt: now })
        const { figures, verdict } = result.review
        expect(Object.keys(result.filters)).toEqual(Object.keys(first))
        expect(figures.trades >= 10 || result.review.changes.length === 0).toBe(true)
        const told = new Map(result.review.changes.map((each) => [each.filter, each]))
        for (const name of names) {
          const [before, after] = [current[name]!, result.filters[name]!]
          const [least, most, step] = ranges[name]
          expect(after).toBeGreaterThanOrEqual(least)
          expect(after).toBeLessThanOrEqual(most)
          expect(Math.abs(after - before)).toBeLessThanOrEqual(step + 1e-9)
          const towards = Math.sign(after - before) * stricter[name]
          expect(towards === 0 ? verdict : towards > 0 ? 'tighten' : 'loosen').toBe(verdict)
          const { before: from, after: to } = told.get(name) ?? { before, after: before }
          expect([from, to]).toEqual([before, after])
        }
        changes += told.size
        current = result.filters
      }
    }),
    { numRuns: 60, seed: propertySeed },
  )
  expect(changes).toBeGreaterThan(100)
})
