import { ack, retry } from '@flotilla/bus'
import type { Delivery, Settlement, Subscription } from '@flotilla/bus'
import { epochMs, partitionOf, streams, timeframeMs } from '@flotilla/contracts'
import type { AnyMessage, IndicatorsRequested, MessageOfType } from '@flotilla/contracts'
import type { Agent, AgentDeps, Readiness } from '@flotilla/fleet'
import { formatIndicator, IndicatorSyntaxError, parseIndicator } from '@flotilla/indicators'
import type { IndicatorSpec } from '@flotilla/indicators'
import { counter, realClock } from '@flotilla/runtime'
import type { Timer } from '@flotilla/runtime'
import type { TechnicalAnalysisConfig } from './config.ts'
import { MarketAnalysis, readingIndicators } from './core/index.ts'
import type { AnalysedCandle, AnalysedSeries } from './core/index.ts'
import { History } from './history.ts'
import { AnalysisStore } from './store.ts'
import type { AnalysedValues } from './store.ts'
import { VenueHistory } from './venue-history.ts'

export type Deps = AgentDeps<TechnicalAnalysisConfig, 'bus' | 'marketStore'>
type CandleMessage = MessageOfType<'market.candle.closed.v1'>
type Origin = CandleMessage['payload']['origin']

/** As many as the settings allow: each costs a little with every candle. */
const indicatorsMax = 100

/** Values are written together, so that a candle does not cost a transaction of its own. */
const writeEveryMs = 1_000

/** Turns closed candles into signals. Its state can be rebuilt from the store at any time. */
export class TechnicalAnalysis implements Agent {
  readonly #deps: Deps
  readonly #store: AnalysisStore
  readonly #venue: VenueHistory
  readonly #history: History
  readonly #indicators: readonly IndicatorSpec[]
  readonly #markets = new Map<string, MarketAnalysis>()
  /** What strategies asked for while this runs, by market. */
  readonly #wanted = new Map<string, readonly IndicatorSpec[]>()
  readonly #metrics: ReturnType<typeof createAnalysisMetrics>
  readonly #stopping = new AbortController()
  /** Resolves when what is delivered while stopping may go back to its queue. */
  readonly #released = Promise.withResolvers<void>()
  readonly #running = new Set<Promise<unknown>>()
  #subscription: Subscription | null = null
  #writing: Timer | null = null

