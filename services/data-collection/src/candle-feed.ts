import type { Bus } from '@flotilla/bus'
import { timeframeMs } from '@flotilla/contracts'
import type { AgentContext } from '@flotilla/runtime'
import type { Venue, VenueCandle } from '@flotilla/venue'
import type { DataCollectionConfig } from './config.ts'
import {
  candleMessage,
  createSequence,
  gapOf,
  holesBetween,
  observe,
  observeAnswer,
  recentMax,
} from './core/index.ts'
import type { Gap, Sequence, SequenceDecision, Series } from './core/index.ts'
import type { FeedMetrics } from './metrics.ts'
import type { CandleStore } from './store.ts'

export type FeedDeps = {
  readonly series: Series
  readonly config: DataCollectionConfig
  readonly context: AgentContext
  readonly bus: Pick<Bus, 'publishAll'>
  readonly venue: Pick<Venue, 'fetchCandles'>
  readonly store: CandleStore
  readonly metrics: FeedMetrics
  readonly stopping: () => boolean
}

/** Candles before the next one that are asked for again, to see whether the venue corrected them. */
const overlapCandles = 2

/** The candles of one symbol: asks the venue, lets the sequence decide, publishes, then stores. */
export class CandleFeed {
  readonly #deps: FeedDeps
  readonly #intervalMs: number
  #sequence: Sequence
  /** Stretches that the store lacks although they were published. */
  #holes: Gap[] = []

  constructor(deps: FeedDeps) {
    this.#deps = deps
    this.#intervalMs = timeframeMs[deps.series.timeframe]
    this.#sequence = createSequence(this.#intervalMs)
  }

  get series(): Series {
    return this.#deps.series
  }

  /** When the newest candle that went out was over; null before the first. */
  get newestCloseTime(): number | null {
    return this.#sequence.nextOpenTime
  }

