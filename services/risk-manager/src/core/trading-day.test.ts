import { describe, expect, it } from 'vitest'
import { isTimeZone, tradingDayOf, type DayStart } from './trading-day.ts'

const utc: DayStart = { at: '00:00', zone: 'UTC' }
const newYork: DayStart = { at: '17:00', zone: 'America/New_York' }
const berlin: DayStart = { at: '00:00', zone: 'Europe/Berlin' }
/** Half past two does not exist in the night of spring and comes twice in the night of autumn. */
const awkward: DayStart = { at: '02:30', zone: 'Europe/Berlin' }

describe('the trading day', () => {
  it.each([
    { start: utc, at: '2026-01-05T00:00:00.000Z', day: '2026-01-05' },
    { start: utc, at: '2026-01-04T23:59:59.999Z', day: '2026-01-04' },
    // Five hours west in winter, four in summer.
    { start: newYork, at: '2026-01-05T21:59:59.999Z', day: '2026-01-04' },
    { start: newYork, at: '2026-01-05T22:00:00.000Z', day: '2026-01-05' },
    { start: newYork, at: '2026-07-06T20:59:59.999Z', day: '2026-07-05' },
    { start: newYork, at: '2026-07-06T21:00:00.000Z', day: '2026-07-06' },
    // The first of a month and of a year belong to the day before until the start.
    { start: newYork, at: '2026-01-01T12:00:00.000Z', day: '2025-12-31' },
    { start: newYork, at: '2024-03-01T12:00:00.000Z', day: '2024-02-29' },
    // The clock goes forward on 29 March 2026 at 01:00 UTC: a day of 23 hours.
    { start: berlin, at: '2026-03-28T22:59:59.999Z', day: '2026-03-28' },
    { start: berlin, at: '2026-03-28T23:00:00.000Z', day: '2026-03-29' },
    { start: berlin, at: '2026-03-29T21:59:59.999Z', day: '2026-03-29' },
    { start: berlin, at: '2026-03-29T22:00:00.000Z', day: '2026-03-30' },
    { start: awkward, at: '2026-03-29T00:59:59.999Z', day: '2026-03-28' },
    { start: awkward, at: '2026-03-29T01:00:00.000Z', day: '2026-03-29' },
    // And back on 25 October 2026 at 01:00 UTC: a day of 25 hours.
    { start: berlin, at: '2026-10-24T22:00:00.000Z', day: '2026-10-25' },
    { start: berlin, at: '2026-10-25T22:59:59.999Z', day: '2026-10-25' },
    { start: berlin, at: '2026-10-25T23:00:00.000Z', day: '2026-10-26' },
  ])('at $at, from $start.at in $start.zone, is $day', ({ start, at, day }) => {
    expect(tradingDayOf(Date.parse(at), start)).toBe(day)
  })

  it('of 2026 is one after the other, each of 23 to 25 hours', () => {
    const hourMs = 3_600_000
    const lengths = new Map<string, number>()
    for (let at = Date.UTC(2026, 0, 2); at < Date.UTC(2027, 0, 2); at += hourMs) {
      const day = tradingDayOf(at, newYork)
      lengths.set(day, (lengths.get(day) ?? 0) + 1)
    }
    const days = [...lengths.keys()]
    expect(days).toEqual(days.toSorted())
    // The first and the last are seen in part.
    const counts = [...lengths.values()].slice(1, -1)
    expect(counts).toHaveLength(364)
    expect([...new Set(counts)].toSorted((one, other) => one - other)).toEqual([23, 24, 25])
  })

  it('knows what a time zone is', () => {
    expect(isTimeZone('Europe/Berlin')).toBe(true)
    expect(isTimeZone('Europe/Nowhere')).toBe(false)
  })
})
