// To which trading day a moment belongs. The day starts at a time of the wall clock of some place, so
// its length is 23 or 25 hours twice a year.
export type DayStart = {
  /** Of the wall clock, `17:00`. */
  readonly at: string
  /** An IANA name, `America/New_York`. */
  readonly zone: string
}

/** Making a formatter is slow, asking it is not. */
const clocks = new Map<string, Intl.DateTimeFormat>()
const minuteMs = 60_000
const newest = { key: '', minute: Number.NaN, day: '' }

/**
 * The date on which the day began, `2026-03-29`. On the night in which the clock is put back it can
 * name the day before once more: whoever keeps days never goes back to an earlier one.
 */
export function tradingDayOf(now: number, { at, zone }: DayStart): string {
  const key = `${zone} ${at}`
  const minute = Math.floor(now / minuteMs)
  if (newest.key === key && newest.minute === minute) return newest.day
  const { date, time } = wallClock(now, zone)
  const day = time < at ? dateBefore(now, { date, zone }) : date
  Object.assign(newest, { key, minute, day })
  return day
}

export function isTimeZone(zone: string): boolean {
  try {
    clockOf(zone)
    return true
  } catch {
    return false
  }
}

function wallClock(now: number, zone: string): { date: string; time: string } {
  const parts = new Map(
    clockOf(zone)
      .formatToParts(now)
      .map(({ type, value }) => [type, value]),
  )
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? ''
  return {
    date: `${part('year')}-${part('month')}-${part('day')}`,
    time: `${part('hour')}:${part('minute')}`,
  }
}

/** Walks back by hours, as no day is shorter than 23 of them or longer than 25. */
function dateBefore(now: number, { date, zone }: { date: string; zone: string }): string {
  const hourMs = 60 * minuteMs
  for (let back = hourMs; ; back += hourMs) {
    const before = wallClock(now - back, zone).date
    if (before !== date) return before
  }
}

function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone)
  if (known !== undefined) return known
  const clock = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  clocks.set(zone, clock)
  return clock
}
