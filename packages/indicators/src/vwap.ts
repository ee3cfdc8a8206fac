import { assertPeriod } from './period.ts'
import { Window } from './window.ts'

const dayMs = 86_400_000

/**
 * Where the average begins. `session`: anew at every UTC midnight; before the first midnight that was
 * seen there is no value, since a part of the day is missing. `first-candle`: at the first candle,
 * for ever.
 */
export type VwapAnchor = 'session' | 'first-candle'

/** Volume-weighted average of the typical price, (high + low + close) / 3, since its anchor. */
export class Vwap {
  value = Number.NaN
  readonly #anchor: VwapAnchor
  #session = Number.NaN
  #anchored = false
  #traded = 0
  #volume = 0

  constructor(anchor: VwapAnchor = 'session') {
    this.#anchor = anchor
    this.#anchored = anchor === 'first-candle'
  }

  update(openTime: number, typicalPrice: number, volume: number): number {
    if (this.#anchor === 'session') this.#enter(openTime)
    if (!this.#anchored) return this.value
    this.#traded += typicalPrice * volume
    this.#volume += volume
    // Before anything was traded the price is all there is.
    this.value = this.#volume > 0 ? this.#traded / this.#volume : typicalPrice
    return this.value
  }

  #enter(openTime: number): void {
    const session = Math.floor(openTime / dayMs)
    if (session === this.#session) return
    // The very first candle begins a session only when it opens with it.
    if (!Number.isNaN(this.#session) || openTime % dayMs === 0) this.#anchored = true
    this.#session = session
    this.#traded = 0
    this.#volume = 0
  }
}

/** Volume-weighted average of the typical price of the last `period` candles. */
export class RollingVwap {
  value = Number.NaN
  readonly #traded: Window
  readonly #volume: Window

  constructor(period: number) {
    assertPeriod(period)
    this.#traded = new Window(period)
    this.#volume = new Window(period)
  }

  update(typicalPrice: number, volume: number): number {
    this.#traded.push(typicalPrice * volume)
    this.#volume.push(volume)
    if (!this.#volume.full) return this.value
    const total = this.#volume.sum()
    this.value = total > 0 ? this.#traded.sum() / total : typicalPrice
    return this.value
  }
}
