import { assertPeriod } from './period.ts'
import { Window } from './window.ts'

/** Where the level begins: at the first candle's volume (`first-volume`, TA-Lib), or at 0. */
export type ObvStart = 'first-volume' | 'zero'

/**
 * On-balance volume: the volume of every candle that closed above the one before, less that of those
 * that closed below. The level itself means nothing, for it depends on where counting began; a
 * restart carries it on by setting `value` to what it was.
 */
export class Obv {
  value = Number.NaN
  readonly #start: ObvStart
  #previousClose = Number.NaN

  constructor(start: ObvStart = 'first-volume') {
    this.#start = start
  }

  update(close: number, volume: number): number {
    const previousClose = this.#previousClose
    this.#previousClose = close
    if (Number.isNaN(this.value)) this.value = this.#start === 'zero' ? 0 : volume
    else this.value += signed(close, previousClose, volume)
    return this.value
  }
}

/**
 * How far on-balance volume moved within the last `period` candles. It needs no level, so that it
 * means the same whenever counting began. First value at candle number `period + 1`.
 */
export class ObvChange {
  value = Number.NaN
  readonly #window: Window
  #previousClose = Number.NaN

  constructor(period: number) {
    assertPeriod(period)
    this.#window = new Window(period)
  }

  update(close: number, volume: number): number {
    const previousClose = this.#previousClose
    this.#previousClose = close
    if (Number.isNaN(previousClose)) return this.value
    this.#window.push(signed(close, previousClose, volume))
    if (this.#window.full) this.value = this.#window.sum()
    return this.value
  }
}

function signed(close: number, previousClose: number, volume: number): number {
  if (close > previousClose) return volume
  return close < previousClose ? -volume : 0
}
