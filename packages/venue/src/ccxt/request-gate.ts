// Where every request to a venue passes: a venue that asked for a pause gets it, and what its limits have no room
// for waits a moment here or is told when to come again. Each venue has a gate of its own, so that waiting for one
// never holds another up.
import { monotonicMs, pause } from '../clock.ts'
import type { Budget, Urgency } from './request-budget.ts'
import type { VenueLogger } from './venue-logger.ts'
import { WireFailure } from './wire-failure.ts'

export type Passage = {
  /** For messages: what is sent, without what is secret. */
  readonly what: string
  readonly budget: Budget
  readonly weight: number
  readonly urgency: Urgency
}

/** Real milliseconds: longer than this nobody waits for room inside a call. */
const PATIENCE_MS = 2_000
/** Where a venue asks for a pause without saying how long: doubled each time that it asks again at once. */
const PAUSE_MS = 1_000
const PAUSE_MS_MAX = 32_000

export class RequestGate {
  readonly #logger: VenueLogger | undefined
  #pausedUntil = 0
  /** Pauses asked for one after the other, without an answer in between. */
  #pauses = 0
  #warnedAt = -Infinity

  constructor(logger: VenueLogger | undefined) {
    this.#logger = logger
  }

  /** Real milliseconds for which the venue asked to be left alone, from now on. */
  get pausedForMs(): number {
    return Math.max(0, Math.ceil(this.#pausedUntil - monotonicMs()))
  }

  /** Waits for room where that is near. @throws WireFailure with the time to come again, unsent */
  async enter({ what, budget, weight, urgency }: Passage): Promise<void> {
    for (;;) {
      const pausedMs = this.pausedForMs
      if (pausedMs > 0) throw refusedHere(what, 'the venue asked for a pause', pausedMs)
      const waitMs = budget.enter(weight, urgency)
      if (waitMs === 0) return
      if (waitMs > PATIENCE_MS) {
        this.#warn({ ...budget.state, urgency, waitMs })
        throw refusedHere(what, 'the request weight is spent', waitMs)
      }
      await pause(waitMs, new AbortController().signal)
    }
  }

  /** A venue that says "slow down" is left alone as long as it asked, by every call. */
  pauseAfter({ status, retryAfterMs }: WireFailure): void {
    const pauseMs = retryAfterMs ?? Math.min(PAUSE_MS_MAX, PAUSE_MS * 2 ** this.#pauses)
    this.#pauses += 1
    this.#logger?.warn({ pauseMs, status }, 'venue asked for a pause')
    this.#pausedUntil = Math.max(this.#pausedUntil, monotonicMs() + pauseMs)
  }

  /** It answers as it should. */
  answered(): void {
    this.#pauses = 0
  }

  #warn(facts: object): void {
    if (monotonicMs() - this.#warnedAt < 60_000) return
    this.#warnedAt = monotonicMs()
    this.#logger?.warn(facts, 'request weight is spent, the rest is for exits')
  }
}

function refusedHere(what: string, why: string, waitMs: number): WireFailure {
  return new WireFailure({
    kind: 'http',
    message: `${what} was not sent: ${why}, another ${String(waitMs)} ms to wait`,
    status: 429,
    retryAfterMs: waitMs,
    isUnsent: true,
  })
}
