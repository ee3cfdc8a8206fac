/**
 * What the venue says now against what we have stored: late corrections, and candles that were missed
 * altogether. It is looked for now and then, far behind the newest candle, since a venue may correct itself
 * hours later.
 */
import type { VenueCandle } from '@flotilla/venue'
import { sameFigures } from './sequence.ts'

export type Revision = {
  /** Other figures than the stored ones. */
  readonly corrected: readonly VenueCandle[]
  /** Not stored, though the venue has them. */
  readonly missing: readonly VenueCandle[]
}

/** Forming candles say nothing. What is stored and not answered stays: silence is no correction. */
export function revisionOf(
  stored: readonly VenueCandle[],
  answered: readonly VenueCandle[],
): Revision {
  const known = new Map(stored.map((candle) => [candle.openTime, candle]))
  const closed = new Map(
    answered.filter((candle) => candle.closed).map((candle) => [candle.openTime, candle]),
  )
  const corrected: VenueCandle[] = []
  const missing: VenueCandle[] = []
  for (const candle of closed.values()) {
    const before = known.get(candle.openTime)
    if (before === undefined) missing.push(candle)
    else if (!sameFigures(before, candle)) corrected.push(candle)
  }
  return { corrected, missing }
}
