// What became of the newest sales of each symbol: the protections look at it. Kept as one value per
// symbol in the ledger's memory, written in the unit of work of the fill that ended a sale.
import type { Json } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'

export type ClosedTrade = {
  readonly symbol: string
  readonly closedAt: number
  /** In quote currency, net of fees. */
  readonly profit: Decimal
  /** The profit as a share of what the sold quantity had cost. */
  readonly share: Decimal
  /** By the stop that protected it. */
  readonly stopped: boolean
}

/** Of one symbol; no protection looks further back. */
const tradesMax = 50
const prefix = 'trades/'

export function tradesKey(account: string, symbol: string): string {
  return `${prefix}${account}/${symbol}`
}

export function symbolOfTrades(account: string, key: string): string | null {
  const start = `${prefix}${account}/`
  return key.startsWith(start) ? key.slice(start.length) : null
}

export function writeTrades(before: readonly ClosedTrade[], newest: ClosedTrade): Json {
  return [...before, newest].slice(-tradesMax).map(({ closedAt, profit, share, stopped }) => ({
    closedAt,
    profit: profit.toString(),
    share: share.toString(),
    stopped,
  }))
}

type Written = {
  readonly closedAt: number
  readonly profit: string
  readonly share: string
  readonly stopped: boolean
}

export function readTrades(symbol: string, value: Json): readonly ClosedTrade[] {
  if (value === null) return []
  return (value as readonly Written[]).map(({ closedAt, profit, share, stopped }) => ({
    symbol,
    closedAt,
    profit: Decimal.from(profit),
    share: Decimal.from(share),
    stopped,
  }))
}
