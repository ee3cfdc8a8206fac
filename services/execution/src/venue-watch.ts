// How we stand with the venue: whether it takes our key, and whether our clocks agree. Where they do not, entries
// stop by themselves and people are told, once; exits go on with the venue's time, but not without a key.
import type { Clock, Logger, Timer } from '@flotilla/runtime'
import type { ClockReading, Venue } from '@flotilla/venue'
import type { EntriesGate } from './entries-gate.ts'
import type { SigningKeys } from './venue-keys.ts'

export type VenueWatchOptions = {
  readonly keys: Pick<SigningKeys, 'look' | 'refusal'>
  /** What is held, a few words for each position. */
  readonly positions: () => readonly string[]
  readonly venue: Venue
  readonly gate: EntriesGate
  readonly clock: Clock
  readonly logger: Logger
  /** All in the clock's milliseconds: how often to look, how often to compare the clocks, and the limits. */
  readonly lookMs: number
  readonly measureMs: number
  readonly skewAlarmMs: number
  readonly skewStopMs: number
}

export class VenueWatch {
  readonly #options: VenueWatchOptions
  #timers: Timer[] = []
  #isAlarmed = false

  constructor(options: VenueWatchOptions) {
    this.#options = options
  }

  start(): void {
    const { clock, lookMs, measureMs } = this.#options
    this.#timers = [
      clock.every(lookMs, () => this.#look()),
      clock.every(measureMs, () => this.#measure()),
    ]
  }

  async stop(): Promise<void> {
    await Promise.all(this.#timers.map((timer) => timer.stop()))
  }

  /** A venue that is away is not our matter here: its silence is. */
  async #measure(): Promise<void> {
    const { venue, logger } = this.#options
    await venue.measureClock().catch((err: unknown) => {
      logger.warn({ err }, 'clock of the venue not compared')
    })
    this.#look()
  }

  /** The keys are others, or are taken now: nobody has to wait for the next look. */
  lookNow(): void {
    this.#look()
  }

  #look(): void {
    const { venue, keys } = this.#options
    const { clock } = venue.health()
    keys.look()
    this.#judgeKeys(keys.refusal)
    if (clock !== null) this.#judgeClock(clock)
  }

  #judgeKeys(keysRefused: string | null): void {
    const { gate, positions } = this.#options
    const which = { cause: 'keys_refused', asset: null } as const
    if (keysRefused === null) {
      gate.lift({ ...which, reason: 'the venue takes the key again' })
      return
    }
    const held = positions()
    const without =
      held.length === 0
        ? 'nothing is held'
        : `${held.length} ${held.length === 1 ? 'position is' : 'positions are'} without a working ` +
          `key and cannot be protected, moved or sold (${held.join(', ')})`
    gate.stop({
      ...which,
      reason: `${keysRefused}; ${without}; exits wait for it too, prices go on`,
    })
  }

  /** Only what is certain counts: the answer may have been half of its way under way. */
  #judgeClock({ aheadMs, uncertaintyMs }: ClockReading): void {
    const { gate, logger, skewAlarmMs, skewStopMs } = this.#options
    const skewMs = Math.max(0, Math.abs(aheadMs) - uncertaintyMs)
    const words = `the venue's clock is ${Math.round(Math.abs(aheadMs))} ms ${aheadMs < 0 ? 'behind' : 'ahead of'} ours`
    if (skewMs > skewAlarmMs && !this.#isAlarmed) {
      logger.error({ aheadMs, uncertaintyMs, limitMs: skewAlarmMs }, 'clock differs from the venue')
    }
    this.#isAlarmed = skewMs > skewAlarmMs
    const which = { cause: 'clock_skew', asset: null } as const
    if (skewMs > skewStopMs) {
      gate.stop({ ...which, reason: `${words}; set the clock of this machine` })
    } else {
      gate.lift({ ...which, reason: 'the clocks agree again' })
    }
  }
}
