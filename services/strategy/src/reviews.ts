import type { Clock, Logger } from '@flotilla/runtime'
import {
  lastDueAt,
  nextDueAt,
  review,
  sameFilters,
  windowStart,
  type EngineMemory,
  type Filters,
  type Review,
} from './core/index.ts'
import type { StrategyMetrics } from './metrics.ts'
import type { StrategyStore } from './store.ts'

export type ReviewsOptions = {
  readonly enabled: boolean
  readonly account: string
  /** As configured; the engine begins with them. */
  readonly filters: Filters
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: StrategyMetrics
  readonly store: StrategyStore
}

/** A failed review is tried again after this. */
const retryMs = 60_000

/** Has the filters reviewed once a day by the journal of the last days, and keeps what was decided. */
export class FilterReviews {
  readonly #options: ReviewsOptions
  readonly #stopped = new AbortController()
  #memory: EngineMemory
  #last: Review | null = null
  #running: Promise<void> = Promise.resolve()

  constructor(options: ReviewsOptions) {
    this.#options = options
    const { confidenceMin, quoteVolume24hMin, spreadMaxPercent, setupAgeHoursMax } = options.filters
    const configured = {
      confidenceMin,
      quoteVolume24hMin,
      spreadMaxPercent,
      setupAgeHoursMax,
    }
    const reviewedDueAt = lastDueAt(options.clock.now())
    this.#memory = { configured, filters: configured, reviewedDueAt }
  }

  get enabled(): boolean {
    return this.#options.enabled
  }

  /** As they hold now. */
  get filters(): Filters {
    return { ...this.#options.filters, ...this.#memory.filters }
  }

  get lastReview(): Review | null {
    return this.#last
  }

  async start(): Promise<void> {
    const { enabled, store, logger, metrics } = this.#options
    if (!enabled) return
    const stored = await store.loadEngine()
    if (stored !== null && sameFilters(stored.configured, this.#memory.configured)) {
      this.#memory = stored
    } else if (stored !== null) {
      const { configured } = this.#memory
      logger.info({ ...configured }, 'filters were configured anew, the engine begins with them')
    }
    await store.keepEngine(this.#memory)
    metrics.showFilters(this.#memory.filters)
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running
  }

  /** A review that was missed while nobody ran is made up for at once. */
  async #run(): Promise<void> {
    const { clock, logger } = this.#options
    const { signal } = this.#stopped
    while (!signal.aborted) {
      const now = clock.now()
      let pauseMs = nextDueAt(now) - now
      if (lastDueAt(now) > this.#memory.reviewedDueAt) {
        try {
          await this.#review(now, lastDueAt(now))
        } catch (err) {
          logger.error({ err }, 'filter review failed, trying again')
          pauseMs = Math.min(pauseMs, retryMs)
        }
      }
      await clock.sleep(pauseMs, signal).catch(() => undefined)
    }
  }

  async #review(now: number, dueAt: number): Promise<void> {
    const { account, store, logger, metrics } = this.#options
    const trades = await store.loadTrades(account, windowStart(now))
    const result = review(this.#memory.filters, trades, { now, dueAt })
    const memory = { ...this.#memory, filters: result.filters, reviewedDueAt: dueAt }
    await store.keepReview({ memory, review: result.review })
    this.#memory = memory
    this.#last = result.review
    metrics.showFilters(memory.filters)
    const { verdict, why, figures, changes } = result.review
    logger.info({ verdict, why, ...figures, changes: changes.length }, 'filters reviewed')
    for (const change of changes) logger.info({ ...change }, 'filter changed')
  }
}
