// One term of leadership over an account: load, reconcile with the venue, take messages, end.
import {
  ack,
  deadLetter,
  retry,
  type Delivery,
  type Settlement,
  type Subscription,
} from '@flotilla/bus'
import { epochMs, type AnyMessage, type MessageOfType } from '@flotilla/contracts'
import type { AgentDeps } from '@flotilla/fleet'
import { LedgerUnavailableError, type Unit, type UnitOutcome } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { realClock, type Logger, type Timer } from '@flotilla/runtime'
import type { SymbolRules } from '@flotilla/venue'
import type { ExecutionConfig } from './config.ts'
import { recoverDesk, type Desk, type Difference, type Input, type Settings } from './core/index.ts'
import { DeskRunner, type Done } from './desk-runner.ts'
import type { EntriesGate } from './entries-gate.ts'
import type { ExecutionMetrics } from './metrics.ts'
import { Reconciler } from './reconciler.ts'
import { settingsOf, stretchOf } from './settings.ts'
import {
  entriesStoppedChange,
  loadBaselines,
  loadEntriesStopped,
  loadRecords,
  loadTradedSymbols,
  type EntriesStopped,
} from './store.ts'

export type Deps = AgentDeps<ExecutionConfig, 'bus' | 'ledger' | 'venue'>

export type TermOptions = {
  readonly deps: Deps
  readonly metrics: ExecutionMetrics
  /** Stops of execution's own; they outlive a term. */
  readonly gate: EntriesGate
  readonly submit: (unit: Unit) => Promise<UnitOutcome>
  readonly mayCall: () => boolean
  /** Aborted when the term is over: leadership was lost, or the agent stops. */
  readonly over: AbortSignal
  readonly lost: (reason: string) => void
  /** Told what the term waits for; null when it waits for nothing. */
  readonly waitingFor: (what: string | null) => void
}

/** Approvals of different symbols may overlap; those of one symbol queue at its desk. */
const APPROVALS_AT_ONCE = 64
/** Real time. */
const RETRY_PAUSE_MS = 1_000
const FIRST_ANSWERS_WITHIN_MS = 10_000
const END_WITHIN_MS = 1_500

export class Term {
  readonly #options: TermOptions
  readonly #settings: Settings
  readonly #log: Logger
  readonly #runners = new Map<string, DeskRunner>()
  readonly #subscriptions: Subscription[] = []
  readonly #timers: Timer[] = []
  /** After this nothing of this term is committed any more. */
  readonly #ended = new AbortController()
  #stopped: EntriesStopped = new Map()
  #reconciler: Reconciler | null = null
  #comparedAt = 0

  constructor(options: TermOptions) {
    this.#options = options
    const { config, shared, venue, context } = options.deps
    this.#settings = settingsOf(config, venue.profile, stretchOf(shared))
    this.#log = context.logger
  }

