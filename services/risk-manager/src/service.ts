import type { Agent, Readiness } from '@flotilla/fleet'
import { createLeadership, createUnitProcessor } from '@flotilla/ledger'
import type { Leadership, Unit, UnitOutcome } from '@flotilla/ledger'
import { realClock } from '@flotilla/runtime'
import { createRiskMetrics, type RiskMetrics } from './metrics.ts'
import { RiskStore } from './store.ts'
import { Term, type Deps } from './term.ts'

/** After a term that failed, so that a broken ledger or bus is not hammered. */
const termPauseMs = 1_000
/** Handlers that wait for a ledger that is away must not hold up a stop. */
const endWithinMs = 2_000
const standbyAfterMs = 500

/**
 * There is one risk manager per account at a time: it leads while it holds the lease, and every commit
 * carries the proof. Starting is recovering: lead, load, subscribe. A lost lease ends the term, and the
 * next one begins as the first.
 */
export class RiskManager implements Agent {
  readonly #deps: Deps
  readonly #store: RiskStore
  readonly #metrics: RiskMetrics
  readonly #stopping = new AbortController()
  #term: Term | null = null
  #running: Promise<void> = Promise.resolve()
  /** What is waited for; null while intents are taken. */
  #waitsFor: string | null = 'start'

  constructor(deps: Deps) {
    this.#deps = deps
    this.#store = new RiskStore(deps)
    this.#metrics = createRiskMetrics(deps.context.metrics, () => this.#term?.book ?? null)
  }

  /** Resolves when intents are taken, or when something has to be waited for. */
  async start(): Promise<void> {
    const settled = Promise.withResolvers<void>()
    this.#running = this.#lead((what) => {
      this.#waitsFor = what
      settled.resolve()
    })
    await settled.promise
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the agent stops'))
    await this.#running
  }

  readiness(): Readiness {
    const book = this.#term?.book ?? null
    return {
      ready: this.#waitsFor === null,
      detail: {
        waitsFor: this.#waitsFor,
        account: this.#deps.shared.account.id,
        openReservations: book?.reservations.size ?? null,
        prices: book?.prices.size ?? null,
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
        await realClock.sleep(termPauseMs, stopping).catch(() => undefined)
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
      role: `risk-manager:${shared.account.id}`,
      instance: context.instance,
      leaseMs: config.leaseMs,
      onLost: lost,
      logger: context.logger,
    })
    const acquired = new AbortController()
    realClock.sleep(standbyAfterMs, acquired.signal).then(
      () => waitingFor('another instance leads'),
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
      await within(endWithinMs, leadership.release())
    }
  }

  async #serve(term: {
    leadership: Leadership
    over: AbortSignal
    lost: (reason: string) => void
    waitingFor: (what: string | null) => void
  }): Promise<void> {
    const { ledger, bus, context } = this.#deps
    const { logger } = context
    const { leadership, ...rest } = term
    const processor = createUnitProcessor({
      ledger,
      consumer: 'risk-manager',
      publish: (messages) => bus.publishAll(messages),
      fence: () => leadership.fence(),
      logger,
    })
    const submit = (unit: Unit): Promise<UnitOutcome> => processor.submit(unit)
    const current = new Term({
      deps: this.#deps,
      store: this.#store,
      metrics: this.#metrics,
      submit,
      ...rest,
    })
    this.#term = current
    try {
      // Not waited for: what is left in the outbox may need an agent that starts after this one.
      processor.start().catch((err: unknown) => logger.warn({ err }, 'outbox not published yet'))
      await current.begin()
      await aborted(term.over)
    } finally {
      await within(endWithinMs, current.end())
      await processor.stop(endWithinMs)
      this.#term = null
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Gives up waiting, not the task: what it leaves behind is found by the next start. */
async function within(ms: number, task: Promise<void>): Promise<void> {
  const done = new AbortController()
  const late = realClock.sleep(ms, done.signal).catch(() => undefined)
  await Promise.race([task.catch(() => undefined), late])
  done.abort()
}
