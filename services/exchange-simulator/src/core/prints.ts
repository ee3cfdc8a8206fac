import { MINUTE_MS, SECOND_MS, type Book, type Candle, type ExactTape, type Print } from './tape.ts'
import { larger, multiply, smaller } from './units.ts'

/** Trades and books in the order of their moments; a live market adds to them. */
export type PrintLog = {
  readonly prints: Print[]
  readonly books: { readonly time: number; readonly book: Book }[]
}

/** A book that is older than this says nothing about the present. */
const BOOK_AGE_MS_MAX = 10_000

export function createExactTape(log: PrintLog, from: number): ExactTape {
  const { prints, books } = log
  const between = (start: number, end: number): readonly Print[] =>
    prints.slice(firstFrom(prints, start), firstFrom(prints, end))
  return {
    from,
    prints: (second) => between((second - 1) * SECOND_MS, second * SECOND_MS),
    priceAt: (second) => prints[firstFrom(prints, second * SECOND_MS) - 1]?.price ?? null,
    candleUntil: (minute, second) => {
      const start = minute * MINUTE_MS
      return candleOf(between(start, Math.min(second * SECOND_MS, start + MINUTE_MS)))
    },
    book: (second) => {
      const moment = second * SECOND_MS
      const latest = books[firstFrom(books, moment) - 1]
      return latest === undefined || moment - latest.time > BOOK_AGE_MS_MAX ? null : latest.book
    },
  }
}

/** Null when nothing was traded. */
export function candleOf(prints: readonly Print[]): Candle | null {
  const [first] = prints
  if (first === undefined) return null
  let [high, low, close] = [first.price, first.price, first.price]
  let [volume, turnover] = [0n, 0n]
  for (const { price, quantity } of prints) {
    high = larger(high, price)
    low = smaller(low, price)
    close = price
    volume += quantity
    turnover += multiply(price, quantity)
  }
  return { open: first.price, high, low, close, volume, turnover, trades: prints.length }
}

/** Index of the first entry at or after a moment, by halving. */
function firstFrom(entries: readonly { readonly time: number }[], moment: number): number {
  let [low, high] = [0, entries.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((entries[middle]?.time ?? Infinity) < moment) low = middle + 1
    else high = middle
  }
  return low
}
