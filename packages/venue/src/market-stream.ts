// Candles, tickers and books as the venue tells them by itself, beside the port's questions. A stream says
// nothing about what it left out: who listens counts the candles and asks for what is missing.
import type { VenueCandle, VenueOrderBook, VenueTicker } from './port.ts'

export type MarketStreamRequest = {
  readonly symbols: readonly string[]
  readonly timeframe: string
  /** Levels of the order books wanted, at most `streamedBookDepthMax`; 0 for none. */
  readonly bookDepth: number
}

/** Deeper books must be asked for: venues stream whole books to this depth only. */
export const streamedBookDepthMax = 20

/** Called in the order of arrival; must not throw. */
export type MarketStreamListener = {
  /** Forming candles too; `closed` only where the venue itself says that this is the last word. */
  onCandle(candle: VenueCandle): void
  onTicker(ticker: VenueTicker): void
  onBook(book: VenueOrderBook): void
  /** Once, when nothing will come any more: broken, silent, or ended by the venue. Not after `close`. */
  onEnd(reason: string): void
}

export type MarketStream = {
  /** Nothing comes after this. */
  close(): void
}
