import { StandardDeviation } from './standard-deviation.ts'
import type { DeviationBasis } from './standard-deviation.ts'

/**
 * Volatility: the standard deviation of the last `period` logarithmic returns, per candle and as a
 * share (0.01 is one per cent). It is not scaled to a year: who wants that multiplies by the root of
 * the candles in a year. First value at candle number `period + 1`.
 */
export class Volatility {
  value = Number.NaN
  readonly #deviation: StandardDeviation
  #previousClose = Number.NaN

  constructor(period: number, basis: DeviationBasis = 'population') {
    this.#deviation = new StandardDeviation(period, basis)
  }

  update(close: number): number {
    const previousClose = this.#previousClose
    this.#previousClose = close
    if (Number.isNaN(previousClose)) return this.value
    this.value = this.#deviation.update(Math.log(close / previousClose))
    return this.value
  }
}
