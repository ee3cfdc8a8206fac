// Exchanging one asset for another at a price that was quoted before, past the book: the quote is what the book
// would pay for all of it, less a spread that the house keeps.
import { holdingOf, pay, receive } from './holdings.ts'
import { refusals, type Refusal } from './refusal.ts'
import { appended } from './touched.ts'
import { statusOf, type Conversion, type Engine, type Market, type Side } from './types.ts'
import { multiply, ONE, smaller } from './units.ts'

export type NewQuote = {
  readonly from: string
  readonly to: string
  /** One of the two is zero: what is not said follows from the price. */
  readonly fromAmount: bigint
  readonly toAmount: bigint
  readonly validMs: number
}

/** What the house keeps of the book's price, in units: 0.1 %. */
const SPREAD = ONE / 1_000n
/** Deeper than this a book is not looked at: for so much there is no price. */
const LEVELS_MAX = 1_000

/** Null as id: the account has too little of the asset, which the venue says by giving none. */
export type Quoted = { readonly conversion: Conversion; readonly isCovered: boolean }

export function quoteConversion(engine: Engine, asked: NewQuote, now: number): Quoted | Refusal {
  const { from, to, validMs } = asked
  const route = routeOf(engine, asked)
  if (route === null) return refusals.convertPair()
  if (statusOf(route.market) !== 'TRADING') return refusals.convertClosed()
  const amounts = amountsOf(route, asked)
  if (amounts === null) return refusals.convertAmount()
  const isCovered = holdingOf(engine, from).free >= amounts.fromAmount
  const id = engine.conversions.length + 1
  const conversion = { id, from, to, ...amounts, validUntil: now + validMs, acceptedAt: -1 }
  if (isCovered) {
    engine.conversions.push(conversion)
    noteConversion(engine, conversion)
  }
  return { conversion, isCovered }
}

export type ConversionName = { readonly quoteId: number | null; readonly orderId: number | null }

/** Accepted ones only: a quote that nobody took is no trade. */
export function findConversion(engine: Engine, name: ConversionName): Conversion | Refusal {
  const found = engine.conversions[(name.quoteId ?? name.orderId ?? 0) - 1]
  return found === undefined || found.acceptedAt < 0 ? refusals.noSuchOrder() : found
}

/** A quote is taken once, while it is good, and all of it changes hands at once. */
export function acceptQuote(engine: Engine, quoteId: number, now: number): Conversion | Refusal {
  const conversion = engine.conversions[quoteId - 1]
  if (conversion === undefined) return refusals.convertUnknown()
  if (conversion.acceptedAt >= 0) return refusals.convertUsed()
  if (now > conversion.validUntil) return refusals.convertExpired()
  const { from, to, fromAmount, toAmount } = conversion
  if (holdingOf(engine, from).free < fromAmount) return refusals.insufficientBalance()
  pay(engine, from, fromAmount)
  receive(engine, to, { amount: toAmount, fee: 0n })
  conversion.acceptedAt = now
  noteConversion(engine, conversion)
  return conversion
}

/** The market between two assets, and the side of the book that would take the other side. */
type Route = { readonly market: Market; readonly side: Side }

function routeOf(engine: Engine, { from, to }: NewQuote): Route | null {
  const sale = engine.markets.get(`${from}${to}`)
  if (sale !== undefined) return { market: sale, side: 'BUY' }
  const purchase = engine.markets.get(`${to}${from}`)
  return purchase === undefined ? null : { market: purchase, side: 'SELL' }
}

type Amounts = { readonly fromAmount: bigint; readonly toAmount: bigint }

/** All arithmetic rounds against the account. */
function amountsOf(route: Route, asked: NewQuote): Amounts | null {
  const rate = rateOf(route, asked)
  if (rate === null) return null
  const { side } = route
  const isFrom = asked.fromAmount > 0n
  const given = isFrom ? asked.fromAmount : asked.toAmount
  // The rate is quote for one of base; a sale gives base, a purchase gives quote.
  const isBase = (side === 'BUY') === isFrom
  const other = isBase ? multiply(rate, given) : (given * ONE) / rate
  const fromAmount = isFrom ? given : other + 1n
  const toAmount = isFrom ? other : given
  return fromAmount > 0n && toAmount > 0n ? { fromAmount, toAmount } : null
}

/** What the book pays on average for all of it, less the spread; null when it does not reach. */
function rateOf({ market, side }: Route, asked: NewQuote): bigint | null {
  const isBase = (side === 'BUY') === asked.fromAmount > 0n
  const wanted = asked.fromAmount > 0n ? asked.fromAmount : asked.toAmount
  const met = walk({ market, side }, { wanted, isBase })
  if (met === null || met.base === 0n) return null
  const average = (met.quote * ONE) / met.base
  const kept = multiply(average, SPREAD)
  return side === 'BUY' ? average - kept : average + kept + 1n
}

function walk(
  { market, side }: Route,
  { wanted, isBase }: { readonly wanted: bigint; readonly isBase: boolean },
): { base: bigint; quote: bigint } | null {
  let base = 0n
  let quote = 0n
  for (let index = 0; index < LEVELS_MAX; index++) {
    const level = market.levels(side, index)
    if (level === null) return null
    const left = isBase ? wanted - base : ((wanted - quote) * ONE) / level.price
    const part = smaller(left, level.quantity)
    base += part
    quote += multiply(level.price, part)
    if (part === left) return base === 0n ? atTop(level.price) : { base, quote }
  }
  return null
}

/** Less than the smallest unit of the other asset: the price is that of the best level. */
function atTop(price: bigint): { base: bigint; quote: bigint } {
  return { base: ONE, quote: price }
}

function noteConversion({ changes }: Engine, conversion: Conversion): void {
  changes.conversions = appended(changes.conversions, conversion)
}
