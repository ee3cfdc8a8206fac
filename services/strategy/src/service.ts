import { ack, retry } from '@flotilla/bus'
import type { Delivery, Settlement, Subscription } from '@flotilla/bus'
import { epochMs, instant } from '@flotilla/contracts'
import type { AnyMessage, MessageOfType, TradingState } from '@flotilla/contracts'
import type { Agent, AgentDeps, Readiness } from '@flotilla/fleet'
import { changedDesks, deskChange, recordChange } from './changes.ts'
import type { Change } from './changes.ts'
import type { StrategyConfig } from './config.ts'
import {
  afterFailure,
  afterFill,
  afterTrade,
  isOrderEnd,
  isOrderFailure,
  newer,
  newerQuote,
  onAnalysis,
  onDenied,
  onFlat,
  onOrderEnded,
  positionOf,
  quoteOf,
} from './core/index.ts'
import type { AnalysisDecision, Desk, DeskLimits } from './core/index.ts'
import type { Surroundings, SymbolLimits, SymbolRecord } from './core/index.ts'
import { filtersOf, limitsOf, marketOf, stricter, symbolLimitsOf } from './market.ts'
import type { Market, RunningDesk } from './market.ts'
import { createStrategyMetrics } from './metrics.ts'
import type { StrategyMetrics } from './metrics.ts'
import type { HotReload } from './hot-reload.ts'
import { hotReloadOf } from './reloads.ts'
import { FilterReviews } from './reviews.ts'
import { StrategyStore } from './store.ts'
import { UnfedDesks } from './unfed-desks.ts'

export type Deps = AgentDeps<StrategyConfig, 'bus' | 'ledger'>
type Signals = MessageOfType<'analysis.signals.computed.v1'>
type Decided = Extract<AnalysisDecision, { kind: 'decided' }>

/** Shows strategies the analyses, and lets their intents out in one commit with their memory. */
export class StrategyAgent implements Agent {
  readonly #deps: Deps
  readonly #store: StrategyStore
  readonly #limits: DeskLimits
  readonly #symbolLimits: SymbolLimits
  readonly #reviews: FilterReviews
  readonly #markets: ReadonlyMap<string, Market>
  readonly #metrics: StrategyMetrics
  readonly #unfed: UnfedDesks
  readonly #hotReload: HotReload | null
  #accountState: TradingState = 'active'
  #subscription: Subscription | null = null

