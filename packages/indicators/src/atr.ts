import { assertPeriod } from './period.ts'

/**
 * Average true range with Wilder's smoothing. The first candle has no previous close, hence no true
 * range, as in TA-Lib: the first value comes with candle number `period + 1`. (TradingView counts
 * the first candle's high less low and is one candle earlier.)
 */
export class Atr {
  value = Number.NaN
  readonly #period: number
  #ranges = -1
  #previousClose = Number.NaN
  #average = 0

  constructor(period: number) {
    assertPeriod(period)
    this.#period = period
  }

  update(high: number, low: number, close: number): number {
    const previousClose = this.#previousClose
    this.#previousClose = close
    if (this.#ranges < 0) {
      this.#ranges = 0
      return this.value
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
