// Remembers what a market stream told.
import type { MarketStreamListener } from '../market-stream.ts'
import type { VenueCandle, VenueOrderBook, VenueTicker } from '../port.ts'

export class StreamEars implements MarketStreamListener {
  readonly candles: VenueCandle[] = []
  readonly tickers: VenueTicker[] = []
  readonly books: VenueOrderBook[] = []
  readonly ends: string[] = []
  readonly onCandle = (candle: VenueCandle): void => void this.candles.push(candle)
  readonly onTicker = (ticker: VenueTicker): void => void this.tickers.push(ticker)
  readonly onBook = (book: VenueOrderBook): void => void this.books.push(book)
  readonly onEnd = (reason: string): void => void this.ends.push(reason)

  get closed(): VenueCandle[] {
    return this.candles.filter(({ closed }) => closed)
  }

  get count(): number {
    const { candles, tickers, books, ends } = this
    return candles.length + tickers.length + books.length + ends.length
  }
}
