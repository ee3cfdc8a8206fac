import { assertPeriod } from './period.ts'
import type { DeviationBasis } from './standard-deviation.ts'
import { Window } from './window.ts'

/** Bollinger bands: simple average and `multiplier` standard deviations either side. */
export class Bollinger {
  middle = Number.NaN
  upper = Number.NaN
  lower = Number.NaN
  readonly #window: Window
  readonly #multiplier: number
  readonly #basis: DeviationBasis

  constructor(period: number, multiplier = 2, basis: DeviationBasis = 'population') {
    assertPeriod(period)
    if (!(multiplier > 0)) throw new RangeError(`multiplier must be positive, not ${multiplier}`)
    this.#window = new Window(period)
    this.#multiplier = multiplier
    this.#basis = basis
  }

  update(input: number): number {
    const window = this.#window
    window.push(input)
    if (!window.full) return this.middle
    const mean = window.mean()
    const width = this.#multiplier * Math.sqrt(window.variance(mean, this.#basis))
    this.middle = mean
    this.upper = mean + width
    this.lower = mean - width
    return mean
  }
}
