// What both stores share: writes through the queue, reads straight from the store.
import { settledWithin } from './clock.ts'
import type { Point } from './points.ts'
import type {
  MarketStore,
  MarketStoreHealth,
  StoredCandle,
  StoredEquity,
  StoredIndicator,
  StoredTicker,
} from './port.ts'
import { WriteQueue, type WriteQueueOptions } from './write-queue.ts'

export type MarketReader = Pick<
  MarketStore,
  'lastCandle' | 'candles' | 'lastPrice' | 'lastIndicator' | 'indicators' | 'equity' | 'aggregate'
> & {
  /** Rejects when the store is not there. */
  ping(): Promise<void>
}

export type QueuedMarketStoreOptions = {
  readonly reader: MarketReader
  readonly queue: WriteQueueOptions
  /** Each write is carried out before it resolves, instead of being gathered. */
  readonly writesAtOnce: boolean
  readonly closeStore: () => Promise<void>
}

const closeWithinMs = 3_000

export class QueuedMarketStore implements MarketStore {
  readonly #options: QueuedMarketStoreOptions
  readonly #queue: WriteQueue
  readonly #reader: MarketReader
  #isClosed = false

  constructor(options: QueuedMarketStoreOptions) {
    this.#options = options
    this.#queue = new WriteQueue(options.queue)
    this.#reader = options.reader
  }

  writeCandles(candles: readonly StoredCandle[]): Promise<void> {
    return this.#write(candles.map((row) => ({ kind: 'candle', row })))
  }

  writeTickers(tickers: readonly StoredTicker[]): Promise<void> {
    return this.#write(tickers.map((row) => ({ kind: 'ticker', row })))
  }

  writeIndicators(indicators: readonly StoredIndicator[]): Promise<void> {
    return this.#write(indicators.map((row) => ({ kind: 'indicator', row })))
  }

  writeEquity(points: readonly StoredEquity[]): Promise<void> {
    return this.#write(points.map((row) => ({ kind: 'equity', row })))
  }

  lastCandle: MarketStore['lastCandle'] = (series) => this.#reader.lastCandle(series)
  candles: MarketStore['candles'] = (request) => this.#reader.candles(request)
  lastPrice: MarketStore['lastPrice'] = (market) => this.#reader.lastPrice(market)
  lastIndicator: MarketStore['lastIndicator'] = (series) => this.#reader.lastIndicator(series)
  indicators: MarketStore['indicators'] = (request) => this.#reader.indicators(request)
  equity: MarketStore['equity'] = (request) => this.#reader.equity(request)
  aggregate: MarketStore['aggregate'] = (request) => this.#reader.aggregate(request)

  health(): MarketStoreHealth {
    return this.#queue.health()
  }

  async check(): Promise<MarketStoreHealth> {
    try {
      await this.#reader.ping()
      this.#queue.noteReached(null)
    } catch (error) {
      this.#queue.noteReached(error instanceof Error ? error : new Error(String(error)))
    }
    return this.health()
  }

  takeHoles() {
    return this.#queue.takeHoles()
  }

  async flush(): Promise<MarketStoreHealth> {
    await this.#queue.flush()
    return this.health()
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    // An agent has seconds to stop; a store that does not answer must not hold it.
    await settledWithin(this.#queue.flush(), closeWithinMs)
    this.#queue.stop()
    const { buffered } = this.health()
    const { logger } = this.#options.queue
    if (buffered > 0) logger?.warn({ buffered }, 'market store closed with points unwritten')
    await this.#options.closeStore()
  }

  async #write(points: readonly Point[]): Promise<void> {
    if (points.length === 0) return
    this.#queue.add(points)
    if (this.#options.writesAtOnce) await this.#queue.flush()
  }
}
