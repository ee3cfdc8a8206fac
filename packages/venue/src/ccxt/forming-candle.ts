// What a stream has shown of a candle so far. It never says that a candle has ended: it is the second witness
// to what the venue answers when it is asked.
import { Decimal } from '@flotilla/money'

export type Figures = {
  readonly openTime: number
  readonly open: Decimal
  readonly high: Decimal
  readonly low: Decimal
  readonly close: Decimal
  /** In base units. */
  readonly baseVolume: Decimal
}

export type FormingCandle = Figures & {
  /** Seen from its beginning on: something of an earlier one was seen before. */
  readonly whole: boolean
}

export type Trade = {
  readonly price: Decimal
  readonly quantity: Decimal
  /** Milliseconds, by the venue's clock. */
  readonly at: number
}

/** One that comes late for a candle that is past changes nothing here. */
export function withTrade(
  forming: FormingCandle | null,
  { price, quantity, at }: Trade,
  intervalMs: number,
): FormingCandle {
  const openTime = Math.floor(at / intervalMs) * intervalMs
  if (forming !== null && openTime < forming.openTime) return forming
  if (forming === null || openTime > forming.openTime) {
    const prices = { open: price, high: price, low: price, close: price }
    return { openTime, ...prices, baseVolume: quantity, whole: forming !== null }
  }
  return {
    ...forming,
    high: Decimal.max(forming.high, price),
    low: Decimal.min(forming.low, price),
    close: price,
    baseVolume: forming.baseVolume.plus(quantity),
  }
}

export function sameFigures(left: Figures, right: Figures): boolean {
  return (
    left.openTime === right.openTime &&
    left.open.equals(right.open) &&
    left.high.equals(right.high) &&
    left.low.equals(right.low) &&
    left.close.equals(right.close) &&
    left.baseVolume.equals(right.baseVolume)
  )
}
