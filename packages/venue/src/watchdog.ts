// Notices silence. A connection whose other side is gone stays open for hours by itself.
import { after, monotonicMs, type Cancel } from './clock.ts'

/** Real time for whoever waits; a test gives a time that it turns by hand. */
export type Timer = {
  /** Milliseconds on a clock that never steps back. */
  now(): number
  after(ms: number, task: () => void): Cancel
}

export const realTimer: Timer = { now: monotonicMs, after }

export type WatchdogOptions = {
  /** Milliseconds without a sign of life after which it barks, once. */
  readonly silenceMaxMs: number
  readonly onSilence: (reason: string) => void
  readonly timer?: Timer | undefined
}

/** Signs of life are only noted: thousands of messages a second must not cost a timer each. */
export class Watchdog {
  readonly #options: WatchdogOptions
  readonly #timer: Timer
  #heardAt: number
  #cancel: Cancel

  constructor(options: WatchdogOptions) {
    this.#options = options
    this.#timer = options.timer ?? realTimer
    this.#heardAt = this.#timer.now()
    this.#cancel = this.#wait(options.silenceMaxMs)
  }

  heard(): void {
    this.#heardAt = this.#timer.now()
  }

  stop(): void {
    this.#cancel()
  }

  #wait(ms: number): Cancel {
    return this.#timer.after(ms, () => {
      const { silenceMaxMs, onSilence } = this.#options
      const left = this.#heardAt + silenceMaxMs - this.#timer.now()
      if (left > 0) this.#cancel = this.#wait(left)
      else onSilence(`nothing came for ${String(silenceMaxMs)} ms`)
    })
  }
}
