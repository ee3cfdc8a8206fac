import { assertPeriod } from './period.ts'

/**
 * What the first candle counts for, which has no previous close. `ta-lib`: nothing. `first-range`: its
 * high less its low, as charts do (TradingView), with which the first value is one candle earlier.
 */
export type AtrSeeding = 'ta-lib' | 'first-range'

/** Average true range with Wilder's smoothing. First value at candle number `period + 1`. */
export class Atr {
  value = Number.NaN
  readonly #period: number
  readonly #seeding: AtrSeeding
  #ranges = -1
  #previousClose = Number.NaN
  #average = 0

  constructor(period: number, seeding: AtrSeeding = 'ta-lib') {
    assertPeriod(period)
    this.#period = period
    this.#seeding = seeding
  }

  update(high: number, low: number, close: number): number {
    let previousClose = this.#previousClose
    this.#previousClose = close
    if (this.#ranges < 0) {
      this.#ranges = 0
      if (this.#seeding === 'ta-lib') return this.value
      previousClose = low
    }
    const range =
      (high > previousClose ? high : previousClose) - (low < previousClose ? low : previousClose)
    const period = this.#period
    if (this.#ranges < period) {
      this.#ranges += 1
      this.#average += range
      if (this.#ranges < period) return this.value
      this.#average /= period
    } else {
      this.#average = (this.#average * (period - 1) + range) / period
    }
    this.value = this.#average
    return this.value
  }
}
