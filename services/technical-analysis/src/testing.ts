import { candleKey, CandleClosed, createMessage, instant, timeframeMs } from '@flotilla/contracts'
import type { MessageOfType } from '@flotilla/contracts'
import type { StoredCandle } from '@flotilla/market-store'
import { Decimal } from '@flotilla/money'
import type { AnalysedCandle } from './core/index.ts'

export const minute = timeframeMs['1m']
/** 2026-01-05T00:00:00Z. */
export const epoch = 1_767_571_200_000
export const series = { venue: 'simulator', symbol: 'BTC/USDT', timeframe: '1m' } as const

/** A market that swings and drifts; the same for the same minute. */
function closeOf(index: number): number {
  return 50_000 + index + Math.round(400 * Math.sin(index / 9) + 90 * Math.sin(index * 2.3))
}

export function storedCandle(index: number): StoredCandle {
  const close = Decimal.from(closeOf(index))
  const openTime = epoch + index * minute
  return {
    ...series,
    openTime,
    closeTime: openTime + minute,
    open: close,
    high: close.plus(20 + (Math.abs(index) % 7)),
    low: close.minus(15 + (Math.abs(index) % 5)),
    close,
    baseVolume: Decimal.from(1 + (Math.abs(index * 37) % 101)),
    quoteVolume: close,
  }
}

export function analysedCandle(index: number): AnalysedCandle {
  const { openTime, closeTime, high, low, close, baseVolume } = storedCandle(index)
  return {
    openTime,
    closeTime,
    high: high.toNumber(),
    low: low.toNumber(),
    close: close.toNumber(),
    closeText: close.toString(),
    volume: baseVolume.toNumber(),
  }
}

export function candleMessage(
  index: number,
  origin: 'live' | 'backfill' = 'live',
  corrected: Partial<StoredCandle> = {},
): MessageOfType<'market.candle.closed.v1'> {
  const candle = { ...storedCandle(index), ...corrected }
  const { symbol, openTime, closeTime, open, high, low, close, baseVolume, quoteVolume } = candle
  return createMessage(CandleClosed, {
    source: 'data-collection',
    occurredAt: closeTime,
    discriminator: candleKey({ ...series, symbol }, openTime),
    payload: {
      ...series,
      symbol,
      openTime: instant(openTime),
      closeTime: instant(closeTime),
      open: open.toString(),
      high: high.toString(),
      low: low.toString(),
      close: close.toString(),
      baseVolume: baseVolume.toString(),
      quoteVolume: quoteVolume?.toString() ?? null,
      origin,
    },
  })
}

/** The candles of so many minutes that those of `from` to `to` make up, the plain way. */
export function resampled(candles: readonly AnalysedCandle[], minutes: number): AnalysedCandle[] {
  const groups = Map.groupBy(candles, ({ openTime }) => Math.floor(openTime / minutes / minute))
  return [...groups].map(([number, group]) => ({
    openTime: number * minutes * minute,
    closeTime: (number + 1) * minutes * minute,
    high: Math.max(...group.map(({ high }) => high)),
    low: Math.min(...group.map(({ low }) => low)),
    close: group.at(-1)!.close,
    closeText: group.at(-1)!.closeText,
    volume: group.reduce((sum, { volume }) => sum + volume, 0),
  }))
}

export function indexOf(openTime: number): number {
  return (openTime - epoch) / minute
}
