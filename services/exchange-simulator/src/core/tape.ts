import type { Level } from './types.ts'

/** Prices as they come from outside the venue: one candle per minute. Times are counted in minutes. */
export type Candle = {
  readonly open: bigint
  readonly high: bigint
  readonly low: bigint
  readonly close: bigint
  readonly volume: bigint
  /** Turnover in the quote asset and number of trades, where they are known exactly. */
  readonly turnover?: bigint
  readonly trades?: number
}

/** A trade of the market as it was recorded. */
export type Print = {
  readonly time: number
  readonly price: bigint
  readonly quantity: bigint
  readonly isBuyerMaker: boolean
}

/** The best levels of both sides as they were recorded, best first. */
export type Book = { readonly BUY: readonly Level[]; readonly SELL: readonly Level[] }

/**
 * Trade by trade, where somebody has recorded them. What happens in a second is known at its end:
 * the second of a moment is that which ended last, so that nothing is seen before it happened.
 */
export type ExactTape = {
  /** From here on trades are known and candles are not needed, in milliseconds. */
  readonly from: number
  /** The trades of the second that ends where this second begins. */
  prints(second: number): readonly Print[]
  /** The last price before a second begins; null before the first trade. */
  priceAt(second: number): bigint | null
  /** The trades of a minute up to the beginning of a second, as a candle. */
  candleUntil(minute: number, second: number): Candle | null
  /** The latest book of the moments before a second; null where none was recorded lately. */
  book(second: number): Book | null
}

export type Tape = {
  readonly exact?: ExactTape | undefined
  /** The first moment with a price, in milliseconds, where that is not the first minute's. */
  readonly opensAt?: number
  /** False while nobody knows the price: the market is closed. Without it, never. */
  isOpen?(now: number): boolean
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

/** Trade by trade at a moment, or null when only candles are known of it. */
export function exactAt({ exact }: Tape, second: number): ExactTape | null {
  return exact !== undefined && second * SECOND_MS >= exact.from ? exact : null
}

export function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS)
}
