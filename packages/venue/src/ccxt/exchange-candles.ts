// Candles of Coinbase, MEXC and Alpaca, as ccxt hands them on.
import type { z } from 'zod'
import type { VenueCandle } from '../port.ts'
import type { candles } from './exchange-answers.ts'

export type CandleFacts = {
  readonly symbol: string
  readonly timeframe: string
  /** A candle is closed that has ended by then; milliseconds. */
  readonly venueTime: number
}

export function candlesFrom(
  rows: z.infer<typeof candles>,
  { symbol, timeframe, venueTime }: CandleFacts,
): VenueCandle[] {
  const lengthMs = timeframeMs(timeframe)
  return rows.map(([openTime, open, high, low, close, baseVolume]) => {
    // ccxt drops what the venue says of the value: the middle of the candle stands for its price.
    const middle = high.plus(low).times('0.5')
    const closeTime = openTime + lengthMs
    const quoteVolume = baseVolume.times(middle)
    const values = { open, high, low, close, baseVolume, quoteVolume }
    return { symbol, timeframe, openTime, closeTime, ...values, closed: closeTime <= venueTime }
  })
}

const unitsMs: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** @throws RangeError for what is no timeframe */
export function timeframeMs(timeframe: string): number {
  const unit = unitsMs[timeframe.at(-1) ?? '']
  const count = Number(timeframe.slice(0, -1))
  if (unit === undefined || !Number.isInteger(count)) {
    throw new RangeError(`timeframe ${timeframe} is not a number with m, h, d or w`)
  }
  return count * unit
}
