/** Lets those who ask within a window of each other go in an order of their own. */
export class Turns<Asking> {
  readonly #windowMs: number
  readonly #compare: (one: Asking, other: Asking) => number
  readonly #sleep: (ms: number) => Promise<void>
  #waiting: { readonly asking: Asking; readonly go: () => void }[] = []

  constructor(options: {
    /** 0: everyone goes at once. */
    readonly windowMs: number
    readonly compare: (one: Asking, other: Asking) => number
    readonly sleep: (ms: number) => Promise<void>
  }) {
    this.#windowMs = options.windowMs
    this.#compare = options.compare
    this.#sleep = options.sleep
  }

  /** Resolves when it is the turn of this one. */
  async take(asking: Asking): Promise<void> {
    if (this.#windowMs === 0) return
    const { promise, resolve: go } = Promise.withResolvers<void>()
    this.#waiting.push({ asking, go })
    if (this.#waiting.length === 1) this.#open()
    await promise
  }

  /** The first to ask opens the window; a sleep that is broken off closes it early. */
  #open(): void {
    const close = (): void => {
      const waiting = this.#waiting
      this.#waiting = []
      waiting.sort((one, other) => this.#compare(one.asking, other.asking))
      for (const { go } of waiting) go()
    }
    this.#sleep(this.#windowMs).then(close, close)
  }
}