  get desks(): readonly Desk[] {
    return [...this.#runners.values()].map(({ desk }) => desk)
  }

  get inFlight(): number {
    return [...this.#runners.values()].reduce((total, runner) => total + runner.inFlight, 0)
  }

  get differences(): readonly Difference[] {
    return this.#reconciler?.differences ?? []
  }

  async begin(): Promise<void> {
    const { ledger, shared } = this.#options.deps
    this.#stopped = await loadEntriesStopped(ledger)
    this.#reconciler = new Reconciler({
      venue: this.#options.deps.venue,
      gate: this.#options.gate,
      logger: this.#log,
      desks: () => this.desks,
      submit: this.#options.submit,
      baselines: await loadBaselines(ledger),
    })
    const traded = await loadTradedSymbols(ledger, shared.account.id)
    const symbols = [...new Set([...shared.symbols, ...traded])]
    await this.#untilDone('the rules of the venue', async () => {
      for (const rules of await this.#options.deps.venue.fetchRules(symbols)) {
        await this.#open(rules)
      }
    })
    await this.#untilDone('the orders and balances of the venue', () => this.#compare())
    for (const runner of this.#runners.values()) runner.tick()
    await this.#firstAnswers()
    await this.#untilDone('the orders and balances of the venue', () => this.#compare())
    await this.#subscribe()
    this.#startTimers()
    this.#options.waitingFor(null)
    const positions = this.desks.filter(({ position }) => position?.quantity.isPositive() === true)
    const values = { symbols: this.#runners.size, positions: positions.length }
    this.#log.info(values, 'account open for orders')
  }

  /** Takes no more, and lets what is under way come to its end for a while. */
  async end(): Promise<void> {
    const enough = new AbortController()
    const late = realClock.sleep(END_WITHIN_MS, enough.signal).catch(() => undefined)
    await Promise.race([this.#finish(), late])
    enough.abort()
    this.#ended.abort(new Error('the term has ended'))
  }

  async #finish(): Promise<void> {
    await Promise.all(this.#timers.splice(0).map((timer) => timer.stop()))
    await Promise.all(this.#subscriptions.splice(0).map((each) => each.cancel()))
    await Promise.all([...this.#runners.values()].map((runner) => runner.idle()))
  }

  async #open(rules: SymbolRules): Promise<DeskRunner> {
    const known = this.#runners.get(rules.symbol)
    if (known !== undefined) return known
    const { deps, metrics, submit, mayCall } = this.#options
    const { clock, logger } = deps.context
    const reload = () => this.#load(rules)
    const desk = await reload()
    const entriesStopped = () => this.#stoppedFor(rules.symbol)
    const lost = (reason: string): void => {
      this.#ended.abort(new Error(reason))
      this.#options.lost(reason)
    }
    const stretch = stretchOf(deps.shared)
    const around = { venue: deps.venue, stretch, clock, logger, metrics, submit, mayCall, lost }
    const runner = new DeskRunner({
      ...around,
      desk,
      entriesStopped,
      reload,
      over: this.#ended.signal,
    })
    this.#runners.set(rules.symbol, runner)
    return runner
  }

  async #load(rules: SymbolRules): Promise<Desk> {
    const { shared, ledger, context } = this.#options.deps
    const market = {
      account: shared.account.id,
      venue: shared.venue.id,
      symbol: rules.symbol,
      rules,
    }
    const records = await loadRecords(ledger, market)
    return recoverDesk({ market, settings: this.#settings, records }, context.clock.now())
  }

  #stoppedFor(symbol: string): string | null {
    const told = this.#stopped.get('*') ?? this.#stopped.get(symbol)
    return told ?? this.#options.gate.reasonFor(symbol)
  }

  /** What became of our orders while we were away is asked first; the answers lead on from there. */
  async #firstAnswers(): Promise<void> {
    const all = Promise.all([...this.#runners.values()].map((runner) => runner.idle()))
    const { over } = this.#options
    await Promise.race([all, realClock.sleep(FIRST_ANSWERS_WITHIN_MS, over).catch(() => undefined)])
    over.throwIfAborted()
  }

  async #subscribe(): Promise<void> {
    const { bus } = this.#options.deps
    const agent = 'execution'
    const approved = ['risk.intent.approved.v1'] as const
    this.#subscriptions.push(
      await bus.subscribe({
        agent,
        types: ['market.ticker.updated.v1'],
        handler: async ({ message }) => this.#takeTicker(message as Ticker),
      }),
      await bus.subscribe({
        agent,
        types: ['risk.trading-state.changed.v1'],
        handler: (delivery) => this.#patiently(() => this.#takeTradingState(delivery)),
      }),
      await bus.subscribe({
        agent,
        types: ['control.flatten.v1', 'control.resume.v1'],
        handler: (delivery) =>
          this.#patiently(() =>
            delivery.message.type === 'control.resume.v1'
              ? this.#takeResume(delivery)
              : this.#takeFlatten(delivery),
          ),
      }),
      await bus.subscribe({
        agent,
        types: approved,
        prefetch: APPROVALS_AT_ONCE,
        handler: (delivery) => this.#patiently(() => this.#takeApproval(delivery)),
      }),
    )
  }

  #takeTicker({ payload }: Ticker): Settlement {
    const { shared, marketVenue = shared.venue.id } = this.#options.deps
    if (payload.venue !== marketVenue) return ack
    const at = epochMs(payload.observedAt)
    this.#runners.get(payload.symbol)?.offerPrice(Decimal.from(payload.last), at)
    return ack
  }

  async #takeApproval(delivery: Delivery): Promise<Settlement> {
    const message = delivery.message as Approval
    const { account, venue, symbol } = message.payload
    const { shared } = this.#options.deps
    if (account !== shared.account.id || venue !== shared.venue.id) return ack
    const runner = this.#runners.get(symbol) ?? (await this.#openSymbol(symbol))
    try {
      const input = () => this.#withReservation(message)
      return this.#settlementOf(message, await runner.submit(input, message.messageId))
    } catch (error) {
      if (!(error instanceof UncoveredApprovalError)) throw error
      this.#log.error({ symbol, intentId: message.payload.intentId }, error.message)
      return deadLetter(error.message)
    }
  }

  /** Risk stores the reservation before it says anything: an approval without one is not risk's. */
  async #withReservation(message: Approval): Promise<Input> {
    const { intentId, account, reservation: said } = message.payload
    const reservation = await this.#options.deps.ledger.findReservation(said.reservationId)
    if (reservation?.intentId !== intentId || reservation.account !== account) {
      throw new UncoveredApprovalError('approval without a reservation in the ledger')
    }
    return { kind: 'approved', message, reservation }
  }

  /** A symbol that the configuration does not name, but risk has approved. */
  async #openSymbol(symbol: string): Promise<DeskRunner> {
    const [rules] = await this.#options.deps.venue.fetchRules([symbol])
    if (rules === undefined) throw new Error(`the venue has no rules of ${symbol}`)
    return this.#open(rules)
  }

  #settlementOf(message: AnyMessage, done: Done): Settlement {
    if (done.kind !== 'refused') return ack
    const { constraint, detail } = done
    this.#log.error({ type: message.type, constraint, detail }, 'ledger refused')
    // The intent has its order already: the same approval under another message id.
    if (constraint === 'order_unique' || constraint === 'order_attempt_unique') return ack
    return deadLetter(`the ledger refused: ${constraint}: ${detail}`)
  }

  async #takeTradingState(delivery: Delivery): Promise<Settlement> {
    const message = delivery.message as TradingState
    const { account, symbol, state, reason } = message.payload
    if (account !== this.#options.deps.shared.account.id) return ack
    const stopped = state === 'active' ? null : `${state}: ${reason}`
    const changes = [entriesStoppedChange(symbol, stopped)]
    const causeId = message.messageId
    const outcome = await this.#options.submit({
      consumer: 'execution',
      causeId,
      changes,
      outgoing: [],
    })
    if (outcome.kind !== 'committed') return ack
    if (stopped === null) this.#stopped.delete(symbol ?? '*')
    else this.#stopped.set(symbol ?? '*', stopped)
    this.#log.warn({ symbol, state, reason }, 'trading state changed')
    await this.#toDesks(symbol, { kind: 'tick' })
    return ack
  }

  async #takeFlatten(delivery: Delivery): Promise<Settlement> {
    const { payload, messageId } = delivery.message as Flatten
    const { account, symbol, reason, requestedBy } = payload
    const { shared, ledger } = this.#options.deps
    if (account !== null && account !== shared.account.id) return ack
    if (await ledger.wasProcessed('execution', messageId)) return ack
    this.#log.warn({ symbol, requestedBy, reason }, 'flatten commanded')
    await this.#toDesks(symbol, { kind: 'flatten', reason: reason || 'commanded' })
    const unit = { consumer: 'execution', causeId: messageId, changes: [], outgoing: [] } as const
    await this.#options.submit(unit)
    return ack
  }

  /** Ends the halts in scope, and takes what is at the venue now for what there should be. */
  async #takeResume(delivery: Delivery): Promise<Settlement> {
    const { payload, messageId } = delivery.message as Resume
    const { account, symbol, reason, requestedBy } = payload
    const { shared, ledger } = this.#options.deps
    if (account !== null && account !== shared.account.id) return ack
    if (await ledger.wasProcessed('execution', messageId)) return ack
    const words = `resumed by ${requestedBy}${reason === '' ? '' : `: ${reason}`}`
    await this.#toDesks(symbol, { kind: 'resume', reason: words })
    await this.#reconciler?.accept(symbol)
    const unit = { consumer: 'execution', causeId: messageId, changes: [], outgoing: [] } as const
    await this.#options.submit(unit)
    return ack
  }

  async #toDesks(symbol: string | null, input: Input): Promise<void> {
    const concerned = [...this.#runners].filter(([each]) => symbol === null || each === symbol)
    await Promise.all(concerned.map(([, runner]) => runner.submit(() => input)))
  }

  /** While the ledger is away a message waits here: giving it back would wear out its deliveries. */
  async #patiently(handle: () => Promise<Settlement>): Promise<Settlement> {
    for (;;) {
      try {
        return await handle()
      } catch (error) {
        const { over } = this.#options
        if (over.aborted) return retry('the agent stops')
        if (!(error instanceof LedgerUnavailableError)) throw error
        this.#log.error({ err: error }, 'ledger away, execution waits')
        await realClock.sleep(RETRY_PAUSE_MS, over)
      }
    }
  }

  #startTimers(): void {
    const { config, context, shared } = this.#options.deps
    const stretch = stretchOf(shared)
    this.#timers.push(
      context.clock.every(config.tickMs * stretch, () => {
        for (const runner of this.#runners.values()) runner.tick()
      }),
      // What looks wrong is looked at again soon, the rest at its leisure.
      context.clock.every(Math.min(config.sweepMs, config.pollMs) * stretch, () =>
        this.#compareIfDue(config.sweepMs * stretch),
      ),
    )
  }

  async #compareIfDue(sweepMs: number): Promise<void> {
    const due = this.#options.deps.context.clock.now() - this.#comparedAt >= sweepMs
    if (!due && this.#reconciler?.isSuspicious !== true) return
    try {
      await this.#compare()
    } catch (err) {
      this.#log.warn({ err }, 'not compared with the venue')
    }
  }

  async #compare(): Promise<void> {
    await this.#reconciler?.compare()
    this.#comparedAt = this.#options.deps.context.clock.now()
  }

  async #untilDone(what: string, task: () => Promise<void>): Promise<void> {
    const { over, waitingFor } = this.#options
    for (;;) {
      over.throwIfAborted()
      try {
        return await task()
      } catch (err) {
        waitingFor(what)
        this.#log.warn({ err, what }, 'not available yet, trying again')
        await realClock.sleep(RETRY_PAUSE_MS, over)
      }
    }
  }
}

type Ticker = MessageOfType<'market.ticker.updated.v1'>
type Approval = MessageOfType<'risk.intent.approved.v1'>
type TradingState = MessageOfType<'risk.trading-state.changed.v1'>
type Flatten = MessageOfType<'control.flatten.v1'>
type Resume = MessageOfType<'control.resume.v1'>

class UncoveredApprovalError extends Error {}
