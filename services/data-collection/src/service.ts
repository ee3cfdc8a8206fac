import { ack } from '@flotilla/bus'
import type { Subscription } from '@flotilla/bus'
import { timeframeMs } from '@flotilla/contracts'
import type { AnyMessage, MessageOfType } from '@flotilla/contracts'
import type { Agent, AgentDeps, Readiness } from '@flotilla/fleet'
import { gauge } from '@flotilla/runtime'
import type { Timer } from '@flotilla/runtime'
import { VenueError } from '@flotilla/venue'
import { CandleFeed } from './candle-feed.ts'
import type { DataCollectionConfig } from './config.ts'
import { bookMessage, tickerMessage } from './core/index.ts'
import type { SymbolAges } from './core/index.ts'
import { FreshnessWatch } from './freshness-watch.ts'
import { createFeedMetrics } from './metrics.ts'
import type { FeedMetrics } from './metrics.ts'
import { SourceWatch } from './source-watch.ts'
import { CandleStore } from './store.ts'
import { UniverseWatch } from './universe-watch.ts'

export type Deps = AgentDeps<DataCollectionConfig, 'bus' | 'marketStore' | 'venue'>

/** Symbols asked for at the same time; the venue adapter keeps to the venue's rate by itself. */
const parallelFeeds = 4

/** Looks at the venue again and again. Whatever the venue does, the agent lives on. */
export class DataCollection implements Agent {
  readonly #deps: Deps
  readonly #store: CandleStore
  readonly #metrics: FeedMetrics
  readonly #source: SourceWatch
  readonly #universe: UniverseWatch
  readonly #freshness: FreshnessWatch
  readonly #feeds = new Map<string, CandleFeed>()
  /** Symbols that the venue does not list: told once, not asked for again. */
  readonly #unlisted = new Set<string>()
  readonly #tickerAt = new Map<string, number>()
  #timer: Timer | null = null
  #subscription: Subscription | null = null
  #looking: Promise<void> | null = null
  readonly #stopped = new AbortController()
  #polling = false

