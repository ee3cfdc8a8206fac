import type { AgentName, AnyMessage } from '@flotilla/contracts'
import { createLeadership, createUnitProcessor } from '@flotilla/ledger'
import type { Fence, Ledger, Unit, UnitOutcome } from '@flotilla/ledger'
import { realClock } from '@flotilla/runtime'
import type { AgentContext } from '@flotilla/runtime'
import { keepHouse } from './housekeeping.ts'

/**
 * Some agents may be one only per account: whoever holds the lease leads, and every commit carries the
 * proof. Starting is recovering: lead, load, subscribe. A lost lease ends the term, and the next one
 * begins as the first. This is that life, the same for each of them.
 */
export type Term = {
  /** Loads, reconciles and subscribes; may wait, telling what for. */
  begin(): Promise<void>
  /** Takes no more, and lets what is under way come to its end. */
  end(): Promise<void>
}

/** What a term is given by the life around it. */
export type TermGrant = {
  readonly submit: (unit: Unit) => Promise<UnitOutcome>
  /** Whether the lease still holds, for calls that no commit guards. */
  readonly leads: () => boolean
  /** Aborted when the term is over: leadership was lost, or the agent stops. */
  readonly over: AbortSignal
  readonly lost: (reason: string) => void
  /** Told what the term waits for; null when it waits for nothing. */
  readonly waitingFor: (what: string | null) => void
}

export type LeadingOptions = {
  readonly name: AgentName
  readonly account: string
  /** Real milliseconds of silence after which another instance may take over. */
  readonly leaseMs: number
  readonly ledger: Ledger
  /** For how long the ledger recognises what comes twice. */
  readonly keepDays: number
  readonly publish: (messages: readonly AnyMessage[]) => Promise<void>
  readonly context: Pick<AgentContext, 'instance' | 'logger'>
}

/** Real time: after a term that failed, so that a broken ledger or bus is not hammered. */
const TERM_PAUSE_MS = 1_000
/** Handlers that wait for a ledger that is away must not hold up a stop. */
const END_WITHIN_MS = 2_000
const STANDBY_AFTER_MS = 500

export class LeadingLife<Led extends Term> {
  readonly #options: LeadingOptions
  readonly #open: (grant: TermGrant) => Led
  readonly #stopping = new AbortController()
  readonly #progress = Promise.withResolvers<void>()
  #term: Led | null = null
  #waitsFor: string | null = 'start'
  #running: Promise<void> = Promise.resolve()

  constructor(options: LeadingOptions, open: (grant: TermGrant) => Led) {
    this.#options = options
    this.#open = open
  }

  /** The term that runs; null between terms and on standby. */
  get term(): Led | null {
    return this.#term
  }

  /** What is waited for; null while work is taken. */
  get waitsFor(): string | null {
    return this.#waitsFor
  }

  /** Resolves when the term has begun, or when something has to be waited for. */
  async start(): Promise<void> {
    this.#running = this.#lead()
    await this.#progress.promise
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the agent stops'))
    await this.#running
  }

  #waitingFor = (what: string | null): void => {
    this.#waitsFor = what
    this.#progress.resolve()
  }

  async #lead(): Promise<void> {
    const stopping = this.#stopping.signal
    const lease = { ...this.#options, stopping, waitingFor: this.#waitingFor }
    while (!stopping.aborted) {
      try {
        await holdLease(lease, (held) => this.#serve(held))
      } catch (err) {
        if (stopping.aborted) break
        this.#waitingFor('the ledger and the bus')
        this.#options.context.logger.error({ err }, 'term ended by a fault, beginning anew')
        await realClock.sleep(TERM_PAUSE_MS, stopping).catch(() => undefined)
      }
    }
    this.#waitingFor('stopped')
  }

  async #serve({ fence, over, lost }: HeldLease): Promise<void> {
    const { name: consumer, ledger, publish, keepDays } = this.#options
    const { logger } = this.#options.context
    const processor = createUnitProcessor({ ledger, consumer, publish, fence, logger })
    const term = this.#open({
      submit: (unit) => processor.submit(unit),
      leads: () => fence() !== null,
      over,
      lost,
      waitingFor: this.#waitingFor,
    })
    this.#term = term
    try {
      // Not waited for: what is left in the outbox may need an agent that starts after this one.
      processor.start().catch((err: unknown) => logger.warn({ err }, 'outbox not published yet'))
      // A ledger or a venue that hangs must not hold up the end of the term.
      const ended = aborted(over)
      await Promise.race([term.begin(), ended])
      void keepHouse({ ledger, keepDays, logger, sleep: (ms) => realClock.sleep(ms, over) })
      await ended
    } finally {
      await within(END_WITHIN_MS, term.end())
      await processor.stop(END_WITHIN_MS)
      this.#term = null
    }
  }
}

type HeldLease = {
  readonly fence: () => Fence | null
  readonly over: AbortSignal
  readonly lost: (reason: string) => void
}

type LeaseOptions = LeadingOptions & {
  readonly stopping: AbortSignal
  readonly waitingFor: (what: string | null) => void
}

/** Waits for the lease, serves while it holds, and gives it back. */
async function holdLease(
  options: LeaseOptions,
  serve: (held: HeldLease) => Promise<void>,
): Promise<void> {
  const { name, account, leaseMs, ledger, context, stopping, waitingFor } = options
  const over = new AbortController()
  const lost = (reason: string): void => over.abort(new Error(reason))
  const leadership = createLeadership({
    ledger,
    role: `${name}:${account}`,
    instance: context.instance,
    leaseMs,
    onLost: lost,
    logger: context.logger,
  })
  const acquired = new AbortController()
  realClock.sleep(STANDBY_AFTER_MS, AbortSignal.any([acquired.signal, stopping])).then(
    () => waitingFor('another instance leads'),
    () => undefined,
  )
  // A ledger that hangs must not hold up a stop; a lease that is granted after it runs out by itself.
  const stopped = aborted(stopping).then(() => null)
  const fence = await Promise.race([leadership.acquire(stopping), stopped])
  acquired.abort()
  if (fence === null) return
  try {
    const signal = AbortSignal.any([over.signal, stopping])
    await serve({ fence: () => leadership.fence(), over: signal, lost })
  } finally {
    waitingFor('leadership')
    await within(END_WITHIN_MS, leadership.release())
  }
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
