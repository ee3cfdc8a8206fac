import { Ema } from './ema.ts'
import { assertPeriod } from './period.ts'

export type MacdPeriods = { readonly fast: number; readonly slow: number; readonly signal: number }

/**
 * Where the fast average gets its seed.
 * `aligned`: from the last `fast` of the first `slow` prices, so that both averages are born with
 * the same candle; this is TA-Lib. `independent`: from the first `fast` prices, as most charts do.
 * They come together within a few hundred candles.
 */
export type MacdSeeding = 'aligned' | 'independent'

/**
 * Moving average convergence divergence. `line` is there from candle number `slow`, `signal` and
 * `histogram` from `slow + signal - 1`; NaN before. (TA-Lib shows all three only from then on.)
 */
export class Macd {
  line = Number.NaN
  signal = Number.NaN
  histogram = Number.NaN
  readonly #fast: Ema
  readonly #slow: Ema
  readonly #signal: Ema
  #skip: number

  constructor(periods: MacdPeriods, seeding: MacdSeeding = 'aligned') {
    assertPeriod(periods.fast, 'fast')
    assertPeriod(periods.slow, 'slow')
    assertPeriod(periods.signal, 'signal')
    if (periods.fast >= periods.slow) {
      throw new RangeError(`fast ${periods.fast} must be less than slow ${periods.slow}`)
    }
    this.#fast = new Ema(periods.fast)
    this.#slow = new Ema(periods.slow)
    this.#signal = new Ema(periods.signal)
    this.#skip = seeding === 'aligned' ? periods.slow - periods.fast : 0
  }

  update(input: number): number {
    const slow = this.#slow.update(input)
    if (this.#skip > 0) {
      this.#skip -= 1
      return this.line
    }
    const fast = this.#fast.update(input)
    if (Number.isNaN(slow)) return this.line
    this.line = fast - slow
    this.signal = this.#signal.update(this.line)
    this.histogram = this.line - this.signal
    return this.line
  }
}