  constructor(deps: Deps) {
    this.#deps = deps
    this.#store = new CandleStore(deps.marketStore)
    this.#metrics = createFeedMetrics(deps.context.metrics)
    const { config, context, bus, venue, shared, folder } = deps
    this.#source = new SourceWatch({ source: shared.venue.id, config, context, bus })
    this.#universe = new UniverseWatch({
      config: config.universe,
      shared,
      context,
      bus,
      venue,
      folder,
    })
    this.#freshness = new FreshnessWatch({
      venue: shared.venue.id,
      context,
      bus,
      metrics: this.#metrics,
      limits: { ageMaxMs: ageMaxMs(deps), intervalMs: timeframeMs[shared.timeframe] },
    })
    gauge(context.metrics, {
      name: 'flotilla_candle_age_seconds',
      help: 'Age of the newest closed candle, of the symbol where it is oldest.',
      collect: () => (this.#oldestCandleAgeMs() ?? 0) / 1_000,
    })
  }

  async start(): Promise<void> {
    const { bus, shared, config } = this.#deps
    await this.#addFeeds()
    this.#subscription = await bus.subscribe({
      agent: 'data-collection',
      types: ['control.reload.v1'],
      handler: async ({ message }) => {
        this.#reload(message)
        return ack
      },
    })
    await this.#poll()
    const interval = Math.min(config.pollIntervalMs, timeframeMs[shared.timeframe])
    this.#looking = this.#lookOnTheBeat(interval)
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#subscription?.cancel()
    await this.#looking
    await this.#timer?.stop()
    await this.#store.flush()
  }

  /** Looks fall a moment after candles close, so that a new one is seen at once. */
  async #lookOnTheBeat(interval: number): Promise<void> {
    const { clock } = this.#deps.context
    const settled = clock.now() - this.#deps.config.settleMs
    try {
      await clock.sleep(interval - (settled % interval), this.#stopped.signal)
    } catch {
      return
    }
    this.#timer = clock.every(interval, () => this.#poll())
    await this.#poll()
  }

  readiness(): Readiness {
    const now = this.#deps.context.clock.now()
    const age = (at: number | null): number | null => (at === null ? null : now - at)
    const symbols = Object.fromEntries(
      this.#ages().map(({ symbol, candleAt, tickerAt }) => {
        const stale = this.#freshness.isStale(symbol)
        return [symbol, { candleAgeMs: age(candleAt), tickerAgeMs: age(tickerAt), stale }]
      }),
    )
    const unlisted = Object.fromEntries([...this.#unlisted].map((symbol) => [symbol, 'unlisted']))
    const { health } = this.#source
    const started = this.#ages().some(({ candleAt }) => candleAt !== null)
    return {
      ready: started && health.state === 'healthy',
      detail: {
        venue: health,
        symbols: { ...symbols, ...unlisted },
        universe: this.#universe.verdicts,
      },
    }
  }

  /** One feed for each symbol that is configured or was taken in by its volume. */
  async #addFeeds(): Promise<void> {
    const { config, context, bus, venue, shared } = this.#deps
    const missing = this.#universe.symbols.filter((symbol) => !this.#feeds.has(symbol))
    const feeds = missing.map(
      (symbol) =>
        new CandleFeed({
          series: { venue: shared.venue.id, symbol, timeframe: shared.timeframe },
          config,
          context,
          bus,
          venue,
          store: this.#store,
          metrics: this.#metrics,
          stopping: () => this.#stopped.signal.aborted,
        }),
    )
    await Promise.all(feeds.map((feed) => this.#recover(feed)))
    for (const feed of feeds) this.#feeds.set(feed.series.symbol, feed)
  }

  /** Without the store nobody knows where the last run stopped: the feed then begins anew. */
  async #recover(feed: CandleFeed): Promise<void> {
    try {
      await feed.recover()
    } catch (err) {
      const { symbol } = feed.series
      this.#deps.context.logger.warn(
        { err, symbol },
        'stored candles not readable, starting afresh',
      )
    }
  }

  async #poll(): Promise<void> {
    if (this.#polling || this.#stopped.signal.aborted) return
    this.#polling = true
    try {
      if (this.#source.mayAsk) await this.#ask()
      await this.#freshness.look(this.#ages(), { healthy: this.#source.health.state === 'healthy' })
    } catch (err) {
      this.#deps.context.logger.error({ err }, 'look at the venue failed')
    } finally {
      this.#polling = false
    }
  }

  async #ask(): Promise<void> {
    try {
      if (this.#source.mustProbe) await this.#deps.venue.fetchTime()
      this.#takeHoles()
      await this.#pollTickers()
      await this.#universe.assess()
      await this.#addFeeds()
      await inParallel(this.#listed(), parallelFeeds, (feed) => this.#pollFeed(feed))
      await this.#pollBooks()
      await this.#source.succeeded()
    } catch (error) {
      if (!(error instanceof VenueError)) throw error
      this.#metrics.faults.inc({ code: error.code })
      await this.#source.failed(error)
    }
  }

  async #pollFeed(feed: CandleFeed): Promise<void> {
    try {
      await feed.poll()
    } catch (err) {
      if (!(err instanceof VenueError) || err.code !== 'unknown_symbol') throw err
      const { symbol } = feed.series
      this.#unlisted.add(symbol)
      this.#deps.context.logger.error({ symbol, reason: err.message }, 'symbol not listed at venue')
    }
  }

  async #pollTickers(): Promise<void> {
    const { venue, bus, shared } = this.#deps
    const symbols = this.#listed().map(({ series }) => series.symbol)
    if (symbols.length === 0) return
    let tickers
    try {
      tickers = await venue.fetchTickers(symbols)
    } catch (err) {
      // One unlisted symbol spoils the whole question; the candle feeds find out which one.
      if (err instanceof VenueError && err.code === 'unknown_symbol') return
      throw err
    }
    this.#universe.takeTickers(tickers)
    const fresh = tickers.filter(
      ({ symbol, observedAt }) => observedAt > (this.#tickerAt.get(symbol) ?? -1),
    )
    await bus.publishAll(fresh.map((ticker) => tickerMessage(shared.venue.id, ticker)))
    for (const { symbol, observedAt } of fresh) {
      this.#tickerAt.set(symbol, observedAt)
      this.#metrics.tickers.inc({ symbol })
    }
    await this.#store.saveTickers(shared.venue.id, fresh)
  }

  async #pollBooks(): Promise<void> {
    const { venue, bus, shared, config } = this.#deps
    if (config.orderBookDepth === 0) return
    await inParallel(this.#listed(), parallelFeeds, async ({ series }) => {
      const book = await venue.fetchOrderBook(series.symbol, config.orderBookDepth)
      await bus.publish(bookMessage(shared.venue.id, book))
    })
  }

  #listed(): CandleFeed[] {
    return [...this.#feeds.values()].filter(({ series }) => !this.#unlisted.has(series.symbol))
  }

  #ages(): SymbolAges[] {
    return this.#listed().map(({ series: { symbol }, newestCloseTime }) => {
      return { symbol, candleAt: newestCloseTime, tickerAt: this.#tickerAt.get(symbol) ?? null }
    })
  }

  #takeHoles(): void {
    for (const { symbol, from, to } of this.#store.takeHoles()) {
      const feed = this.#feeds.get(symbol)
      feed?.rememberHole({ from, to: to + timeframeMs[feed.series.timeframe] })
    }
  }

  /** An operator has changed something: a disabled venue is worth another question. */
  #reload(message: AnyMessage): void {
    const { agent } = (message as MessageOfType<'control.reload.v1'>).payload
    if (agent !== null && agent !== 'data-collection') return
    this.#unlisted.clear()
    this.#source.askAgain()
    this.#deps.context.logger.info('reload asked for, venue will be asked again')
  }

  #oldestCandleAgeMs(): number | null {
    const times = this.#listed().flatMap(({ newestCloseTime }) => newestCloseTime ?? [])
    return times.length === 0 ? null : this.#deps.context.clock.now() - Math.min(...times)
  }
}

/**
 * On an accelerated market a look of a few real seconds takes minutes: data is not old because of it.
 * A real market is never given more than the setting says.
 */
function ageMaxMs({ config, shared: { venue, simulator } }: Deps): number {
  const lookMs = venue.kind === 'simulator' && simulator.speed > 1 ? 15_000 * simulator.speed : 0
  return Math.max(config.dataAgeMaxMs, lookMs)
}

/** Runs the task for each item, a few at a time; the first failure ends it, after the running ones. */
async function inParallel<Item>(
  items: readonly Item[],
  width: number,
  task: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items]
  const failures: unknown[] = []
  const work = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        await task(item)
      } catch (error) {
        failures.push(error)
        queue.length = 0
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, work))
  if (failures.length > 0) throw failures[0]
}
