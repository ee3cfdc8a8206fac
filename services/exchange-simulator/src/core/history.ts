import { candleUntil, pathOf, priceAt, volumeUntil, type Path } from './path.ts'
import { exactAt, MINUTE_MS, minuteOf, SECOND_MS, SECONDS, type Candle, type Tape } from './tape.ts'
import { larger, multiply, ONE, smaller } from './units.ts'

/** Several minutes as one candle. */
export type Bar = Candle & { readonly quoteVolume: bigint; readonly trades: number }

export type TapeTrade = {
  readonly second: number
  readonly time: number
  readonly price: bigint
  readonly quantity: bigint
  readonly isBuyerMaker: boolean
}

/**
 * What a symbol's past looks like at a moment. Nothing is stored: candles, prices and trades of any
 * time follow from the tape; whole hours, of which long candles are made, are remembered.
 */
export type History = {
  readonly tape: Tape
  /** The candles from one minute up to another (not included) as one; null when there are none. */
  bar(from: number, to: number, now: number): Bar | null
  /** The last price at or before the moment. */
  price(now: number): bigint
  /** The trades of a second since 1970: candles trade once a second. */
  trades(second: number): readonly TapeTrade[]
  path(minute: number): Path | null
  /** Mean price of the five minutes up to the moment, weighted by volume. */
  average(now: number): bigint
  /** Mean of the prices at the end of each of the last ten seconds. */
  reference(now: number): bigint
}

export const REFERENCE_SECONDS = 10

const HOUR = 60
const HOURS_KEPT = 4_096
const AVERAGE_MINUTES = 5
/** An outage longer than this many minutes leaves the symbol without a price. */
const GAP_MAX = 20_000

export function createHistory(tape: Tape, shape: { seed: number; tick: bigint }): History {
  const hours = new Map<number, Bar | null>()
  let mean = { second: NaN, price: 0n, value: 0n }
  const path = (minute: number): Path | null => {
    const candle = tape.candle(minute)
    return candle === null ? null : pathOf(candle, minute, shape)
  }
  const wholeHour = (start: number): Bar | null => {
    const known = hours.get(start)
    if (known !== undefined) return known
    const made = joinMinutes(tape, start, start + HOUR)
    if (hours.size >= HOURS_KEPT) hours.clear()
    hours.set(start, made)
    return made
  }
  const history: History = {
    tape,
    path,
    bar: (from, to, now) => {
      const current = minuteOf(now)
      const whole = joinRange({ tape, wholeHour }, from, Math.min(to, current))
      return to > current && from <= current ? join(whole, openBar(history, now)) : whole
    },
    price: (now) => lastPrice(history, now),
    trades: (second) => tradesAt(history, second),
    reference: (now) => {
      const second = Math.floor(now / SECOND_MS)
      const price = history.price(now)
      // Every order at the market's price asks, and many come within a second.
      if (second !== mean.second || price !== mean.price) {
        mean = { second, price, value: meanPrice(history, now) }
      }
      return mean.value
    },
    average: (now) => {
      const minute = minuteOf(now)
      const bar = history.bar(minute - AVERAGE_MINUTES + 1, minute + 1, now)
      if (bar === null || bar.volume === 0n) return history.price(now)
      return (bar.quoteVolume * ONE) / bar.volume
    },
  }
  return history
}

function meanPrice(history: History, now: number): bigint {
  let sum = 0n
  let seconds = 0n
  for (let back = 0; back < REFERENCE_SECONDS; back += 1) {
    const price = history.price(now - back * SECOND_MS)
    // Before a recording begins there is none.
    if (price > 0n) seconds += 1n
    sum += price
  }
  return seconds === 0n ? 0n : sum / seconds
}

type Blocks = { readonly tape: Tape; readonly wholeHour: (start: number) => Bar | null }

