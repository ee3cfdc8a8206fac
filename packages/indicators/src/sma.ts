import { assertPeriod } from './period.ts'
import { Window } from './window.ts'

/** Simple moving average. First value at the candle number `period`, NaN before. */
export class Sma {
  value = Number.NaN
  readonly #window: Window

  constructor(period: number) {
    assertPeriod(period)
    this.#window = new Window(period)
  }

  update(input: number): number {
    this.#window.push(input)
    if (this.#window.full) this.value = this.#window.mean()
    return this.value
  }
}
