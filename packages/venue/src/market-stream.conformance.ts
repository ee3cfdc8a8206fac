// What every market stream must do; a part of the suite of the venue port.
import { describe, expect, it } from 'vitest'

import type { MarketStream } from './market-stream.ts'
import type { Venue, VenueCandle } from './port.ts'
import { StreamEars } from './wire-test/stream-ears.ts'

/** Events come over a real wire; a loaded machine takes its time. */
const patience = { timeout: 30_000, interval: 10 }

export function describeMarketStream(stage: {
  start(opening: { readonly path: readonly string[] }): Promise<Venue>
  next(): Promise<unknown>
  /** Another than BTC/USDT where the venue has it by another name. */
  readonly symbol?: string
}): void {
  const { symbol = 'BTC/USDT' } = stage
  const request = { symbols: [symbol], timeframe: '1m', bookDepth: 5 }
  const path = Array.from({ length: 8 }, (_, index) => String(50_000 + 100 * index))

  async function open(venue: Venue, listener: StreamEars): Promise<MarketStream> {
    const stream = await venue.openMarketStream?.(request, listener)
    if (stream === undefined) throw new Error('this venue has no streams')
    return stream
  }

  /** A minute passes until something has come. */
  async function until(condition: () => boolean): Promise<void> {
    let minutes = 0
    await expect
      .poll(async () => {
        if (condition()) return true
        if (minutes < path.length - 1) await stage.next()
        minutes += 1
        return condition()
      }, patience)
      .toBe(true)
  }

  describe('market stream', () => {
    it('tells closed candles as the venue answers them when it is asked', async () => {
      const venue = await stage.start({ path })
      const listener = new StreamEars()
      const stream = await open(venue, listener)
      await until(() => listener.closed.length >= 2)
      stream.close()
      const [first] = listener.closed
      const asked = await venue.fetchCandles({ symbol, timeframe: '1m', since: first!.openTime })
      for (const told of listener.closed) {
        const same = asked.find(({ openTime }) => openTime === told.openTime)
        expect(textOf(told)).toEqual(textOf(same!))
      }
      const now = await venue.fetchTime()
      expect(listener.closed.every(({ closeTime }) => closeTime <= now)).toBe(true)
    })

    it('tells prices and the best levels of the book', async () => {
      const venue = await stage.start({ path })
      const listener = new StreamEars()
      const stream = await open(venue, listener)
      await until(() => listener.tickers.length > 0 && listener.books.length > 0)
      stream.close()
      const ticker = listener.tickers.at(-1)!
      expect(ticker.symbol).toBe(symbol)
      expect(ticker.bid?.atMost(ticker.ask ?? ticker.last)).toBe(true)
      expect(ticker.quoteVolume24h.isNegative()).toBe(false)
      const book = listener.books.at(-1)!
      expect(book.symbol).toBe(symbol)
      expect(book.bids.length).toBeLessThanOrEqual(request.bookDepth)
      expect(book.bids[0]?.price.atMost(book.asks[0]!.price)).toBe(true)
    })

    it('says nothing after it was closed', async () => {
      const venue = await stage.start({ path })
      const [listener, witness] = [new StreamEars(), new StreamEars()]
      const stream = await open(venue, listener)
      const other = await open(venue, witness)
      stream.close()
      const [before, seen] = [listener.count, witness.tickers.length]
      await until(() => witness.tickers.length > seen)
      other.close()
      expect(listener.count).toBe(before)
    })

    it('does not open for a symbol that is not listed', async () => {
      const venue = await stage.start({ path })
      const unlisted = { ...request, symbols: ['NONE/USDT'] }
      await expect(venue.openMarketStream?.(unlisted, new StreamEars())).rejects.toMatchObject({
        code: 'unknown_symbol',
      })
    })
  })
}

function textOf(candle: VenueCandle): string {
  const { openTime, closeTime, open, high, low, close, baseVolume, quoteVolume } = candle
  return [openTime, closeTime, open, high, low, close, baseVolume, quoteVolume].join(' ')
}
