// A small market for stand-in venues that stream: two trades in each minute, a price that a test moves on.
import { marketNow } from './wire-venue.ts'

const minute = 60_000

export type StreamTrade = {
  readonly id: number
  readonly price: string
  readonly size: string
  readonly at: number
}

/** A clock that the market goes by in place of `next`, and when it began by it; milliseconds. */
export type MarketTime = { readonly start: number; readonly now: () => number }

const intoMinuteMs = 31_000

export class StreamMarket {
  readonly #path: readonly string[]
  readonly #time: MarketTime | null
  readonly #start: number
  #passed = 0
  #version = 100

  /** Each price holds for a minute; the last one for good. */
  constructor(path: readonly string[], time: MarketTime | null = null) {
    this.#path = path
    this.#time = time
    this.#start = time?.start ?? marketNow
  }

  next(): void {
    this.#passed += 1
  }

  /** By the venue's clock, which is ahead of the given one: half a minute into the minute. */
  get now(): number {
    const ours = this.#time?.now() ?? this.#start + this.#passed * minute
    return ours + intoMinuteMs
  }

  get openTime(): number {
    return this.#start + this.#index * minute
  }

  get #index(): number {
    return Math.floor((this.now - this.#start) / minute)
  }

  get price(): number {
    return this.#priceAt(this.#index)
  }

  /** Of the minute that is going on, the older one first. */
  get trades(): readonly StreamTrade[] {
    return this.#tradesAt(this.#index)
  }

  /** From a time on, the forming one included. */
  candles(since: number, limit = 300) {
    const first = Math.max(-100, Math.ceil((since - this.#start) / minute))
    const count = Math.min(limit, Math.max(0, this.#index - first + 1))
    return Array.from({ length: count }, (_, at) => {
      const price = this.#priceAt(first + at)
      return {
        openTime: this.#start + (first + at) * minute,
        open: String(price),
        high: String(price + 10),
        low: String(price),
        close: String(price + 10),
        volume: '0.75',
        value: String(0.5 * price + 0.25 * (price + 10)),
      }
    })
  }

  /** Distance from the price, and what is wanted there. */
  get bids(): readonly (readonly [string, string])[] {
    return levels.map((level) => [String(this.price - level), String(level)])
  }

  get asks(): readonly (readonly [string, string])[] {
    return levels.map((level) => [String(this.price + level), String(level)])
  }

  /** Levels of the minute before, which are gone by now. */
  get oldLevels(): readonly (readonly ['bid' | 'offer', string])[] {
    const price = this.#priceAt(this.#index - 1)
    return levels.flatMap((level) => [
      ['bid', String(price - level)] as const,
      ['offer', String(price + level)] as const,
    ])
  }

  /** The last word on the candle before, and the one that is forming. */
  get klines() {
    return this.candles(this.openTime - minute)
  }

  /** Each change of the book has the next one. */
  version(): number {
    this.#version += 1
    return this.#version
  }

  get lastVersion(): number {
    return this.#version
  }

  #priceAt(index: number): number {
    const place = Math.min(Math.max(index, 0), this.#path.length - 1)
    return Number(this.#path[place])
  }

  #tradesAt(index: number): readonly StreamTrade[] {
    const price = this.#priceAt(index)
    const at = this.#start + index * minute
    const id = 1_000 + 2 * index
    return [
      { id, price: String(price), size: '0.5', at: at + 1_000 },
      { id: id + 1, price: String(price + 10), size: '0.25', at: at + 30_000 },
    ]
  }
}

const levels = [1, 2, 3, 4, 5, 6, 7]