  constructor(deps: Deps) {
    const { config, context, marketStore } = deps
    refuseUnbuildable(deps)
    this.#deps = deps
    this.#store = new AnalysisStore(marketStore, config.storeIndicators)
    this.#indicators = config.indicators.map(parseIndicator)
    this.#metrics = createAnalysisMetrics(deps)
    this.#venue = new VenueHistory({ context, bus: deps.bus })
    this.#history = new History({
      store: this.#store,
      venue: this.#venue,
      logger: context.logger,
      refillAttempts: config.refillAttempts,
      refillPauseMs: config.refillPauseMs,
      stopping: this.#stopping.signal,
      onMissing: (candles) => this.#metrics.missing.inc(candles),
    })
  }

  async start(): Promise<void> {
    const { bus, config, shared } = this.#deps
    const { partitions } = config
    for (const symbol of shared.symbols.filter((each) => isTaken(each, partitions))) {
      const market = this.#marketOf({ venue: shared.venue.id, symbol, timeframe: shared.timeframe })
      await this.#history.goToLastTold(market)
    }
    this.#subscription = await bus.subscribe({
      agent: 'technical-analysis',
      types: [
        'market.candle.closed.v1',
        'market.history.provided.v1',
        'analysis.indicators.requested.v1',
        'market.universe.changed.v1',
      ],
      handler: (delivery) => this.#handle(delivery),
      ...(partitions === undefined ? {} : { partitions }),
    })
    for (const market of this.#markets.values()) {
      await this.#history.askAtStart(market, this.#deps.context.clock.now())
    }
    this.#writing = realClock.every(writeEveryMs, () => this.#store.write())
  }

  /**
   * What was told is stored before the queues are given up: the replica that takes them over reads
   * there where to go on. What comes meanwhile is held, and goes back to its queue.
   */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.allSettled(this.#running)
    await this.#writing?.stop()
    await this.#store.flush()
    const cancelled = this.#subscription?.cancel()
    this.#released.resolve()
    await cancelled
  }

  readiness(): Readiness {
    const now = this.#deps.context.clock.now()
    const symbols = [...this.#markets.values()].map(({ base, analyses }) => {
      const { lastOpenTime, intervalMs } = base
      const ageMs = lastOpenTime === null ? null : now - lastOpenTime - intervalMs
      const higher = analyses.slice(1).map(({ series, warm }) => [series.timeframe, warm] as const)
      const warm = higher.length === 0 ? {} : { higher: Object.fromEntries(higher) }
      return [base.series.symbol, { warm: base.warm, ageMs, ...warm }] as const
    })
    return { ready: this.#subscription !== null, detail: { symbols: Object.fromEntries(symbols) } }
  }

  async #handle({ message }: Delivery): Promise<Settlement> {
    if (message.type === 'market.history.provided.v1') {
      this.#venue.take(message)
      return ack
    }
    if (message.type === 'analysis.indicators.requested.v1') {
      this.#extend(message.payload)
      return ack
    }
    // Nothing to do for a change of the universe: analyses come to be with their first candle.
    if (message.type !== 'market.candle.closed.v1') return ack
    if (this.#stopping.signal.aborted) {
      await this.#released.promise
      return retry('stopping')
    }
    const work = this.#analyse(message)
    this.#running.add(work)
    try {
      await work
    } finally {
      this.#running.delete(work)
    }
    return ack
  }

  async #analyse(message: CandleMessage): Promise<void> {
    const { venue, symbol, timeframe, origin } = message.payload
    const market = this.#marketOf({ venue, symbol, timeframe })
    const candle = candleOf(message)
    try {
      if (market.stepTo(candle.openTime).kind === 'known') return this.#passOver(market, candle)
      const missed = await this.#history.before(market, candle.openTime)
      if (missed.length > 0) await this.#tellMissed(market, missed)
      // Another replica may have told it, and this one may have learnt that only now.
      if (market.stepTo(candle.openTime).kind === 'known') return this.#passOver(market, candle)
      await this.#tell(market, [candle], origin)
      this.#metrics.analysed.inc()
    } catch (error) {
      // Half of it may be done; from the last candle that was told on it is done whole.
      market.reset()
      throw error
    }
  }

  #passOver(market: MarketAnalysis, candle: AnalysedCandle): void {
    this.#metrics.known.inc()
    if (market.correct(candle)) this.#metrics.corrected.inc()
  }

  async #tellMissed(market: MarketAnalysis, missed: readonly AnalysedCandle[]): Promise<void> {
    await this.#tell(market, missed, 'backfill')
    this.#metrics.refilled.inc(missed.length)
    const values = { symbol: market.base.series.symbol, candles: missed.length }
    this.#deps.context.logger.info(values, 'missing candles taken from store')
  }

  /** Told first and stored then, so that what is stored was told. */
  async #tell(
    market: MarketAnalysis,
    candles: readonly AnalysedCandle[],
    origin: Origin,
  ): Promise<void> {
    const messages: AnyMessage[] = []
    const values: AnalysedValues[] = []
    for (const each of candles) {
      this.#venue.noteFed(market.base.series, each)
      market.feed(each, (analysis, candle, { onTime, missing }) => {
        messages.push(analysis.report(candle, onTime ? origin : 'backfill'))
        values.push(this.#store.valuesOf(analysis, candle.closeTime))
        if (missing > 0) this.#metrics.incomplete.inc()
      })
    }
    await this.#deps.bus.publishAll(messages)
    for (const rows of values) this.#store.keep(rows)
  }

  /**
   * A strategy that was loaded anew may look at what nobody computes yet. The analysis of its market begins again
   * with that, warmed up before the next candle; what is being analysed at the moment is told as it was.
   */
  #extend({ venue, symbol, indicators }: IndicatorsRequested): void {
    const { shared, config, context } = this.#deps
    const key = keyOf({ venue, symbol, timeframe: shared.timeframe })
    const before = this.#wanted.get(key) ?? []
    const known = new Set(
      [...readingIndicators, ...this.#indicators, ...before].map(formatIndicator),
    )
    const asked = new Map(
      indicators.flatMap(readIndicator).map((spec) => [formatIndicator(spec), spec]),
    )
    const missing = [...asked.keys()].filter((text) => !known.has(text))
    const added = missing.map((text) => asked.get(text) as IndicatorSpec)
    if (added.length === 0) return
    if (config.indicators.length + before.length + added.length > indicatorsMax) {
      context.logger.warn({ symbol, asked: missing }, 'indicators not added, there are too many')
      return
    }
    this.#wanted.set(key, [...before, ...added])
    const market = this.#markets.get(key)
    if (market !== undefined) this.#history.leave(market)
    this.#markets.delete(key)
    context.logger.info({ symbol, added: missing }, 'indicators added')
  }

  #marketOf(series: AnalysedSeries): MarketAnalysis {
    const key = keyOf(series)
    const known = this.#markets.get(key)
    if (known !== undefined) return known
    const { timeframes } = this.#deps.config
    const market = new MarketAnalysis({
      series,
      timeframes,
      indicators: [...this.#indicators, ...(this.#wanted.get(key) ?? [])],
    })
    this.#markets.set(key, market)
    return market
  }
}

