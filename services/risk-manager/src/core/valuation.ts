// What the account is worth. Every asset is valued at the newest price known of it: of the market, or
// else the one that it was last valued at. A price that fails to come is no loss. An asset that never had
// a price is named and counts as nothing, which makes every cap stricter.
import type { EquityValued } from '@flotilla/contracts'
import { instant } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import { assetsOf, fundsOf, type Book } from './book.ts'
import { budgetOf, ownedBy, type BudgetFunds } from './budgets.ts'

type AssetPrice = {
  readonly price: Decimal
  /** `carried`: of the last valuation, for the market says nothing now. */
  readonly source: 'market' | 'carried' | 'fill'
  /** Null for the price of a fill. */
  readonly at: number | null
}

/** In the account's currency; null when nobody knows a price. Not for the currency itself. */
function marketPriceOf(book: Book, asset: string): AssetPrice | null {
  const symbol = `${asset}/${book.account.currency}`
  const quote = book.prices.get(symbol)
  if (quote !== undefined) return { price: quote.price, source: 'market', at: quote.at }
  const carried = book.standing.valued?.prices.get(asset)
  if (carried !== undefined) return { ...carried, source: 'carried' }
  const filled = book.positions.get(symbol)?.lastFillPrice
  // What is held had a price when it was bought.
  return filled === undefined ? null : { price: filled, source: 'fill', at: null }
}

function priceOfAsset(book: Book, asset: string): Decimal | null {
  if (asset === book.account.currency) return Decimal.one
  return marketPriceOf(book, asset)?.price ?? null
}

/** In the symbol's own quote currency. */
export function priceOfSymbol(book: Book, symbol: string): Decimal | null {
  const { base, quote } = assetsOf(symbol)
  if (quote === book.account.currency) return priceOfAsset(book, base)
  return book.prices.get(symbol)?.price ?? book.positions.get(symbol)?.lastFillPrice ?? null
}

/** Net asset value: all that the account owns. */
export function netAssetValue(book: Book): Decimal {
  let value = Decimal.zero
  for (const [asset, { total }] of book.funds) {
    const price = total.isPositive() ? priceOfAsset(book, asset) : null
    if (price !== null) value = value.plus(total.times(price))
  }
  return value
}

/** What the account owns of an asset, however it came. */
export function valueOfAsset(book: Book, asset: string): Decimal {
  const price = priceOfAsset(book, asset)
  return price === null ? Decimal.zero : fundsOf(book, asset).total.times(price)
}

/** What is at risk in one symbol: its position, and the money of its entries on their way. */
export function exposureOfSymbol(book: Book, symbol: string): Decimal {
  const { quote } = assetsOf(symbol)
  const position = book.positions.get(symbol)
  const price = position === undefined ? null : priceOfSymbol(book, symbol)
  const held =
    position === undefined ? Decimal.zero : position.quantity.times(price ?? position.lastFillPrice)
  return inCurrency(book, quote, held.plus(book.entryMoney.get(symbol) ?? Decimal.zero))
}

/** What is at risk: positions at their price, and the money set aside for entries on their way. */
export function exposureOf(book: Book): Decimal {
  let exposure = Decimal.zero
  const quotes = new Set<string>()
  for (const [symbol, { quantity, lastFillPrice }] of book.positions) {
    const { quote } = assetsOf(symbol)
    const price = priceOfSymbol(book, symbol) ?? lastFillPrice
    exposure = exposure.plus(inCurrency(book, quote, quantity.times(price)))
  }
  for (const symbol of book.openEntries.keys()) quotes.add(assetsOf(symbol).quote)
  for (const quote of quotes) {
    exposure = exposure.plus(inCurrency(book, quote, fundsOf(book, quote).reserved))
  }
  return exposure
}

/** What a strategy has, and what its holdings are worth. */
export function equityOfBudget(book: Book, { name, cash }: BudgetFunds): Decimal {
  let equity = cash
  for (const [symbol, position] of book.positions) {
    equity = equity.plus(worth(book, symbol, ownedBy(position, name)))
  }
  return equity
}

/** In the account's currency. */
export function worth(book: Book, symbol: string, quantity: Decimal): Decimal {
  const price = priceOfSymbol(book, symbol) ?? Decimal.zero
  return inCurrency(book, assetsOf(symbol).quote, quantity.times(price))
}

