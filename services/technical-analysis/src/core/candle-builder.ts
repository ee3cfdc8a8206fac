/**
 * Builds the candles of a higher timeframe from base candles. One is over when the base candle that
 * ends it has come, or one that lies behind it; until then a base candle that comes late or again,
 * corrected, takes its place in it, and the outcome is as if it had come in time. What is over stays:
 * decisions were made with it. A first candle whose beginning was not seen is not told at all.
 */
import type { AnalysedCandle } from './analysis.ts'

export type BuiltCandle = AnalysedCandle & {
  /** How many of its base candles were nowhere to be had. */
  readonly missing: number
}

const none: readonly BuiltCandle[] = Object.freeze([])

export class CandleBuilder {
  readonly intervalMs: number
  readonly #baseIntervalMs: number
  /** By place within the candle; NaN where there is none yet. */
  readonly #highs: Float64Array
  readonly #lows: Float64Array
  readonly #volumes: Float64Array
  /** When the candle that is being built opened; NaN before the first. */
  #openTime = Number.NaN
  #state: 'open' | 'partial' | 'over' = 'over'
  #lastPlace = -1
  #close = Number.NaN
  #closeText = ''

  constructor(intervalMs: number, baseIntervalMs: number) {
    const places = intervalMs / baseIntervalMs
    if (!Number.isInteger(places) || places < 2) {
      throw new RangeError(`candles of ${intervalMs} ms are not made of those of ${baseIntervalMs}`)
    }
    this.intervalMs = intervalMs
    this.#baseIntervalMs = baseIntervalMs
    this.#highs = new Float64Array(places).fill(Number.NaN)
    this.#lows = new Float64Array(places)
    this.#volumes = new Float64Array(places)
  }

  /** Takes the next base candle and hands out what is over with it: none, one, or two. */
  add(base: AnalysedCandle): readonly BuiltCandle[] {
    const openTime = this.#openTimeOf(base)
    if (openTime < this.#openTime) return none
    if (openTime === this.#openTime) {
      this.#place(base)
      return this.#ends(base) ? this.#finish(none) : none
    }
    const before = Number.isNaN(this.#openTime) ? none : this.#finish(none)
    this.#begin(openTime, base)
    this.#place(base)
    return this.#ends(base) ? this.#finish(before) : before
  }

  /** Takes a base candle that is older than the newest, or the newest again. Tells a difference. */
  correct(base: AnalysedCandle): boolean {
    if (this.#state === 'over' || this.#openTimeOf(base) !== this.#openTime) return false
    return this.#place(base)
  }

  reset(): void {
    this.#openTime = Number.NaN
    this.#state = 'over'
  }

  #openTimeOf(base: AnalysedCandle): number {
    return Math.floor(base.openTime / this.intervalMs) * this.intervalMs
  }

  #placeOf(base: AnalysedCandle): number {
    return Math.floor((base.openTime - this.#openTime) / this.#baseIntervalMs)
  }

  #ends(base: AnalysedCandle): boolean {
    return this.#placeOf(base) === this.#highs.length - 1
  }

  #begin(openTime: number, base: AnalysedCandle): void {
    const isFirst = Number.isNaN(this.#openTime)
    this.#openTime = openTime
    this.#lastPlace = -1
    this.#highs.fill(Number.NaN)
    this.#state = isFirst && this.#placeOf(base) > 0 ? 'partial' : 'open'
  }

  #place(base: AnalysedCandle): boolean {
    const place = this.#placeOf(base)
    const { high, low, close, closeText, volume } = base
    const same =
      this.#highs[place] === high && this.#lows[place] === low && this.#volumes[place] === volume
    this.#highs[place] = high
    this.#lows[place] = low
    this.#volumes[place] = volume
    if (place < this.#lastPlace) return !same
    const closesSame = this.#lastPlace === place && this.#closeText === closeText
    this.#lastPlace = place
    this.#close = close
    this.#closeText = closeText
    return !(same && closesSame)
  }

  #finish(before: readonly BuiltCandle[]): readonly BuiltCandle[] {
    const isTold = this.#state === 'open'
    this.#state = 'over'
    if (!isTold) return before
    return before.length === 0 ? [this.#built()] : [...before, this.#built()]
  }

  #built(): BuiltCandle {
    let high = Number.NEGATIVE_INFINITY
    let low = Number.POSITIVE_INFINITY
    let volume = 0
    let missing = 0
    for (let place = 0; place < this.#highs.length; place += 1) {
      const placeHigh = this.#highs[place] as number
      if (Number.isNaN(placeHigh)) {
        missing += 1
        continue
      }
      high = Math.max(high, placeHigh)
      low = Math.min(low, this.#lows[place] as number)
      volume += this.#volumes[place] as number
    }
    return {
      openTime: this.#openTime,
      closeTime: this.#openTime + this.intervalMs,
      high,
      low,
      close: this.#close,
      closeText: this.#closeText,
      volume,
      missing,
    }
  }
}
