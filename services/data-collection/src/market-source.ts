import type { Bus } from '@flotilla/bus'
import { timeframeMs } from '@flotilla/contracts'
import type { SharedConfig } from '@flotilla/fleet'
import type { CandleHole } from '@flotilla/market-store'
import type { AgentContext, Timer } from '@flotilla/runtime'
import { VenueError } from '@flotilla/venue'
import type { Venue, VenueCandle } from '@flotilla/venue'
import { CandleFeed } from './candle-feed.ts'
import type { DataCollectionConfig } from './config.ts'
import type { SourceFix, SymbolAges } from './core/index.ts'
import { FreshnessWatch } from './freshness-watch.ts'
import { inParallel } from './in-parallel.ts'
import type { FeedMetrics } from './metrics.ts'
import { QuoteTeller } from './quote-teller.ts'
import { SourceWatch } from './source-watch.ts'
import type { CandleStore } from './store.ts'
import { streamLimits } from './stream-config.ts'
import { StreamLink } from './stream-link.ts'
import { UniverseWatch } from './universe-watch.ts'
import { VenueTimekeeper } from './venue-timekeeper.ts'

export type MarketSourceDeps = {
  /** Our name of the venue, what is watched there, and what its volumes are counted in. */
  readonly market: { readonly venue: string; readonly symbols: readonly string[] }
  readonly venue: Venue
  readonly config: DataCollectionConfig
  readonly shared: SharedConfig
  readonly context: AgentContext
  readonly bus: Bus
  readonly store: CandleStore
  readonly metrics: FeedMetrics
  readonly folder: string
  /** Which settings help when the venue refuses us. */
  readonly fix: SourceFix
  /** At each look while the source is disabled: somebody may have changed the settings. */
  readonly whileDisabled: () => Promise<void>
}

/** Symbols asked for at the same time; the venue adapter keeps to the venue's rate by itself. */
const parallelFeeds = 4

/** One venue as a source: looks at it again and again, or listens to it. It never fails for good. */
export class MarketSource {
  readonly #deps: MarketSourceDeps
  #venue: Venue
  readonly #watch: SourceWatch
  readonly #universe: UniverseWatch
  readonly #freshness: FreshnessWatch
  readonly #time: VenueTimekeeper
  readonly #stream: StreamLink
  readonly #quotes: QuoteTeller
  readonly #feeds = new Map<string, CandleFeed>()
  /** Symbols that the venue does not list: told once, not asked for again. */
  readonly #unlisted = new Set<string>()
  #timer: Timer | null = null
  #looking: Promise<void> | null = null
  readonly #stopped = new AbortController()
  #polling = false

