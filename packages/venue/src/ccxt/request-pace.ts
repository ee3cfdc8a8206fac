// A limit of so many requests, or so much weight, within any window of a given length. Where the venue's windows
// begin is not known, so that every span of that length is kept: what was sent leaves the sum one window later.
// The last part of the allowance is kept for exits, by the same ranks as everywhere.
import { monotonicMs } from '../clock.ts'
import { ceilings, type Budget, type BudgetState, type Urgency } from './request-budget.ts'

export type PaceOptions = {
  /** Weight within one window; 0 does not limit. */
  readonly allowance: number
  readonly windowMs: number
  /** How much of it this client may use for anything but exits, from 0 to 1. */
  readonly share: number
  /** Real time on a clock that never steps back, milliseconds. */
  readonly now?: () => number
}

type Sent = { readonly at: number; readonly weight: number }

export class RequestPace implements Budget {
  readonly #options: PaceOptions
  readonly #now: () => number
  #sent: Sent[] = []
  /** As the venue said, for all of us who share the limit, until its window is over. */
  #told = { weight: 0, until: -Infinity }

  constructor(options: PaceOptions) {
    this.#options = options
    this.#now = options.now ?? monotonicMs
  }

  get state(): BudgetState {
    const { allowance, windowMs } = this.#options
    return { usedWeight: this.#used(), weightAllowed: allowance, weightWindowMs: windowMs }
  }

  enter(weight: number, urgency: Urgency): number {
    const now = this.#now()
    if (this.#hasRoom(weight, urgency)) {
      this.#sent.push({ at: now, weight })
      if (now < this.#told.until) this.#told = { ...this.#told, weight: this.#told.weight + weight }
      return 0
    }
    const first = this.#sent[0]
    const free = first === undefined ? now : first.at + this.#options.windowMs
    const told = this.#told.until > now ? this.#told.until : now
    return Math.max(1, Math.ceil(Math.max(free, told) - now))
  }

  /** What the venue has counted in a window that ends in so many milliseconds, whoever sent it. */
  hear(usedWeight: number, endsInMs: number): void {
    this.#told = { weight: usedWeight, until: this.#now() + Math.max(0, endsInMs) }
  }

  /** A request counts from its beginning on, whatever becomes of it. */
  leave(): void {}

  count(): void {}

  #hasRoom(weight: number, urgency: Urgency): boolean {
    const { allowance, share } = this.#options
    if (allowance === 0 || urgency === 'exit') return true
    // A request that alone is more than its part would never go.
    const ceiling = Math.max(weight, allowance * ceilings[urgency])
    const own = this.#own() + weight
    return this.#used() + weight <= ceiling && own <= Math.max(weight, ceiling * share)
  }

  #used(): number {
    const told = this.#now() < this.#told.until ? this.#told.weight : 0
    return Math.max(told, this.#own())
  }

  #own(): number {
    const from = this.#now() - this.#options.windowMs
    this.#sent = this.#sent.filter(({ at }) => at > from)
    return this.#sent.reduce((sum, { weight }) => sum + weight, 0)
  }
}
