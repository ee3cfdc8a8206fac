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
import { afterFault, bookMessage, healthy, mayAsk, sourceMessage } from './core/index.ts'
import { tickerMessage } from './core/index.ts'
import type { SourceHealth } from './core/index.ts'
import { createFeedMetrics } from './metrics.ts'
import type { FeedMetrics } from './metrics.ts'
import { CandleStore } from './store.ts'

export type Deps = AgentDeps<DataCollectionConfig, 'bus' | 'marketStore' | 'venue'>

/** Symbols asked for at the same time; the venue adapter keeps to the venue's rate by itself. */
const parallelFeeds = 4

/** Looks at the venue again and again. Whatever the venue does, the agent lives on. */
export class DataCollection implements Agent {
  readonly #deps: Deps
  readonly #store: CandleStore
  readonly #metrics: FeedMetrics
  readonly #feeds: readonly CandleFeed[]
  /** Symbols that the venue does not list: told once, not asked for again. */
  readonly #unlisted = new Set<string>()
  readonly #tickerAt = new Map<string, number>()
  #health: SourceHealth = healthy
  /** What the others know: nothing yet, or what an earlier run told them. */
  #toldState: SourceHealth['state'] | null = null
  #timer: Timer | null = null
  #subscription: Subscription | null = null
  #looking: Promise<void> | null = null
  readonly #stopped = new AbortController()
  #polling = false

  constructor(deps: Deps) {
    this.#deps = deps
    this.#store = new CandleStore(deps.marketStore)
    this.#metrics = createFeedMetrics(deps.context.metrics)
    const { config, context, bus, venue, shared } = deps
    this.#feeds = shared.symbols.map(
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
    gauge(context.metrics, {
      name: 'flotilla_candle_age_seconds',
      help: 'Age of the newest closed candle, of the symbol where it is oldest.',
      collect: () => (this.#oldestCandleAgeMs() ?? 0) / 1_000,
    })
  }

  async start(): Promise<void> {
    const { bus, shared, config } = this.#deps
    await Promise.all(this.#feeds.map((feed) => this.#recover(feed)))
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
    const age = (at: number | null | undefined): number | null =>
      at === null || at === undefined ? null : now - at
    const symbols = Object.fromEntries(
      this.#feeds.map(({ series, newestCloseTime }) => {
        const ages = {
          candleAgeMs: age(newestCloseTime),
          tickerAgeMs: age(this.#tickerAt.get(series.symbol)),
        }
        return [series.symbol, this.#unlisted.has(series.symbol) ? 'unlisted' : ages]
      }),
    )
    const started = this.#feeds.some(({ newestCloseTime }) => newestCloseTime !== null)
    return {
      ready: started && this.#health.state === 'healthy',
      detail: { venue: this.#health, symbols },
    }
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
    const { context } = this.#deps
    if (this.#polling || this.#stopped.signal.aborted) return
    if (!mayAsk(this.#health, context.clock.now())) return
    this.#polling = true
    try {
      this.#takeHoles()
      await this.#pollTickers()
      await inParallel(this.#listed(), parallelFeeds, (feed) => this.#pollFeed(feed))
      await this.#pollBooks()
      await this.#become(healthy)
    } catch (err) {
      if (!(err instanceof VenueError)) {
        context.logger.error({ err }, 'look at the venue failed')
        return
      }
      await this.#afterVenueError(err)
    } finally {
      this.#polling = false
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
    return this.#feeds.filter(({ series }) => !this.#unlisted.has(series.symbol))
  }

  #takeHoles(): void {
    for (const { symbol, from, to } of this.#store.takeHoles()) {
      const feed = this.#feeds.find(({ series }) => series.symbol === symbol)
      feed?.rememberHole({ from, to: to + timeframeMs[feed.series.timeframe] })
    }
  }

  async #afterVenueError(error: VenueError): Promise<void> {
    const { config, context } = this.#deps
    this.#metrics.faults.inc({ code: error.code })
    const fault = {
      reason: `${error.code}: ${error.message}`.slice(0, 500),
      permanent: error.code === 'unauthorized' || error.code === 'blocked',
      retryAfterMs: error.retryAfterMs,
    }
    await this.#become(
      afterFault(this.#health, fault, {
        minimumMs: config.backoffMinimumMs,
        maximumMs: config.backoffMaximumMs,
        now: context.clock.now(),
        spread: spreadOf(context.instance),
      }),
    )
  }

  /** Told at the start and with each change; a fault that goes on is not told again. */
  async #become(health: SourceHealth): Promise<void> {
    this.#health = health
    if (this.#toldState === health.state) return
    this.#toldState = health.state
    const { context, bus, shared } = this.#deps
    const level = { healthy: 'info', degraded: 'warn', disabled: 'error' } as const
    const reason = health.state === 'healthy' ? null : health.reason
    const values = { venue: shared.venue.id, state: health.state, reason }
    context.logger[level[health.state]](values, 'venue state changed')
    try {
      await bus.publish(sourceMessage(shared.venue.id, health, context.clock.now()))
    } catch (err) {
      context.logger.warn({ err }, 'venue state not published')
    }
  }

  /** An operator has changed something: a disabled venue is worth another question. */
  #reload(message: AnyMessage): void {
    const { agent } = (message as MessageOfType<'control.reload.v1'>).payload
    if (agent !== null && agent !== 'data-collection') return
    this.#unlisted.clear()
    if (this.#health.state !== 'healthy') {
      this.#health = { state: 'degraded', reason: 'reload asked for', failures: 1, retryAt: 0 }
    }
    this.#deps.context.logger.info('reload asked for, venue will be asked again')
  }

  #oldestCandleAgeMs(): number | null {
    const times = this.#listed().flatMap(({ newestCloseTime }) => newestCloseTime ?? [])
    return times.length === 0 ? null : this.#deps.context.clock.now() - Math.min(...times)
  }
}

/** From the instance's name, so that replicas spread out and a run can be repeated. */
function spreadOf(instance: string): number {
  let hash = 7
  for (const character of instance) hash = (hash * 31 + character.charCodeAt(0)) % 997
  return hash / 997
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
