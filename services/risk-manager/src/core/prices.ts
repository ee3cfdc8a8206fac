// The price chain: the newest market price, then the market store's, then the price that the intent
// itself reckons with. Only a fresh one is used, and never a constant.
import { epochMs, type IntentProposed } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import type { Book } from './book.ts'
import type { Limits } from './limits.ts'

export type PriceSource = 'market' | 'market-store' | 'intent'

export type PriceChoice =
  | {
      readonly kind: 'fresh' | 'stale'
      readonly price: Decimal
      readonly source: PriceSource
      readonly ageMs: number
    }
  | { readonly kind: 'none' }

export type PriceQuestion = {
  readonly book: Pick<Book, 'prices'>
  readonly intent: IntentProposed
  readonly limits: Pick<Limits, 'priceAgeMaxMs'>
  readonly now: number
}

export function choosePrice({ book, intent, limits, now }: PriceQuestion): PriceChoice {
  const known = book.prices.get(intent.symbol)
  const market = known === undefined ? null : { ...known, ageMs: ageOf(known.at, now) }
  if (market !== null && market.ageMs <= limits.priceAgeMaxMs) {
    return { kind: 'fresh', price: market.price, source: market.source, ageMs: market.ageMs }
  }
  const expected = expectedPrice(intent, now)
  if (expected.ageMs <= limits.priceAgeMaxMs) return { kind: 'fresh', ...expected }
  if (market === null) return { kind: 'none' }
  return { kind: 'stale', price: market.price, source: market.source, ageMs: market.ageMs }
}

/** Whether the shell has to look into the market store before it can decide. */
export function needsStoredPrice(question: PriceQuestion): boolean {
  const { book, intent, limits, now } = question
  const known = book.prices.get(intent.symbol)
  return known === undefined || ageOf(known.at, now) > limits.priceAgeMaxMs
}

function expectedPrice(intent: IntentProposed, now: number) {
  const at = epochMs(intent.expectedPriceAt)
  // A price of the future is a clock gone wrong: it is as old as it is early.
  const ageMs = Math.abs(now - at)
  return { price: Decimal.from(intent.expectedPrice), source: 'intent', ageMs } as const
}

/** Clocks of two machines differ a little: a price just ahead of ours is new. */
function ageOf(at: number, now: number): number {
  return Math.max(0, now - at)
}