  /** Takes up where the store says that the last run stopped. */
  async recover(): Promise<void> {
    const { store, series, config, context } = this.#deps
    const known = await store.load(series, Math.max(recentMax, config.historyCandles))
    this.#sequence = createSequence(this.#intervalMs, known)
    this.#holes = holesBetween(
      known.map(({ openTime }) => openTime),
      this.#intervalMs,
    )
    context.logger.debug({ symbol: series.symbol, candles: known.length }, 'stored candles loaded')
  }

  /** Brings out everything that closed since the last look. Throws what the venue throws. */
  async poll(): Promise<void> {
    if (this.#sequence.nextOpenTime === null) await this.#fetchHistory()
    await this.#catchUp()
    await this.#fillHoles()
  }

  rememberHole(hole: Gap): void {
    this.#holes.push(hole)
  }

  /** The first start: what was before is stored, for warm-up, and not published. */
  async #fetchHistory(): Promise<void> {
    const { store, series, config, context } = this.#deps
    let sequence = createSequence(this.#intervalMs)
    const behind = (config.historyCandles + 1) * this.#intervalMs
    let since = this.#floor(context.clock.now() - behind)
    const history: VenueCandle[] = []
    while (!this.#deps.stopping()) {
      const page = await this.#fetch(since, config.pageCandles)
      const decision = observe(sequence, page)
      sequence = decision.sequence
      history.push(...decision.released)
      const next = (page.at(-1)?.openTime ?? since) + this.#intervalMs
      // Some venues answer with less than was asked for: only the present is the end.
      if (page.length === 0 || next + this.#intervalMs > context.clock.now()) break
      since = next
    }
    // A hole in the history is the venue's own or is asked for later; it holds nothing up.
    history.push(...sequence.waiting)
    if (history.length === 0) return
    await store.save(series, history)
    await store.flush()
    this.#sequence = createSequence(this.#intervalMs, history)
    this.#holes.push(
      ...holesBetween(
        history.map(({ openTime }) => openTime),
        this.#intervalMs,
      ),
    )
    context.logger.info({ symbol: series.symbol, candles: history.length }, 'history stored')
  }

  async #catchUp(): Promise<void> {
    let overlap = overlapCandles * this.#intervalMs
    while (!this.#deps.stopping()) {
      const next = this.#sequence.nextOpenTime
      const now = this.#deps.context.clock.now()
      if (next === null || now < next + this.#intervalMs) return
      const since = next - overlap
      const wanted = Math.ceil((now - since) / this.#intervalMs) + 1
      const limit = Math.min(this.#deps.config.pageCandles, wanted)
      const answer = await this.#fetch(since, limit)
      const more = answer.length >= limit && limit < wanted
      await this.#carryOut(observe(this.#sequence, answer), { more })
      await this.#askForGap()
      if (!more || this.#sequence.nextOpenTime === next) return
      overlap = 0
    }
  }

  async #askForGap(): Promise<void> {
    const gap = gapOf(this.#sequence)
    if (gap === null) return
    const { from, to } = gap
    const { context, series, config, metrics } = this.#deps
    const missing = (to - from) / this.#intervalMs
    metrics.gaps.inc({ symbol: series.symbol })
    context.logger.info({ symbol: series.symbol, from, missing }, 'gap found, asking the venue')
    const answer = await this.#fetch(from, Math.min(config.pageCandles, missing + 1))
    await this.#carryOut(observeAnswer(this.#sequence, gap, answer), { more: false })
  }

  /**
   * Publishes, then stores, then takes the new state. When publishing fails, the state is the old one
   * and the same candles come again with the same ids.
   */
  async #carryOut(decision: SequenceDecision, options: { more: boolean }): Promise<void> {
    const { bus, store, series, config, context, metrics } = this.#deps
    const { released, corrections, abandoned, counts, sequence } = decision
    const oldest = context.clock.now() - config.historyCandles * this.#intervalMs
    const newest = options.more || sequence.waiting.length > 0 ? undefined : released.at(-1)
    const messages = released
      .filter((candle) => candle.openTime >= oldest)
      .map((candle) => candleMessage(series, candle, candle === newest ? 'live' : 'backfill'))
    await bus.publishAll(messages)
    await store.save(series, [...released, ...corrections])
    this.#sequence = sequence
    const labels = { symbol: series.symbol }
    metrics.published.inc(labels, messages.length)
    metrics.corrections.inc(labels, corrections.length)
    metrics.duplicates.inc(labels, counts.duplicates)
    metrics.invalid.inc(labels, counts.invalid)
    if (released.length > 1) {
      context.logger.info({ ...labels, candles: released.length }, 'candles backfilled')
    }
    if (corrections.length > 0) {
      context.logger.info({ ...labels, candles: corrections.length }, 'venue corrected candles')
    }
    if (counts.invalid > 0) {
      context.logger.warn({ ...labels, candles: counts.invalid }, 'venue sent impossible candles')
    }
    for (const gap of abandoned) {
      context.logger.warn({ ...labels, ...gap }, 'venue has no candles here, going on without')
    }
  }

  /** Each hole is asked for once: what the venue does not have then, it will not have later. */
  async #fillHoles(): Promise<void> {
    const { store, series, config, context } = this.#deps
    while (this.#holes.length > 0 && !this.#deps.stopping()) {
      const { from, to } = this.#holes[0] as Gap
      const count = Math.min((to - from) / this.#intervalMs, config.pageCandles)
      const end = from + count * this.#intervalMs
      const answer = await this.#fetch(from, count)
      const found = answer.filter(
        ({ closed, openTime }) => closed && openTime >= from && openTime < to,
      )
      await store.save(series, found)
      this.#holes.shift()
      if (end < to) this.#holes.unshift({ from: end, to })
      const values = { symbol: series.symbol, missing: count, found: found.length }
      context.logger.info(values, 'hole in the store filled')
    }
  }

  #fetch(since: number, limit: number): Promise<readonly VenueCandle[]> {
    const { symbol, timeframe } = this.#deps.series
    return this.#deps.venue.fetchCandles({ symbol, timeframe, since, limit })
  }

  #floor(time: number): number {
    return Math.floor(time / this.#intervalMs) * this.#intervalMs
  }
}
