// What is held of a symbol and what it cost, fill by fill, at average cost.
import type { Fill } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'

export type Inventory = {
  /** Net of fees in base. Negative while a sale is known and the purchase before it is not. */
  readonly quantity: Decimal
  /** In quote currency, fees in quote included. */
  readonly cost: Decimal
}

export type Assets = { readonly base: string; readonly quote: string }

/** Digits kept of a cost that is shared out, which is a quotient. */
const COST_SCALE = 12

/**
 * What is held after a fill, and the profit that the fill realised: its proceeds less what was paid for
 * what it gave away. Over any fills, in any order, the profits less the cost of what is left are exactly
 * the cash that came in less the cash that went out: only the share-out is rounded, never the sum.
 */
export function takeFill(
  held: Inventory,
  fill: Fill,
  { base, quote }: Assets,
): { readonly held: Inventory; readonly profit: Decimal } {
  const feeInBase = feeIn(base, fill)
  const feeInQuote = feeIn(quote, fill)
  const value = fill.price.times(fill.quantity)
  if (fill.side === 'buy') {
    const got = { quantity: fill.quantity.minus(feeInBase), cost: value.plus(feeInQuote) }
    return bought(held, got)
  }
  const quantity = held.quantity.minus(fill.quantity.plus(feeInBase))
  const cost = shareOf(held, quantity)
  const profit = value.minus(feeInQuote).minus(held.cost.minus(cost))
  return { held: { quantity, cost }, profit }
}

/** What was sold before its purchase was known takes its share of the cost afterwards. */
function bought(held: Inventory, got: Inventory) {
  const all = { quantity: held.quantity.plus(got.quantity), cost: held.cost.plus(got.cost) }
  if (!held.quantity.isNegative()) return { held: all, profit: Decimal.zero }
  const cost = shareOf({ ...got, cost: all.cost }, all.quantity)
  return { held: { quantity: all.quantity, cost }, profit: cost.minus(all.cost) }
}

/** The cost of what is left of it; nothing for nothing. */
function shareOf({ quantity, cost }: Inventory, left: Decimal): Decimal {
  if (!left.isPositive() || !quantity.isPositive()) return Decimal.zero
  return cost.times(left).dividedBy(quantity, COST_SCALE, 'half-up')
}

export function feeIn(asset: string, fill: Fill): Decimal {
  return fill.feeAsset === asset ? fill.fee : Decimal.zero
}
