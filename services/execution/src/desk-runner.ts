// Runs one desk: inputs strictly one after another, each committed before the next is looked at,
// the venue called only after the commit. Calls do not hold up the queue, and desks of different
// symbols do not know of each other.
import type { AnyMessage } from '@flotilla/contracts'
import { NotLeadingError, StaleFenceError, type Unit, type UnitOutcome } from '@flotilla/ledger'
import type { KeptStop } from '@flotilla/lineage'
import type { Decimal } from '@flotilla/money'
import { realClock, type Clock, type Logger } from '@flotilla/runtime'
import type { SymbolRules, Venue } from '@flotilla/venue'
import {
  CONVERT_FAILED,
  haltDesk,
  step,
  type Answer,
  type Desk,
  type Draft,
  type Effect,
  type Halt,
  type Input,
} from './core/index.ts'
import { carryOut, inMarketTime } from './effects.ts'
import type { ExecutionMetrics } from './metrics.ts'
import { withBalance } from './want-of-balance.ts'

export type RunnerOptions = {
  readonly desk: Desk
  readonly venue: Venue
  readonly clock: Clock
  /** Milliseconds of the market in one of the wall. */
  readonly stretch: number
  readonly logger: Logger
  readonly metrics: ExecutionMetrics
  readonly submit: (unit: Unit) => Promise<UnitOutcome>
  /** Why no entry may be sent at this moment, or null. */
  readonly entriesStopped: () => string | null
  /** Stops of execution's own that keep entries of the symbol back. */
  readonly stops: () => readonly KeptStop[]
  /** Why nothing is to be held here, or null. */
  readonly flattened: () => string | null
  /** By how much the venue's clock is ahead of ours, as far as is known. */
  readonly venueAheadMs: () => number
  /** Whether the venue tells of our orders by itself at this moment. */
  readonly followed: () => boolean
  /** What the venue refuses our key with; null while it takes it. */
  readonly keyRefused: () => string | null
  /** The desk as the ledger has it now. */
  readonly reload: () => Promise<Desk>
  /** False when the lease may be over: then nothing is sent any more. */
  readonly mayCall: () => boolean
  /** Aborted when nothing may be committed any more. */
  readonly over: AbortSignal
  readonly lost: (reason: string) => void
}

export type Done =
  | { readonly kind: 'committed' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'refused'; readonly constraint: string; readonly detail: string }

type Job = {
  /** Read in the desk's own turn, so that what it reads is as new as the desk. */
  readonly input: () => Promise<Input> | Input
  readonly causeId: string | null
  readonly resolve: (done: Done) => void
  readonly reject: (error: unknown) => void
}

/** Real time: how long a ledger that is away is left alone. */
const RETRY_PAUSE_MS = 1_000

