import type { AgentContext } from '@flotilla/runtime'
import type { Venue } from '@flotilla/venue'
import { skewOf } from './core/index.ts'
import type { FeedMetrics } from './metrics.ts'

export type VenueTimekeeperDeps = {
  readonly source: string
  readonly venue: () => Pick<Venue, 'fetchTime'>
  readonly context: AgentContext
  readonly metrics: FeedMetrics
}

/** Market milliseconds between two questions for the venue's time. */
const askEveryMs = 600_000
/** From here on an operator should look after the clock of this machine. */
const alarmMs = 5_000

/** The venue's time, by our clock and the difference that was measured. */
export class VenueTimekeeper {
  readonly #deps: VenueTimekeeperDeps
  #skewMs = 0
  #askedAt: number | null = null
  #isAlarmed = false

  constructor(deps: VenueTimekeeperDeps) {
    this.#deps = deps
  }

  now(): number {
    return this.#deps.context.clock.now() + this.#skewMs
  }

  get skewMs(): number {
    return this.#skewMs
  }

  /** Asks when it is time to. Throws what the venue throws. */
  async keep(): Promise<void> {
    const { clock } = this.#deps.context
    const now = clock.now()
    if (this.#askedAt !== null && Math.abs(now - this.#askedAt) < askEveryMs) return
    await this.ask()
  }

  async ask(): Promise<void> {
    const { context, metrics, source, venue } = this.#deps
    const askedAt = context.clock.now()
    const venueTime = await venue().fetchTime()
    const answeredAt = context.clock.now()
    this.#askedAt = askedAt
    this.#skewMs = skewOf({ askedAt, answeredAt, venueTime })
    metrics.skew.set({ venue: source }, this.#skewMs / 1_000)
    const isOff = Math.abs(this.#skewMs) > alarmMs
    if (isOff && !this.#isAlarmed) {
      const values = { venue: source, skewMs: this.#skewMs }
      context.logger.warn(values, 'clocks of venue and machine differ')
    }
    this.#isAlarmed = isOff
  }
}
