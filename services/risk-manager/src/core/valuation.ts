// What the account is worth. Every asset is valued at the newest price known of it, old or not; an
// asset without any price is named and counts as nothing, which makes every cap stricter.
import type { EquityValued } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import { assetsOf, fundsOf, type Book } from './book.ts'

/** In the account's currency; null when nobody knows a price. */
function priceOfAsset(book: Book, asset: string): Decimal | null {
  const { currency } = book.account
  if (asset === currency) return Decimal.one
  return priceOfSymbol(book, `${asset}/${currency}`)
}

/** What is held had a price when it was bought. */
function priceOfSymbol(book: Book, symbol: string): Decimal | null {
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

/** A quote currency without a price of its own is taken at par: most are dollars by another name. */
export function inCurrency(book: Book, quote: string, amount: Decimal): Decimal {
  return amount.times(priceOfAsset(book, quote) ?? Decimal.one)
}

/** What an amount of the account's currency is in a quote currency. */
export function fromCurrency(book: Book, quote: string, amount: Decimal): Decimal {
  const price = priceOfAsset(book, quote) ?? Decimal.one
  return price.equals(Decimal.one) ? amount : amount.dividedBy(price, divisionScale, 'down')
}

/** The whole account for the record, biggest value first, then what has no price. */
export function valueAccount(book: Book): EquityValued {
  const assets = [...book.funds]
    .filter(([, funds]) => funds.total.isPositive())
    .map(([asset, { total, reserved }]) => {
      const price = priceOfAsset(book, asset)
      return { asset, total, reserved, price, value: price === null ? null : total.times(price) }
    })
    .sort((left, right) => (right.value ?? minusOne).compare(left.value ?? minusOne))
  return {
    account: book.account.account,
    currency: book.account.currency,
    equity: netAssetValue(book).toString(),
    assets: assets.map(({ asset, total, reserved, price, value }) => ({
      asset,
      total: total.toString(),
      reserved: reserved.toString(),
      price: price?.toString() ?? null,
      value: value?.toString() ?? null,
    })),
    unpriced: assets.filter(({ price }) => price === null).map(({ asset }) => asset),
  }
}

const divisionScale = 18
const minusOne = Decimal.from(-1)