export class DeskRunner {
  readonly #options: RunnerOptions
  readonly #jobs: Job[] = []
  #desk: Desk
  #working = false
  #callsUnderWay = 0
  #price: { price: Decimal; at: number } | null = null
  #tickWaits = false
  #idle: (() => void)[] = []
  /** A broken invariant of ours that is not in the ledger yet; there it is a halt of the symbol. */
  #fault: Halt | null = null

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#desk = options.desk
  }

  get desk(): Desk {
    return this.#desk
  }

  /** Resolves when the input is committed; rejects when that cannot be known in this term. */
  submit(input: Job['input'], causeId: string | null = null): Promise<Done> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ input, causeId, resolve, reject })
      void this.#work()
    })
  }

  /** Prices come faster than they are needed: only the newest waits. */
  offerPrice(price: Decimal, at: number): void {
    const waits = this.#price !== null
    this.#price = { price, at }
    if (waits) return
    this.#say(() => {
      const newest = this.#price ?? { price, at }
      this.#price = null
      return { kind: 'price', ...newest }
    })
  }

  /** What the venue told by itself, or may have. */
  offer(input: Extract<Input, { kind: 'streamed' | 'sweep' | 'rules' }>): void {
    this.#say(() => input)
  }

  tick(): void {
    if (this.#tickWaits) return
    this.#tickWaits = true
    this.#say(() => {
      this.#tickWaits = false
      return { kind: 'tick' }
    })
  }

  /** Resolves when no input waits and no call is under way. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** Inputs that wait or are processed, and calls whose answer is out. */
  get inFlight(): number {
    return this.#jobs.length + (this.#working ? 1 : 0) + this.#callsUnderWay
  }

  #isIdle(): boolean {
    return this.inFlight === 0
  }

  /** For inputs that nobody waits for; what goes wrong with them ends the term or was logged. */
  #say(input: () => Input): void {
    this.submit(input).catch((err: unknown) => {
      if (this.#options.over.aborted) return
      this.#options.logger.error({ err, symbol: this.#desk.market.symbol }, 'input not processed')
    })
  }

  async #work(): Promise<void> {
    if (this.#working) return
    this.#working = true
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      try {
        job.resolve(await this.#process(job))
      } catch (error) {
        job.reject(error)
      }
    }
    this.#working = false
    if (this.#isIdle()) for (const resolve of this.#idle.splice(0)) resolve()
  }

  async #process(job: Job): Promise<Done> {
    const input = await job.input()
    for (let refusals = 0; ;) {
      this.#options.over.throwIfAborted()
      await this.#storeFault()
      const draft = await this.#step(input)
      const done = await this.#commit(draft, job.causeId)
      if (done === 'not known') {
        await this.#loadAgain('the commit failed')
        continue
      }
      if (done.kind === 'committed') {
        this.#accept(draft)
      }
      if (done.kind !== 'refused') return done
      if (refusals > 0) return done
      refusals += 1
      await this.#loadAgain(`the ledger refused: ${done.constraint}: ${done.detail}`)
    }
  }

  /**
   * A fault of ours must not make the desk deaf: what it waited for would never be asked again, and a
   * position would be left alone. It begins again from the ledger, without new entries.
   */
  async #step(input: Input): Promise<Draft> {
    const { logger, clock, stretch, metrics, over } = this.#options
    try {
      const entriesStopped = this.#options.entriesStopped() ?? this.#fault?.reason ?? null
      const flattened = this.#options.flattened()
      const venueAheadMs = this.#options.venueAheadMs()
      const { followed, keyRefused } = this.#options
      const now = { followed: followed(), venueAheadMs, keyRefused: keyRefused() }
      const told = { entriesStopped, stops: this.#options.stops(), flattened, ...now }
      return step({ ...this.#desk, ...told }, input, clock.now())
    } catch (error) {
      const { symbol } = this.#desk.market
      this.#fault = { cause: 'own_fault', reason: `a fault of execution: ${String(error)}` }
      metrics.deskFaults.inc()
      logger.error({ err: error, symbol, input: input.kind }, 'desk fault, entries stopped here')
      await clock.sleep(RETRY_PAUSE_MS * stretch, over)
      await this.#loadAgain('a fault')
      // What was asked may lead to the same fault again: the orders come first, the rest in its time.
      const { settings } = this.#desk
      this.#desk = { ...this.#desk, sweepAt: clock.now() + settings.sweepMs }
      await this.#storeFault()
      throw error
    }
  }

  /** What the ledger could not take is tried again with the next input; until then it holds in memory. */
  async #storeFault(): Promise<void> {
    if (this.#fault === null) return
    const draft = haltDesk(this.#desk, this.#fault, this.#options.clock.now())
    const done = await this.#commit(draft, null)
    if (done === 'not known') return this.#loadAgain('the commit failed')
    if (done.kind !== 'committed') return
    this.#accept(draft)
    this.#fault = null
  }

  async #commit(draft: Draft, causeId: string | null): Promise<Done | 'not known'> {
    const { changes, messages: outgoing } = draft
    if (changes.length === 0 && outgoing.length === 0 && causeId === null) {
      return { kind: 'committed' }
    }
    try {
      const unit = { consumer: 'execution', causeId, changes, outgoing } as const
      const outcome = await this.#options.submit(unit)
      return outcome.kind === 'abandoned' ? 'not known' : outcome
    } catch (error) {
      if (error instanceof StaleFenceError || error instanceof NotLeadingError) {
        this.#options.lost(error.message)
        throw error
      }
      const values = { err: error, symbol: this.#desk.market.symbol }
      this.#options.logger.error(values, 'ledger away, execution waits')
      await realClock.sleep(RETRY_PAUSE_MS, this.#options.over)
      return 'not known'
    }
  }

  /** Whether the commit came through is not known: the ledger is, and it is right. */
  async #loadAgain(reason: string): Promise<void> {
    const { logger, over } = this.#options
    const { price, market, barred } = this.#desk
    logger.warn({ symbol: market.symbol, reason }, 'desk loaded again from the ledger')
    for (;;) {
      try {
        this.#desk = { ...(await this.#options.reload()), price, market, barred }
        return
      } catch (err) {
        logger.error({ err, symbol: market.symbol }, 'ledger away, execution waits')
        await realClock.sleep(RETRY_PAUSE_MS, over)
      }
    }
  }

  #accept(draft: Draft): void {
    this.#desk = draft.desk
    this.#tell(draft)
    for (const effect of draft.effects) void this.#call(effect)
  }

  async #call(effect: Effect): Promise<void> {
    const { venue, stretch, mayCall, lost, metrics, logger } = this.#options
    const { symbol } = this.#desk.market
    // An order that is not sent now is found as submitting by the next leader, who asks about it. We
    // may be that leader: a lease can lapse for a moment and be renewed. But the desk waits for the
    // answer to this very call and would wait for ever, so that the term has to begin anew.
    if (!mayCall()) {
      lost('the lease lapsed before a call to the venue')
      return
    }
    this.#callsUnderWay += 1
    try {
      const told = inMarketTime(await carryOut(venue, symbol, effect), stretch)
      const { rules } = this.#desk.market
      const answer = await this.#underNewRules(await withBalance(told, effect, { venue, rules }))
      metrics.venueCalls.inc({ kind: effect.kind, outcome: outcomeOf(answer) })
      if (answer.kind === 'read-failed') {
        logger.warn({ symbol, asked: effect.kind, reason: answer.reason }, 'venue did not answer')
      }
      this.#say(() => answer)
    } finally {
      this.#callsUnderWay -= 1
    }
  }

  /** A rule that we thought kept has changed: under the new ones the same may be tried again. */
  async #underNewRules(answer: Answer): Promise<Answer> {
    if (!('outcome' in answer) || answer.outcome.kind !== 'rejected') return answer
    if (!ofRules.has(answer.outcome.code)) return answer
    const { venue, logger } = this.#options
    const { symbol } = this.#desk.market
    const [rules] = await venue.fetchRules([symbol]).catch(() => [])
    if (rules === undefined || sameRules(rules, this.#desk.market.rules)) return answer
    logger.warn({ symbol, refused: answer.outcome.reason }, 'the venue has other rules now')
    this.#say(() => ({ kind: 'rules', rules }))
    return { ...answer, outcome: { retryAfterMs: 0, ...answer.outcome } }
  }

  #tell({ messages, notes }: Draft): void {
    const { logger, metrics } = this.#options
    for (const message of messages) tellMessage(message, logger, metrics)
    for (const { level, event, values } of notes) {
      if (event === CONVERT_FAILED)
        metrics.convertFailures.inc({ reason: String(values['reason']) })
      logger[level]({ symbol: this.#desk.market.symbol, ...values }, event)
    }
  }
}

/** Refusals that say that the venue has other rules than we know, or has closed the market. */
const ofRules: ReadonlySet<string> = new Set(['rule_broken', 'market_closed'])

function sameRules(left: SymbolRules, right: SymbolRules): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}

function outcomeOf(answer: Answer): string {
  if ('outcome' in answer) return answer.outcome.kind
  return answer.kind === 'read-failed' ? 'failed' : 'answered'
}

function tellMessage(message: AnyMessage, logger: Logger, metrics: ExecutionMetrics): void {
  const { correlationId, payload, type } = message
  if (type === 'execution.protection.failed.v1') {
    const { action } = payload as { action: string }
    metrics.protectionFailures.inc({ action })
  }
  if (!('clientOrderId' in payload) || !('leg' in payload)) return
  const event = type.split('.')[2] ?? ''
  metrics.orders.inc({ leg: payload.leg, event })
  const { symbol, leg, side, clientOrderId, quantity, filledQuantity } = payload
  const order = { correlationId, clientOrderId, symbol, leg, side, quantity, filledQuantity }
  const fill = 'fill' in payload ? { price: payload.fill.price } : {}
  const end = 'code' in payload ? { code: payload.code, reason: payload.reason } : {}
  logger.info({ ...order, ...fill, ...end }, orderPhrases[event] ?? 'order changed')
}

const orderPhrases: Readonly<Record<string, string>> = {
  submitted: 'order submitted',
  accepted: 'order accepted',
  rejected: 'order rejected',
  'partially-filled': 'order partially filled',
  filled: 'order filled',
  canceled: 'order canceled',
  expired: 'order expired',
  unknown: 'order outcome unknown',
}