  constructor(deps: MarketSourceDeps) {
    this.#deps = deps
    this.#venue = deps.venue
    const { config, context, bus, shared, folder, metrics, market, store, fix } = deps
    const source = market.venue
    const venue = (): Venue => this.#venue
    this.#watch = new SourceWatch({ source, config, context, bus, fix })
    this.#time = new VenueTimekeeper({ source, venue, context, metrics })
    this.#universe = new UniverseWatch({
      config: config.universe,
      market: { ...market, currency: shared.account.currency },
      context,
      bus,
      venue,
      folder,
    })
    this.#freshness = new FreshnessWatch({
      venue: source,
      context,
      bus,
      metrics,
      venueNow: () => this.#time.now(),
      limits: { ageMaxMs: ageMaxMs(deps), intervalMs: timeframeMs[shared.timeframe] },
    })
    this.#quotes = new QuoteTeller({
      source,
      config,
      context,
      bus,
      store,
      metrics,
      venue,
      venueNow: () => this.#time.now(),
    })
    this.#stream = new StreamLink({
      source,
      venue,
      context,
      metrics,
      limits: streamLimits(config.stream, speedOf(shared)),
      listener: {
        onCandle: (candle) => void this.#takeCandle(candle),
        onTicker: (ticker) => {
          this.#universe.takeTickers([ticker])
          this.#quotes.takeTicker(ticker)
        },
        onBook: (book) => this.#quotes.takeBook(book),
      },
      onRefused: (error) => void this.#noteFault(error),
    })
  }

  get id(): string {
    return this.#deps.market.venue
  }

  get isDisabled(): boolean {
    return this.#watch.health.state === 'disabled'
  }

  async start(): Promise<void> {
    await this.#addFeeds()
    await this.#poll()
    const { config, shared } = this.#deps
    const interval = Math.min(config.pollIntervalMs, timeframeMs[shared.timeframe])
    this.#looking = this.#lookOnTheBeat(interval)
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#stream.stop()
    await this.#looking
    await this.#timer?.stop()
  }

  /** With other settings, or the same ones anew: even a disabled venue is worth another question. */
  askAgain(venue: Venue | null): void {
    if (venue !== null) this.#venue = venue
    this.#unlisted.clear()
    this.#watch.askAgain()
    if (venue !== null) this.#stream.renew()
  }

  /** Looks fall a moment after candles close at the venue, so that a new one is seen at once. */
  async #lookOnTheBeat(interval: number): Promise<void> {
    const { clock } = this.#deps.context
    const settled = this.#time.now() - this.#deps.config.settleMs
    try {
      await clock.sleep(interval - (settled % interval), this.#stopped.signal)
    } catch {
      return
    }
    this.#timer = clock.every(interval, () => this.#poll())
    await this.#poll()
  }

  get isReady(): boolean {
    const hasCandles = this.#ages().some(({ candleAt }) => candleAt !== null)
    return hasCandles && this.#watch.health.state === 'healthy'
  }

  get detail(): Record<string, unknown> {
    const now = this.#time.now()
    const age = (at: number | null): number | null => (at === null ? null : now - at)
    const symbols = Object.fromEntries(
      this.#ages().map(({ symbol, candleAt, tickerAt }) => {
        const stale = this.#freshness.isStale(symbol)
        return [symbol, { candleAgeMs: age(candleAt), tickerAgeMs: age(tickerAt), stale }]
      }),
    )
    const unlisted = Object.fromEntries([...this.#unlisted].map((symbol) => [symbol, 'unlisted']))
    return {
      venue: this.#watch.health,
      mode: this.#stream.mode,
      clockSkewMs: this.#time.skewMs,
      symbols: { ...symbols, ...unlisted },
      universe: this.#universe.verdicts,
    }
  }

  /** Of the symbol where it is oldest; null before the first candle. */
  get oldestCandleAgeMs(): number | null {
    const times = this.#listed().flatMap(({ newestCloseTime }) => newestCloseTime ?? [])
    return times.length === 0 ? null : this.#time.now() - Math.min(...times)
  }

  /** What the store had to let go is fetched again from the venue that it came from. */
  rememberHole({ symbol, from, to }: CandleHole): void {
    const feed = this.#feeds.get(symbol)
    feed?.rememberHole({ from, to: to + timeframeMs[feed.series.timeframe] })
  }

  /** Null when it is not watched here, or the venue may not be asked now. Throws what the venue throws. */
  async provideHistory(
    symbol: string,
    range: { readonly from: number; readonly to: number },
  ): Promise<readonly VenueCandle[] | null> {
    const feed = this.#feeds.get(symbol)
    return feed === undefined || !this.#watch.mayAsk ? null : feed.provide(range)
  }

  /** One feed for each symbol that is configured or was taken in by its volume. */
  async #addFeeds(): Promise<void> {
    const { config, context, bus, shared, store, metrics } = this.#deps
    const missing = this.#universe.symbols.filter((symbol) => !this.#feeds.has(symbol))
    const feeds = missing.map(
      (symbol) =>
        new CandleFeed({
          series: { venue: this.id, symbol, timeframe: shared.timeframe },
          config,
          context,
          bus,
          venue: { fetchCandles: (request) => this.#venue.fetchCandles(request) },
          store,
          metrics,
          venueNow: () => this.#time.now(),
          mayAsk: () => this.#watch.mayAsk,
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
      if (this.isDisabled) await this.#deps.whileDisabled()
      if (this.#watch.mayAsk) await this.#ask()
      const healthy = this.#watch.health.state === 'healthy'
      await this.#freshness.look(this.#ages(), { healthy })
    } catch (err) {
      this.#deps.context.logger.error({ err, venue: this.id }, 'look at the venue failed')
    } finally {
      this.#polling = false
    }
  }

  async #ask(): Promise<void> {
    const { store } = this.#deps
    try {
      if (this.#watch.mustProbe) await this.#time.ask()
      await this.#time.keep()
      store.tellHoles()
      const streamed = this.#stream.trusted
      const tickers = await this.#quotes.pollTickers(this.#symbols(), { streamed })
      this.#universe.takeTickers(tickers)
      await this.#universe.assess()
      await this.#addFeeds()
      const graceMs = streamed ? this.#deps.config.stream.graceMs : 0
      await inParallel(this.#listed(), parallelFeeds, (feed) => this.#pollFeed(feed, graceMs))
      await this.#quotes.pollBooks(this.#symbols(), { streamed })
      await this.#watch.succeeded()
      this.#tendStream()
    } catch (error) {
      await this.#noteFault(error)
    }
  }

  async #noteFault(error: unknown): Promise<void> {
    if (!(error instanceof VenueError)) throw error
    this.#deps.metrics.faults.inc({ venue: this.id, code: error.code })
    await this.#watch.failed(error)
    if (this.isDisabled) this.#stream.renew()
  }

  #tendStream(): void {
    const { config, shared } = this.#deps
    if (!config.stream.enabled || this.#stopped.signal.aborted) return
    this.#stream.tend({
      symbols: this.#symbols(),
      timeframe: shared.timeframe,
      bookDepth: this.#quotes.streamedDepth,
    })
  }

  async #pollFeed(feed: CandleFeed, graceMs: number): Promise<void> {
    try {
      await feed.poll({ graceMs })
    } catch (err) {
      if (!(err instanceof VenueError) || err.code !== 'unknown_symbol') throw err
      const { symbol } = feed.series
      this.#unlisted.add(symbol)
      const values = { venue: this.id, symbol, reason: err.message }
      this.#deps.context.logger.error(values, 'symbol not listed at venue')
    }
  }

  async #takeCandle(candle: VenueCandle): Promise<void> {
    if (!candle.closed || this.#stopped.signal.aborted) return
    try {
      await this.#feeds.get(candle.symbol)?.take(candle)
    } catch (error) {
      await this.#noteFault(error).catch((err: unknown) => {
        this.#deps.context.logger.error({ err, venue: this.id }, 'streamed candle not taken')
      })
    }
  }

  #symbols(): string[] {
    return this.#listed().map(({ series }) => series.symbol)
  }

  #listed(): CandleFeed[] {
    return [...this.#feeds.values()].filter(({ series }) => !this.#unlisted.has(series.symbol))
  }

  #ages(): SymbolAges[] {
    return this.#listed().map(({ series: { symbol }, newestCloseTime }) => {
      return { symbol, candleAt: newestCloseTime, tickerAt: this.#quotes.newestOf(symbol) }
    })
  }
}

/**
 * On an accelerated market a look of a few real seconds takes minutes: data is not old because of it.
 * A real market is never given more than the setting says.
 */
function ageMaxMs({ config, shared }: MarketSourceDeps): number {
  const speed = speedOf(shared)
  return Math.max(config.dataAgeMaxMs, speed > 1 ? 15_000 * speed : 0)
}

function speedOf({ venue, simulator }: SharedConfig): number {
  return venue.kind === 'simulator' ? simulator.speed : 1
}
