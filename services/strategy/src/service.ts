import { ack, retry } from '@flotilla/bus'
import type { Delivery, Settlement, Subscription } from '@flotilla/bus'
import type { AnyMessage, MessageOfType, TradingState } from '@flotilla/contracts'
import type { Agent, AgentDeps, Readiness } from '@flotilla/fleet'
import type { StrategyConfig } from './config.ts'
import {
  isOrderEnd,
  newer,
  onAnalysis,
  onDenied,
  onFlat,
  onOrderEnded,
  positionOf,
} from './core/index.ts'
import type { AnalysisDecision, Desk, DeskLimits, DeskMemory } from './core/index.ts'
import type { Surroundings } from './core/index.ts'
import { limitsOf, marketOf, stricter } from './market.ts'
import type { Market, RunningDesk } from './market.ts'
import { createStrategyMetrics } from './metrics.ts'
import type { StrategyMetrics } from './metrics.ts'
import { StrategyStore } from './store.ts'

export type Deps = AgentDeps<StrategyConfig, 'bus' | 'ledger'>
type Signals = MessageOfType<'analysis.signals.computed.v1'>
type Decided = Extract<AnalysisDecision, { kind: 'decided' }>
type Update = { readonly running: RunningDesk; readonly memory: DeskMemory }

/** Shows strategies the analyses, and lets their intents out in one commit with their memory. */
export class StrategyAgent implements Agent {
  readonly #deps: Deps
  readonly #store: StrategyStore
  readonly #limits: DeskLimits
  readonly #markets: ReadonlyMap<string, Market>
  readonly #metrics: StrategyMetrics
  /** Desks that wait for indicators, and for which. */
  readonly #unfed = new Map<string, string>()
  #accountState: TradingState = 'active'
  #subscription: Subscription | null = null

