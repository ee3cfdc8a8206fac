// One term of leadership over an account: load, reconcile with the venue, take messages, end.
import {
  ack,
  deadLetter,
  retry,
  type Delivery,
  type Settlement,
  type Subscription,
} from '@flotilla/bus'
import { epochMs, type AgentName, type AnyMessage } from '@flotilla/contracts'
import { untilDone, untilLedgerAnswers, type AgentDeps, type TermGrant } from '@flotilla/fleet'
import { Decimal } from '@flotilla/money'
import { realClock, type Logger, type Timer } from '@flotilla/runtime'
import type { SymbolRules } from '@flotilla/venue'
import { AccountEar } from './account-ear.ts'
import { Commands, type CommandsOptions } from './commands.ts'
import type { ExecutionConfig } from './config.ts'
import { recoverDesk, type Desk, type Difference, type Input, type Settings } from './core/index.ts'
import { DeskRunner, type Done } from './desk-runner.ts'
import type { EntriesGate } from './entries-gate.ts'
import { KeptStops } from './kept-stops.ts'
import { MarketWatch } from './market-watch.ts'
import type { ExecutionMetrics } from './metrics.ts'
import { Reconciler } from './reconciler.ts'
import { offeredBy, settingsOf, stretchOf } from './settings.ts'
import { suspectGivenUp } from './suspects.ts'
import {
  UncoveredApprovalError,
  type Approval,
  type Heartbeat,
  type Ticker,
  type TradingState,
} from './taken.ts'
import { loadBaselines, loadRecords, loadTradedSymbols } from './store.ts'

export type Deps = AgentDeps<ExecutionConfig, 'bus' | 'ledger' | 'venue'>

type TermKeys = CommandsOptions['keys'] & {
  /** What the venue refuses our key with; null while it takes it. */
  readonly refusal: string | null
}

export type TermOptions = {
  readonly deps: Deps
  readonly metrics: ExecutionMetrics
  /** Stops of execution's own; they outlive a term. */
  readonly gate: EntriesGate
  /** The keys at the venue, and whether they are taken. */
  readonly keys: TermKeys
  /** Told when a message was said that arrives now. */
  readonly heard: (saidAt: number) => void
  /** Told when another agent says that it is alive. */
  readonly alive: (agent: AgentName) => void
} & TermGrant

