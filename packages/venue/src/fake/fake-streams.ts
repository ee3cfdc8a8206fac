// The market streams of the fake venue: they tell what a test says, and end when a test says so.
import type { MarketStream, MarketStreamListener, MarketStreamRequest } from '../market-stream.ts'
import type { VenueCandle, VenueOrderBook, VenueTicker } from '../port.ts'

type OpenStream = {
  readonly request: MarketStreamRequest
  readonly listener: MarketStreamListener
}

export class FakeStreams {
  readonly #open = new Set<OpenStream>()

  get count(): number {
    return this.#open.size
  }

  open(request: MarketStreamRequest, listener: MarketStreamListener): MarketStream {
    const stream = { request, listener }
    this.#open.add(stream)
    return { close: () => void this.#open.delete(stream) }
  }

  tellCandles(candles: readonly VenueCandle[]): void {
    for (const candle of candles) {
      for (const { request, listener } of this.#of(candle.symbol)) {
        if (request.timeframe === candle.timeframe) listener.onCandle(candle)
      }
    }
  }

  tellTicker(ticker: VenueTicker): void {
    for (const { listener } of this.#of(ticker.symbol)) listener.onTicker(ticker)
  }

  tellBook(book: VenueOrderBook): void {
    for (const { request, listener } of this.#of(book.symbol)) {
      if (request.bookDepth > 0) listener.onBook(book)
    }
  }

  /** All connections break. */
  drop(reason = 'connection reset'): void {
    const ended = [...this.#open]
    this.#open.clear()
    for (const { listener } of ended) listener.onEnd(reason)
  }

  #of(symbol: string): OpenStream[] {
    return [...this.#open].filter(({ request }) => request.symbols.includes(symbol))
  }
}
