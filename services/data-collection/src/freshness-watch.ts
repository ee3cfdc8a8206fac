import type { Bus } from '@flotilla/bus'
import type { AgentContext } from '@flotilla/runtime'
import { assessFreshness, symbolMessage } from './core/index.ts'
import type { FreshnessChange, FreshnessLimits, SymbolAges } from './core/index.ts'
import type { FeedMetrics } from './metrics.ts'

export type FreshnessWatchDeps = {
  readonly venue: string
  readonly context: AgentContext
  readonly bus: Bus
  readonly metrics: FeedMetrics
  /** What is looked at was stamped by the venue's clock. */
  readonly venueNow: () => number
  readonly limits: Pick<FreshnessLimits, 'ageMaxMs' | 'intervalMs'>
}

/** Looks at the age of what is there, also while the venue may not be asked. */
export class FreshnessWatch {
  readonly #deps: FreshnessWatchDeps
  readonly #startedAt: number
  readonly #stale = new Set<string>()
  /** Of whom anything was told in this life: an earlier one may have ended with stale data. */
  readonly #introduced = new Set<string>()

  constructor(deps: FreshnessWatchDeps) {
    this.#deps = deps
    this.#startedAt = deps.venueNow()
  }

  isStale(symbol: string): boolean {
    return this.#stale.has(symbol)
  }

  /** Tells once that a symbol has become too old, and once that it is fresh again. */
  async look(ages: readonly SymbolAges[], source: { readonly healthy: boolean }): Promise<void> {
    const { context, bus, venue } = this.#deps
    const now = this.#deps.venueNow()
    this.#measure(ages, now)
    const limits = { ...this.#deps.limits, now, startedAt: this.#startedAt }
    const changes = assessFreshness(this.#stale, ages, limits)
    for (const change of [...changes, ...this.#introductions(ages, changes)]) {
      const { symbol, stale, reason } = change
      try {
        await bus.publish(symbolMessage(venue, change, now))
      } catch (err) {
        // Whoever trades has limits of their own; the next look tells it again.
        context.logger.warn({ err, symbol }, 'stale data not told')
        continue
      }
      this.#introduced.add(symbol)
      // When the source as a whole is away, that has been said already.
      const level = source.healthy ? 'error' : 'info'
      if (stale) context.logger[level]({ symbol, reason }, 'market data is stale')
      else context.logger.info({ symbol }, 'market data is fresh')
      if (stale) this.#stale.add(symbol)
      else this.#stale.delete(symbol)
    }
  }

  /** Who trades keeps what was said over a restart of ours: what is well is said once too. */
  #introductions(
    ages: readonly SymbolAges[],
    changes: readonly FreshnessChange[],
  ): readonly FreshnessChange[] {
    return ages.flatMap(({ symbol, candleAt, tickerAt }) => {
      if (this.#introduced.has(symbol) || candleAt === null || tickerAt === null) return []
      if (changes.some((change) => change.symbol === symbol)) return []
      return [{ symbol, stale: false, reason: `the data of ${symbol} is fresh` }]
    })
  }

  #measure(ages: readonly SymbolAges[], now: number): void {
    const { metrics, venue } = this.#deps
    const { candleAge, tickerAge } = metrics
    for (const { symbol, candleAt, tickerAt } of ages) {
      if (candleAt !== null) candleAge.set({ venue, symbol }, (now - candleAt) / 1_000)
      if (tickerAt !== null) tickerAge.set({ venue, symbol }, (now - tickerAt) / 1_000)
    }
  }
}
