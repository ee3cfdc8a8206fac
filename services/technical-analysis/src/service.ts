import { ack } from '@flotilla/bus'
import type { Delivery, Settlement, Subscription } from '@flotilla/bus'
import { epochMs, timeframeMs } from '@flotilla/contracts'
import type { AnyMessage, MessageOfType, Timeframe } from '@flotilla/contracts'
import type { Agent, AgentDeps, Readiness } from '@flotilla/fleet'
import { parseIndicator } from '@flotilla/indicators'
import type { IndicatorSpec } from '@flotilla/indicators'
import { MarketStoreError } from '@flotilla/market-store'
import { counter, realClock } from '@flotilla/runtime'
import type { Timer } from '@flotilla/runtime'
import type { TechnicalAnalysisConfig } from './config.ts'
import { Analysis } from './core/index.ts'
import type { AnalysedCandle, AnalysedSeries, Step } from './core/index.ts'
import { AnalysisStore } from './store.ts'

export type Deps = AgentDeps<TechnicalAnalysisConfig, 'bus' | 'marketStore'>
type CandleMessage = MessageOfType<'market.candle.closed.v1'>
type Missing = Extract<Step, { kind: 'missing' }>

/** Values are written together, so that a candle does not cost a transaction of its own. */
const writeEveryMs = 1_000

/** Turns closed candles into signals. Its state can be rebuilt from the store at any time. */
export class TechnicalAnalysis implements Agent {
  readonly #deps: Deps
  readonly #store: AnalysisStore
  readonly #indicators: readonly IndicatorSpec[]
  readonly #analyses = new Map<string, Analysis>()
  readonly #metrics: ReturnType<typeof createAnalysisMetrics>
  readonly #stopped = new AbortController()
  /** Started without the store: tried again with the next candle. */
  readonly #cold = new Set<Analysis>()
  #subscription: Subscription | null = null
  #writing: Timer | null = null

  constructor(deps: Deps) {
    this.#deps = deps
    this.#store = new AnalysisStore(deps.marketStore, deps.config.storeIndicators)
    this.#indicators = deps.config.indicators.map(parseIndicator)
    this.#metrics = createAnalysisMetrics(deps)
  }

