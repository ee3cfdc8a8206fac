import {
  createExactTape,
  larger,
  MINUTE_MS,
  minuteOf,
  SECOND_MS,
  type Book,
  type Candle,
  type Print,
  type PrintLog,
  type Tape,
} from '../core/index.ts'

/** A market that is being recorded while it is traded. */
export type LiveTape = {
  readonly tape: Tape
  /** A trade, at the moment when we heard of it. */
  addPrint(print: Print): void
  addBook(time: number, book: Book): void
  /** Something came from the venue, if only that nothing was traded. */
  hear(time: number): void
}

export type LiveTapeOptions = {
  /** Candles from before, by the minute. */
  readonly candles: ReadonlyMap<number, Candle>
  /** From here on all trades are known, in milliseconds. */
  readonly from: number
  /** So long may the venue be silent before the market closes, in milliseconds. */
  readonly silenceMaxMs: number
}

/** Trades and books that are older live on as candles only. */
const KEPT_MS = 3_600_000

export function createLiveTape({ candles, from, silenceMaxMs }: LiveTapeOptions): LiveTape {
  const log: PrintLog = { prints: [], books: [] }
  const known = new Map(candles)
  let heardAt = from
  let tradedAt = from
  const exact = createExactTape(log, Math.ceil(from / SECOND_MS) * SECOND_MS)
  const first = Math.min(minuteOf(from), ...known.keys())
  const forget = (now: number): void => {
    const oldest = now - KEPT_MS
    while ((log.books[0]?.time ?? Infinity) < oldest) log.books.shift()
    const end = minuteOf(oldest) * MINUTE_MS
    const gone = log.prints.findIndex(({ time }) => time >= end)
    if (gone > 0) log.prints.splice(0, gone)
  }
  const candle = (minute: number): Candle | null => {
    const whole = known.get(minute)
    const recorded = exact.candleUntil(minute, Infinity)
    // The minute in which we began: what the venue knew of it, and what we heard since.
    if (minute === minuteOf(from)) return joined(whole ?? null, recorded)
    if (recorded !== null) known.set(minute, recorded)
    return recorded ?? whole ?? null
  }
  return {
    tape: {
      from: first,
      to: null,
      exact,
      candle,
      isOpen: (now) => now - heardAt <= silenceMaxMs,
    },
    addPrint: (print) => {
      log.prints.push(print)
      if (minuteOf(print.time) !== minuteOf(tradedAt)) {
        candle(minuteOf(tradedAt))
        forget(print.time)
      }
      heardAt = print.time
      tradedAt = print.time
    },
    addBook: (time, book) => {
      log.books.push({ time, book })
      heardAt = time
    },
    hear: (time) => {
      heardAt = time
    },
  }
}

function joined(before: Candle | null, after: Candle | null): Candle | null {
  if (before === null || after === null) return before ?? after
  return {
    open: before.open,
    high: larger(before.high, after.high),
    low: before.low < after.low ? before.low : after.low,
    close: after.close,
    volume: before.volume + after.volume,
  }
}
