import { assertPeriod } from './period.ts'

/**
 * Relative strength index with Wilder's smoothing, 0..100. The seed is the average of the first
 * `period` changes, so the first value comes with candle number `period + 1`.
 *
 * Without any movement TA-Lib answers 0, which a strategy reads as "deeply oversold". Nothing moved,
 * so this answers 50. It is the only difference.
 */
export class Rsi {
  value = Number.NaN
  readonly #period: number
  #changes = -1
  #previous = Number.NaN
  #gain = 0
  #loss = 0

  constructor(period: number) {
    assertPeriod(period)
    this.#period = period
  }

  update(input: number): number {
    const change = input - this.#previous
    this.#previous = input
    if (this.#changes < 0) {
      this.#changes = 0
      return this.value
    }
    const gain = change > 0 ? change : 0
    const loss = change < 0 ? -change : 0
    const period = this.#period
    if (this.#changes < period) {
      this.#changes += 1
      this.#gain += gain
      this.#loss += loss
      if (this.#changes < period) return this.value
      this.#gain /= period
      this.#loss /= period
    } else {
      this.#gain = (this.#gain * (period - 1) + gain) / period
      this.#loss = (this.#loss * (period - 1) + loss) / period
    }
    const total = this.#gain + this.#loss
    this.value = total < movementMinimum ? 50 : (100 * this.#gain) / total
    return this.value
  }
}

/** Below this TA-Lib, too, takes a sum of averages for zero. */
const movementMinimum = 1e-14
