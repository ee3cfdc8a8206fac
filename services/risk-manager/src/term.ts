import { ack, retry, type Delivery, type Settlement, type Subscription } from '@flotilla/bus'
import { epochMs, streams, tradingCommands, type AnyMessage } from '@flotilla/contracts'
import { untilDone, untilLedgerAnswers, type AgentDeps, type TermGrant } from '@flotilla/fleet'
import { StaleFenceError } from '@flotilla/ledger'
import { realClock, type Logger, type Timer } from '@flotilla/runtime'
import { limitsOf, type RiskManagerConfig } from './config.ts'
import {
  decide,
  fitnessChanges,
  needsStoredPrice,
  noteRules,
  rankOf,
  takeCommand,
  takeMarket,
  takeOrder,
  type Book,
  type CommandMessage,
  type FitnessMessage,
  type IntentMessage,
  type Limits,
  type MarketMessage,
  type OrderMessage,
  type Work,
} from './core/index.ts'
import { AccountDesk, type Done, type Task } from './desk.ts'
import type { RiskMetrics } from './metrics.ts'
import { inBrief, type BriefVerdict, type RiskStore } from './store.ts'
import { Sweeper } from './sweeper.ts'
import { tellRegimes } from './tell.ts'
import { Trimmer } from './trimmer.ts'
import { Valuer } from './valuer.ts'
import { BatchWindow } from './window.ts'

export type Deps = AgentDeps<RiskManagerConfig, 'bus' | 'ledger' | 'marketStore' | 'venue'>

export type TermOptions = {
  readonly deps: Deps
  readonly store: RiskStore
  readonly metrics: RiskMetrics
} & Omit<TermGrant, 'leads'>

/**
 * Decisions in flight per partition: what waits for one commit shares the next. Orders are taken one
 * by one, for the facts of a symbol have an order.
 */
const intentsAtOnce = 128
/** A fill that sells what is not there is probably ahead of the one that bought it, up to here. */
const deliveriesUntilShortfall = 8
/** A message that another machine dates after our start may still be from before it. */
const clockDifferenceMaxMs = 60_000

/** One term of leadership over an account: recovers, takes messages, ends. */
export class Term {
  readonly #options: TermOptions
  readonly #limits: Limits
  readonly #log: Logger
  readonly #since: number
  readonly #window: BatchWindow
  readonly #priorities: ReadonlyMap<string, number>
  readonly #subscriptions: Subscription[] = []
  readonly #timers: Timer[] = []
  #desk: AccountDesk | null = null
  #sweeper: Sweeper | null = null
  #valuer: Valuer | null = null

  constructor(options: TermOptions) {
    this.#options = options
    const { config, shared, context, marketVenue } = options.deps
    this.#limits = limitsOf(config, shared, marketVenue)
    this.#log = context.logger
    this.#since = context.clock.now()
    this.#priorities = new Map(Object.entries(config.priorities))
    this.#window = new BatchWindow(config.batchWindowMs, (ms) => realClock.sleep(ms, options.over))
  }

  get book(): Book | null {
    return this.#desk?.book ?? null
  }

  /** What the account was worth at the last look. */
  get valued(): Valuer['last'] {
    return this.#valuer?.last ?? null
  }

  /** Load, take facts, learn the venue's rules, value what is there, and only then take intents. */
  async begin(): Promise<void> {
    const { store } = this.#options
    const desk = await this.#recover()
    this.#desk = desk
    await store.loadHistories(desk.book)
    await this.#subscribeFacts(desk)
    await this.#untilDone('the rules of the venue', () => this.#refreshRules(desk))
    const valuer = new Valuer({ ...this.#options, desk, limits: this.#limits })
    this.#valuer = valuer
    await valuer.value()
    const sweeper = this.#sweeperOf(desk)
    this.#sweeper = sweeper
    await sweeper.look()
    await this.#subscribeIntents(desk)
    this.#options.waitingFor(null)
    this.#startTimers(desk, async () => {
      await valuer.value()
      await sweeper.look()
    })
    const { account } = desk.book.account
    const reservations = desk.book.reservations.size
    this.#log.info({ account, reservations }, 'account open for decisions')
  }