  async start(): Promise<void> {
    const { bus, shared } = this.#deps
    for (const symbol of shared.symbols) {
      await this.#recover({ venue: shared.venue.id, symbol, timeframe: shared.timeframe })
    }
    this.#subscription = await bus.subscribe({
      agent: 'technical-analysis',
      types: ['market.candle.closed.v1', 'market.universe.changed.v1'],
      handler: (delivery) => this.#handle(delivery),
    })
    this.#writing = realClock.every(writeEveryMs, () => this.#store.write())
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#subscription?.cancel()
    await this.#writing?.stop()
    await this.#store.flush()
  }

  readiness(): Readiness {
    const now = this.#deps.context.clock.now()
    const series = [...this.#analyses.values()].map((analysis) => {
      const { lastOpenTime, warm, intervalMs } = analysis
      const ageMs = lastOpenTime === null ? null : now - lastOpenTime - intervalMs
      return [analysis.series.symbol, { warm, ageMs }] as const
    })
    return { ready: this.#subscription !== null, detail: { symbols: Object.fromEntries(series) } }
  }

  /**
   * Goes back to the candle that was analysed last, and no further: what closed since then is analysed
   * and told when the next candle comes, so that a restart skips nothing.
   */
  async #recover(series: AnalysedSeries): Promise<void> {
    const { logger } = this.#deps.context
    const analysis = this.#analysisOf(series)
    try {
      const until = await this.#store.analysedUntil(series)
      if (until === null) return
      analysis.resume(await this.#store.levelsAt(analysis, until))
      const from = until - analysis.candlesToSettle * analysis.intervalMs
      for (const candle of await this.#store.candles(series, { from, to: until })) {
        analysis.feed(candle)
      }
      logger.info({ symbol: series.symbol, warm: analysis.warm }, 'indicators warmed up from store')
    } catch (err) {
      analysis.reset()
      logger.warn({ err, symbol: series.symbol }, 'store not readable, indicators start cold')
    }
  }

  async #handle({ message }: Delivery): Promise<Settlement> {
    // Nothing to do for a change of the universe: analyses come to be with their first candle.
    if (message.type !== 'market.candle.closed.v1') return ack
    const { venue, symbol, timeframe } = message.payload
    const analysis = this.#analysisOf({ venue, symbol, timeframe })
    try {
      await this.#analyse(analysis, message)
    } catch (error) {
      // Half of it may be done; a cold start from the store does it whole, under the same ids.
      analysis.reset()
      throw error
    }
    return ack
  }

  async #analyse(analysis: Analysis, message: CandleMessage): Promise<void> {
    const candle = candleOf(message)
    if (analysis.stepTo(candle.openTime).kind === 'known') {
      this.#metrics.known.inc()
      return
    }
    if (this.#cold.has(analysis)) await this.#warmUpLate(analysis, candle.openTime)
    const step = analysis.stepTo(candle.openTime)
    if (step.kind === 'missing') await this.#refill(analysis, step)
    analysis.feed(candle)
    const { origin } = message.payload
    await this.#deps.bus.publish(analysis.report(candle, origin))
    this.#store.save(analysis, candle.closeTime)
    this.#metrics.analysed.inc()
  }

  /** Brings in what is missing before a candle; after a cold start it is warm-up and no news. */
  async #refill(analysis: Analysis, step: Missing): Promise<void> {
    const { bus, context } = this.#deps
    const candles = await this.#load(analysis, step)
    const values = { symbol: analysis.series.symbol, candles: candles.length }
    if (step.cold) {
      analysis.reset()
      for (const candle of candles) analysis.feed(candle)
      context.logger.info({ ...values, warm: analysis.warm }, 'indicators started from store')
      return
    }
    const messages: AnyMessage[] = []
    for (const candle of candles) {
      analysis.feed(candle)
      messages.push(analysis.report(candle, 'backfill'))
      this.#store.save(analysis, candle.closeTime)
    }
    await bus.publishAll(messages)
    this.#metrics.refilled.inc(candles.length)
    context.logger.info(values, 'missing candles taken from store')
  }

  /** The store was away at the start; as soon as it is back, its candles replace the cold ones. */
  async #warmUpLate(analysis: Analysis, to: number): Promise<void> {
    const from = to - analysis.candlesToSettle * analysis.intervalMs
    try {
      const candles = await this.#store.candles(analysis.series, { from, to })
      analysis.reset()
      for (const candle of candles) analysis.feed(candle)
      this.#cold.delete(analysis)
      const { symbol } = analysis.series
      const values = { symbol, candles: candles.length, warm: analysis.warm }
      this.#deps.context.logger.info(values, 'indicators warmed up late')
    } catch (err) {
      if (!(err instanceof MarketStoreError)) throw err
    }
  }

  /**
   * A candle that is missing was published, so it is on its way into the store; it is waited for a
   * little while, then done without. Fresh data is analysed also while the store is away.
   */
  async #load(analysis: Analysis, step: Missing): Promise<AnalysedCandle[]> {
    const { logger } = this.#deps.context
    const { symbol } = analysis.series
    try {
      const candles = await this.#loadInTime(analysis, step)
      const missing = (step.to - step.from) / analysis.intervalMs - candles.length
      if (missing > 0 && !step.cold) {
        this.#metrics.missing.inc(missing)
        logger.warn({ symbol, missing }, 'candles not in store, going on without')
      }
      return candles
    } catch (err) {
      if (!(err instanceof MarketStoreError)) throw err
      logger.warn({ err, symbol, cold: step.cold }, 'store not readable, going on without')
      if (step.cold) this.#cold.add(analysis)
      return []
    }
  }

  async #loadInTime(analysis: Analysis, step: Missing): Promise<AnalysedCandle[]> {
    const { refillAttempts } = this.#deps.config
    const wanted = (step.to - step.from) / analysis.intervalMs
    for (let attempt = 1; ; attempt += 1) {
      const candles = await this.#store.candles(analysis.series, step)
      const upToDate = candles.at(-1)?.closeTime === step.to
      const enough = upToDate && (step.cold || candles.length === wanted)
      if (enough || attempt >= refillAttempts || this.#stopped.signal.aborted) return candles
      await this.#pause()
    }
  }

  async #pause(): Promise<void> {
    try {
      await realClock.sleep(this.#deps.config.refillPauseMs, this.#stopped.signal)
    } catch {
      // The agent is stopping; the caller sees that by itself.
    }
  }

  #analysisOf(series: AnalysedSeries): Analysis {
    const key = `${series.venue} ${series.symbol} ${series.timeframe}`
    const known = this.#analyses.get(key)
    if (known !== undefined) return known
    const intervalMs = timeframeMs[series.timeframe satisfies Timeframe]
    const analysis = new Analysis({ series, intervalMs, indicators: this.#indicators })
    this.#analyses.set(key, analysis)
    return analysis
  }
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
    refilled: make(
      'candles_refilled',
      'Candles that were missed on the bus and taken from the store.',
    ),
    missing: make('candles_missing', 'Candles that were nowhere to be had.'),
  }
}
