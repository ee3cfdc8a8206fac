import { Decimal } from '@flotilla/money'
import type { VenueCandle } from '@flotilla/venue'

export const minute = 60_000
/** 2026-01-05T00:00:00Z. */
export const epoch = 1_767_571_200_000

/** The candle of the minute with this number; its close tells it from others. */
export function candle(index: number, overrides: Partial<VenueCandle> = {}): VenueCandle {
  const close = Decimal.from(50_000 + index)
  const openTime = epoch + index * minute
  return {
    symbol: 'BTC/USDT',
    timeframe: '1m',
    openTime,
    closeTime: openTime + minute,
    open: close,
    high: close.plus(5),
    low: close.minus(5),
    close,
    baseVolume: Decimal.from('1.5'),
    quoteVolume: Decimal.from(75_000),
    closed: true,
    ...overrides,
  }
}

/** The candle of this minute while it lasts: as yet nothing has happened in it. */
export function forming(index: number): VenueCandle {
  const { open } = candle(index)
  return candle(index, { high: open, low: open, close: open, closed: false })
}

/** The candles from one number up to, not including, another. */
export function candles(from: number, to: number): VenueCandle[] {
  return Array.from({ length: to - from }, (_, index) => candle(from + index))
}

/** The minute of a candle, as `candle` counts. */
export function indexOf(openTime: number): number {
  return (openTime - epoch) / minute
}
