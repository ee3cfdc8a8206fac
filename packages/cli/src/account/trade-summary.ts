import type { ClosedTrade } from '@flotilla/ledger'
import { sum, type Decimal } from '@flotilla/money'

/** What the trades of one quote currency come to together; means and rates are statistics. */
export type TradeSummary = {
  readonly currency: string
  readonly trades: number
  /** Share of the trades with a net profit, 0 to 1. */
  readonly winRate: number
  readonly netProfit: Decimal
  readonly fees: Decimal
  /** Of the trades that have one; null when none has. */
  readonly meanR: number | null
  readonly meanEntrySlippagePercent: number | null
  readonly meanExitSlippagePercent: number | null
}

/** Amounts of different currencies are not added up. */
export function summariesOf(trades: readonly ClosedTrade[]): TradeSummary[] {
  const byCurrency = Map.groupBy(trades, ({ symbol }) => symbol.split('/')[1] ?? '')
  return [...byCurrency].map(([currency, own]) => ({
    currency,
    trades: own.length,
    winRate: own.filter(({ netProfit }) => netProfit.isPositive()).length / own.length,
    netProfit: sum(own.map(({ netProfit }) => netProfit)),
    fees: sum(own.map(({ fees }) => fees)),
    meanR: meanOf(own.map(({ rMultiple }) => rMultiple)),
    meanEntrySlippagePercent: meanOf(own.map((each) => each.entrySlippagePercent)),
    meanExitSlippagePercent: meanOf(own.map((each) => each.exitSlippagePercent)),
  }))
}

function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return null
  return known.reduce((total, value) => total + value, 0) / known.length
}
