// What becomes of the trade that a position belongs to, kept in the commit of each of its fills and
// written to the journal in the commit that ends it.
import { closeTrade, storedTrade, type TradeFill } from '@flotilla/journal'
import type { Fill, LedgerChange, Position } from '@flotilla/ledger'
import type { Desk, Market, Ticket } from './desk.ts'

/** Where the open trade is remembered. */
export function tradeKey(symbol: string): string {
  return `trade:${symbol}`
}

export function toldOf({ order, terms }: Ticket, fill: Fill): TradeFill {
  const { intentId, correlationId } = order
  const { strategy, stop, expected, decided, exitReason } = terms
  return { fill, intentId, correlationId, strategy, stop, expected, decided, exitReason }
}

type Ending = {
  readonly market: Market
  readonly position: Position | null
  trade: Desk['trade']
  tradeTouched: boolean
}

/**
 * A trade is over when something was sold and nothing is left, or what is left was named dust; dust and
 * what it cost go along into the next trade. Dust that is still offered belongs to this one. Less than nothing means that a purchase is still to be told.
 */
export function tradeChangesOf(work: Ending, dustIsOffered: boolean): LedgerChange[] {
  const { trade, market, position } = work
  const changes: LedgerChange[] = []
  if (trade !== null && trade.exitReason !== null && position !== null) {
    const { quantity, protection } = position
    const isDust = quantity.isPositive() && protection?.state === 'dust' && !dustIsOffered
    if (quantity.isZero() || isDust) {
      changes.push({ kind: 'trade-closed', trade: closeTrade(trade, market, quantity) })
      work.trade = null
      work.tradeTouched = true
    }
  }
  if (!work.tradeTouched) return changes
  const value = storedTrade(work.trade)
  return [
    ...changes,
    { kind: 'memory-stored', agent: 'execution', key: tradeKey(market.symbol), value },
  ]
}
