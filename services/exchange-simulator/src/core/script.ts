import { createHistory, type History } from './history.ts'
import { candleOf } from './prints.ts'
import {
  exactAt,
  SECOND_MS,
  SECONDS,
  type Book,
  type Candle,
  type Print,
  type Tape,
} from './tape.ts'
import { larger, ONE, roundToStep } from './units.ts'

/** What the price does. */
export type Course =
  | { readonly kind: 'hold'; readonly price: bigint }
  /** In even steps from a price to another one, which it reaches with its last second and keeps. */
  | {
      readonly kind: 'ramp'
      readonly start: bigint
      readonly end: bigint
      readonly seconds: number
    }
  /** What the tape says, times a factor in units. */
  | { readonly kind: 'tape'; readonly factor: bigint }

/**
 * Prices by hand: from its second on a stretch says what the price is, until the next one begins. What
 * came before the first stretch is the tape's own; candles, ticker, book and trades are all made of it.
 */
export type Stretch = { readonly from: number } & Course

/** Seconds since 1970, ascending. */
export type PriceScript = { stretches: readonly Stretch[] }

export type ScriptShape = {
  readonly seed: number
  readonly tick: bigint
  readonly step: bigint
}

/** The price that a script says for a second, where the tape alone would say another. */
export function scriptedPrice(stretch: Stretch, second: number, own: ScriptedOwn): bigint {
  if (stretch.kind === 'hold') return stretch.price
  const { tick } = own
  if (stretch.kind === 'tape') return scaled(own.price(second), stretch.factor, tick)
  const { from, start, end, seconds } = stretch
  const done = BigInt(Math.min(seconds, second - from + 1))
  return larger(tick, roundToStep(start + ((end - start) * done) / BigInt(seconds), tick))
}

type ScriptedOwn = { readonly price: (second: number) => bigint; readonly tick: bigint }

/** The stretch of a second; null before the script. */
export function stretchAt({ stretches }: PriceScript, second: number): Stretch | null {
  return stretches.findLast(({ from }) => from <= second) ?? null
}

/** Puts a stretch where it begins: what the script said of later moments is forgotten. */
export function addStretch(script: PriceScript, stretch: Stretch): void {
  script.stretches = [...script.stretches.filter(({ from }) => from < stretch.from), stretch]
}

/** The same tape with a script over it, which may grow while it is read. */
export function createScriptedTape(tape: Tape, script: PriceScript, shape: ScriptShape): Tape {
  const own = createHistory(tape, shape)
  const market: Scripted = { tape, own, script, shape }
  const known = new Map<number, Candle | null>()
  let knownFor = script.stretches
  return {
    ...tape,
    get exact() {
      const [first] = script.stretches
      if (first === undefined) return tape.exact
      return {
        // The whole minute, so that no candle is half a walk and half a script.
        from: Math.min(tape.exact?.from ?? Infinity, minuteStart(first.from) * SECOND_MS),
        prints: (second: number) => printsAt(market, second),
        priceAt: (second: number) => priceAt(market, second),
        candleUntil: (minute: number, second: number) => candleUntil(market, minute, second),
        book: (second: number) => bookOf(market, second),
      }
    },
    candle: (minute) => {
      const [first] = script.stretches
      if (first === undefined || (minute + 1) * SECONDS < first.from) return tape.candle(minute)
      if (knownFor !== script.stretches || known.size > CANDLES_KEPT) {
        knownFor = script.stretches
        known.clear()
      }
      const before = known.get(minute)
      if (before !== undefined) return before
      const made = candleUntil(market, minute, Infinity)
      known.set(minute, made)
      return made
    },
  }
}

const CANDLES_KEPT = 10_000

type Scripted = {
  readonly tape: Tape
  readonly own: History
  readonly script: PriceScript
  readonly shape: ScriptShape
}

function minuteStart(second: number): number {
  return second - (second % SECONDS)
}

function priceAt({ own, script, shape }: Scripted, second: number): bigint | null {
  const price = (at: number): bigint => own.price(at * SECOND_MS)
  const stretch = stretchAt(script, second)
  const said =
    stretch === null ? price(second) : scriptedPrice(stretch, second, { ...shape, price })
  return said === 0n ? null : said
}

/** As much as the tape trades in the second, at the script's price; never nothing. */
function printsAt(market: Scripted, second: number): readonly Print[] {
  const { own, script, shape } = market
  const trades = own.trades(second)
  const stretch = stretchAt(script, second)
  if (stretch === null) return trades
  if (stretch.kind === 'tape') {
    const { factor } = stretch
    return trades.map((print) => ({ ...print, price: scaled(print.price, factor, shape.tick) }))
  }
  const price = priceAt(market, second)
  if (price === null) return []
  const traded = trades.reduce((sum, { quantity }) => sum + quantity, 0n)
  const isBuyerMaker = price < (priceAt(market, second - 1) ?? price)
  const time = second * SECOND_MS - (isExact(market, second) ? 1 : 0)
  return [{ time, price, quantity: larger(traded, shape.step), isBuyerMaker }]
}

function isExact({ tape }: Scripted, second: number): boolean {
  return exactAt(tape, second) !== null
}

/** Recorded trades of a second are known at its end, those of a candle at its beginning. */
function candleUntil(market: Scripted, minute: number, until: number): Candle | null {
  const start = minute * SECONDS
  const shift = isExact(market, start) ? 1 : 0
  const last = Math.min(until, start + SECONDS - 1 + shift)
  const prints: Print[] = []
  for (let second = start + shift; second <= last; second += 1) {
    prints.push(...printsAt(market, second))
  }
  return candleOf(prints)
}

/** Null where one is made up around the price. */
function bookOf({ tape, script, shape }: Scripted, second: number): Book | null {
  const book = exactAt(tape, second)?.book(second) ?? null
  const stretch = stretchAt(script, second)
  if (book === null || stretch === null) return book
  if (stretch.kind !== 'tape') return null
  const side = (levels: Book['BUY']): Book['BUY'] =>
    levels.map((level) => ({ ...level, price: scaled(level.price, stretch.factor, shape.tick) }))
  return { BUY: side(book.BUY), SELL: side(book.SELL) }
}

function scaled(price: bigint, factor: bigint, tick: bigint): bigint {
  if (factor === ONE || price === 0n) return price
  return larger(tick, roundToStep((price * factor) / ONE, tick))
}
