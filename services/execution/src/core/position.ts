// A position is the sum of its fills, net of fees that were paid in the base asset.
import { takeFill } from '@flotilla/journal'
import type { Fill, Position, Protection } from '@flotilla/ledger'
import { Decimal, roundDownToStep } from '@flotilla/money'
import type { SymbolRules } from '@flotilla/venue'
import type { Market } from './desk.ts'

/** Digits kept of costs and averages, which are quotients; quantities are exact. */
const COST_SCALE = 12

export const noProtection: Protection = {
  state: 'none',
  stop: null,
  takeProfit: null,
  quantity: Decimal.zero,
  listId: null,
  since: 0,
  reason: null,
}

export function flatPosition(market: Market, now: number): Position {
  return {
    account: market.account,
    venue: market.venue,
    symbol: market.symbol,
    quantity: Decimal.zero,
    costBasis: Decimal.zero,
    averageEntryPrice: null,
    realisedProfit: Decimal.zero,
    protection: noProtection,
    openedAt: null,
    updatedAt: now,
    version: 0,
  }
}

export function applyFill(position: Position, fill: Fill, rules: SymbolRules): Position {
  const before = { quantity: position.quantity, cost: position.costBasis }
  const { held, profit } = takeFill(before, fill, rules)
  const moved = {
    ...position,
    quantity: held.quantity,
    costBasis: held.cost,
    realisedProfit: position.realisedProfit.plus(profit).round(COST_SCALE, 'half-up'),
  }
  const flat = !moved.quantity.isPositive()
  const openedAt = flat ? null : (position.openedAt ?? fill.filledAt)
  return { ...moved, averageEntryPrice: averageOf(moved), openedAt, updatedAt: fill.filledAt }
}

function averageOf(position: Position): Decimal | null {
  if (!position.quantity.isPositive()) return null
  return position.costBasis.dividedBy(position.quantity, COST_SCALE, 'half-up')
}

/** What of a quantity can be ordered at all: whole steps. */
export function sellableOf(quantity: Decimal, rules: SymbolRules): Decimal {
  return quantity.isPositive() ? roundDownToStep(quantity, rules.quantityStep) : Decimal.zero
}

/** Too little for any order: below the smallest lot, or worth less than the smallest notional. */
export function isDust(quantity: Decimal, price: Decimal | null, rules: SymbolRules): boolean {
  const sellable = sellableOf(quantity, rules)
  if (!sellable.isPositive() || sellable.lessThan(rules.quantityMin)) return true
  return price !== null && sellable.times(price).lessThan(rules.notionalMin)
}
