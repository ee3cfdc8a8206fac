// There is one worker per role. Who holds the lease proves it with every commit (the fence), so
// that a leader that was paused and overtaken changes nothing; and it stops calling the venue when
// it could not renew in time, for there no fence protects.
import { randomUUID } from 'node:crypto'
import { monotonicMs, pause } from './clock.ts'
import { type LedgerLogger, silentLogger } from './logger.ts'
import type { Fence, Ledger } from './port.ts'

export type LeadershipOptions = {
  readonly ledger: Ledger
  /** For example `risk-manager:paper`: the agent and the account it works on. */
  readonly role: string
  /** The stable name of this instance: after a crash it takes its own lease over at once. */
  readonly instance: string
  /** After this long without a sign of life another instance takes over; 4 s unless told otherwise. */
  readonly leaseMs?: number
  /** Called once when the lease is lost: stop working, then exit or acquire anew. */
  readonly onLost: (reason: string) => void
  readonly logger?: LedgerLogger
}

export type Leadership = {
  /** Waits until this instance leads; null when the signal was aborted before. */
  acquire(signal?: AbortSignal): Promise<Fence | null>
  /** The fence for commits; null when this instance does not lead, or may no longer do so. */
  fence(): Fence | null
  /** Gives the lease back, so that a successor need not wait. */
  release(): Promise<void>
}

export function createLeadership(options: LeadershipOptions): Leadership {
  return new HeldLease(options)
}

class HeldLease implements Leadership {
  readonly #options: LeadershipOptions
  readonly #leaseMs: number
  readonly #logger: LedgerLogger
  readonly #holder = randomUUID()
  #fence: Fence | null = null
  #validUntil = 0
  #renewing: { stop: AbortController; done: Promise<void> } | null = null

  constructor(options: LeadershipOptions) {
    this.#options = options
    this.#leaseMs = options.leaseMs ?? 4_000
    this.#logger = options.logger ?? silentLogger
  }

  async acquire(signal?: AbortSignal): Promise<Fence | null> {
    const { ledger, role, instance } = this.#options
    for (let waiting = false; signal?.aborted !== true; waiting = true) {
      const asked = monotonicMs()
      const request = { role, instance, holder: this.#holder, leaseMs: this.#leaseMs }
      const lease = await ledger.acquireLease(request)
      if (lease !== null) return this.#begin({ role, epoch: lease.epoch }, asked)
      if (!waiting) this.#logger.info({ role }, 'another instance leads, standing by')
      await pause(this.#leaseMs / 4, signal)
    }
    return null
  }

  fence(): Fence | null {
    return monotonicMs() < this.#validUntil ? this.#fence : null
  }

  async release(): Promise<void> {
    const fence = this.#fence
    this.#fence = null
    this.#renewing?.stop.abort()
    await this.#renewing?.done
    if (fence !== null) await this.#options.ledger.releaseLease(fence)
  }

  #begin(fence: Fence, asked: number): Fence {
    this.#fence = fence
    // Counted from before the question, so that we never believe longer than the server does.
    this.#validUntil = asked + this.#leaseMs
    const stop = new AbortController()
    this.#renewing = { stop, done: this.#renew(fence, stop.signal) }
    this.#logger.info({ role: fence.role, epoch: fence.epoch }, 'leadership acquired')
    return fence
  }

  async #renew(fence: Fence, signal: AbortSignal): Promise<void> {
    for (;;) {
      await pause(this.#leaseMs / 4, signal)
      if (signal.aborted) return
      const asked = monotonicMs()
      const answer = await this.#ask(fence, signal)
      if (signal.aborted) return
      if (answer !== 'renewed') return this.#lose(answer)
      this.#validUntil = asked + this.#leaseMs
    }
  }

  /** Asks until the lease is over; the ledger itself tries again meanwhile. */
  async #ask(fence: Fence, signal: AbortSignal): Promise<string> {
    const renewal = this.#options.ledger.renewLease(fence, this.#leaseMs).then(
      (renewed) => (renewed ? 'renewed' : 'another instance has taken over'),
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    const overtime = new AbortController()
    const stopped = (): void => overtime.abort()
    signal.addEventListener('abort', stopped, { once: true })
    const late = pause(this.#validUntil - monotonicMs(), overtime.signal).then(
      () => 'the lease could not be renewed in time',
    )
    try {
      return await Promise.race([renewal, late])
    } finally {
      overtime.abort()
      signal.removeEventListener('abort', stopped)
    }
  }

  #lose(reason: string): void {
    this.#fence = null
    this.#logger.error({ role: this.#options.role, reason }, 'leadership lost')
    this.#options.onLost(reason)
  }
}
