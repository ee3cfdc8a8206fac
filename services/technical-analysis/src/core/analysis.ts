/**
 * The analysis of one symbol and timeframe, candle by candle and in order. A candle that was seen is
 * known; one that comes after a hole must wait until what is missing has been fed.
 */
import {
  candleMessageId,
  createMessage,
  instant,
  SignalsComputed,
  timeframeMs,
} from '@flotilla/contracts'
import type { AnyMessage, Timeframe } from '@flotilla/contracts'
import { IndicatorSet } from '@flotilla/indicators'
import type { Bar, IndicatorSpec } from '@flotilla/indicators'
import { findPositions, read, readingIndicators } from './readings.ts'
import type { ReadingPositions } from './readings.ts'

export type AnalysedSeries = {
  readonly venue: string
  readonly symbol: string
  readonly timeframe: Timeframe
}

export type AnalysedCandle = Bar & {
  readonly closeTime: number
  /** The exact text of the close, which travels on. */
  readonly closeText: string
}

/** Values that depend on where counting began, as they were after the candle of that time. */
export type Levels = {
  readonly openTime: number
  readonly values: ReadonlyMap<string, number>
}

export type Step =
  /** Seen already, or older than what was seen. */
  | { readonly kind: 'known' }
  | { readonly kind: 'next' }
  /** Feed what is in `from` (inclusive) to `to` (exclusive) first. */
  | {
      readonly kind: 'missing'
      readonly from: number
      readonly to: number
      /** Nothing before it counts: the indicators start anew, and what is fed is no news. */
      readonly cold: boolean
    }

const known: Step = Object.freeze({ kind: 'known' })
const next: Step = Object.freeze({ kind: 'next' })

export class Analysis {
  readonly series: AnalysedSeries
  readonly intervalMs: number
  readonly #base: AnalysedSeries
  readonly #specs: readonly IndicatorSpec[]
  #set: IndicatorSet
  readonly #positions: ReadingPositions
  /** NaN before the first; a null would cost an allocation for each candle after it. */
  #lastOpenTime = Number.NaN
  /** To go on from, once the candle that they belong to has been fed. */
  #levels: Levels | null = null

  constructor(options: {
    readonly series: AnalysedSeries
    readonly intervalMs: number
    /** Besides the ones that the readings rest on. */
    readonly indicators: readonly IndicatorSpec[]
    /** The series whose candles these ones are made of, when they are not candles of their own. */
    readonly base?: AnalysedSeries
  }) {
    this.series = options.series
    this.#base = options.base ?? options.series
    this.intervalMs = options.intervalMs
    this.#specs = [...readingIndicators, ...options.indicators]
    this.#set = new IndicatorSet(this.#specs, this.intervalMs)
    this.#positions = findPositions(this.#set.names)
  }

  get lastOpenTime(): number | null {
    return Number.isNaN(this.#lastOpenTime) ? null : this.#lastOpenTime
  }

  /** Every indicator has a value. */
  get warm(): boolean {
    return this.#set.complete
  }

  /** Names and values as of the last candle; overwritten by the next. */
  get names(): readonly string[] {
    return this.#set.names
  }

  get values(): Float64Array {
    return this.#set.values
  }

  /** Names of the values that a restart has to carry on. */
  get levelNames(): readonly string[] {
    return this.#set.levelNames
  }

  /** How many candles make a restart invisible. */
  get candlesToSettle(): number {
    return this.#set.candlesToSettle
  }

  stepTo(openTime: number): Step {
    const last = this.#lastOpenTime
    if (openTime <= last) return known
    if (openTime === last + this.intervalMs) return next
    const settled = openTime - this.candlesToSettle * this.intervalMs
    if (last >= settled) {
      return { kind: 'missing', from: last + this.intervalMs, to: openTime, cold: false }
    }
    return { kind: 'missing', from: settled, to: openTime, cold: true }
  }

  /** Forgets everything but its levels: the next candle starts cold. */
  reset(): void {
    const openTime = this.lastOpenTime
    if (openTime !== null && this.#levels === null) {
      const levels = this.levelNames.map((name) => [name, this.#set.get(name)] as const)
      this.#levels = { openTime, values: new Map(levels) }
    }
    this.#set = new IndicatorSet(this.#specs, this.intervalMs)
    this.#lastOpenTime = Number.NaN
  }

  /** Levels of another life, to go on from when their candle comes by. */
  resume(levels: Levels): void {
    this.#levels = levels
  }

  feed(candle: AnalysedCandle): void {
    this.#set.update(candle)
    this.#lastOpenTime = candle.openTime
    if (this.#levels !== null && candle.openTime >= this.#levels.openTime) this.#carryOn()
  }

  /** When their very candle is missing, counting begins anew. */
  #carryOn(): void {
    const levels = this.#levels as Levels
    this.#levels = null
    if (levels.openTime !== this.#lastOpenTime) return
    for (const [name, value] of levels.values) this.#set.carryOn(name, value)
  }

  /** What can be said after the candle that was fed last; the same from the bus and from the store. */
  report(candle: AnalysedCandle, origin: 'live' | 'backfill'): AnyMessage {
    const { venue, symbol, timeframe } = this.series
    const isBuilt = this.#base !== this.series
    // Of a built candle it is the message of the base candle that ends it, come or not.
    const endsWith = candle.closeTime - timeframeMs[this.#base.timeframe]
    const candleId = candleMessageId(this.#base, isBuilt ? endsWith : candle.openTime)
    const { score, ...readings } = read(this.values, this.#positions, candle.close)
    return createMessage(SignalsComputed, {
      source: 'technical-analysis',
      occurredAt: candle.closeTime,
      cause: { messageId: candleId, correlationId: candleId },
      ...(isBuilt ? { discriminator: timeframe } : {}),
      payload: {
        venue,
        symbol,
        timeframe,
        candleOpenTime: instant(candle.openTime),
        candleCloseTime: instant(candle.closeTime),
        close: candle.closeText,
        indicators: this.#warmValues(),
        readings,
        score,
        origin,
      },
    })
  }

  #warmValues(): Record<string, number> {
    const { names, values } = this.#set
    const warm: Record<string, number> = {}
    for (let index = 0; index < names.length; index += 1) {
      const value = values[index] as number
      if (!Number.isNaN(value)) warm[names[index] as string] = value
    }
    return warm
  }
}
