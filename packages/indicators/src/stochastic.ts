import { Extreme } from './extreme.ts'
import { assertPeriod } from './period.ts'
import { Sma } from './sma.ts'

export type StochasticPeriods = {
  /** Candles of the range in which the close is placed. */
  readonly range: number
  /** Candles of the average that makes `k` of the raw place; 1 leaves it raw ("fast"). */
  readonly smoothing: number
  /** Candles of the average of `k` that is `d`. */
  readonly signal: number
}

/**
 * Slow stochastic, 0..100: where the close lies between the lowest low and the highest high, smoothed
 * (`k`), and the average of that (`d`). `k` is there from candle number `range + smoothing - 1`, `d`
 * from `signal - 1` candles later. (TA-Lib shows both only from then on.)
 *
 * In a range without height TA-Lib answers 0, which a strategy reads as "deeply oversold". There is
 * no place in it, so this answers 50.
 */
export class Stochastic {
  k = Number.NaN
  d = Number.NaN
  readonly #highest: Extreme
  readonly #lowest: Extreme
  readonly #smoothing: Sma
  readonly #signal: Sma

  constructor({ range, smoothing, signal }: StochasticPeriods) {
    assertPeriod(range, 'range')
    this.#highest = new Extreme(range, 'highest')
    this.#lowest = new Extreme(range, 'lowest')
    this.#smoothing = new Sma(smoothing)
    this.#signal = new Sma(signal)
  }

  update(high: number, low: number, close: number): number {
    this.#highest.push(high)
    this.#lowest.push(low)
    if (!this.#highest.full) return this.k
    const lowest = this.#lowest.value
    const height = this.#highest.value - lowest
    const place = height === 0 ? 50 : (100 * (close - lowest)) / height
    this.k = this.#smoothing.update(place)
    if (!Number.isNaN(this.k)) this.d = this.#signal.update(this.k)
    return this.k
  }
}
