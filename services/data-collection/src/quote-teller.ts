import type { Bus } from '@flotilla/bus'
import type { AgentContext } from '@flotilla/runtime'
import { streamedBookDepthMax, VenueError } from '@flotilla/venue'
import type { Venue, VenueOrderBook, VenueTicker } from '@flotilla/venue'
import type { DataCollectionConfig } from './config.ts'
import { bookMessage, tickerMessage } from './core/index.ts'
import { inParallel } from './in-parallel.ts'
import type { FeedMetrics } from './metrics.ts'
import type { CandleStore } from './store.ts'

export type QuoteTellerDeps = {
  readonly source: string
  readonly config: DataCollectionConfig
  readonly context: AgentContext
  readonly bus: Bus
  readonly store: CandleStore
  readonly metrics: FeedMetrics
  readonly venue: () => Venue
  readonly venueNow: () => number
}

/** Whether a stream tells by itself what would otherwise be asked for. */
export type Streamed = { readonly streamed: boolean }

const parallelBooks = 4

/** Tickers and order books of one venue, asked for or streamed: published in order, stored, timed. */
export class QuoteTeller {
  readonly #deps: QuoteTellerDeps
  /** When the newest that went out was observed, by symbol. */
  readonly #tickers = new Map<string, number>()
  readonly #books = new Map<string, number>()

  constructor(deps: QuoteTellerDeps) {
    this.#deps = deps
  }

  /** When the newest ticker was observed, by the venue's clock; null before the first. */
  newestOf(symbol: string): number | null {
    return this.#tickers.get(symbol) ?? null
  }

  /** Levels that are to be streamed; deeper books are asked for at each look. */
  get streamedDepth(): number {
    const { orderBookDepth } = this.#deps.config
    return orderBookDepth <= streamedBookDepthMax ? orderBookDepth : 0
  }

  /** What it was answered. Throws what the venue throws. */
  async pollTickers(
    symbols: readonly string[],
    { streamed }: Streamed,
  ): Promise<readonly VenueTicker[]> {
    const { venue, venueNow, config } = this.#deps
    const now = venueNow()
    const isLate = (symbol: string): boolean =>
      now - (this.#tickers.get(symbol) ?? -Infinity) > 2 * config.pollIntervalMs
    const wanted = streamed ? symbols.filter(isLate) : symbols
    if (wanted.length === 0) return []
    try {
      const tickers = await venue().fetchTickers(wanted)
      await this.#tellTickers(tickers)
      return tickers
    } catch (err) {
      // One unlisted symbol spoils the whole question; the candle feeds find out which one.
      if (err instanceof VenueError && err.code === 'unknown_symbol') return []
      throw err
    }
  }

  /** Throws what the venue throws. */
  async pollBooks(symbols: readonly string[], { streamed }: Streamed): Promise<void> {
    const { venue, config } = this.#deps
    if (config.orderBookDepth === 0 || (streamed && this.streamedDepth > 0)) return
    await inParallel(symbols, parallelBooks, async (symbol) => {
      await this.#tellBook(await venue().fetchOrderBook(symbol, config.orderBookDepth))
    })
  }

  takeTicker(ticker: VenueTicker): void {
    if (!this.#isDue(this.#tickers, ticker)) return
    this.#afterwards(this.#tellTickers([ticker]))
  }

  takeBook(book: VenueOrderBook): void {
    if (this.#isDue(this.#books, book)) this.#afterwards(this.#tellBook(book))
  }

  /** A stream tells each second; those who listen need it less often. */
  #isDue(
    told: ReadonlyMap<string, number>,
    { symbol, observedAt }: { readonly symbol: string; readonly observedAt: number },
  ): boolean {
    const before = told.get(symbol) ?? -Infinity
    return observedAt - before >= Math.max(1, this.#deps.config.stream.publishIntervalMs)
  }

  async #tellTickers(tickers: readonly VenueTicker[]): Promise<void> {
    const { bus, store, metrics, source } = this.#deps
    const fresh = tickers.filter(
      ({ symbol, observedAt }) => observedAt > (this.#tickers.get(symbol) ?? -1),
    )
    const before = fresh.map(({ symbol }) => [symbol, this.#tickers.get(symbol)] as const)
    for (const { symbol, observedAt } of fresh) this.#tickers.set(symbol, observedAt)
    try {
      await bus.publishAll(fresh.map((ticker) => tickerMessage(source, ticker)))
    } catch (error) {
      // Nobody heard it: as far as age is concerned it never came.
      for (const [symbol, at] of before) {
        if (at === undefined) this.#tickers.delete(symbol)
        else this.#tickers.set(symbol, at)
      }
      throw error
    }
    for (const { symbol } of fresh) metrics.tickers.inc({ venue: source, symbol })
    await store.saveTickers(source, fresh)
  }

  async #tellBook(book: VenueOrderBook): Promise<void> {
    const { bus, source } = this.#deps
    this.#books.set(book.symbol, book.observedAt)
    await bus.publish(bookMessage(source, book))
  }

  #afterwards(work: Promise<void>): void {
    work.catch((err: unknown) => {
      this.#deps.context.logger.warn({ err, venue: this.#deps.source }, 'streamed quote not told')
    })
  }
}
