import { SECONDS, type Book, type Candle, type ExactTape, type Tape } from './tape.ts'
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
  const { exact } = tape
  return {
    from: tape.from,
    to: tape.to,
    ...(exact === undefined ? {} : { exact: gapped(exact, gaps, scaled) }),
    ...(tape.opensAt === undefined ? {} : { opensAt: tape.opensAt }),
    ...(tape.isOpen === undefined ? {} : { isOpen: (now) => tape.isOpen?.(now) ?? true }),
    candle: (minute) => {
      const candle = tape.candle(minute)
      if (candle === null || gaps.length === 0) return candle
      return scaledCandle(candle, minute, scaled)
    },
  }
}

type Scale = (price: bigint, minute: number) => bigint

/** What happened in the second before a minute begins belongs to the minute before it. */
function gapped(exact: ExactTape, gaps: readonly Gap[], scaled: Scale): ExactTape {
  const moved = <Value>(second: number, value: Value, move: (minute: number) => Value): Value =>
    gaps.length === 0 ? value : move(Math.floor((second - 1) / SECONDS))
  return {
    from: exact.from,
    prints: (second) => {
      const prints = exact.prints(second)
      return moved(second, prints, (minute) =>
        prints.map((print) => ({ ...print, price: scaled(print.price, minute) })),
      )
    },
    priceAt: (second) => {
      const price = exact.priceAt(second)
      return price === null ? null : moved(second, price, (minute) => scaled(price, minute))
    },
    candleUntil: (minute, second) => {
      const candle = exact.candleUntil(minute, second)
      return candle === null || gaps.length === 0 ? candle : scaledCandle(candle, minute, scaled)
    },
    book: (second) => {
      const book = exact.book(second)
      return book === null
        ? null
        : moved(second, book, (minute) => scaledBook(book, minute, scaled))
    },
  }
}

function scaledCandle(candle: Candle, minute: number, scaled: Scale): Candle {
  const { open, high, low, close } = candle
  return {
    ...candle,
    open: scaled(open, minute),
    high: scaled(high, minute),
    low: scaled(low, minute),
    close: scaled(close, minute),
  }
}

function scaledBook(book: Book, minute: number, scaled: Scale): Book {
  const side = (levels: Book['BUY']): Book['BUY'] =>
    levels.map((level) => ({ ...level, price: scaled(level.price, minute) }))
  return { BUY: side(book.BUY), SELL: side(book.SELL) }
}
