import type { Bus } from '@flotilla/bus'
import { timeframeMs } from '@flotilla/contracts'
import type { AgentContext } from '@flotilla/runtime'
import type { Venue, VenueCandle } from '@flotilla/venue'
import type { DataCollectionConfig } from './config.ts'
import {
  believeClosed,
  candleMessage,
  createSequence,
  gapOf,
  holesBetween,
  observe,
  observeAnswer,
  recentMax,
  revisionOf,
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
  /** The venue's time: candles end by its clock, not by ours. */
  readonly venueNow: () => number
  /** Whether a gap that a stream left may be asked for now. */
  readonly mayAsk: () => boolean
  readonly stopping: () => boolean
}

export type Look = {
  /** How long a candle that has ended may still be on its way over a stream. */
  readonly graceMs: number
}

/** Candles before the next one that are asked for again, to see whether the venue corrected them. */
const overlapCandles = 2

/** The most that is given at once: a month of one-minute candles, fifty questions at most venues. */
const providedMax = 50_000

/** The least that a venue answers with when it is asked for more: Coinbase has pages of 300. */
const leastPage = 300

/**
 * The candles of one symbol: asks the venue or is told by its stream, lets the sequence decide, publishes,
 * then stores. One thing at a time: what comes from both sides takes its turn.
 */