/** A quote currency without a price of its own is taken at par: most are dollars by another name. */
export function inCurrency(book: Book, quote: string, amount: Decimal): Decimal {
  return amount.times(priceOfAsset(book, quote) ?? Decimal.one)
}

/** What an amount of the account's currency is in a quote currency. */
export function fromCurrency(book: Book, quote: string, amount: Decimal): Decimal {
  const price = priceOfAsset(book, quote) ?? Decimal.one
  return price.equals(Decimal.one) ? amount : amount.dividedBy(price, divisionScale, 'down')
}

type Holding = {
  readonly asset: string
  readonly total: Decimal
  readonly reserved: Decimal
  readonly quote: AssetPrice | null
  readonly value: Decimal | null
}

const topHoldings = 5

/** The whole account for the record, biggest value first, then what has no price. */
export function valueAccount(
  book: Book,
  { now, priceAgeMaxMs }: { readonly now: number; readonly priceAgeMaxMs: number },
): EquityValued {
  const { account, currency } = book.account
  const holdings = holdingsOf(book, now)
  const equity = netAssetValue(book)
  const unpriced = holdings.filter(({ quote }) => quote === null).map(({ asset }) => asset)
  return {
    account,
    currency,
    equity: equity.toString(),
    assets: holdings.map(({ asset, total, reserved, quote, value }) => ({
      asset,
      total: total.toString(),
      reserved: reserved.toString(),
      price: quote?.price.toString() ?? null,
      value: value?.toString() ?? null,
    })),
    unpriced,
    coverage: { assets: holdings.length, priced: holdings.length - unpriced.length },
    topHoldings: holdings.slice(0, topHoldings).flatMap(({ asset, value }) => {
      if (value === null || !equity.isPositive()) return []
      return [{ asset, share: value.dividedBy(equity, shareScale, 'half-up').toString() }]
    }),
    faults: holdings.flatMap(({ asset, quote, value }) => {
      const cause = faultOf(quote, { now, priceAgeMaxMs })
      if (quote === null || value === null || cause === null) return []
      const since = instant(quote.at ?? now)
      return [{ asset, cause, price: quote.price.toString(), value: value.toString(), since }]
    }),
    ...(book.budget === null ? {} : { budgets: budgetsOf(book) }),
    baseline: book.standing.valued === null,
  }
}

function budgetsOf(book: Book): EquityValued['budgets'] {
  return [...(book.budget?.cash.keys() ?? [])].flatMap((strategy) => {
    const funds = budgetOf(book, strategy)
    if (funds === null) return []
    const equity = equityOfBudget(book, funds).toString()
    const { cash, reserved } = funds
    return [{ strategy, cash: cash.toString(), reserved: reserved.toString(), equity }]
  })
}

function holdingsOf(book: Book, now: number): readonly Holding[] {
  return [...book.funds]
    .filter(([, { total }]) => total.isPositive())
    .map(([asset, funds]): Holding => {
      const own = { price: Decimal.one, source: 'market', at: now } as const
      const quote = asset === book.account.currency ? own : marketPriceOf(book, asset)
      return {
        asset,
        ...funds,
        quote,
        value: quote === null ? null : funds.total.times(quote.price),
      }
    })
    .sort((left, right) => (right.value ?? minusOne).compare(left.value ?? minusOne))
}

/** Why the value of an asset is not to be trusted, though the price it had goes on to be used. */
function faultOf(
  quote: AssetPrice | null,
  { now, priceAgeMaxMs }: { readonly now: number; readonly priceAgeMaxMs: number },
): 'price_missing' | 'price_stale' | null {
  if (quote === null) return null
  if (quote.source !== 'market') return 'price_missing'
  return quote.at !== null && now - quote.at > priceAgeMaxMs ? 'price_stale' : null
}

/** What every asset is valued at, to be carried where the market says nothing next time. */
export function carriedPrices(book: Book, now: number): CarriedPrices {
  return new Map(
    holdingsOf(book, now).flatMap(({ asset, quote }) => {
      if (asset === book.account.currency || quote === null) return []
      return [[asset, { price: quote.price, at: quote.at ?? now }]]
    }),
  )
}

export type CarriedPrices = ReadonlyMap<string, { readonly price: Decimal; readonly at: number }>

const divisionScale = 18
const shareScale = 4
const minusOne = Decimal.from(-1)