  async end(): Promise<void> {
    await Promise.all(this.#timers.splice(0).map((timer) => timer.stop()))
    await Promise.all(this.#subscriptions.splice(0).map((each) => each.cancel()))
    await this.#desk?.idle()
    this.#sweeper?.end()
  }

  async #recover(): Promise<AccountDesk> {
    const { store, metrics, submit } = this.#options
    const known = await store.loadBook(null)
    const book = known ?? (await this.#openAccount())
    return new AccountDesk(book, {
      submit,
      wasProcessed: (id) => store.wasProcessed(id),
      load: async (before) => {
        const loaded = await store.loadBook(before)
        if (loaded === null) throw new Error('the account has vanished from the ledger')
        return loaded
      },
      onRebuilt: (cause) => {
        metrics.rebuilds.inc({ cause })
        this.#log.warn({ cause }, 'book rebuilt from the ledger')
      },
    })
  }

  /** The venue may be away at the first start: without its balances there is no account. */
  async #openAccount(): Promise<Book> {
    const { deps, store, submit } = this.#options
    let book: Book | null = null
    await this.#untilDone('the balances of the venue', async () => {
      const balances = await deps.venue.fetchBalances()
      const outcome = await submit(store.accountOpening(balances, deps.context.clock.now()))
      if (outcome.kind === 'refused') throw new Error(outcome.detail)
      book = await store.loadBook(null)
      const assets = Object.fromEntries(balances.map((b) => [b.asset, b.total.toString()]))
      this.#log.info({ assets }, 'account opened with what the venue reports')
    })
    if (book === null) throw new Error('the account was opened and is not in the ledger')
    return book
  }

  async #subscribeFacts(desk: AccountDesk): Promise<void> {
    const { bus, shared, marketVenue = shared.venue.id } = this.#options.deps
    const { timeframe } = shared
    const agent = 'risk-manager'
    this.#subscriptions.push(
      await bus.subscribe({
        agent,
        types: ['market.candle.closed.v1', 'market.ticker.updated.v1', 'market.book.updated.v1'],
        handler: async ({ message }) => {
          // Another venue's price of the same symbol is another price.
          const market = message as MarketMessage
          if (market.payload.venue === marketVenue) takeMarket(desk.book, market, timeframe)
          return ack
        },
      }),
      await bus.subscribe({
        agent,
        types: ['market.source.state-changed.v1', 'market.universe.changed.v1'],
        handler: (delivery) => this.#takeFitness(desk, delivery),
      }),
      await bus.subscribe({
        agent,
        types: tradingCommands,
        handler: (delivery) => this.#takeCommand(desk, delivery),
      }),
      await bus.subscribe({
        agent,
        types: streams.orders.types,
        handler: (delivery) => this.#takeOrder(desk, delivery),
      }),
    )
  }

  async #subscribeIntents(desk: AccountDesk): Promise<void> {
    this.#subscriptions.push(
      await this.#options.deps.bus.subscribe({
        agent: 'risk-manager',
        types: ['strategy.intent.proposed.v1'],
        prefetch: intentsAtOnce,
        handler: (delivery) => this.#takeIntent(desk, delivery),
      }),
    )
  }

  async #takeIntent(desk: AccountDesk, delivery: Delivery): Promise<Settlement> {
    const { clock } = this.#options.deps.context
    const { metrics, store } = this.#options
    const message = delivery.message as IntentMessage
    const timer = metrics.decisionSeconds.startTimer()
    const limits = this.#limits
    const question = { book: desk.book, intent: message.payload, limits, now: clock.now() }
    if (needsStoredPrice(question)) {
      await store.noteStoredPrice(desk.book, message.payload.symbol)
    }
    const done = await this.#carryOut(desk, delivery, {
      gathered: () => this.#window.pass(),
      rank: rankOf(message.payload, this.#priorities),
      decide: (book, turn) => inBrief(decide({ book, message, limits, now: clock.now(), turn })),
    })
    timer()
    if (done.kind === 'committed') this.#tellVerdict(message, done.result.verdict)
    if (done.kind !== 'refused') return ack
    // The same intent under another message id: it has its one decision already.
    if (await store.wasDecided(message.payload.intentId)) return ack
    return this.#refused(message, done)
  }

  async #takeOrder(desk: AccountDesk, delivery: Delivery): Promise<Settlement> {
    const { message } = delivery
    if (!isOrder(message)) return ack
    if (message.payload.account !== desk.book.account.account) return ack
    const patient = delivery.deliveryCount < deliveriesUntilShortfall
    const done = await this.#carryOut(desk, delivery, {
      decide: (book) => {
        const work = takeOrder(book, message)
        if (patient && work.shortfalls.length > 0) throw new Error('more is sold than is there')
        return work
      },
    })
    if (done.kind === 'refused') return this.#refused(message, done)
    for (const { asset, amount } of done.kind === 'committed' ? done.result.shortfalls : []) {
      this.#options.metrics.shortfalls.inc({ asset })
      const values = { asset, missing: amount.toString(), cause: message.messageId }
      this.#log.error(values, 'fill took more than the ledger had')
    }
    return ack
  }

  async #takeFitness(desk: AccountDesk, delivery: Delivery): Promise<Settlement> {
    const message = delivery.message as FitnessMessage
    const done = await this.#carryOut(desk, delivery, {
      decide: (book) => ({
        changes: fitnessChanges(book, message),
        records: [],
        outgoing: [],
      }),
    })
    return done.kind === 'refused' ? this.#refused(message, done) : ack
  }

  async #takeCommand(desk: AccountDesk, delivery: Delivery): Promise<Settlement> {
    const { clock } = this.#options.deps.context
    const message = delivery.message as CommandMessage
    const done = await this.#carryOut(desk, delivery, {
      decide: (book) => takeCommand({ book, limits: this.#limits, now: clock.now() }, message),
    })
    if (done.kind === 'refused') return this.#refused(message, done)
    const outcome = done.kind === 'committed' ? done.result.outcome : 'elsewhere'
    if (outcome === 'elsewhere') return ack
    const { requestedBy, reason, symbol } = message.payload
    const values = { command: message.type, source: message.source, requestedBy, reason, symbol }
    this.#options.metrics.commands.inc({ outcome })
    if (outcome === 'refused')
      this.#log.error(values, 'command refused: its sender may not command')
    else this.#log.warn(values, 'commanded')
    return ack
  }

  /** While the ledger is away a message waits here: giving it back would wear out its deliveries. */
  async #carryOut<Result extends Work>(
    desk: AccountDesk,
    delivery: Delivery,
    task: Pick<Task<Result>, 'decide' | 'gathered' | 'rank'>,
  ): Promise<Done<Result>> {
    const { message, redelivered, deliveryCount } = delivery
    const ours = epochMs(message.occurredAt) > this.#since + clockDifferenceMaxMs
    let mayBeOld = redelivered || deliveryCount > 1 || !ours
    const wait = { over: this.#options.over, logger: this.#log }
    return untilLedgerAnswers(wait, 'ledger away, decision waits', async () => {
      try {
        const done = await desk.work({ ...task, message, mayBeOld })
        if (done.kind === 'committed') tellRegimes(this.#log, done.result.outgoing)
        return done
      } catch (error) {
        if (error instanceof StaleFenceError) this.#options.lost(error.message)
        mayBeOld = true
        throw error
      }
    })
  }

  #refused(message: AnyMessage, { constraint, detail }: { constraint: string; detail: string }) {
    this.#log.error({ type: message.type, constraint, detail }, 'ledger refused')
    return retry(`the ledger refused: ${constraint}: ${detail}`)
  }

  #tellVerdict(message: IntentMessage, verdict: BriefVerdict): void {
    const { metrics } = this.#options
    const { correlationId } = message
    const { symbol, side, intentId, strategy } = message.payload
    const source = verdict.price.kind === 'fresh' ? verdict.price.source : null
    if (source === 'market-store' || source === 'intent') {
      metrics.priceFallbacks.inc({ source })
      this.#log.warn({ correlationId, symbol, source }, 'no fresh market price, fell back')
    }
    metrics.decisions.inc({ verdict: verdict.kind })
    const intent = { correlationId, intentId, strategy, symbol, side }
    if (verdict.kind === 'approved') {
      const { quantity, limitPrice, reserve, sizing } = verdict.approved
      const reserved = `${reserve.amount.toString()} ${reserve.asset}`
      const { adjustments } = sizing
      this.#log.info({ ...intent, quantity, limitPrice, reserved, adjustments }, 'intent approved')
    } else {
      for (const { code } of verdict.reasons) metrics.denials.inc({ code })
      this.#log.info({ ...intent, reasons: verdict.reasons }, 'intent denied')
    }
  }

  #sweeperOf(desk: AccountDesk): Sweeper {
    const { deps, metrics } = this.#options
    const { clock } = deps.context
    return new Sweeper({
      desk,
      ledger: deps.ledger,
      metrics,
      logger: this.#log,
      now: () => clock.now(),
      graceMs: deps.config.reservationGraceMs,
    })
  }

  #startTimers(desk: AccountDesk, takeStock: () => Promise<void>): void {
    const { config, context } = this.#options.deps
    this.#timers.push(
      context.clock.every(config.rulesRefreshMs, async () => {
        try {
          await this.#refreshRules(desk)
        } catch (err) {
          this.#log.warn({ err }, 'rules of the venue not refreshed')
        }
      }),
      context.clock.every(config.equityIntervalMs, takeStock),
    )
    if (config.trim.everyCycles === 0) return
    const trimmer = new Trimmer({
      desk,
      limits: this.#limits,
      config: config.trim,
      metrics: this.#options.metrics,
      logger: this.#log,
      now: () => context.clock.now(),
      realNow: () => realClock.now(),
    })
    this.#timers.push(
      context.clock.every(config.equityIntervalMs * config.trim.everyCycles, () => trimmer.look()),
    )
  }

  async #refreshRules(desk: AccountDesk): Promise<void> {
    const { venue, shared } = this.#options.deps
    const rules = await venue.fetchRules()
    noteRules(desk.book, rules)
    const listed = new Set(rules.map(({ symbol }) => symbol))
    const unlisted = shared.symbols.filter((symbol) => !listed.has(symbol))
    if (unlisted.length > 0) this.#log.warn({ unlisted }, 'venue does not list configured symbols')
  }

  #untilDone(what: string, task: () => Promise<void>): Promise<void> {
    return untilDone({ ...this.#options, logger: this.#log }, what, task)
  }
}

function isOrder(message: AnyMessage): message is OrderMessage {
  return message.type.startsWith('execution.order.')
}