/** Approvals of different symbols may overlap; those of one symbol queue at its desk. */
const APPROVALS_AT_ONCE = 64
/** Real time. */
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
  readonly #ear: AccountEar
  readonly #commands: Commands
  readonly #markets: MarketWatch
  #reconciler: Reconciler | null = null
  #keptStops: KeptStops | null = null
  #comparedAt = 0

  constructor(options: TermOptions) {
    this.#options = options
    const { config, shared, venue, context } = options.deps
    this.#settings = offeredBy(venue, settingsOf(config, venue.profile, stretchOf(shared)))
    this.#log = context.logger
    this.#ear = new AccountEar({
      venue,
      runners: this.#runners,
      logger: this.#log,
      metrics: options.metrics,
      onTransfer: ({ asset, change }) => this.#reconciler?.explain(asset, change),
      onGap: () => {
        this.#comparedAt = 0
        this.#reconciler?.missed()
      },
    })
    this.#commands = this.#commandsOf(options)
    this.#markets = new MarketWatch({
      venue,
      runners: this.#runners,
      clock: context.clock,
      logger: this.#log,
      everyMs: config.marketCheckMs * stretchOf(shared),
    })
  }

  #commandsOf({ deps, submit, keys }: TermOptions): Commands {
    const { ledger, shared } = deps
    return new Commands({
      account: shared.account.id,
      ledger,
      keys,
      log: this.#log,
      runners: this.#runners,
      submit,
      reconciler: () => this.#reconciler,
    })
  }

  get desks(): readonly Desk[] {
    return [...this.#runners.values()].map(({ desk }) => desk)
  }

  /** What waited for something outside is due now. */
  wake(): void {
    for (const runner of this.#runners.values()) runner.tick()
  }

  get isFollowed(): boolean {
    return this.#ear.isConnected
  }

  get #account(): string {
    return this.#options.deps.shared.account.id
  }

  /** What people and the risk manager have stopped. */
  get commanded(): Commands['stops'] {
    return this.#commands.stops
  }

  get inFlight(): number {
    return [...this.#runners.values()].reduce((total, runner) => total + runner.inFlight, 0)
  }

  get differences(): readonly Difference[] {
    return this.#reconciler?.differences ?? []
  }

  async begin(): Promise<void> {
    const { ledger, shared, context } = this.#options.deps
    await this.#commands.load()
    const { gate, submit } = this.#options
    this.#keptStops = await KeptStops.of(gate, { ledger, submit, logger: this.#log })
    this.#reconciler = new Reconciler({
      venue: this.#options.deps.venue,
      gate: this.#options.gate,
      logger: this.#log,
      desks: () => this.desks,
      isFollowed: () => this.#ear.isConnected,
      submit: this.#options.submit,
      baselines: await loadBaselines(ledger),
      suspectGivenUp: (asset) => suspectGivenUp(asset, { runners: this.#runners, ledger }),
      now: () => context.clock.now(),
      suspectEveryMs: this.#settings.sweepMs,
    })
    const traded = await loadTradedSymbols(ledger, shared.account.id)
    const symbols = [...new Set([...shared.symbols, ...traded])]
    await this.#untilDone('the rules of the venue', async () => {
      for (const rules of await this.#options.deps.venue.fetchRules(symbols)) {
        await this.#open(rules)
      }
    })
    await this.#untilDone('the orders and balances of the venue', () => this.#compare())
    this.#ear.listen()
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
    this.#keptStops?.end()
    await Promise.all([this.#ear.close(), ...this.#timers.splice(0).map((timer) => timer.stop())])
    await Promise.all(this.#subscriptions.splice(0).map((each) => each.cancel()))
    await Promise.all([...this.#runners.values()].map((runner) => runner.idle()))
  }

  async #open(rules: SymbolRules): Promise<DeskRunner> {
    const known = this.#runners.get(rules.symbol)
    if (known !== undefined) return known
    const { deps, metrics, submit, leads } = this.#options
    const { clock, logger } = deps.context
    const reload = () => this.#load(rules)
    const desk = await reload()
    const { symbol } = rules
    const entriesStopped = () =>
      this.#commands.stoppedFor(symbol) ?? this.#options.gate.reasonFor(symbol)
    const flattened = () => this.#commands.flattenedFor(symbol)
    const lost = (reason: string): void => {
      this.#ended.abort(new Error(reason))
      this.#options.lost(reason)
    }
    const stretch = stretchOf(deps.shared)
    const around = {
      venue: deps.venue,
      stretch,
      clock,
      logger,
      metrics,
      submit,
      mayCall: leads,
      lost,
    }
    const over = this.#ended.signal
    const followed = () => this.#ear.isConnected
    const venueAheadMs = () => deps.venue.health().clock?.aheadMs ?? 0
    const keyRefused = () => this.#options.keys.refusal
    const stops = () => this.#options.gate.stopsFor(symbol)
    const told = { entriesStopped, stops, flattened, followed, venueAheadMs, keyRefused }
    const runner = new DeskRunner({ ...around, ...told, desk, reload, over })
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
        types: ['agent.heartbeat.v1'],
        handler: async ({ message }) => this.#takeHeartbeat(message as Heartbeat),
      }),
      await bus.subscribe({
        agent,
        types: ['risk.trading-state.changed.v1'],
        handler: (delivery) =>
          this.#patiently(() => this.#commands.takeTradingState(delivery.message as TradingState)),
      }),
      await bus.subscribe({
        agent,
        types: ['control.flatten.v1', 'control.resume.v1', 'control.reload.v1'],
        handler: (delivery) => this.#patiently(() => this.#commands.take(delivery)),
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
    this.#options.heard(at)
    this.#runners.get(payload.symbol)?.offerPrice(Decimal.from(payload.last), at)
    return ack
  }

  /** The risk manager of another account tells nothing of ours. */
  #takeHeartbeat({ payload, account }: Heartbeat): Settlement {
    if (account === undefined || account === this.#account) this.#options.alive(payload.agent)
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

  /** While the ledger is away a message waits here: giving it back would wear out its deliveries. */
  async #patiently(handle: () => Promise<Settlement>): Promise<Settlement> {
    const { over } = this.#options
    try {
      return await untilLedgerAnswers(
        { over, logger: this.#log },
        'ledger away, execution waits',
        handle,
      )
    } catch (error) {
      if (over.aborted) return retry('the agent stops')
      throw error
    }
  }

  #startTimers(): void {
    const { config, context, shared } = this.#options.deps
    const stretch = stretchOf(shared)
    this.#timers.push(
      context.clock.every(config.tickMs * stretch, () => this.wake()),
      // What could not be written down when it changed.
      context.clock.every(config.pollMs * stretch, () => void this.#keptStops?.keep()),
      // What looks wrong is looked at again soon, the rest at its leisure.
      context.clock.every(Math.min(config.sweepMs, config.pollMs) * stretch, () =>
        this.#compareIfDue(config.sweepMs * stretch),
      ),
      context.clock.every(Math.min(config.marketCheckMs, config.pollMs) * stretch, () =>
        this.#markets.look(),
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

  #untilDone(what: string, task: () => Promise<void>): Promise<void> {
    return untilDone({ ...this.#options, logger: this.#log }, what, task)
  }
}
