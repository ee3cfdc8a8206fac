/** Candle lengths of the exchange, in minutes. Case matters: 1m is a minute and 1M a month. */
const minutesOf: Readonly<Record<string, number>> = {
  '1m': 1,
  '3m': 3,
  '5m': 5,
  '15m': 15,
  '30m': 30,
  '1h': 60,
  '2h': 120,
  '4h': 240,
  '6h': 360,
  '8h': 480,
  '12h': 720,
  '1d': 1_440,
  '3d': 4_320,
  '1w': 10_080,
}

const DAY_MINUTES = 1_440
/** 1970-01-01 was a Thursday; the exchange's weeks begin on Monday. */
const MONDAY_OFFSET = 3 * DAY_MINUTES

export type Interval = {
  /** Start of the candle that holds a minute, in minutes. */
  startOf(minute: number): number
  /** Start of the candle after the one that starts here. */
  next(start: number): number
  /** Start of the candle before the one that starts here. */
  previous(start: number): number
}

/** `offset` is how many minutes the clocks of the wanted time zone are ahead of UTC. */
export function intervalOf(name: string, offset = 0): Interval | null {
  const interval = utcIntervalOf(name)
  if (interval === null || offset === 0) return interval
  return {
    startOf: (minute) => interval.startOf(minute + offset) - offset,
    next: (start) => interval.next(start + offset) - offset,
    previous: (start) => interval.previous(start + offset) - offset,
  }
}

const ZONE = /^([+-]?)(\d{1,2})(?::(\d{2}))?$/
const ZONE_MINUTES_MIN = -12 * 60
const ZONE_MINUTES_MAX = 14 * 60

/** Minutes ahead of UTC, of `8`, `-1:00` or `+05:45`; null for what is no time zone on earth. */
export function zoneMinutes(text: string): number | null {
  const match = ZONE.exec(text)
  if (match === null) return null
  const [, sign, hours, minutes = '0'] = match
  if (Number(minutes) >= 60) return null
  const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
  return offset < ZONE_MINUTES_MIN || offset > ZONE_MINUTES_MAX ? null : offset
}

function utcIntervalOf(name: string): Interval | null {
  if (name === '1M') return months
  const length = minutesOf[name]
  if (length === undefined) return null
  const offset = name === '1w' ? MONDAY_OFFSET : 0
  return {
    startOf: (minute) => Math.floor((minute + offset) / length) * length - offset,
    next: (start) => start + length,
    previous: (start) => start - length,
  }
}

const months: Interval = {
  startOf: (minute) => {
    const { year, month } = civilOf(Math.floor(minute / DAY_MINUTES))
    return daysOf(year, month) * DAY_MINUTES
  },
  next: (start) => {
    const { year, month } = civilOf(start / DAY_MINUTES)
    return (month === 12 ? daysOf(year + 1, 1) : daysOf(year, month + 1)) * DAY_MINUTES
  },
  previous: (start) => months.startOf(start - 1),
}

/** Days since 1970 of the first of a month, in the proleptic Gregorian calendar. */
function daysOf(year: number, month: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5)
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100)
  return era * 146_097 + dayOfEra + dayOfYear - 719_468
}

function civilOf(days: number): { year: number; month: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthIndex = Math.floor((5 * dayOfYear + 2) / 153)
  const month = ((monthIndex + 2) % 12) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month }
}
