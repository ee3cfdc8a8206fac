import type { Bus } from '@flotilla/bus'
import { Decimal } from '@flotilla/money'
import type { AgentContext } from '@flotilla/runtime'
import { VenueError } from '@flotilla/venue'
import type { Venue, VenueTicker } from '@flotilla/venue'
import { assessUniverse, matchesAny, universeMessage, volumeIn } from './core/index.ts'
import type { Candidate, Universe, UniverseRules } from './core/index.ts'
import { universeRules } from './universe-config.ts'
import type { UniverseConfig } from './universe-config.ts'
import { readUniverse, writeUniverse } from './universe-file.ts'

export type UniverseWatchDeps = {
  readonly config: UniverseConfig
  readonly market: UniverseMarket
  readonly context: AgentContext
  readonly bus: Bus
  readonly venue: () => Venue
  /** Where the verdicts are kept over a restart; nowhere when empty. */
  readonly folder: string
}

type UniverseMarket = {
  /** Our name of the venue. */
  readonly venue: string
  readonly symbols: readonly string[]
  /** What volumes are compared in. */
  readonly currency: string
}

/** Tickers of one question; venues refuse longer lists. */
const tickersAtOnce = 100

const dayMs = 86_400_000

/** Tells again what is known, for those who were started after the last change. */
const repeatMs = 3_600_000

/** Gathers what the verdicts need, and tells them when one has changed. */
export class UniverseWatch {
  readonly #deps: UniverseWatchDeps
  readonly #rules: UniverseRules
  #universe: Universe
  readonly #tickers = new Map<string, VenueTicker>()
  /** Symbols that only their volume brings in; asked for now and then. */
  #others: readonly string[] = []
  #othersAskedAt: number | null = null
  readonly #listedAt = new Map<string, number | null>()
  #toldAt: number | null = null

  constructor(deps: UniverseWatchDeps) {
    this.#deps = deps
    this.#rules = universeRules(deps.config)
    const { folder, market, config } = deps
    const kept = readUniverse(folder, market.venue)
    // What is no longer configured, and never came by its volume, is none of ours any more.
    const ours = [...kept].filter(
      ([symbol]) => config.topSymbols > 0 || market.symbols.includes(symbol),
    )
    this.#universe = new Map(ours)
  }

  /** The configured symbols, and those that once were taken in: their positions need prices too. */
  get symbols(): readonly string[] {
    return [...new Set([...this.#deps.market.symbols, ...this.#universe.keys()])]
  }

  get verdicts(): Readonly<Record<string, string>> {
    const entries = [...this.#universe.values()]
    return Object.fromEntries(
      entries.map(({ symbol, tier, eligible, reason }) => {
        return [symbol, `${tier}, ${eligible ? 'eligible' : 'not eligible'}: ${reason}`]
      }),
    )
  }

  takeTickers(tickers: readonly VenueTicker[]): void {
    for (const ticker of tickers) this.#tickers.set(ticker.symbol, ticker)
  }

  /** Throws what the venue throws. */
  async assess(): Promise<void> {
    const { context, bus, market } = this.#deps
    await this.#askForOthers()
    const candidates = this.#candidates()
    await this.#askForAges(candidates)
    const now = context.clock.now()
    const aged = candidates.map((one) => {
      return { ...one, listedAt: this.#listedAt.get(one.symbol) ?? null }
    })
    const decision = assessUniverse(this.#universe, aged, { rules: this.#rules, now })
    const before = this.#universe
    this.#universe = decision.universe
    if (decision.changed) {
      this.#log(before)
      this.#keep()
    }
    const due = this.#toldAt === null || now - this.#toldAt >= repeatMs
    if (!decision.changed && !due) return
    const volumes = new Map(
      [...this.#tickers].map(([symbol, ticker]) => [symbol, ticker.quoteVolume24h]),
    )
    this.#toldAt = null
    await bus.publish(universeMessage(market.venue, this.#universe, { now, volumes }))
    this.#toldAt = now
  }

  #candidates(): Candidate[] {
    const { market } = this.#deps
    return [...new Set([...this.symbols, ...this.#others])].map((symbol) => {
      const ticker = this.#tickers.get(symbol)
      return {
        symbol,
        configured: market.symbols.includes(symbol),
        volume: ticker === undefined ? null : this.#valueOf(ticker),
        bid: ticker?.bid ?? null,
        ask: ticker?.ask ?? null,
        listedAt: null,
      }
    })
  }

  #valueOf(ticker: VenueTicker): Decimal | null {
    const { currency } = this.#deps.market
    return volumeIn(currency, ticker, (symbol) => this.#tickers.get(symbol)?.last ?? null)
  }

  async #askForOthers(): Promise<void> {
    const { config, market, venue, context } = this.#deps
    if (config.topSymbols === 0) return
    const now = context.clock.now()
    if (this.#othersAskedAt !== null && now - this.#othersAskedAt < config.topRefreshMs) return
    const rules = await venue().fetchRules()
    const others = rules
      .filter(({ status, quote }) => status === 'trading' && quote === market.currency)
      .map(({ symbol }) => symbol)
      .filter((symbol) => matchesAny(symbol, config.allow) && !matchesAny(symbol, config.deny))
    for (let from = 0; from < others.length; from += tickersAtOnce) {
      this.takeTickers(await venue().fetchTickers(others.slice(from, from + tickersAtOnce)))
    }
    this.#others = others
    this.#othersAskedAt = now
  }

  /** The first daily candle is the venue's own word for how long it has listed a symbol. */
  async #askForAges(candidates: readonly Candidate[]): Promise<void> {
    const { ageDaysMin, topSymbols, stayShare } = this.#deps.config
    if (ageDaysMin === 0) return
    const byVolume = candidates.toSorted((left, right) =>
      (right.volume ?? Decimal.zero).compare(left.volume ?? Decimal.zero),
    )
    const within = Math.ceil(topSymbols / stayShare)
    for (const [rank, { symbol, configured }] of byVolume.entries()) {
      if (this.#listedAt.has(symbol) || (!configured && rank >= within)) continue
      this.#listedAt.set(symbol, await this.#firstCandleAt(symbol))
    }
  }

  /**
   * Some venues answer with the first of all candles. Others look at a stretch of time only, and say
   * nothing of 1970: they are asked for the time around the age that is wanted, which is all that counts.
   */
  async #firstCandleAt(symbol: string): Promise<number | null> {
    const { config, context } = this.#deps
    const around = context.clock.now() - (config.ageDaysMin + 2) * dayMs
    return (await this.#firstSince(symbol, 0)) ?? this.#firstSince(symbol, around)
  }

  async #firstSince(symbol: string, since: number): Promise<number | null> {
    try {
      const request = { symbol, timeframe: '1d', since, limit: 1 }
      const [first] = await this.#deps.venue().fetchCandles(request)
      return first?.openTime ?? null
    } catch (error) {
      const code = error instanceof VenueError ? error.code : null
      if (code === 'unknown_symbol' || code === 'invalid_request') return null
      throw error
    }
  }

  #keep(): void {
    const { folder, market, context } = this.#deps
    if (folder === '') return
    try {
      writeUniverse(folder, market.venue, this.#universe)
    } catch (err) {
      context.logger.warn({ err }, 'universe not kept, a restart will judge anew')
    }
  }

  #log(before: Universe): void {
    const { logger } = this.#deps.context
    for (const { symbol, tier, eligible, reason } of this.#universe.values()) {
      if (before.get(symbol)?.eligible === eligible) continue
      logger.info({ symbol, tier, eligible, reason }, 'universe changed')
    }
  }
}