function joinRange(blocks: Blocks, from: number, to: number): Bar | null {
  const firstHour = Math.ceil(from / HOUR) * HOUR
  const lastHour = Math.floor(to / HOUR) * HOUR
  if (lastHour <= firstHour) return joinMinutes(blocks.tape, from, to)
  let bar = joinMinutes(blocks.tape, from, firstHour)
  for (let hour = firstHour; hour < lastHour; hour += HOUR) bar = join(bar, blocks.wholeHour(hour))
  return join(bar, joinMinutes(blocks.tape, lastHour, to))
}

function joinMinutes(tape: Tape, from: number, to: number): Bar | null {
  let bar: Bar | null = null
  for (let minute = Math.max(from, tape.from); minute < to; minute += 1) {
    const candle = tape.candle(minute)
    if (candle !== null) bar = join(bar, asBar(candle, SECONDS))
  }
  return bar
}

/** Where nobody knows the turnover, a minute's is its volume at the mean of its four prices. */
function asBar(candle: Candle, trades: number): Bar {
  const mean = (candle.open + candle.high + candle.low + candle.close) / 4n
  return {
    ...candle,
    quoteVolume: candle.turnover ?? multiply(mean, candle.volume),
    trades: candle.trades ?? (candle.volume === 0n ? 0 : trades),
  }
}

function join(left: Bar | null, right: Bar | null): Bar | null {
  if (left === null) return right
  if (right === null) return left
  return {
    open: left.open,
    high: larger(left.high, right.high),
    low: smaller(left.low, right.low),
    close: right.close,
    volume: left.volume + right.volume,
    quoteVolume: left.quoteVolume + right.quoteVolume,
    trades: left.trades + right.trades,
  }
}

function secondOf(now: number): number {
  return Math.floor((now % MINUTE_MS) / SECOND_MS)
}

/** The minute that has not ended yet. */
function openBar(history: History, now: number): Bar | null {
  const minute = minuteOf(now)
  const exact = exactAt(history.tape, Math.floor(now / SECOND_MS))
  if (exact !== null) {
    const part = exact.candleUntil(minute, Math.floor(now / SECOND_MS))
    return part === null ? null : asBar(part, 0)
  }
  const candle = history.tape.candle(minute)
  const path = history.path(minute)
  if (candle === null || path === null) return null
  const second = secondOf(now)
  return asBar(candleUntil(candle, path, second), second + 1)
}

function lastPrice(history: History, now: number): bigint {
  const current = minuteOf(now)
  const exact = exactAt(history.tape, Math.floor(now / SECOND_MS))?.priceAt(
    Math.floor(now / SECOND_MS),
  )
  if (exact !== undefined && exact !== null) return exact
  const path = history.path(current)
  if (path !== null) return priceAt(path, secondOf(now))
  const end = history.tape.to ?? current
  const latest = Math.min(current - 1, end - 1)
  for (let minute = latest; minute > latest - GAP_MAX; minute -= 1) {
    const candle = history.tape.candle(minute)
    if (candle !== null) return candle.close
  }
  return 0n
}

/** Half of the ids of a second are the market's, the rest the account's; what is beyond is not told. */
const TRADES_MAX = 499

function tradesAt(history: History, second: number): readonly TapeTrade[] {
  const exact = exactAt(history.tape, second)
  if (exact === null) return tradeOfPath(history, second)
  return exact
    .prints(second)
    .slice(0, TRADES_MAX)
    .map((print) => ({ ...print, second }))
}

function tradeOfPath(history: History, second: number): readonly TapeTrade[] {
  const minute = Math.floor(second / SECONDS)
  const candle = history.tape.candle(minute)
  const path = history.path(minute)
  if (candle === null || path === null) return []
  const offset = second - minute * SECONDS
  const quantity = volumeUntil(candle.volume, offset) - volumeUntil(candle.volume, offset - 1)
  if (quantity === 0n) return []
  const price = priceAt(path, offset)
  const before = offset === 0 ? candle.open : priceAt(path, offset - 1)
  return [{ second, time: second * SECOND_MS, price, quantity, isBuyerMaker: price < before }]
}
