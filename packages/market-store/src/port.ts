// Candles, tickers, indicator values and equity over time. Live decisions read the bus, not this store, so
// the store may be away without trading noticing: a write never rejects. It is buffered (bounded, counted)
// and written when the store is back; what the bound pushed out is reported as a hole, to be backfilled.
// Prices come back exactly as they went in (docs/decisions/0005); indicator values are statistics: numbers.
import type { Decimal } from '@flotilla/money'

export type MarketStore = {
  /** Writing the same candle again replaces it: that is how a venue's correction is stored. */
  writeCandles(candles: readonly StoredCandle[]): Promise<void>
  writeTickers(tickers: readonly StoredTicker[]): Promise<void>
  writeIndicators(indicators: readonly StoredIndicator[]): Promise<void>
  writeEquity(points: readonly StoredEquity[]): Promise<void>

  lastCandle(series: CandleSeries): Promise<StoredCandle | null>
  /** `from` inclusive, `to` exclusive, oldest first; a limit keeps the newest of the range. */
  candles(request: CandleSeries & TimeRange): Promise<readonly StoredCandle[]>
  /** The newest price known: of a ticker, or of a candle when that closed later. */
  lastPrice(market: Market): Promise<StoredPrice | null>
  lastIndicator(series: IndicatorSeries): Promise<StoredIndicator | null>
  indicators(request: IndicatorSeries & TimeRange): Promise<readonly StoredIndicator[]>
  equity(request: { readonly account: string } & TimeRange): Promise<readonly StoredEquity[]>
  /** One figure over a range of candles; null when there are none. A statistic, hence a number. */
  aggregate(request: AggregateRequest): Promise<number | null>

  /** What is known without asking. */
  health(): MarketStoreHealth
  /** Asks the store whether it is there, then answers as `health` does. Never rejects. */
  check(): Promise<MarketStoreHealth>
  /** Candles that were lost before they could be stored; each is handed out once. */
  takeHoles(): readonly CandleHole[]
  /** Resolves when what was buffered is written, or was tried once more in vain. */
  flush(): Promise<MarketStoreHealth>
  /** Flushes first. */
  close(): Promise<void>
}

export type Market = { readonly venue: string; readonly symbol: string }
export type CandleSeries = Market & { readonly timeframe: string }
export type IndicatorSeries = CandleSeries & { readonly name: string }

/** Epoch milliseconds. Without bounds: everything stored. */
export type TimeRange = {
  readonly from?: number
  readonly to?: number
  readonly limit?: number
}

export type StoredCandle = CandleSeries & {
  readonly openTime: number
  /** First millisecond after the candle. */
  readonly closeTime: number
  readonly open: Decimal
  readonly high: Decimal
  readonly low: Decimal
  readonly close: Decimal
  readonly baseVolume: Decimal
  /** Null when the venue does not say. */
  readonly quoteVolume: Decimal | null
}

export type StoredTicker = Market & {
  readonly observedAt: number
  readonly last: Decimal
  readonly bid: Decimal | null
  readonly ask: Decimal | null
  readonly quoteVolume24h: Decimal | null
}

/** One value of an indicator, as of the close of a candle; the name says which, `macd(12,26,9).signal`. */
export type StoredIndicator = IndicatorSeries & {
  /** Close time of the candle that it was computed from. */
  readonly at: number
  readonly value: number
}

export type StoredEquity = {
  readonly account: string
  readonly at: number
  readonly equity: Decimal
}

export type StoredPrice = {
  readonly price: Decimal
  /** When it was observed, or when its candle closed. */
  readonly at: number
  readonly source: 'ticker' | 'candle'
}

export const candleFields = ['open', 'high', 'low', 'close', 'base_volume', 'quote_volume'] as const
export type CandleField = (typeof candleFields)[number]
export const aggregateFunctions = ['count', 'sum', 'mean', 'min', 'max', 'first', 'last'] as const
export type AggregateFunction = (typeof aggregateFunctions)[number]

export type AggregateRequest = CandleSeries & {
  readonly field: CandleField
  readonly function: AggregateFunction
  readonly from: number
  readonly to: number
}

export type CandleHole = CandleSeries & {
  /** Opening times of the first and the last candle lost. */
  readonly from: number
  readonly to: number
}

export type MarketStoreHealth = {
  readonly state: 'healthy' | 'failing'
  readonly written: number
  readonly buffered: number
  /** Pushed out of a full buffer, or refused by the store for good. */
  readonly dropped: number
  readonly failedWrites: number
  readonly lastError: string | null
}

/** What reads throw when the store cannot answer. */
export class MarketStoreError extends Error {
  override readonly name = 'MarketStoreError'
}
