// Which of two prices is the newer one.
import type { StoredCandle, StoredPrice, StoredTicker } from './port.ts'

export function tickerPrice(ticker: Pick<StoredTicker, 'last' | 'observedAt'>): StoredPrice {
  return { price: ticker.last, at: ticker.observedAt, source: 'ticker' }
}

export function candlePrice(candle: Pick<StoredCandle, 'close' | 'closeTime'>): StoredPrice {
  return { price: candle.close, at: candle.closeTime, source: 'candle' }
}

/** At the same moment the ticker: it was observed, the candle's price may be older than its end. */
export function newestPrice(prices: readonly StoredPrice[]): StoredPrice | null {
  return prices.reduce<StoredPrice | null>((newest, price) => {
    if (newest === null || price.at > newest.at) return price
    return price.at === newest.at && price.source === 'ticker' ? price : newest
  }, null)
}