  constructor(deps: Deps) {
    this.#deps = deps
    this.#store = new StrategyStore({
      ledger: deps.ledger,
      bus: deps.bus,
      logger: deps.context.logger,
    })
    this.#limits = limitsOf(deps)
    this.#metrics = createStrategyMetrics(deps.context.metrics)
    this.#markets = new Map(deps.shared.symbols.map((symbol) => [symbol, marketOf(deps, symbol)]))
  }

  async start(): Promise<void> {
    const { bus, context, shared } = this.#deps
    const memories = await this.#store.loadMemories()
    const positions = await this.#store.loadPositions(shared.account.id)
    for (const market of this.#markets.values()) {
      market.position = positions.get(market.symbol)
      for (const running of market.desks) {
        const stored = memories.get(running.key)
        if (stored === null) {
          context.logger.warn({ desk: running.key }, 'stored memory not readable, starting afresh')
        }
        running.memory = stored ?? running.memory
        if ((market.position?.held ?? null) === null) running.memory = onFlat(running.memory)
      }
    }
    await this.#store.start()
    context.logger.info({ remembered: memories.size }, 'strategies recovered')
    this.#subscription = await bus.subscribe({
      agent: 'strategy',
      types: [
        'analysis.signals.computed.v1',
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
  }

  async stop(): Promise<void> {
    await this.#subscription?.cancel()
    await this.#store.stop()
  }

  readiness(): Readiness {
    const open = [...this.#markets.values()].flatMap(({ desks }) =>
      desks.flatMap(({ key, memory }) => (memory.openIntent === null ? [] : [key])),
    )
    return {
      ready: this.#subscription !== null,
      detail: { openIntents: open, indicatorsMissing: Object.fromEntries(this.#unfed) },
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
    if (this.#deps.shared.account.id !== accountOf(message)) return ack
    if (message.type === 'execution.position.changed.v1') {
      return this.#onPosition(market, message)
    }
    const now = this.#deps.context.clock.now()
    const options = { now, limits: this.#limits }
    return this.#updateDesks(market, message, (memory) => {
      if (message.type === 'risk.intent.denied.v1') {
        return onDenied(memory, message.payload.intentId, options)
      }
      return isOrderEnd(message) ? onOrderEnded(memory, message, options) : null
    })
  }

  async #onAnalysis(market: Market, message: Signals): Promise<Settlement> {
    const decisions = this.#decisionsOf(market, message)
    const updates = decisions.map(({ running, decision: { memory } }) => ({ running, memory }))
    const intents = decisions.flatMap(({ decision: { intent } }) => intent ?? [])
    if (decisions.some(({ decision }) => decision.changed)) {
      return this.#commit(message, updates, intents)
    }
    remember(updates)
    return ack
  }

  #decisionsOf(
    market: Market,
    message: Signals,
  ): { readonly running: RunningDesk; readonly decision: Decided }[] {
    const { venue, timeframe } = message.payload
    return market.desks
      .filter(({ desk }) => desk.venue === venue && desk.timeframe === timeframe)
      .flatMap((running) => {
        const decision = this.#decide(market, running, message)
        return decision === null ? [] : [{ running, decision }]
      })
  }

  /** Null when there is nothing to remember. A strategy that fails is told of and passed over. */
  #decide(market: Market, { desk, key, memory }: RunningDesk, message: Signals): Decided | null {
    const { logger } = this.#deps.context
    try {
      const surroundings = this.#surroundings(market)
      const decision = onAnalysis(desk, memory, { message, surroundings })
      if (decision.kind === 'known') return null
      if (decision.kind === 'not-warm') {
        this.#noteMissing(desk, key, decision.missing)
        return null
      }
      this.#unfed.delete(key)
      if (decision.withheld !== null) {
        this.#metrics.withheld.inc({ strategy: desk.id, reason: decision.withheld })
        const values = { strategy: desk.id, symbol: desk.symbol, reason: decision.withheld }
        logger.debug(values, 'wish withheld')
      }
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

  /** Either they warm up by themselves, or nobody computes them: both are told, once. */
  #noteMissing(desk: Desk, key: string, missing: readonly string[]): void {
    const names = missing.join(', ')
    if (this.#unfed.get(key) === names) return
    this.#unfed.set(key, names)
    this.#deps.context.logger.info(
      { strategy: desk.id, symbol: desk.symbol, missing: names },
      'waiting for indicators: warming up, or to be added to analysis.indicators',
    )
  }

  async #onPosition(
    market: Market,
    message: MessageOfType<'execution.position.changed.v1'>,
  ): Promise<Settlement> {
    const position = newer(market.position, positionOf(message.payload))
    if (position === market.position) return ack
    market.position = position
    if (position.held !== null) return ack
    // Not worth a commit: a restart sees by the ledger's positions that nothing is held.
    for (const running of market.desks) running.memory = onFlat(running.memory)
    return ack
  }

  async #updateDesks(
    market: Market,
    message: AnyMessage,
    update: (memory: DeskMemory) => DeskMemory | null,
  ): Promise<Settlement> {
    const updates = market.desks.flatMap((running) => {
      const memory = update(running.memory)
      return memory === null ? [] : [{ running, memory }]
    })
    return updates.length === 0 ? ack : this.#commit(message, updates, [])
  }

  /** What is remembered in memory is what the ledger has: first the commit, then the memory. */
  async #commit(
    message: AnyMessage,
    updates: readonly Update[],
    outgoing: readonly AnyMessage[],
  ): Promise<Settlement> {
    const outcome = await this.#store.commit({
      causeId: message.messageId,
      updates: updates.map(({ running: { key }, memory }) => ({ key, memory })),
      outgoing,
    })
    if (outcome.kind === 'refused') return retry(`${outcome.constraint}: ${outcome.detail}`)
    if (outcome.kind === 'duplicate') return ack
    remember(updates)
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
      limits: this.#limits,
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

function remember(updates: readonly Update[]): void {
  for (const { running, memory } of updates) running.memory = memory
}
