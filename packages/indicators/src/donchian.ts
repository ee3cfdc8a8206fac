import { Extreme } from './extreme.ts'
import { assertPeriod } from './period.ts'

/**
 * Which candles make the channel. `current`: the last `period` including the newest, as TA-Lib's MAX
 * and MIN and most charts do; a close can then touch the channel, never leave it. `previous`: the
 * `period` before the newest, which the newest may break out of.
 */
export type DonchianSpan = 'current' | 'previous'

/** Donchian channel: the highest high, the lowest low and the middle between them. */
export class Donchian {
  middle = Number.NaN
  upper = Number.NaN
  lower = Number.NaN
  readonly #highest: Extreme
  readonly #lowest: Extreme
  readonly #span: DonchianSpan

  constructor(period: number, span: DonchianSpan = 'current') {
    assertPeriod(period)
    this.#highest = new Extreme(period, 'highest')
    this.#lowest = new Extreme(period, 'lowest')
    this.#span = span
  }

  update(high: number, low: number): number {
    if (this.#span === 'previous') this.#show()
    this.#highest.push(high)
    this.#lowest.push(low)
    if (this.#span === 'current') this.#show()
    return this.middle
  }

  #show(): void {
    if (!this.#highest.full) return
    this.upper = this.#highest.value
    this.lower = this.#lowest.value
    this.middle = (this.upper + this.lower) / 2
  }
}
