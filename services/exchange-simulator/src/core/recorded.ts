import { mix } from './random.ts'
import { MINUTE_MS, minuteOf, SECONDS, type Candle, type Tape } from './tape.ts'
import { larger, parseUnits, roundToStep, smaller, decimalsOfStep } from './units.ts'

/** Recorded candles as columns, ascending in time; prices and volumes in units. */
export type Recording = {
  readonly starts: readonly number[]
  readonly columns: {
    readonly open: BigInt64Array
    readonly high: BigInt64Array
    readonly low: BigInt64Array
    readonly close: BigInt64Array
    readonly volume: BigInt64Array
  }
  /** Minutes that one candle covers. */
  readonly minutes: number
  /** The smallest steps that all prices and all volumes are multiples of, to eight places. */
  readonly tick: bigint
  readonly step: bigint
}

const columnNames = ['open', 'high', 'low', 'close', 'volume'] as const

/** Rows of `timestamp_ms,open,high,low,close,volume`; throws with the row of what it cannot read. */
export function readRecording(rows: readonly string[], name: string): Recording {
  const starts: number[] = []
  const columns = {
    open: new BigInt64Array(rows.length),
    high: new BigInt64Array(rows.length),
    low: new BigInt64Array(rows.length),
    close: new BigInt64Array(rows.length),
    volume: new BigInt64Array(rows.length),
  }
  const places = { price: 0, volume: 0 }
  for (const [index, row] of rows.entries()) {
    const where = `${name}: row ${index + 1}`
    const cells = row.split(',').map((cell) => cell.trim())
    starts.push(readStart(cells[0], starts.at(-1) ?? -1, where))
    for (const [position, column] of columnNames.entries()) {
      const text = cells[position + 1] ?? ''
      const value = parseUnits(text)
      const isWrong = value === null || (value === 0n && column !== 'volume')
      if (isWrong) throw new Error(`${where} has the ${column} "${text}"`)
      columns[column][index] = value
      const kind = column === 'volume' ? 'volume' : 'price'
      places[kind] = Math.max(places[kind], placesOf(text))
    }
  }
  if (starts.length < 2) throw new Error(`${name}: a recording needs at least two candles`)
  return {
    starts,
    columns,
    minutes: shortestGap(starts, name),
    tick: stepOfPlaces(places.price),
    step: stepOfPlaces(places.volume),
  }
}

function readStart(cell: string | undefined, before: number, where: string): number {
  const start = Number(cell)
  if (!Number.isSafeInteger(start) || cell === '') throw new Error(`${where} has no time`)
  if (start <= before) throw new Error(`${where} is not later than the row before it`)
  return start
}

export function placesOf(text: string): number {
  const point = text.indexOf('.')
  return point < 0 ? 0 : text.slice(point + 1).replace(/0+$/, '').length
}

export function stepOfPlaces(places: number): bigint {
  return 10n ** BigInt(decimalsOfStep(1n) - places)
}

function shortestGap(starts: readonly number[], name: string): number {
  const gaps = starts.slice(1, 1_000).map((start, index) => start - (starts[index] ?? 0))
  const shortest = Math.min(...gaps)
  if (shortest % MINUTE_MS !== 0) throw new Error(`${name}: its candles are shorter than a minute`)
  return shortest / MINUTE_MS
}

export function createRecordedTape(recording: Recording, seed: number): Tape {
  const { starts, minutes } = recording
  const indexes = new Map(starts.map((start, index) => [minuteOf(start), index]))
  const from = minuteOf(starts[0] ?? 0)
  const to = minuteOf(starts.at(-1) ?? 0) + minutes
  return {
    from,
    to,
    candle: (minute) => {
      const start = minute - ((minute - from) % minutes)
      const index = indexes.get(start)
      if (index === undefined) return null
      const bar = barAt(recording, index)
      return minutes === 1
        ? bar
        : partOf(bar, { seed, start, minutes, tick: recording.tick }, minute)
    },
  }
}

function barAt({ columns }: Recording, index: number): Candle {
  return {
    open: columns.open[index] ?? 0n,
    high: columns.high[index] ?? 0n,
    low: columns.low[index] ?? 0n,
    close: columns.close[index] ?? 0n,
    volume: columns.volume[index] ?? 0n,
  }
}

type Bar = {
  readonly seed: number
  readonly start: number
  readonly minutes: number
  readonly tick: bigint
}

/**
 * One minute of a longer candle: the price walks straight from open to one extreme, to the other, to
 * close, and the minutes cut that walk. Together they have exactly the candle's high and low.
 */
function partOf(candle: Candle, bar: Bar, minute: number): Candle {
  const turns = turnsOf(candle, bar)
  const begin = minute - bar.start
  const open = walkAt(turns, begin, bar.tick)
  const close = walkAt(turns, begin + 1, bar.tick)
  const passed = turns
    .filter((turn) => turn.minute >= begin && turn.minute <= begin + 1)
    .map((turn) => turn.price)
  return {
    open,
    high: [open, close, ...passed].reduce(larger),
    low: [open, close, ...passed].reduce(smaller),
    close,
    volume: candle.volume / BigInt(bar.minutes),
  }
}

type Turn = { readonly minute: number; readonly price: bigint }

function turnsOf(candle: Candle, bar: Bar): readonly Turn[] {
  const draw = mix(bar.seed, bar.start)
  const third = bar.minutes / 3
  const isRising = candle.close >= candle.open
  return [
    { minute: 0, price: candle.open },
    {
      minute: Math.floor(third / 2 + ((draw % SECONDS) / SECONDS) * third),
      price: isRising ? candle.low : candle.high,
    },
    {
      minute: Math.floor(third * 1.6 + (((draw >>> 8) % SECONDS) / SECONDS) * third),
      price: isRising ? candle.high : candle.low,
    },
    { minute: bar.minutes, price: candle.close },
  ]
}

function walkAt(turns: readonly Turn[], minute: number, tick: bigint): bigint {
  const next = turns.findIndex((turn) => turn.minute >= minute)
  const end = turns[next]
  const start = turns[next - 1]
  if (end === undefined) return turns.at(-1)?.price ?? 0n
  if (start === undefined || end.minute === start.minute) return end.price
  const part =
    ((end.price - start.price) * BigInt(minute - start.minute)) / BigInt(end.minute - start.minute)
  return roundToStep(start.price + part, tick)
}
