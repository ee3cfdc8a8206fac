import { assertPeriod } from './period.ts'

/**
 * Exponential moving average, smoothing 2 / (period + 1). The seed is the simple average of the
 * first `period` values, as in TA-Lib; NaN before. (Other libraries start from the first price:
 * that is the same after a few hundred candles and different before.)
 */
export class Ema {
  value = Number.NaN
  readonly #period: number
  readonly #smoothing: number
  #count = 0
  #seed = 0

  constructor(period: number) {
    assertPeriod(period)
    this.#period = period
    this.#smoothing = 2 / (period + 1)
  }

  update(input: number): number {
    if (this.#count === this.#period) {
      this.value += this.#smoothing * (input - this.value)
      return this.value
    }
    this.#count += 1
    this.#seed += input
    if (this.#count === this.#period) this.value = this.#seed / this.#period
    return this.value
  }
}
