import { MarketStoreError } from '@flotilla/market-store'
import type { Logger } from '@flotilla/runtime'
import { realClock } from '@flotilla/runtime'
import type { AnalysedCandle, MarketAnalysis, Step } from './core/index.ts'
import type { AnalysisStore } from './store.ts'
import type { VenueHistory } from './venue-history.ts'

/** After so many candles what is not in the store is not to be had. */
const deepenings = 5

function isWarm({ analyses }: MarketAnalysis): boolean {
  return analyses.every(({ warm }) => warm)
}

type Missing = Extract<Step, { kind: 'missing' }>

export type HistoryOptions = {
  readonly store: AnalysisStore
  readonly venue: VenueHistory
  readonly logger: Logger
  readonly refillAttempts: number
  readonly refillPauseMs: number
  /** Ends waiting. */
  readonly stopping: AbortSignal
  readonly onMissing: (candles: number) => void
}

/** Brings analyses to where they have to be, with what the market store holds. */
export class History {
  readonly #options: HistoryOptions
  /** Started without the store: tried again with the next candle. */
  readonly #cold = new Set<MarketAnalysis>()
  /** Started with less than they need, and how often that is still looked for. */
  readonly #shallow = new Map<MarketAnalysis, number>()

  constructor(options: HistoryOptions) {
    this.#options = options
  }

  /**
   * Goes to the candle whose analysis was told last, by this process, an earlier one or another
   * replica, and no further: what closed since then is news. Stays where it is when nobody is ahead.
   */
  async goToLastTold(market: MarketAnalysis): Promise<void> {
    const { store, logger } = this.#options
    const { series, lastOpenTime, intervalMs } = market.base
    try {
      await store.flush()
      const until = await store.analysedUntil(series)
      if (until === null || (lastOpenTime !== null && until <= lastOpenTime + intervalMs)) return
      for (const analysis of market.analyses) {
        analysis.resume(await store.levelsAt(analysis, until))
      }
      await this.#warmUp(market, until)
      this.#noteDepth(market)
      logger.info(
        { symbol: series.symbol, warm: market.base.warm },
        'indicators warmed up from store',
      )
    } catch (err) {
      if (!(err instanceof MarketStoreError)) throw err
      logger.warn({ err, symbol: series.symbol }, 'store not readable, indicators start cold')
      this.#cold.add(market)
    }
  }

  /**
   * At a start, for a market that the store was no help with: the venue's answer is there with the first
   * candle. An empty store alone is no reason: at the very first start it is just being filled.
   */
  async askAtStart(market: MarketAnalysis, now: number): Promise<void> {
    if (!this.#cold.has(market) && !this.#shallow.has(market)) return
    const { intervalMs } = market.base
    await this.#options.venue.want(market, Math.floor(now / intervalMs) * intervalMs)
  }

  /** Another analysis takes its place. */
  leave(market: MarketAnalysis): void {
    this.#cold.delete(market)
    this.#shallow.delete(market)
    this.#options.venue.forget(market)
  }

  /** The candles before this one that are news; after a cold start they are warm-up and none. */
  async before(market: MarketAnalysis, openTime: number): Promise<readonly AnalysedCandle[]> {
    const candles = await this.#before(market, openTime)
    if (isWarm(market)) this.#options.venue.forget(market)
    else await this.#options.venue.want(market, openTime)
    return candles
  }

  async #before(market: MarketAnalysis, openTime: number): Promise<readonly AnalysedCandle[]> {
    this.#warmUpFromVenue(market, openTime)
    if (this.#cold.has(market)) await this.#warmUpLate(market, openTime)
    if (this.#shallow.has(market)) await this.#deepen(market)
    if (market.stepTo(openTime).kind === 'missing') await this.goToLastTold(market)
    const step = market.stepTo(openTime)
    if (step.kind !== 'missing') return []
    const candles = await this.#load(market, step)
    return step.cold ? [] : candles
  }

  /**
   * What the venue answered takes the place of what there was, up to the last candle that was fed; or up
   * to this one when none was. An answer that does not reach so far would lose the place.
   */
  #warmUpFromVenue(market: MarketAnalysis, openTime: number): void {
    const answer = this.#options.venue.answerFor(market)
    if (answer === null || isWarm(market)) return
    const { lastOpenTime, series } = market.base
    const before = lastOpenTime === null ? openTime : lastOpenTime + 1
    const usable = answer.filter((candle) => candle.openTime < before)
    const newest = usable.at(-1)?.openTime
    if (newest === undefined || (lastOpenTime !== null && newest !== lastOpenTime)) return
    market.reset()
    for (const candle of usable) market.feed(candle)
    this.#options.venue.used(market)
    this.#cold.delete(market)
    this.#shallow.delete(market)
    const values = { symbol: series.symbol, candles: usable.length, warm: isWarm(market) }
    this.#options.logger.info(values, 'indicators warmed up from the venue')
  }

  /** The store was away at the start; as soon as it is back, its candles replace the cold ones. */
  async #warmUpLate(market: MarketAnalysis, to: number): Promise<void> {
    try {
      await this.#warmUp(market, to)
      this.#cold.delete(market)
      const { symbol } = market.base.series
      this.#options.logger.info({ symbol, warm: market.base.warm }, 'indicators warmed up late')
    } catch (err) {
      if (!(err instanceof MarketStoreError)) throw err
    }
  }

