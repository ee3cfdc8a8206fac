// There is one execution agent per account at a time: it leads while it holds the lease, and every
// commit carries the proof. Starting is recovering, and a lost lease ends the term; the next one
// begins as the first.
import type { Agent, Readiness } from '@flotilla/fleet'
import { createLeadership, createUnitProcessor, type Leadership } from '@flotilla/ledger'
import { realClock } from '@flotilla/runtime'
import { isDoubtful, type Desk } from './core/index.ts'
import { DeadMan } from './dead-man.ts'
import { EntriesGate } from './entries-gate.ts'
import { createExecutionMetrics, type ExecutionMetrics } from './metrics.ts'
import { stretchOf } from './settings.ts'
import { Term, type Deps } from './term.ts'

/** Real time: after a term that failed, so that a broken ledger or bus is not hammered. */
const TERM_PAUSE_MS = 1_000
const END_WITHIN_MS = 2_000
const STANDBY_AFTER_MS = 500

export class Execution implements Agent {
  readonly #deps: Deps
  readonly #metrics: ExecutionMetrics
  readonly #gate: EntriesGate
  readonly #deadMan: DeadMan
  readonly #stopping = new AbortController()
  #term: Term | null = null
  #running: Promise<void> = Promise.resolve()
  /** What is waited for; null while approvals are taken. */
  #waitsFor: string | null = 'start'

  constructor(deps: Deps) {
    this.#deps = deps
    this.#gate = new EntriesGate({
      account: deps.shared.account.id,
      now: () => deps.context.clock.now(),
      logger: deps.context.logger,
      publish: (message) => deps.bus.publish(message),
    })
    this.#deadMan = new DeadMan({
      gate: this.#gate,
      clock: deps.context.clock,
      silenceMs: deps.config.silenceMs * stretchOf(deps.shared),
      venue: () => deps.venue.fetchTime(),
      ledger: () => deps.ledger.recall('execution', 'sign-of-life'),
    })
    this.#metrics = createExecutionMetrics(deps.context.metrics, {
      desks: () => this.#term?.desks ?? [],
      stops: () => this.#gate.stops.length,
    })
  }

  /** Resolves when approvals are taken, or when something has to be waited for. */
  async start(): Promise<void> {
    this.#deadMan.start()
    const settled = Promise.withResolvers<void>()
    this.#running = this.#lead((what) => {
      this.#waitsFor = what
      settled.resolve()
    })
    await settled.promise
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the agent stops'))
    await this.#deadMan.stop()
    await this.#running
  }

  readiness(): Readiness {
    const desks = this.#term?.desks ?? []
    return {
      ready: this.#waitsFor === null,
      detail: {
        waitsFor: this.#waitsFor,
        account: this.#deps.shared.account.id,
        positions: desks.filter(isHeld).map(viewOf),
        ordersInDoubt: desks.flatMap(doubtfulOf),
        inFlight: this.#term?.inFlight ?? 0,
        differences: this.#term?.differences ?? [],
        entriesStopped: this.#gate.stops,
        halted: desks.flatMap(haltOf),
      },
    }
  }

  async #lead(waitingFor: (what: string | null) => void): Promise<void> {
    const { logger } = this.#deps.context
    const stopping = this.#stopping.signal
    while (!stopping.aborted) {
      try {
        await this.#serveTerm(waitingFor)
      } catch (err) {
        if (stopping.aborted) break
        waitingFor('the ledger and the bus')
        logger.error({ err }, 'term ended by a fault, beginning anew')
        await realClock.sleep(TERM_PAUSE_MS, stopping).catch(() => undefined)
      }
    }
    waitingFor('stopped')
  }

  async #serveTerm(waitingFor: (what: string | null) => void): Promise<void> {
    const { ledger, config, context, shared } = this.#deps
    const over = new AbortController()
    const lost = (reason: string): void => over.abort(new Error(reason))
    const leadership = createLeadership({
      ledger,
      role: `execution:${shared.account.id}`,
      instance: context.instance,
      leaseMs: config.leaseMs,
      onLost: lost,
      logger: context.logger,
    })
    const acquired = new AbortController()
    const standby = AbortSignal.any([acquired.signal, this.#stopping.signal])
    realClock.sleep(STANDBY_AFTER_MS, standby).then(
      () => waitingFor('leadership'),
      () => undefined,
    )
    const fence = await leadership.acquire(this.#stopping.signal)
    acquired.abort()
    if (fence === null) return
    try {
      const signal = AbortSignal.any([over.signal, this.#stopping.signal])
      await this.#serve({ leadership, over: signal, lost, waitingFor })
    } finally {
      waitingFor('leadership')
      await within(END_WITHIN_MS, leadership.release())
    }
  }

  async #serve(term: {
    leadership: Leadership
    over: AbortSignal
    lost: (reason: string) => void
    waitingFor: (what: string | null) => void
  }): Promise<void> {
    const { ledger, bus, context } = this.#deps
    const { leadership, ...rest } = term
    const processor = createUnitProcessor({
      ledger,
      consumer: 'execution',
      publish: (messages) => bus.publishAll(messages),
      fence: () => leadership.fence(),
      logger: context.logger,
    })
    const current = new Term({
      deps: this.#deps,
      metrics: this.#metrics,
      gate: this.#gate,
      submit: (unit) => processor.submit(unit),
      mayCall: () => leadership.fence() !== null,
      ...rest,
    })
    this.#term = current
    try {
      // Not waited for: what is left in the outbox may need an agent that starts after this one.
      processor
        .start()
        .catch((err: unknown) => context.logger.warn({ err }, 'outbox not published yet'))
      const over = aborted(term.over)
      // A ledger or a venue that hangs must not hold up the end of the term.
      await Promise.race([current.begin(), over])
      await over
    } finally {
      await within(END_WITHIN_MS, current.end())
      await processor.stop(END_WITHIN_MS)
      this.#term = null
    }
  }
}

function isHeld({ position }: Desk): boolean {
  return position?.quantity.isPositive() === true
}

function viewOf({ market, position }: Desk) {
  const protection = position?.protection
  return {
    symbol: market.symbol,
    quantity: position?.quantity.toString(),
    protection: protection?.state ?? 'unprotected',
    reason: protection?.reason ?? null,
  }
}

function haltOf({ market, halted }: Desk) {
  return halted === null ? [] : [{ symbol: market.symbol, reason: halted }]
}

function doubtfulOf({ tickets }: Desk): string[] {
  const doubtful = [...tickets.values()].filter(({ order }) => isDoubtful(order.state))
  return doubtful.map(({ order }) => order.clientOrderId)
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** A stop takes a bounded time, whatever is stuck; what did not end is recovered at the next start. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const enough = new AbortController()
  const late = realClock.sleep(ms, enough.signal).catch(() => undefined)
  await Promise.race([work.catch(() => undefined), late])
  enough.abort()
}
