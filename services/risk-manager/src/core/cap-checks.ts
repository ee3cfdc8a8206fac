// How much may be at risk: in all, in one symbol, in one asset, and in symbols that move together.
import type { DenialReason } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import { assetsOf, availableOf, type Book } from './book.ts'
import { denied, passed, skipped, type Check, type CheckOutcome, type Context } from './check.ts'
import { correlationOf } from './history.ts'
import {
  exposureOf,
  exposureOfSymbol,
  inCurrency,
  netAssetValue,
  valueOfAsset,
} from './valuation.ts'

type Cap = {
  readonly share: Decimal
  /** What counts against the cap already, in the account's currency. */
  readonly exposure: () => Decimal
  readonly reason: (numbers: { exposure: string; exposureMax: string }) => DenialReason
  readonly inputs?: Readonly<Record<string, number | string | readonly string[]>>
}

export const exposure: Check = {
  name: 'exposure',
  run: (context) =>
    within(context, {
      share: context.limits.exposureShareMax,
      exposure: () => exposureOf(context.book),
      reason: (numbers) => ({ code: 'exposure_exceeds_limit', ...numbers }),
    }),
}

export const symbolExposure: Check = {
  name: 'symbol-exposure',
  run(context) {
    const { symbol } = context.intent
    const { symbolShareMax: share } = context.limits.caps
    if (share.atLeast(Decimal.one)) return skipped('no cap')
    return within(context, {
      share,
      exposure: () => exposureOfSymbol(context.book, symbol),
      reason: (numbers) => ({ code: 'symbol_exposure_exceeds_limit', symbol, ...numbers }),
    })
  },
}

/** All of the asset that the account owns counts, however it came. */
export const assetExposure: Check = {
  name: 'asset-exposure',
  run(context) {
    const { base: asset } = assetsOf(context.intent.symbol)
    const { assetShareMax: share } = context.limits.caps
    if (share.atLeast(Decimal.one)) return skipped('no cap')
    return within(context, {
      share,
      exposure: () => exposureOfAsset(context.book, asset),
      reason: (numbers) => ({ code: 'asset_exposure_exceeds_limit', asset, ...numbers }),
    })
  },
}

/** Symbols that move together are one bet. */
export const correlatedExposure: Check = {
  name: 'correlated-exposure',
  run(context) {
    const { correlatedShareMax: share, correlationMin } = context.limits.caps
    if (share.atLeast(Decimal.one)) return skipped('no cap')
    const symbols = correlatedWith(context)
    return within(context, {
      share,
      exposure: () => exposureTogether(context, symbols),
      reason: (numbers) => ({ code: 'correlated_exposure_exceeds_limit', symbols, ...numbers }),
      inputs: { correlationMin, symbols },
    })
  },
}

function within(context: Context, cap: Cap): CheckOutcome {
  const { book, draft } = context
  if (draft === null) return skipped('no size')
  const { asset, amount } = draft.reserve
  // What cannot be paid would exceed the cap for that reason alone.
  if (amount.greaterThan(availableOf(book, asset))) return skipped('more than is available')
  const after = cap.exposure().plus(inCurrency(book, asset, amount))
  const value = netAssetValue(book)
  const max = value.times(cap.share)
  const inputs = { exposure: after.toString(), exposureMax: max.toString() }
  const record = { ...cap.inputs, ...inputs, netAssetValue: value.toString() }
  return after.atMost(max) ? passed(record) : denied(cap.reason(inputs), record)
}

export function exposureOfAsset(book: Book, asset: string): Decimal {
  let total = valueOfAsset(book, asset)
  for (const [symbol, money] of book.entryMoney) {
    const { base, quote } = assetsOf(symbol)
    if (base === asset) total = total.plus(inCurrency(book, quote, money))
  }
  return total
}

/** Of the symbol and of those that move with it. */
export function exposureTogether(
  { book, intent }: Pick<Context, 'book' | 'intent'>,
  symbols: readonly string[],
): Decimal {
  return symbols.reduce(
    (total, symbol) => total.plus(exposureOfSymbol(book, symbol)),
    exposureOfSymbol(book, intent.symbol),
  )
}

/** Of what is held or on its way, what moves as the symbol does. */
export function correlatedWith({ book, intent, limits }: Context): string[] {
  const { correlationMin, correlationCandles } = limits.caps
  const own = book.histories.get(intent.symbol) ?? []
  const others = new Set([...book.positions.keys(), ...book.entryMoney.keys()])
  others.delete(intent.symbol)
  return [...others].filter((symbol) => {
    const bars = book.histories.get(symbol) ?? []
    const correlation = correlationOf(own, bars, correlationCandles)
    return correlation !== null && correlation >= correlationMin
  })
}
