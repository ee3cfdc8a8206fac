import { ack, retry } from '@flotilla/bus'
import type { Delivery, Settlement, Subscription } from '@flotilla/bus'
import { epochMs, partitionOf, streams, timeframeMs } from '@flotilla/contracts'
import type { AnyMessage, MessageOfType } from '@flotilla/contracts'
import type { Agent, AgentDeps, Readiness } from '@flotilla/fleet'
import { parseIndicator } from '@flotilla/indicators'
import type { IndicatorSpec } from '@flotilla/indicators'
import { counter, realClock } from '@flotilla/runtime'
import type { Timer } from '@flotilla/runtime'
import type { TechnicalAnalysisConfig } from './config.ts'
import { MarketAnalysis } from './core/index.ts'
import type { AnalysedCandle, AnalysedSeries } from './core/index.ts'
import { History } from './history.ts'
import { AnalysisStore } from './store.ts'
import type { AnalysedValues } from './store.ts'
import { VenueHistory } from './venue-history.ts'

export type Deps = AgentDeps<TechnicalAnalysisConfig, 'bus' | 'marketStore'>
type CandleMessage = MessageOfType<'market.candle.closed.v1'>
type Origin = CandleMessage['payload']['origin']

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

  #marketOf(series: AnalysedSeries): MarketAnalysis {
    const key = `${series.venue} ${series.symbol} ${series.timeframe}`
    const known = this.#markets.get(key)
    if (known !== undefined) return known
    const { timeframes } = this.#deps.config
    const market = new MarketAnalysis({ series, timeframes, indicators: this.#indicators })
    this.#markets.set(key, market)
    return market
  }
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