/** None for what is no indicator: who asked for it waits, and says so. */
function readIndicator(text: string): IndicatorSpec[] {
  try {
    return [parseIndicator(text)]
  } catch (error) {
    if (error instanceof IndicatorSyntaxError) return []
    throw error
  }
}

function keyOf({ venue, symbol, timeframe }: AnalysedSeries): string {
  return `${venue} ${symbol} ${timeframe}`
}

function refuseUnbuildable({ config, shared }: Deps): void {
  for (const timeframe of config.timeframes) {
    if (timeframeMs[timeframe] % timeframeMs[shared.timeframe] === 0) continue
    throw new RangeError(
      `analysis.timeframes: candles of ${timeframe} cannot be built from those of ${shared.timeframe}`,
    )
  }
}

function isTaken(symbol: string, partitions: readonly number[] | undefined): boolean {
  return partitions?.includes(partitionOf(symbol, streams.candles.partitions)) ?? true
}

function candleOf({ payload }: CandleMessage): AnalysedCandle {
  return {
    openTime: epochMs(payload.openTime),
    closeTime: epochMs(payload.closeTime),
    high: Number(payload.high),
    low: Number(payload.low),
    close: Number(payload.close),
    closeText: payload.close,
    volume: Number(payload.baseVolume),
  }
}

function createAnalysisMetrics({ context: { metrics } }: Deps) {
  const make = (name: string, help: string) =>
    counter(metrics, { name: `flotilla_analysis_${name}_total`, help })
  return {
    analysed: make('candles', 'Candles analysed.'),
    known: make('candles_known', 'Candles that came again and were passed over.'),
    corrected: make(
      'candles_corrected',
      'Candles that came late or again, and changed one of a higher timeframe in time.',
    ),
    refilled: make(
      'candles_refilled',
      'Candles that were missed on the bus and taken from the store.',
    ),
    missing: make('candles_missing', 'Candles that were nowhere to be had.'),
    incomplete: make('candles_incomplete', 'Candles of higher timeframes with such a hole.'),
  }
}
