/** Keeps who comes until the window that the first of them opened is over; then all go together. */
export class BatchWindow {
  readonly #windowMs: number
  readonly #sleep: (ms: number) => Promise<void>
  #over: Promise<void> | null = null

  /** @param windowMs 0: everyone goes at once. */
  constructor(windowMs: number, sleep: (ms: number) => Promise<void>) {
    this.#windowMs = windowMs
    this.#sleep = sleep
  }

  async pass(): Promise<void> {
    if (this.#windowMs === 0) return
    this.#over ??= this.#open().finally(() => {
      this.#over = null
    })
    await this.#over
  }

  /** A sleep that is broken off ends it early: the agent stops, and nobody is held back. */
  async #open(): Promise<void> {
    await this.#sleep(this.#windowMs).catch(() => undefined)
  }
}