  #noteDepth(market: MarketAnalysis): void {
    if (!isWarm(market)) this.#shallow.set(market, deepenings)
  }

  /**
   * A longer history may still be on its way from the venue. It is fed up to where this one is, once
   * the store has come so far too: nothing that was fed may be missing afterwards.
   */
  async #deepen(market: MarketAnalysis): Promise<void> {
    const left = (this.#shallow.get(market) ?? 0) - 1
    const { lastOpenTime, intervalMs, series } = market.base
    try {
      if (lastOpenTime !== null && !isWarm(market)) {
        const to = lastOpenTime + intervalMs
        const newest = await this.#options.store.candles(series, { from: lastOpenTime, to })
        if (newest.length > 0) await this.#warmUp(market, to)
      }
    } catch (err) {
      if (!(err instanceof MarketStoreError)) throw err
      this.#options.logger.warn({ err, symbol: series.symbol }, 'longer history not readable')
    }
    if (left <= 0 || isWarm(market)) this.#shallow.delete(market)
    else this.#shallow.set(market, left)
  }

  /** Forgets what there was as soon as there is something better. */
  async #warmUp(market: MarketAnalysis, to: number): Promise<void> {
    const { store } = this.#options
    let isFirst = true
    for await (const page of store.pages(market.base, { from: market.warmUpFrom(to), to })) {
      if (isFirst) market.reset()
      isFirst = false
      for (const candle of page) market.feed(candle)
    }
  }

  /** Fresh data is analysed also while the store is away. */
  async #load(market: MarketAnalysis, step: Missing): Promise<readonly AnalysedCandle[]> {
    const { logger, onMissing } = this.#options
    const { series, intervalMs } = market.base
    const { symbol } = series
    try {
      const candles = await this.#loadInTime(market, step)
      if (step.cold) {
        market.reset()
        await this.#warmUp(market, step.to)
        this.#noteDepth(market)
        logger.info({ symbol, warm: market.base.warm }, 'indicators started from store')
        return candles
      }
      const missing = (step.to - step.from) / intervalMs - candles.length
      if (missing > 0) {
        onMissing(missing)
        logger.warn({ symbol, missing }, 'candles not in store, going on without')
      }
      return candles
    } catch (err) {
      if (!(err instanceof MarketStoreError)) throw err
      logger.warn({ err, symbol, cold: step.cold }, 'store not readable, going on without')
      if (step.cold) this.#cold.add(market)
      return []
    }
  }

  /**
   * A candle that is missing was published, so it is on its way into the store; it is waited for a
   * little while, then done without. Before a cold start only the newest is waited for.
   */
  async #loadInTime(market: MarketAnalysis, step: Missing): Promise<AnalysedCandle[]> {
    const { store, refillAttempts, stopping } = this.#options
    const { series, intervalMs } = market.base
    const from = step.cold ? step.to - intervalMs : step.from
    const wanted = (step.to - from) / intervalMs
    for (let attempt = 1; ; attempt += 1) {
      const candles = await store.candles(series, { from, to: step.to })
      if (candles.length === wanted || attempt >= refillAttempts || stopping.aborted) return candles
      await this.#pause()
    }
  }

  async #pause(): Promise<void> {
    try {
      await realClock.sleep(this.#options.refillPauseMs, this.#options.stopping)
    } catch {
      // The agent is stopping; the caller sees that by itself.
    }
  }
}
