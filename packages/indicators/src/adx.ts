import { assertPeriod } from './period.ts'

/**
 * How the sums of movement and range begin. `ta-lib`: with the first `period - 1` candles, smoothed
 * from the next one on, as TA-Lib computes it. `wilder`: with the first `period` candles, as Wilder's
 * book and most charts do. They come together within a few hundred candles.
 */
export type AdxSeeding = 'ta-lib' | 'wilder'

/**
 * Average directional index with Wilder's smoothing, all 0..100: `plus` and `minus` say how much of
 * the range was movement up and down, `adx` how one-sided that has been. `plus` and `minus` are there
 * from candle number `period + 1`, `adx` from `2 * period`.
 *
 * While nothing moves at all `adx` stays as it is, as in TA-Lib.
 */
export class Adx {
  adx = Number.NaN
  plus = Number.NaN
  minus = Number.NaN
  readonly #period: number
  readonly #seedCandles: number
  #candles = 0
  #previousHigh = Number.NaN
  #previousLow = Number.NaN
  #previousClose = Number.NaN
  #up = 0
  #down = 0
  #range = 0
  #strengths = 0
  #strengthSum = 0

  constructor(period: number, seeding: AdxSeeding = 'ta-lib') {
    assertPeriod(period)
    this.#period = period
    this.#seedCandles = seeding === 'ta-lib' ? period - 1 : period
  }

  update(high: number, low: number, close: number): number {
    const previousClose = this.#previousClose
    const rise = high - this.#previousHigh
    const fall = this.#previousLow - low
    this.#previousHigh = high
    this.#previousLow = low
    this.#previousClose = close
    this.#candles += 1
    if (this.#candles === 1) return this.adx
    if (this.#candles > this.#seedCandles + 1) {
      this.#up -= this.#up / this.#period
      this.#down -= this.#down / this.#period
      this.#range -= this.#range / this.#period
    }
    if (rise > 0 && rise > fall) this.#up += rise
    else if (fall > 0 && fall > rise) this.#down += fall
    this.#range +=
      (high > previousClose ? high : previousClose) - (low < previousClose ? low : previousClose)
    if (this.#candles > this.#period) this.#show()
    return this.adx
  }

  #show(): void {
    const range = this.#range
    this.plus = range < movementMinimum ? 0 : (100 * this.#up) / range
    this.minus = range < movementMinimum ? 0 : (100 * this.#down) / range
    const total = this.plus + this.minus
    const moved = total >= movementMinimum
    const strength = moved ? (100 * Math.abs(this.plus - this.minus)) / total : 0
    if (this.#strengths < this.#period) {
      this.#strengths += 1
      this.#strengthSum += strength
      if (this.#strengths === this.#period) this.adx = this.#strengthSum / this.#period
    } else if (moved) {
      this.adx = (this.adx * (this.#period - 1) + strength) / this.#period
    }
  }
}

/** Below this TA-Lib, too, takes a sum for zero. */
const movementMinimum = 1e-14
