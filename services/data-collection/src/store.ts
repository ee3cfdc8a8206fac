import { Decimal } from '@flotilla/money'
import type { CandleHole, MarketStore, StoredCandle } from '@flotilla/market-store'
import type { VenueCandle, VenueTicker } from '@flotilla/venue'
import type { Series } from './core/index.ts'

/**
 * The market store as this agent uses it. Its newest candle is the cursor: everything up to it was
 * published, or lies before the first start. Candles are therefore written after they were published.
 */
export class CandleStore {
  readonly #store: MarketStore
  readonly #onHole: (hole: CandleHole) => void

  /** `onHole` hears of what the store had to let go while it was out of reach, before anything is read. */
  constructor(store: MarketStore, onHole: (hole: CandleHole) => void = () => undefined) {
    this.#store = store
    this.#onHole = onHole
  }

  /** Whether the store answered when it was last written to. */
  get isWell(): boolean {
    return this.#store.health().state === 'healthy'
  }

  /** The newest candles, oldest first. */
  async load(series: Series, limit: number): Promise<VenueCandle[]> {
    const stored = await this.#store.candles({ ...series, limit })
    return stored.map((candle) => ({
      ...candle,
      quoteVolume: candle.quoteVolume ?? Decimal.zero,
      closed: true,
    }))
  }

  async save(series: Series, candles: readonly VenueCandle[]): Promise<void> {
    if (candles.length === 0) return
    await this.#store.writeCandles(candles.map((candle) => stored(series, candle)))
  }

  async saveTickers(venue: string, tickers: readonly VenueTicker[]): Promise<void> {
    await this.#store.writeTickers(tickers.map((ticker) => ({ ...ticker, venue })))
  }

  /** Tells what was let go; each hole is told once. */
  tellHoles(): void {
    for (const hole of this.#store.takeHoles()) this.#onHole(hole)
  }

  async flush(): Promise<void> {
    await this.#store.flush()
  }
}

function stored(series: Series, candle: VenueCandle): StoredCandle {
  return {
    venue: series.venue,
    symbol: series.symbol,
    timeframe: series.timeframe,
    openTime: candle.openTime,
    closeTime: candle.closeTime,
    open: candle.open,
    high: candle.high,
    low: candle.low,
    close: candle.close,
    baseVolume: candle.baseVolume,
    quoteVolume: candle.quoteVolume,
  }
}
