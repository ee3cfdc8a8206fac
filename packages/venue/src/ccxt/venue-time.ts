// The venue's clock as seen from here. The estimate is never ahead of the venue: a request stamped in the
// venue's future is refused, and a candle judged by a clock that runs ahead would count as closed too early.
import { monotonicMs } from '../clock.ts'
import type { ClockReading } from '../port.ts'

export type VenueTimeOptions = {
  /** Asks the venue for its time. */
  readonly ask: () => Promise<number>
  /** Our market time. */
  readonly now: () => number
  /** Real milliseconds after which the difference is measured again. */
  readonly intervalMs: number
}

/**
 * A request outside the venue's time window was not looked at: with the clocks compared anew it may be sent once
 * more. Throws what the request failed with.
 */
export async function withFreshTime<Value>(
  time: VenueTime,
  isSkewed: (error: unknown) => boolean,
  send: () => Promise<Value>,
): Promise<Value> {
  try {
    return await send()
  } catch (error) {
    if (!isSkewed(error)) throw error
    try {
      await time.measure()
    } catch {
      throw error
    }
    return send()
  }
}

/** Of several measurements the one with the quickest answer says most. */
const sampleCount = 3

export class VenueTime {
  readonly #options: VenueTimeOptions
  #differenceMs: number | null = null
  #reading: ClockReading | null = null
  #measuredAt = 0
  #measuring: Promise<void> | null = null

  constructor(options: VenueTimeOptions) {
    this.#options = options
  }

  /** How the clocks differ; null before the first measurement. */
  get reading(): ClockReading | null {
    return this.#reading
  }

  current(): number {
    return this.#options.now() + (this.#differenceMs ?? 0)
  }

  /** Measures when that has never worked or is long ago. Only the first measurement may fail loudly. */
  async ensure(): Promise<void> {
    const isKnown = this.#differenceMs !== null
    if (isKnown && monotonicMs() - this.#measuredAt < this.#options.intervalMs) return
    try {
      await this.measure()
    } catch (error) {
      if (!isKnown) throw error
      this.#measuredAt = monotonicMs()
    }
  }

  measure(): Promise<void> {
    this.#measuring ??= this.#sample().finally(() => {
      this.#measuring = null
    })
    return this.#measuring
  }

  async #sample(): Promise<void> {
    let best = { tookMs: Infinity, differenceMs: 0 }
    for (let sample = 0; sample < sampleCount; sample += 1) {
      const before = this.#options.now()
      const venueTime = await this.#options.ask()
      const after = this.#options.now()
      // The venue looked at its clock before its answer was here: so much it is ahead of us, at least.
      if (after - before < best.tookMs) {
        best = { tookMs: after - before, differenceMs: venueTime - after }
      }
    }
    this.#differenceMs = best.differenceMs
    const uncertaintyMs = best.tookMs / 2
    this.#reading = { aheadMs: best.differenceMs + uncertaintyMs, uncertaintyMs }
    this.#measuredAt = monotonicMs()
  }
}
