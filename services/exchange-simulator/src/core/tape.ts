/** Prices as they come from outside the venue: one candle per minute. Times are counted in minutes. */
export type Candle = {
  readonly open: bigint
  readonly high: bigint
  readonly low: bigint
  readonly close: bigint
  readonly volume: bigint
}

export type Tape = {
  /** The first minute that it knows. */
  readonly from: number
  /** The first minute that it does not know any more, or null when it never ends. */
  readonly to: number | null
  /** Null where nothing was traded or recorded. */
  candle(minute: number): Candle | null
}

export const MINUTE_MS = 60_000
export const SECOND_MS = 1_000
export const SECONDS = 60

export function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS)
}
