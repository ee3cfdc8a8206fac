import { assertPeriod } from './period.ts'

/**
 * Where the average begins: at the simple average of the first `period` values (TA-Lib), or at the
 * `first-price`, as other libraries do. That is the same after a few hundred candles.
 */
export type EmaSeeding = 'average' | 'first-price'

/** Exponential moving average, smoothing 2 / (period + 1). First value at candle number `period`. */
export class Ema {
  value = Number.NaN
  readonly #period: number
  readonly #smoothing: number
  readonly #seeding: EmaSeeding
  #count = 0
  #seed = 0

  constructor(period: number, seeding: EmaSeeding = 'average') {
    assertPeriod(period)
    this.#period = period
    this.#seeding = seeding
    this.#smoothing = 2 / (period + 1)
  }

  update(input: number): number {
    if (this.#count === this.#period) {
      this.value += this.#smoothing * (input - this.value)
      return this.value
    }
    this.#count += 1
    if (this.#seeding === 'average') this.#seed += input
    else if (this.#count === 1) this.#seed = input
    else this.#seed += this.#smoothing * (input - this.#seed)
    if (this.#count < this.#period) return this.value
    this.value = this.#seeding === 'average' ? this.#seed / this.#period : this.#seed
    return this.value
  }
}
