/**
 * Volume of markets with different quote currencies, made comparable: 17,000 in a market that is quoted
 * in bitcoin is a billion dollars. What cannot be converted is not known, and not a number.
 */
import type { Decimal } from '@flotilla/money'

export type PricedMarket = {
  readonly symbol: string
  readonly last: Decimal
  /** In the market's own quote currency. */
  readonly quoteVolume24h: Decimal
}

/** Held to be worth the same: limits of liquidity need no more exactness than that. */
const dollars: ReadonlySet<string> = new Set(['USD', 'USDT', 'USDC', 'FDUSD', 'TUSD', 'DAI'])

export function volumeIn(
  currency: string,
  market: PricedMarket,
  priceOf: (symbol: string) => Decimal | null,
): Decimal | null {
  const quote = market.symbol.split('/')[1] ?? ''
  if (isSame(quote, currency)) return market.quoteVolume24h
  const price = priceOf(`${quote}/${currency}`)
  return price === null ? null : market.quoteVolume24h.times(price)
}

function isSame(left: string, right: string): boolean {
  return left === right || (dollars.has(left) && dollars.has(right))
}
