import type { Candle, Tape } from './tape.ts'
import { larger, multiply, roundToStep } from './units.ts'

/** From one minute to the next all prices are another multiple of what the tape says. */
export type Gap = {
  readonly from: number
  /** The first minute after it, or null when prices stay where they jumped to. */
  readonly to: number | null
  /** In units: half the price is 0.5. */
  readonly factor: bigint
}

/** Candles, ticker and book all follow, since everything is made of the tape. */
export function createGappedTape(tape: Tape, gaps: readonly Gap[], tick: bigint): Tape {
  const scaled = (price: bigint, minute: number): bigint => {
    const active = gaps.filter(({ from, to }) => minute >= from && (to === null || minute < to))
    const moved = active.reduce((value, { factor }) => multiply(value, factor), price)
    return larger(tick, roundToStep(moved, tick))
  }
  return {
    from: tape.from,
    to: tape.to,
    candle: (minute) => {
      const candle = tape.candle(minute)
      if (candle === null || gaps.length === 0) return candle
      const { open, high, low, close } = candle
      return {
        ...candle,
        open: scaled(open, minute),
        high: scaled(high, minute),
        low: scaled(low, minute),
        close: scaled(close, minute),
      } satisfies Candle
    },
  }
}