  /** Strategy files are looked for in the folder, that of the shipped ones unless given. */
  constructor(deps: Deps, folder?: URL) {
    this.#deps = deps
    this.#unfed = new UnfedDesks(deps)
    this.#store = new StrategyStore({
      ledger: deps.ledger,
      bus: deps.bus,
      logger: deps.context.logger,
    })
    this.#limits = limitsOf(deps)
    this.#symbolLimits = symbolLimitsOf(deps)
    this.#metrics = createStrategyMetrics(deps.context.metrics)
    this.#reviews = new FilterReviews({
      enabled: deps.config.filterEngine.enabled,
      account: deps.shared.account.id,
      filters: filtersOf(deps),
      clock: deps.context.clock,
      logger: deps.context.logger,
      metrics: this.#metrics,
      store: this.#store,
    })
    this.#markets = new Map(deps.shared.symbols.map((symbol) => [symbol, marketOf(deps, symbol)]))
    this.#hotReload = hotReloadOf(deps, this.#markets.values(), folder)
  }

  async start(): Promise<void> {
    const { bus } = this.#deps
    await this.#recover()
    await this.#store.start()
    await this.#reviews.start()
    this.#subscription = await bus.subscribe({
      agent: 'strategy',
      types: [
        'analysis.signals.computed.v1',
        'market.ticker.updated.v1',
        'risk.intent.denied.v1',
        'execution.order.rejected.v1',
        'execution.order.filled.v1',
        'execution.order.canceled.v1',
        'execution.order.expired.v1',
        'execution.position.changed.v1',
        'risk.trading-state.changed.v1',
        'market.universe.changed.v1',
      ],
      handler: (delivery) => this.#handle(delivery),
    })
    this.#hotReload?.start()
  }

  async #recover(): Promise<void> {
    const { context, shared } = this.#deps
    const memories = await this.#store.loadMemories()
    const records = await this.#store.loadRecords()
    const positions = await this.#store.loadPositions(shared.account.id)
    const readable = <Value>(key: string, stored: Value | null | undefined): Value | null => {
      if (stored === null) {
        context.logger.warn({ key }, 'stored memory not readable, starting afresh')
      }
      return stored ?? null
    }
    for (const market of this.#markets.values()) {
      market.position = positions.get(market.symbol)
      market.record = readable(market.key, records.get(market.key)) ?? market.record
      for (const running of market.desks) {
        running.memory = readable(running.key, memories.get(running.key)) ?? running.memory
        if ((market.position?.held ?? null) === null) running.memory = onFlat(running.memory)
      }
    }
    context.logger.info({ remembered: memories.size }, 'strategies recovered')
  }

  async stop(): Promise<void> {
    await this.#hotReload?.stop()
    await this.#subscription?.cancel()
    await this.#reviews.stop()
    await this.#store.stop()
  }

  readiness(): Readiness {
    const open = [...this.#markets.values()].flatMap(({ desks }) =>
      desks.flatMap(({ key, memory }) => (memory.openIntent === null ? [] : [key])),
    )
    const now = this.#deps.context.clock.now()
    const quarantined = [...this.#markets.values()].flatMap(({ symbol, record }) =>
      record.quarantinedUntil > now ? [symbol] : [],
    )
    return {
      ready: this.#subscription !== null,
      detail: {
        openIntents: open,
        indicatorsMissing: this.#unfed.missing,
        filters: this.#reviews.filters,
        lastFilterReview: this.#reviews.lastReview,
        quarantined,
      },
    }
  }

  async #handle({ message }: Delivery): Promise<Settlement> {
    if (message.type === 'risk.trading-state.changed.v1') return this.#onTradingState(message)
    const market =
      'symbol' in message.payload ? this.#markets.get(message.payload.symbol ?? '') : undefined
    if (market === undefined) return ack
    return market.lock.runExclusive(() => this.#handleFor(market, message))
  }

  async #handleFor(market: Market, message: AnyMessage): Promise<Settlement> {
    if (message.type === 'analysis.signals.computed.v1') return this.#onAnalysis(market, message)
    if (message.type === 'market.ticker.updated.v1') return this.#onTicker(market, message)
    if (this.#deps.shared.account.id !== accountOf(message)) return ack
    if (message.type === 'execution.position.changed.v1') {
      return this.#onPosition(market, message)
    }
    const options = { now: this.#deps.context.clock.now(), limits: this.#limits }
    const changes = changedDesks(market, (memory) => {
      if (message.type === 'risk.intent.denied.v1') {
        return onDenied(memory, message.payload.intentId, options)
      }
      return isOrderEnd(message) ? onOrderEnded(memory, message, options) : null
    })
    const record = this.#recordAfter(market, message)
    if (record !== null) changes.push(recordChange(market, record))
    return changes.length === 0 ? ack : this.#commit(message, changes)
  }

  #onTicker(market: Market, { payload }: MessageOfType<'market.ticker.updated.v1'>): Settlement {
    if (payload.venue === this.#deps.shared.venue.id) {
      market.quote = newerQuote(market.quote, quoteOf(payload))
    }
    return ack
  }

  async #onAnalysis(market: Market, message: Signals): Promise<Settlement> {
    const { venue, timeframe } = message.payload
    const before = this.#surroundings(market)
    const desks = market.desks.filter(
      ({ desk }) => desk.venue === venue && desk.timeframe === timeframe,
    )
    const changes: Change[] = []
    const intents: AnyMessage[] = []
    let { record } = before
    let worthCommit = false
    for (const running of desks) {
      const decision = this.#decide(running, message, { ...before, record })
      if (decision === null) continue
      changes.push(deskChange(running, decision.memory))
      worthCommit ||= decision.changed
      if (decision.intent === null) continue
      intents.push(decision.intent)
      // The next desk already sees that there was an entry at this symbol.
      if (decision.intent.payload.purpose === 'entry') {
        record = afterTrade(record, { now: before.now, limits: this.#symbolLimits })
      }
    }
    if (record !== market.record) changes.push(recordChange(market, record))
    if (worthCommit) return this.#commit(message, changes, intents)
    for (const change of changes) change.apply()
    return ack
  }

  /** Null when there is nothing to remember. A strategy that fails is told of and passed over. */
  #decide(
    { desk, key, memory }: RunningDesk,
    message: Signals,
    surroundings: Surroundings,
  ): Decided | null {
    const { logger } = this.#deps.context
    try {
      const decision = onAnalysis(desk, memory, { message, surroundings })
      if (decision.kind === 'known') return null
      if (decision.kind === 'not-warm') {
        this.#unfed.note(desk, key, decision.missing)
        return null
      }
      this.#unfed.fed(key)
      this.#noteWithheld(desk, decision.withheld)
      if (decision.abandoned !== null) {
        logger.warn({ desk: key, ...decision.abandoned }, 'intent without an end given up')
      }
      return decision
    } catch (err) {
      this.#metrics.faults.inc({ strategy: desk.id })
      logger.error({ err, strategy: desk.id, symbol: desk.symbol }, 'strategy failed')
      return null
    }
  }

  #noteWithheld(desk: Desk, reasons: Decided['withheld']): void {
    const { logger } = this.#deps.context
    for (const { code, figures } of reasons) {
      this.#metrics.withheld.inc({ strategy: desk.id, reason: code })
      const values = { strategy: desk.id, symbol: desk.symbol, reason: code, ...figures }
      // What happens at every candle of a position or an old candle is nothing to read about.
      if (everyday.has(code)) logger.debug(values, 'wish withheld')
      else logger.info(values, 'wish withheld')
    }
  }

  async #onPosition(
    market: Market,
    message: MessageOfType<'execution.position.changed.v1'>,
  ): Promise<Settlement> {
    const before = market.position
    const position = newer(before, positionOf(message.payload))
    if (position === before) return ack
    const closes = position.held === null && (before?.held ?? null) !== null
    const changes = closes ? this.#changesOfClose(market, message) : []
    // Desks alone are not worth a commit: a restart sees by the ledger's positions what is held.
    const worthCommit = changes.length > 0
    if (position.held === null) {
      changes.push(...changedDesks(market, (memory) => (memory.entered ? onFlat(memory) : null)))
    }
    if (worthCommit) {
      const settlement = await this.#commit(message, changes)
      if (settlement.kind !== 'ack') return settlement
    }
    for (const change of changes) change.apply()
    market.position = position
    return ack
  }

  /** The pause after a close. */
  #changesOfClose(
    market: Market,
    { occurredAt }: MessageOfType<'execution.position.changed.v1'>,
  ): Change[] {
    const now = epochMs(occurredAt)
    return [recordChange(market, afterTrade(market.record, { now, limits: this.#symbolLimits }))]
  }

  /** Null when the message says nothing about whether the venue takes orders of the symbol. */
  #recordAfter(market: Market, message: AnyMessage): SymbolRecord | null {
    const { record, symbol } = market
    if (message.type === 'execution.order.filled.v1') return afterFill(record)
    if (!isOrderFailure(message)) return null
    const now = epochMs(message.occurredAt)
    const after = afterFailure(record, { now, limits: this.#symbolLimits })
    if (after.quarantinedUntil !== record.quarantinedUntil) {
      const until = instant(after.quarantinedUntil)
      const { code, reason } = message.payload
      this.#deps.context.logger.warn(
        { symbol, failures: record.failures.length + 1, until, lastCode: code, lastReason: reason },
        'symbol quarantined after repeated order failures',
      )
    }
    return after
  }

  /** What is remembered in memory is what the ledger has: first the commit, then the memory. */
  async #commit(
    message: AnyMessage,
    changes: readonly Change[],
    outgoing: readonly AnyMessage[] = [],
  ): Promise<Settlement> {
    const outcome = await this.#store.commit({
      causeId: message.messageId,
      entries: changes.map(({ key, value }) => ({ key, value })),
      outgoing,
    })
    if (outcome.kind === 'refused') return retry(`${outcome.constraint}: ${outcome.detail}`)
    if (outcome.kind === 'duplicate') return ack
    for (const change of changes) change.apply()
    for (const each of outgoing) this.#logIntent(each)
    return ack
  }

  #onTradingState(message: MessageOfType<'risk.trading-state.changed.v1'>): Settlement {
    const { account, symbol, state } = message.payload
    if (account !== this.#deps.shared.account.id) return ack
    if (symbol === null) {
      this.#accountState = state
      return ack
    }
    const market = this.#markets.get(symbol)
    if (market !== undefined) market.tradingState = state
    return ack
  }

  #surroundings(market: Market): Surroundings {
    return {
      now: this.#deps.context.clock.now(),
      position: market.position?.held ?? null,
      tradingState: stricter(this.#accountState, market.tradingState),
      quote: market.quote,
      record: market.record,
      limits: this.#limits,
      filters: this.#reviews.filters,
    }
  }

  #logIntent(message: AnyMessage): void {
    if (message.type !== 'strategy.intent.proposed.v1') return
    const { strategy, symbol, side, purpose, confidence, reason, expectedPrice } = message.payload
    this.#metrics.intents.inc({ strategy, side })
    const { correlationId } = message
    this.#deps.context.logger.info(
      { symbol, side, purpose, strategy, confidence, expectedPrice, reason, correlationId },
      'intent proposed',
    )
  }
}

function accountOf(message: AnyMessage): string | null {
  return 'account' in message.payload ? message.payload.account : null
}

const everyday: ReadonlySet<string> = new Set<Decided['withheld'][number]['code']>([
  'backfill',
  'intent_open',
  'already_held',
  'nothing_held',
])
