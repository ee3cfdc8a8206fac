import { instant } from '@flotilla/contracts'

/** The last price of a symbol at the simulator that listens there, digit by digit. */
export async function priceAt(url: string, symbol: string): Promise<string> {
  const path = `/api/v3/ticker/price?symbol=${symbol.replace('/', '')}`
  const answer = await fetch(new URL(path, url))
  return ((await answer.json()) as { price: string }).price
}

export async function pricesAt(
  url: string,
  symbols: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const prices = symbols.map(
    async (symbol) => [symbol, Number(await priceAt(url, symbol))] as const,
  )
  return new Map(await Promise.all(prices))
}

/** Of an entry that is wished for at this price: exits far from it, and ten minutes of market time to live. */
export const wishedAt = (price: number, now: number) => ({
  expectedPrice: String(price),
  expectedPriceAt: instant(now),
  stopLossPrice: (price * 0.8).toFixed(2),
  takeProfitPrice: (price * 1.5).toFixed(2),
  expiresAt: instant(now + 600_000),
})
