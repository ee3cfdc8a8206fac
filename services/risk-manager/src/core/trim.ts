// Brings what is at risk back under its cap: prices rise, and what was bought under the cap is above it.
// The largest position gives first. A trim is an exit that the risk manager proposes to itself: it
// passes the same checks and is recorded as every other decision.
import { createMessage, deriveId, instant, IntentProposed } from '@flotilla/contracts'
import { Decimal, roundUpToStep } from '@flotilla/money'
import { assetsOf, availableOf, fundsOf, type Book } from './book.ts'
import { decide, type IntentMessage, type Work } from './decide.ts'
import { divisionScale, lotOf } from './entry-arithmetic.ts'
import type { Watched } from './observe.ts'
import { positionOf } from './position.ts'
import { strictestState } from './trading-state.ts'
import { fromCurrency, inCurrency, netAssetValue, priceOfSymbol } from './valuation.ts'

/** Under this name the risk manager's own exits are found in messages and records. */
export const trimmer = 'risk-manager'
/** Market milliseconds after which an exit that was not sent is void; the next look decides anew. */
const trimLifeMs = 120_000

export type Trim = {
  readonly symbol: string
  readonly quantity: Decimal
  readonly exposure: Decimal
  readonly exposureMax: Decimal
}

/** What has to be sold next; null when the cap is kept, or nothing more can be sold for it. */
export function planTrim(watched: Watched): Trim | null {
  const { book, limits } = watched
  const held = tradable(watched)
  const exposure = positionsAtRisk(book)
  const exposureMax = netAssetValue(book).times(limits.exposureShareMax)
  const excess = exposure.minus(exposureMax)
  const largest = held[0]
  if (!excess.isPositive() || largest === undefined) return null
  return { symbol: largest.symbol, quantity: toSell(largest, excess), exposure, exposureMax }
}

/** Positions at their price, without what is on its way out. */
export function positionsAtRisk(book: Book): Decimal {
  let total = Decimal.zero
  for (const symbol of book.positions.keys()) total = total.plus(freeOf(book, symbol).value)
  return total
}

/** The exit of a plan that still holds, as the book is now; nothing where it does not. */
export function takeTrim(watched: Watched, symbol: string): Work & { readonly trim: Trim | null } {
  const trim = planTrim(watched)
  const none = { changes: [], records: [], outgoing: [], trim: null }
  if (trim === null || trim.symbol !== symbol) return none
  const message = proposalOf(watched, trim)
  const work = decide({ ...watched, message, exitQuantity: trim.quantity })
  return work.verdict.kind === 'approved' ? { ...work, trim } : none
}

function proposalOf({ book, limits, now }: Watched, trim: Trim): IntentMessage {
  const { account } = book.account
  const { symbol } = trim
  // Within the same instant a symbol can be trimmed twice: then more of it is on its way.
  const onItsWay = fundsOf(book, assetsOf(symbol).base).reserved.toString()
  const intentId = deriveId('trim', account, symbol, String(now), onItsWay)
  return createMessage(IntentProposed, {
    source: 'risk-manager',
    occurredAt: now,
    discriminator: intentId,
    account,
    payload: {
      intentId,
      strategy: trimmer,
      venue: limits.venue,
      symbol,
      side: 'sell',
      purpose: 'exit',
      confidence: 100,
      expectedPrice: (priceOfSymbol(book, symbol) ?? Decimal.one).toString(),
      expectedPriceAt: instant(now),
      reason: `exposure ${trim.exposure.toString()} is above ${trim.exposureMax.toString()}`,
      stopLossPrice: null,
      takeProfitPrice: null,
      expiresAt: instant(now + trimLifeMs),
      chain: [],
    },
  })
}

type Held = {
  readonly symbol: string
  readonly free: Decimal
  /** In the account's currency. */
  readonly value: Decimal
  readonly price: Decimal
  readonly step: Decimal
  /** The smallest quantity that can be sold. */
  readonly least: Decimal
  /** What an amount of the account's currency is in the symbol's own. */
  readonly inQuote: (amount: Decimal) => Decimal
}

/** What can be sold now, the largest first. */
function tradable(watched: Watched): readonly Held[] {
  const { book } = watched
  return [...book.positions.keys()]
    .filter((symbol) => strictestState(book, symbol)?.state !== 'halted')
    .flatMap((symbol) => heldOf(watched, symbol) ?? [])
    .sort((one, other) => other.value.compare(one.value))
}

/** At an old price nobody knows what the exposure is: nothing is sold for it. */
function heldOf({ book, limits, now }: Watched, symbol: string): Held | null {
  const rules = book.rules.get(symbol)
  const quote = book.prices.get(symbol)
  if (rules === undefined || quote === undefined) return null
  if (now - quote.at > limits.priceAgeMaxMs || !quote.price.isPositive()) return null
  const { price } = quote
  const lot = lotOf(rules, limits.sizing)
  const notional = rules.notionalMin.isPositive() ? rules.notionalMin : limits.notionalMinDefault
  const byNotional = roundUpToStep(notional.dividedBy(price, divisionScale, 'up'), lot.step)
  const least = Decimal.max(byNotional, lot.minimum)
  const { free, value } = freeOf(book, symbol)
  if (free.lessThan(least)) return null
  const inQuote = (amount: Decimal) => fromCurrency(book, rules.quote, amount)
  return { symbol, free, value, price, step: lot.step, least, inQuote }
}

/** As little as brings the exposure under the cap, and all of it where the rest could not be sold. */
function toSell({ free, price, step, least, inQuote }: Held, excess: Decimal): Decimal {
  const needed = inQuote(excess).dividedBy(price, divisionScale, 'up')
  const quantity = Decimal.max(roundUpToStep(needed, step), least)
  return free.minus(quantity).lessThan(least) ? free : quantity
}

/** Of a position, what is not set aside for an exit that was decided already. */
function freeOf(book: Book, symbol: string): { free: Decimal; value: Decimal } {
  const { base, quote } = assetsOf(symbol)
  const position = positionOf(book, symbol)
  const onItsWay = fundsOf(book, base).reserved
  const free = Decimal.max(
    Decimal.zero,
    Decimal.min(position.minus(onItsWay), availableOf(book, base)),
  )
  const price = priceOfSymbol(book, symbol) ?? Decimal.zero
  return { free, value: inCurrency(book, quote, free.times(price)) }
}
