import { assertPeriod } from './period.ts'
import { Window } from './window.ts'

/** `population` divides by the count (TA-Lib), `sample` by the count less one. */
export type DeviationBasis = 'population' | 'sample'

/** Standard deviation of the last `period` values. First value at candle number `period`. */
export class StandardDeviation {
  value = Number.NaN
  readonly #window: Window
  readonly #basis: DeviationBasis

  constructor(period: number, basis: DeviationBasis = 'population') {
    assertPeriod(period)
    if (basis === 'sample' && period < 2) throw new RangeError('a sample needs two values or more')
    this.#window = new Window(period)
    this.#basis = basis
  }

  update(input: number): number {
    const window = this.#window
    window.push(input)
    if (window.full) this.value = Math.sqrt(window.variance(window.mean(), this.#basis))
    return this.value
  }
}
