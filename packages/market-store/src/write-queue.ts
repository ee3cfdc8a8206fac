// Between those who write and a store that may be away. Writes go out in order, one batch at a time: were two
// under way at once, a retried old value could overwrite its own correction. The queue is bounded; what falls
// out at the old end is counted, and candles are remembered as holes to be backfilled.
import { after, type Cancel } from './clock.ts'
import { flawOf, holeOf, joinHoles, keyOf, type Point } from './points.ts'
import type { CandleHole, MarketStoreHealth } from './port.ts'

/** The store refuses these points and will always refuse them. */
export class PointsRefusedError extends Error {
  override readonly name = 'PointsRefusedError'
}

export type StoreLogger = {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
}

export type WriteQueueOptions = {
  /** Rejects with `PointsRefusedError` for good, with anything else for now. */
  readonly send: (batch: readonly Point[]) => Promise<void>
  readonly batchMax: number
  readonly bufferMax: number
  /** How long points are gathered before they are sent. */
  readonly gatherMs: number
  readonly retryMinMs: number
  readonly retryMaxMs: number
  readonly logger?: StoreLogger | undefined
}

export class WriteQueue {
  readonly #options: WriteQueueOptions
  readonly #waiting = new Map<string, Point>()
  readonly #holes = new Map<string, CandleHole>()
  #timer: Cancel | null = null
  #pumping: Promise<void> | null = null
  #failuresInARow = 0
  #written = 0
  #dropped = 0
  #failedWrites = 0
  #lastError: string | null = null

  constructor(options: WriteQueueOptions) {
    this.#options = options
  }

  add(points: readonly Point[]): void {
    for (const point of points) {
      const flaw = flawOf(point)
      if (flaw === null) this.#waiting.set(keyOf(point), point)
      else this.#refuse([keyOf(point), point], new Error(flaw))
    }
    while (this.#waiting.size > this.#options.bufferMax) this.#dropOldest()
    if (this.#failuresInARow === 0) this.#schedule(this.#options.gatherMs)
  }

  /** Sends what waits now. Never rejects. */
  async flush(): Promise<void> {
    await this.#pumping
    await this.#pump()
  }

  stop(): void {
    this.#timer?.()
    this.#timer = null
  }

  health(): MarketStoreHealth {
    return {
      state: this.#failuresInARow === 0 ? 'healthy' : 'failing',
      written: this.#written,
      buffered: this.#waiting.size,
      dropped: this.#dropped,
      failedWrites: this.#failedWrites,
      lastError: this.#lastError,
    }
  }

  takeHoles(): readonly CandleHole[] {
    const holes = [...this.#holes.values()]
    this.#holes.clear()
    return holes
  }

  /** The store was reached, or not, by something else than a write. */
  noteReached(error: Error | null): void {
    if (error === null) this.#succeeded()
    else this.#failed(error)
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== null || this.#waiting.size === 0) return
    this.#timer = after(delayMs, () => {
      this.#timer = null
      void this.flush()
    })
  }

  #pump(): Promise<void> {
    this.#pumping ??= this.#drain().finally(() => {
      this.#pumping = null
    })
    return this.#pumping
  }

  async #drain(): Promise<void> {
    this.stop()
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting.entries()].slice(0, this.#options.batchMax)
      try {
        await this.#sendOrSplit(batch)
        this.#succeeded()
      } catch (error) {
        this.#failedWrites += 1
        this.#failed(error instanceof Error ? error : new Error(String(error)))
        this.#schedule(this.#retryDelayMs())
        return
      }
    }
  }

  /** A refusal of many says nothing about each: they are halved until the bad ones stand alone. */
  async #sendOrSplit(batch: readonly Entry[]): Promise<void> {
    try {
      await this.#options.send(batch.map(([, point]) => point))
    } catch (error) {
      if (!(error instanceof PointsRefusedError)) throw error
      if (batch.length > 1) {
        const middle = Math.ceil(batch.length / 2)
        await this.#sendOrSplit(batch.slice(0, middle))
        await this.#sendOrSplit(batch.slice(middle))
        return
      }
      for (const entry of batch) this.#refuse(entry, error)
      return
    }
    for (const [key, point] of batch) {
      this.#written += 1
      // A newer value may have taken its place meanwhile: that one still waits.
      if (this.#waiting.get(key) === point) this.#waiting.delete(key)
    }
  }

  #refuse([key, point]: Entry, error: Error): void {
    this.#lastError = error.message
    this.#options.logger?.warn(
      { point: key, reason: error.message },
      'market store refused a point',
    )
    if (this.#waiting.get(key) === point) this.#waiting.delete(key)
    this.#noteDropped(point)
  }

  #dropOldest(): void {
    const oldest = this.#waiting.entries().next().value
    if (oldest === undefined) return
    this.#waiting.delete(oldest[0])
    this.#noteDropped(oldest[1])
  }

  #noteDropped(point: Point): void {
    this.#dropped += 1
    const hole = holeOf(point)
    if (hole === null) return
    const series = JSON.stringify([hole.venue, hole.symbol, hole.timeframe])
    this.#holes.set(series, joinHoles(this.#holes.get(series), hole))
  }

  #succeeded(): void {
    if (this.#failuresInARow > 0) {
      const { buffered, dropped } = this.health()
      this.#options.logger?.info({ buffered, dropped }, 'market store is back')
    }
    this.#failuresInARow = 0
    this.#schedule(this.#options.gatherMs)
  }

  #failed(error: Error): void {
    if (this.#failuresInARow === 0) {
      this.#options.logger?.warn({ reason: error.message }, 'market store cannot be reached')
    }
    this.#failuresInARow += 1
    this.#lastError = error.message
  }

  #retryDelayMs(): number {
    const { retryMinMs, retryMaxMs } = this.#options
    return Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(this.#failuresInARow - 1, 20))
  }
}

type Entry = readonly [key: string, point: Point]