export class CandleFeed {
  readonly #deps: FeedDeps
  readonly #intervalMs: number
  #sequence: Sequence
  /** Stretches that the store lacks although they were published. */
  #holes: Gap[] = []
  #turn: Promise<void> = Promise.resolve()
  /** When what lies behind is compared with the venue again. */
  #recheckAt: number | null = null
  #recheckedAt: number | null = null
  /** Up to here the venue had nothing to tell. */
  #quietUntil = 0

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
    this.#holes = [
      ...this.#before(known),
      ...holesBetween(
        known.map(({ openTime }) => openTime),
        this.#intervalMs,
      ),
    ]
    // What the venue corrected while nobody looked is found at once.
    this.#recheckAt = known.length === 0 ? null : this.#deps.venueNow()
    context.logger.debug({ symbol: series.symbol, candles: known.length }, 'stored candles loaded')
  }

  /** Brings out everything that closed since the last look. Throws what the venue throws. */
  poll(look: Look = { graceMs: 0 }): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#sequence.nextOpenTime === null) await this.#fetchHistory()
      await this.#catchUp(look)
      await this.#fillHoles()
      await this.#recheck()
    })
  }

  /**
   * A candle that the venue's stream told. Before the first look nobody knows where to begin, and a
   * forming one is of no interest. Throws what the venue throws when it is asked for a gap.
   */
  take(candle: VenueCandle): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#sequence.nextOpenTime === null || !candle.closed) return
      const told = believeClosed([candle], this.#deps.venueNow())
      const decision = observe(this.#sequence, told)
      await this.#carryOut(decision, { more: false })
      if (decision.gap !== null && decision.released.length === 0 && this.#deps.mayAsk()) {
        await this.#catchUp({ graceMs: 0 })
      }
    })
  }

  /**
   * Closed candles of the past for who cannot ask the venue: as they were stored, or as the venue answers
   * now. What is not published yet is news and stays out. Throws what the venue throws.
   */
  async provide({ from, to }: Gap): Promise<readonly VenueCandle[]> {
    const end = Math.min(to, this.#sequence.nextOpenTime ?? this.#floor(this.#deps.venueNow()))
    const begin = Math.max(from, end - providedMax * this.#intervalMs)
    if (begin >= end) return []
    const isWanted = ({ openTime, closed }: VenueCandle): boolean =>
      closed && openTime >= begin && openTime < end
    const stored = (await this.#storedFrom(begin)).filter(isWanted)
    if (stored.length === (end - begin) / this.#intervalMs) return stored
    const found = (await this.#fetchAll({ from: begin, to: end })).filter(isWanted)
    await this.#deps.store.save(this.series, found)
    return found
  }

  async #storedFrom(begin: number): Promise<readonly VenueCandle[]> {
    const { store, series, venueNow } = this.#deps
    const count = Math.ceil((venueNow() - begin) / this.#intervalMs)
    try {
      return store.isWell ? await store.load(series, count) : []
    } catch {
      // That the store is away is the reason why somebody asks.
      return []
    }
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }

  /** What a history that is wanted longer than it was lacks at its beginning. */
  #before(known: readonly VenueCandle[]): readonly Gap[] {
    const [first, last] = [known[0], known.at(-1)]
    if (first === undefined || last === undefined) return []
    const from = last.openTime - (this.#deps.config.historyCandles - 1) * this.#intervalMs
    return from < first.openTime ? [{ from, to: first.openTime }] : []
  }

  rememberHole(hole: Gap): void {
    this.#holes.push(hole)
  }

  /** The first start: what was before is stored, for warm-up, and not published. */
  async #fetchHistory(): Promise<void> {
    const { store, series, config, context } = this.#deps
    let sequence = createSequence(this.#intervalMs)
    const behind = (config.historyCandles + 1) * this.#intervalMs
    let since = this.#floor(this.#deps.venueNow() - behind)
    const history: VenueCandle[] = []
    while (!this.#deps.stopping()) {
      const page = await this.#fetch(since, config.pageCandles)
      const decision = observe(sequence, page)
      sequence = decision.sequence
      history.push(...decision.released)
      const next = (page.at(-1)?.openTime ?? since) + this.#intervalMs
      // Some venues answer with less than was asked for: only the present is the end.
      if (page.length === 0 || next + this.#intervalMs > this.#deps.venueNow()) break
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

  async #catchUp({ graceMs }: Look): Promise<void> {
    let overlap = overlapCandles * this.#intervalMs
    while (!this.#deps.stopping()) {
      const next = this.#sequence.nextOpenTime
      const now = this.#deps.venueNow()
      if (next === null || now < next + this.#intervalMs + graceMs) return
      const since = next - overlap
      const wanted = Math.ceil((now - since) / this.#intervalMs) + 1
      const limit = Math.min(this.#deps.config.pageCandles, wanted)
      const answer = await this.#fetch(since, limit)
      const more = limit < wanted && answer.length >= Math.min(limit, leastPage)
      await this.#carryOut(observe(this.#sequence, answer), { more })
      await this.#askForGap()
      if (this.#sequence.nextOpenTime === next && this.#sequence.waiting.length === 0) {
        return this.#lookBeyond(this.#reachedBy(answer, { from: since, count: limit }))
      }
      if (!more || this.#sequence.nextOpenTime === next) return
      overlap = 0
    }
  }

  /**
   * Nothing was traded for longer than a page is: what came after the quiet stretch is found all the same, and
   * the stretch is the gap before it. What was looked through is not looked through again.
   */
  async #lookBeyond(reached: number): Promise<void> {
    const { venueNow, stopping, config } = this.#deps
    let since = Math.max(reached, this.#quietUntil)
    while (!stopping() && this.#sequence.waiting.length === 0) {
      const now = venueNow()
      if (now < since + this.#intervalMs) return
      const wanted = Math.ceil((now - since) / this.#intervalMs) + 1
      const count = Math.min(config.pageCandles, wanted)
      const answer = await this.#fetch(since, count)
      await this.#carryOut(observe(this.#sequence, answer), { more: false })
      since = this.#reachedBy(answer, { from: since, count })
      this.#quietUntil = Math.min(since, this.#floor(now) - leastPage * this.#intervalMs)
    }
    await this.#askForGap()
  }

  async #askForGap(): Promise<void> {
    const gap = gapOf(this.#sequence)
    if (gap === null) return
    const { from, to } = gap
    const { context, series, metrics } = this.#deps
    const missing = (to - from) / this.#intervalMs
    metrics.gaps.inc({ venue: series.venue, symbol: series.symbol })
    context.logger.info({ symbol: series.symbol, from, missing }, 'gap found, asking the venue')
    const answer = await this.#fetchAll({ from, to: to + this.#intervalMs })
    await this.#carryOut(observeAnswer(this.#sequence, gap, answer), { more: false })
  }

  /**
   * Publishes, then stores, then takes the new state. When publishing fails, the state is the old one
   * and the same candles come again with the same ids.
   */
  async #carryOut(decision: SequenceDecision, options: { more: boolean }): Promise<void> {
    const { bus, store, series, config, context, metrics } = this.#deps
    const { released, corrections, abandoned, counts, sequence } = decision
    const oldest = this.#deps.venueNow() - config.historyCandles * this.#intervalMs
    const newest = options.more || sequence.waiting.length > 0 ? undefined : released.at(-1)
    const messages = released
      .filter((candle) => candle.openTime >= oldest)
      .map((candle) => candleMessage(series, candle, candle === newest ? 'live' : 'backfill'))
    await bus.publishAll(messages)
    await store.save(series, [...released, ...corrections])
    this.#sequence = sequence
    const labels = { venue: series.venue, symbol: series.symbol }
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

  /**
   * Each hole is asked for once, page by page: what the venue does not have then, it will not have
   * later. A page may be shorter than what was asked for.
   */
  async #fillHoles(): Promise<void> {
    const { store, series, config, context } = this.#deps
    while (this.#holes.length > 0 && !this.#deps.stopping()) {
      const { from, to } = this.#holes[0] as Gap
      const count = Math.min((to - from) / this.#intervalMs, config.pageCandles)
      const answer = await this.#fetch(from, count)
      const found = answer.filter(
        ({ closed, openTime }) => closed && openTime >= from && openTime < to,
      )
      await store.save(series, found)
      const next = this.#reachedBy(answer, { from, count })
      this.#holes.shift()
      if (next < to) this.#holes.unshift({ from: next, to })
      const values = { symbol: series.symbol, missing: count, found: found.length }
      context.logger.info(values, 'hole in the store filled')
    }
  }

  /**
   * A venue may correct itself hours later, far behind what each look asks for again. The newest stored
   * candles are therefore compared with the venue's now and then; a store that is away is let be.
   */
  async #recheck(): Promise<void> {
    const { config, store, series, venueNow } = this.#deps
    const next = this.#sequence.nextOpenTime
    const now = venueNow()
    this.#recheckAt ??= now + config.recheckMs
    if (next === null || now < this.#recheckAt || !store.isWell) return
    // What could not be compared for a while is compared now, as far as one page goes.
    const missed =
      this.#recheckedAt === null ? Infinity : (now - this.#recheckedAt) / this.#intervalMs
    const count = Math.min(config.pageCandles, config.recheckCandles + Math.ceil(missed))
    const answer = await this.#fetchAll({ from: next - count * this.#intervalMs, to: next })
    this.#recheckedAt = now
    this.#recheckAt = now + config.recheckMs
    try {
      await this.#revise(answer, count)
    } catch (err) {
      const { symbol } = series
      this.#deps.context.logger.warn({ err, symbol }, 'stored candles not compared')
    }
  }

  async #revise(answer: readonly VenueCandle[], count: number): Promise<void> {
    const { store, series, metrics, context } = this.#deps
    const next = this.#sequence.nextOpenTime ?? 0
    await store.flush()
    const stored = await store.load(series, count)
    const begin = stored[0]?.openTime ?? next
    const within = answer.filter(({ openTime }) => openTime >= begin && openTime < next)
    const { corrected, missing } = revisionOf(stored, within)
    await store.save(series, [...corrected, ...missing])
    const { venue, symbol } = series
    metrics.corrections.inc({ venue, symbol }, corrected.length)
    if (corrected.length + missing.length === 0) return
    const found = { symbol, corrected: corrected.length, missing: missing.length }
    context.logger.info(found, 'stored candles revised by the venue')
  }

  /** Page after page, as long as the venue's pages may be. */
  async #fetchAll({ from, to }: Gap): Promise<VenueCandle[]> {
    const all: VenueCandle[] = []
    for (let since = from; since < to && !this.#deps.stopping();) {
      const wanted = Math.min(this.#deps.config.pageCandles, (to - since) / this.#intervalMs)
      const page = await this.#fetch(since, wanted)
      all.push(...page)
      since = this.#reachedBy(page, { from: since, count: wanted })
    }
    return all
  }

  /**
   * Up to where an answer has told all. Where nothing was traded some venues have no candle, and their pages are
   * stretches of time and not so many candles: one that is short says nothing of what comes after its stretch.
   */
  #reachedBy(answer: readonly VenueCandle[], asked: { from: number; count: number }): number {
    const stretch = asked.from + Math.min(asked.count, leastPage) * this.#intervalMs
    const last = answer.reduce((newest, { openTime }) => Math.max(newest, openTime), 0)
    return Math.max(stretch, last + this.#intervalMs)
  }

  async #fetch(since: number, limit: number): Promise<VenueCandle[]> {
    const { series, venue, venueNow } = this.#deps
    const { symbol, timeframe } = series
    const answer = await venue.fetchCandles({ symbol, timeframe, since, limit })
    return believeClosed(answer, venueNow())
  }

  #floor(time: number): number {
    return Math.floor(time / this.#intervalMs) * this.#intervalMs
  }
}
