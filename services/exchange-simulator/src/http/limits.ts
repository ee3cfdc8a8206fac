import { refuse, type Refusal } from '../core/index.ts'
import type { SimulatorConfig } from '../config.ts'

/**
 * Weights and order counts over windows of real time. A market that runs sixty times faster lets in
 * sixty times as much, since its clients live sixty times faster; one that is moved by hand sets no
 * limit. Who goes on after being told to stop is banned, for twice as long each time.
 */
const MINUTE_MS = 60_000
const FIVE_MINUTES_MS = 300_000
const TEN_SECONDS_MS = 10_000
const DAY_MS = 86_400_000
const BAN_MS = 120_000
const BAN_MS_MAX = 3 * DAY_MS
/** Requests over the limit within a minute that are only refused. */
const PATIENCE = 50

type Window = { readonly length: number; start: number; used: number }

export type OrderCount = { readonly tenSeconds: number; readonly day: number }

/** A refusal that says when to come again. */
export type LimitRefusal = Refusal & { readonly retryAfterSeconds: number }

export class Limits {
  readonly #config: SimulatorConfig['limits']
  readonly #scale: number
  readonly #realNow: () => number
  readonly #weight: Window = { length: MINUTE_MS, start: 0, used: 0 }
  readonly #raw: Window = { length: FIVE_MINUTES_MS, start: 0, used: 0 }
  readonly #tenSeconds: Window = { length: TEN_SECONDS_MS, start: 0, used: 0 }
  readonly #day: Window = { length: DAY_MS, start: 0, used: 0 }
  #violations = 0
  #filled = 0
  #bannedUntil = 0
  #banMs = BAN_MS

  constructor(config: SimulatorConfig, realNow: () => number) {
    this.#config = config.limits
    this.#scale = config.clock === 'manual' ? Infinity : Math.max(1, config.speed)
    this.#realNow = realNow
  }

  get usedWeight(): number {
    return this.#current(this.#weight).used
  }

  get orderCount(): OrderCount {
    return { tenSeconds: this.#current(this.#tenSeconds).used, day: this.#current(this.#day).used }
  }

  /** Takes the weight of a request, or says why it is not let in. */
  enter(weight: number): LimitRefusal | null {
    const now = this.#realNow()
    this.#forgetFilled()
    if (now < this.#bannedUntil) return this.#banned(now)
    const window = this.#current(this.#weight)
    const raw = this.#current(this.#raw)
    if (window.used === 0) this.#violations = 0
    window.used += weight
    raw.used += 1
    const { weightPerMinute, rawRequestsPerFiveMinutes } = this.#config
    if (window.used > weightPerMinute * this.#scale) {
      return this.#tooMuch(
        window,
        `Too much request weight used; current limit is ${weightPerMinute} request weight per 1 MINUTE.`,
      )
    }
    if (raw.used <= rawRequestsPerFiveMinutes * this.#scale) return null
    return this.#tooMuch(
      raw,
      `Too many requests; current limit is ${rawRequestsPerFiveMinutes} requests per 5 MINUTE.`,
    )
  }

  /** Over the limit, but not for so long that the address is banned. */
  #tooMuch(window: Window, what: string): LimitRefusal {
    const now = this.#realNow()
    this.#violations += 1
    if (this.#violations > PATIENCE) {
      this.#bannedUntil = now + this.#banMs
      this.#banMs = Math.min(this.#banMs * 2, BAN_MS_MAX)
      return this.#banned(now)
    }
    const advice = 'Please use WebSocket Streams for live updates to avoid polling the API.'
    return {
      ...refuse(-1003, `${what} ${advice}`, 429),
      retryAfterSeconds: Math.ceil((window.start + window.length - now) / 1_000),
    }
  }

  /** For tests: as if this client had gone on for too long. */
  ban(ms: number): void {
    this.#bannedUntil = this.#realNow() + ms
  }

  pardon(): void {
    this.#bannedUntil = 0
  }

  refund(weight: number): void {
    const window = this.#current(this.#weight)
    window.used = Math.max(0, window.used - weight)
  }

  /** Null when another order may come. */
  checkOrders(): LimitRefusal | null {
    const limits = this.#config
    const checks = [
      [this.#current(this.#tenSeconds), limits.ordersPerTenSeconds, '10 SECOND'],
      [this.#current(this.#day), limits.ordersPerDay, '1 DAY'],
    ] as const
    for (const [window, most, name] of checks) {
      if (window.used < most * this.#scale) continue
      return {
        ...refuse(-1015, `Too many new orders; current limit is ${most} orders per ${name}.`, 429),
        retryAfterSeconds: Math.ceil((window.start + window.length - this.#realNow()) / 1_000),
      }
    }
    return null
  }

  countOrders(count: number): void {
    this.#current(this.#tenSeconds).used += count
    this.#current(this.#day).used += count
  }

  /**
   * An order that has its first fill is not counted any more, in the windows that run now. The venue
   * takes it off a moment later, so that the answer to the order itself still counts it.
   */
  noteFirstFills(count: number): void {
    this.#filled += count
  }

  #forgetFilled(): void {
    if (this.#filled === 0) return
    for (const window of [this.#current(this.#tenSeconds), this.#current(this.#day)]) {
      window.used = Math.max(0, window.used - this.#filled)
    }
    this.#filled = 0
  }

  #current(window: Window): Window {
    // Looked at once: between two looks a millisecond may pass, and the window would begin anew.
    const now = this.#realNow()
    const start = now - (now % window.length)
    if (start === window.start) return window
    window.start = start
    window.used = 0
    return window
  }

  #banned(now: number): LimitRefusal {
    return {
      ...refuse(
        -1003,
        `Way too much request weight used; IP banned until ${this.#bannedUntil}. ` +
          'Please use WebSocket Streams for live updates to avoid bans.',
        418,
      ),
      retryAfterSeconds: Math.ceil((this.#bannedUntil - now) / 1_000),
    }
  }
}
