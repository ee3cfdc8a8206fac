import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { createReadStream, fstatSync, mkdirSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import type { VenueCandle } from '@flotilla/venue'

/**
 * A CSV file of candles that grows at its end. A download that was stopped in the middle of a line
 * leaves a torn one; it is cut off, so that every line in the file is whole and none is there twice.
 */
export const header = 'timestamp_ms,open,high,low,close,volume'

export class CandleFileError extends Error {
  override readonly name = 'CandleFileError'
}

export type Gap = { readonly from: number; readonly to: number }

export type Contents = {
  readonly rows: number
  readonly first: number | null
  readonly last: number | null
  /** Between the rows; `to` is the row after the gap. */
  readonly gaps: readonly Gap[]
}

export class CandleFile {
  readonly #path: string
  readonly #handle: number

  /** Opens the file, or makes it, and cuts off what a stop has torn. */
  constructor(path: string) {
    this.#path = path
    mkdirSync(dirname(path), { recursive: true })
    this.#handle = openSync(path, existsSync(path) ? 'r+' : 'w+')
    try {
      this.#cutTornLine()
      if (fstatSync(this.#handle).size === 0) this.#write(`${header}\n`)
    } catch (error) {
      closeSync(this.#handle)
      throw error
    }
  }

  append(candles: readonly VenueCandle[]): void {
    if (candles.length > 0) this.#write(`${candles.map(rowOf).join('\n')}\n`)
  }

  /** Reads the whole file; refuses one that is not ours to continue. */
  async contents(intervalMs: number): Promise<Contents> {
    const input = createReadStream(this.#path, { encoding: 'utf8' })
    const gaps: Gap[] = []
    let [rows, first, last, line] = [0, null as number | null, null as number | null, 0]
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      line += 1
      if (line === 1) {
        if (text !== header) throw this.#error(1, `the header is not ${header}`)
        continue
      }
      const time = timeOf(text)
      const fault = faultOf(time, last, intervalMs)
      if (fault !== null) throw this.#error(line, fault)
      if (last !== null && time > last + intervalMs)
        gaps.push({ from: last + intervalMs, to: time })
      first ??= time
      last = time
      rows += 1
    }
    return { rows, first, last, gaps }
  }

  close(): void {
    fsyncSync(this.#handle)
    closeSync(this.#handle)
  }

  #write(text: string): void {
    const bytes = Buffer.from(text)
    const end = fstatSync(this.#handle).size
    for (let done = 0; done < bytes.length;) {
      done += writeSync(this.#handle, bytes, done, bytes.length - done, end + done)
    }
  }

  #cutTornLine(): void {
    const { size } = fstatSync(this.#handle)
    const tail = Buffer.alloc(Math.min(size, 4_096))
    readSync(this.#handle, tail, 0, tail.length, size - tail.length)
    const newline = tail.lastIndexOf('\n')
    if (newline < 0 && size > tail.length) throw this.#error(1, 'this is not a file of candles')
    ftruncateSync(this.#handle, size - tail.length + newline + 1)
  }

  #error(line: number, what: string): CandleFileError {
    return new CandleFileError(`${this.#path}, line ${line}: ${what}; choose another --out`)
  }
}

function timeOf(row: string): number {
  return Number(row.slice(0, row.indexOf(',')))
}

function faultOf(time: number, last: number | null, intervalMs: number): string | null {
  if (!Number.isInteger(time) || time <= 0) return 'no time at its beginning'
  if (time % intervalMs !== 0) return 'candles of another length'
  return last !== null && time <= last ? 'not later than the line before' : null
}

function rowOf(candle: VenueCandle): string {
  const { openTime, open, high, low, close, baseVolume } = candle
  return [openTime, open, high, low, close, baseVolume].join(',')
}
