import { createExactTape, type PrintLog } from './prints.ts'
import { placesOf, stepOfPlaces } from './recorded.ts'
import {
  MINUTE_MS,
  minuteOf,
  SECOND_MS,
  SECONDS,
  type Book,
  type Candle,
  type Print,
  type Tape,
} from './tape.ts'
import type { Level } from './types.ts'
import { parseUnits } from './units.ts'

/** Recorded trades of a symbol, ascending in time, and the books between them if there are any. */
export type TradeRecording = PrintLog & {
  /** The smallest steps that all prices and all quantities are multiples of, to eight places. */
  readonly tick: bigint
  readonly step: bigint
}

const SIDES: Readonly<Record<string, boolean>> = { sell: true, buy: false }

/** Rows of `timestamp_ms,price,quantity,taker_side`; throws with the row of what it cannot read. */
export function readTrades(rows: readonly string[], name: string): TradeRecording {
  const prints: Print[] = []
  const places = { price: 0, quantity: 0 }
  for (const [index, row] of rows.entries()) {
    const where = `${name}: row ${index + 1}`
    const [time = '', price = '', quantity = '', side = ''] = row.split(',').map((c) => c.trim())
    const isBuyerMaker = SIDES[side.toLowerCase()]
    if (isBuyerMaker === undefined) throw new Error(`${where} has the taker_side "${side}"`)
    prints.push({
      time: momentOf(time, prints.at(-1)?.time ?? 0, where),
      price: amountOf(price, 'price', where),
      quantity: amountOf(quantity, 'quantity', where),
      isBuyerMaker,
    })
    places.price = Math.max(places.price, placesOf(price))
    places.quantity = Math.max(places.quantity, placesOf(quantity))
  }
  if (prints.length === 0) throw new Error(`${name}: a recording needs at least one trade`)
  const [tick, step] = [stepOfPlaces(places.price), stepOfPlaces(places.quantity)]
  return { prints, books: [], tick, step }
}

/** Rows of a time and then price and quantity of each level, bids first; as many asks as bids. */
export function readBooks(rows: readonly string[], name: string): PrintLog['books'] {
  const books: { time: number; book: Book }[] = []
  for (const [index, row] of rows.entries()) {
    const where = `${name}: row ${index + 1}`
    const [time = '', ...cells] = row.split(',').map((cell) => cell.trim())
    const half = cells.length / 2
    const BUY = levelsOf(cells.slice(0, half), where)
    const SELL = levelsOf(cells.slice(half), where)
    const [bid, ask] = [BUY[0], SELL[0]]
    if (bid !== undefined && ask !== undefined && bid.price >= ask.price) {
      throw new Error(`${where} is no book: its best bid is not below its best ask`)
    }
    books.push({ time: momentOf(time, books.at(-1)?.time ?? 0, where), book: { BUY, SELL } })
  }
  return books
}

/** Pairs of price and quantity; a level that nobody stands at is left empty. */
function levelsOf(cells: readonly string[], where: string): Level[] {
  const levels: Level[] = []
  for (const [index, price] of cells.entries()) {
    if (index % 2 > 0 || price === '') continue
    const quantity = cells[index + 1] ?? ''
    levels.push({
      price: amountOf(price, 'price', where),
      quantity: amountOf(quantity, 'quantity', where),
    })
  }
  return levels
}

function momentOf(text: string, before: number, where: string): number {
  const time = Number(text)
  if (!Number.isSafeInteger(time) || text === '') throw new Error(`${where} has the time "${text}"`)
  if (time < before) throw new Error(`${where} is earlier than the row before it`)
  return time
}

function amountOf(text: string, column: string, where: string): bigint {
  const value = parseUnits(text)
  if (value === null || value === 0n) throw new Error(`${where} has the ${column} "${text}"`)
  return value
}

export function createTradeTape(recording: TradeRecording): Tape {
  const first = recording.prints[0]?.time ?? 0
  const last = recording.prints.at(-1)?.time ?? 0
  const exact = createExactTape(recording, 0)
  const candles = new Map<number, Candle | null>()
  return {
    from: minuteOf(first),
    to: Math.ceil((last + 1) / MINUTE_MS),
    exact,
    opensAt: Math.ceil((first + 1) / SECOND_MS) * SECOND_MS,
    candle: (minute) => {
      const known = candles.get(minute)
      if (known !== undefined) return known
      const made = exact.candleUntil(minute, (minute + 1) * SECONDS)
      candles.set(minute, made)
      return made
    },
  }
}
