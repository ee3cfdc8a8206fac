// Pauses that the account gives itself after trades that went wrong, in the manner traders know. Each is
// worked out from the trades alone: until when, as of the trade that caused it.
import { sum, type Decimal } from '@flotilla/money'
import type { ClosedTrade } from './closed-trades.ts'

export type Protections = {
  /** After a sale of a symbol it is not bought again for so long; 0: at once. */
  readonly cooldownMs: number
  /** So many stops within the time pause entries: of the symbol, or of all. 0 stops: never. */
  readonly stopGuard: {
    readonly stops: number
    readonly lookbackMs: number
    readonly pauseMs: number
    readonly perSymbol: boolean
  }
  /** A symbol that earned too little in so many trades within the time is locked. 0 trades: never. */
  readonly lowProfit: {
    readonly trades: number
    readonly lookbackMs: number
    readonly lockMs: number
    /** Sum of the shares that the trades earned, below which it locks. */
    readonly profitMin: Decimal
  }
}

type Trades = readonly ClosedTrade[]

export function cooldownUntil(trades: Trades, { cooldownMs }: Protections): number | null {
  const last = trades.at(-1)
  return last === undefined || cooldownMs === 0 ? null : last.closedAt + cooldownMs
}

export type StopPause = { readonly until: number; readonly stops: number }

/** Of trades in the order of their time. */
export function stopPause(trades: Trades, { stopGuard }: Protections): StopPause | null {
  const { stops, lookbackMs, pauseMs } = stopGuard
  if (stops === 0) return null
  const stopped = trades.filter((trade) => trade.stopped)
  const latest = stopped.findLast((_, index) => countWithin(stopped, index, lookbackMs) >= stops)
  if (latest === undefined) return null
  const index = stopped.indexOf(latest)
  return { until: latest.closedAt + pauseMs, stops: countWithin(stopped, index, lookbackMs) }
}

export type ProfitLock = {
  readonly until: number
  readonly profit: Decimal
  readonly trades: number
}

export function profitLock(trades: Trades, { lowProfit }: Protections): ProfitLock | null {
  if (lowProfit.trades === 0) return null
  for (let index = trades.length - 1; index >= 0; index--) {
    const { closedAt } = trades[index]!
    const count = countWithin(trades, index, lowProfit.lookbackMs)
    if (count < lowProfit.trades) continue
    const profit = sum(trades.slice(index - count + 1, index + 1).map(({ share }) => share))
    if (profit.lessThan(lowProfit.profitMin)) {
      return { until: closedAt + lowProfit.lockMs, profit, trades: count }
    }
  }
  return null
}

/** How many trades up to this one lie within the time before it, itself counted. */
function countWithin(trades: Trades, index: number, lookbackMs: number): number {
  const from = trades[index]!.closedAt - lookbackMs
  let count = 0
  while (index - count >= 0 && trades[index - count]!.closedAt > from) count += 1
  return count
}
