// What the venue makes of a size: never more than its largest order, never less than can be sold again.
import { Decimal, roundDownToStep, roundUpToStep } from '@flotilla/money'
import type { SymbolRules } from '@flotilla/venue'
import type { DenialReason } from '@flotilla/contracts'
import { availableOf } from './book.ts'
import {
  denied,
  passed,
  skipped,
  type Check,
  type CheckOutcome,
  type Context,
  type Draft,
  type Exits,
  type Inputs,
} from './check.ts'
import {
  adjusted,
  costOf,
  divisionScale,
  sizeOf,
  withQuantity,
  type Size,
} from './entry-arithmetic.ts'

/** The exit must fit into one order at the market: an entry stays below its largest quantity. */
const marketHeadroom = Decimal.from('0.98')

export const capQuantity: Check = {
  name: 'quantity-maximum',
  run(context) {
    const size = sizeOf(context)
    if (size === null) return skipped('no size')
    const { draft } = size
    const max = quantityCap(size)
    const inputs = { quantity: draft.quantity.toString(), quantityMax: max?.toString() ?? null }
    if (max === null || draft.quantity.atMost(max)) return passed(inputs)
    return {
      kind: 'adjusted',
      inputs,
      draft: adjusted(withQuantity(size, max), 'max-quantity-capped'),
    }
  },
}

/**
 * Where not one step can be bought for the size, the asset is too dear for it: then it is a small part
 * of the buying power, and at least one step.
 */
export const raiseExpensive: Check = {
  name: 'expensive-asset',
  run(context) {
    const size = sizeOf(context)
    if (size === null) return skipped('no size')
    const { draft, limitPrice, lot } = size
    const { book, limits } = context
    const buyingPower = availableOf(book, draft.reserve.asset)
    const least = buyingPower.times(limits.sizing.expensiveAssetShare)
    const inputs = {
      quantity: draft.quantity.toString(),
      buyingPower: buyingPower.toString(),
      minimum: least.toString(),
    }
    if (draft.quantity.isPositive() || !least.isPositive()) return passed(inputs)
    if (!limits.raiseToMinimum) return passed(inputs)
    const quantity = roundUpToStep(least.dividedBy(limitPrice, divisionScale, 'up'), lot.step)
    const raised = raisedTo(size, quantity)
    if (!mayBe(size, { quantity, available: buyingPower })) return passed(inputs)
    return { kind: 'adjusted', inputs, draft: adjusted(raised, 'expensive-asset-minimum') }
  },
}

/**
 * Too small a size is raised to the smallest that can be bought and, net of the fee and at the stop,
 * still be sold: a position that cannot be sold has no protection.
 */
export const fitMinimum: Check = {
  name: 'minimum',
  run(context) {
    const size = sizeOf(context)
    const { exits } = context
    if (size === null || exits === null) return skipped('no size')
    if (!exits.stopLossPrice.isPositive()) return skipped('no stop')
    const min = minimumOf(context, size, exits)
    const { draft } = size
    const inputs = {
      quantity: draft.quantity.toString(),
      quantityMin: min.quantity.toString(),
      decidedBy: min.decidedBy,
    }
    if (draft.quantity.atLeast(min.quantity)) return passed(inputs)
    return raise(context, { size, min, inputs })
  },
}

type Minimum = {
  readonly quantity: Decimal
  /** In quote currency, at the price at which the position would be left by its stop. */
  readonly notional: Decimal
  readonly exitPrice: Decimal
  readonly decidedBy: 'quantity' | 'notional'
}

function raise(
  { book, limits }: Context,
  { size, min, inputs }: { size: Size; min: Minimum; inputs: Inputs },
): CheckOutcome {
  const { draft, limitPrice, scale } = size
  const available = availableOf(book, draft.reserve.asset)
  const cost = costOf(min.quantity, limitPrice, scale)
  const ceiling = draft.ceiling === null ? {} : { ceiling: draft.ceiling.quantity.toString() }
  const record = {
    ...inputs,
    ...ceiling,
    cost: cost.toString(),
    available: available.toString(),
  }
  if (limits.raiseToMinimum && mayBe(size, { quantity: min.quantity, available })) {
    const raised = raisedTo(size, min.quantity)
    return { kind: 'adjusted', inputs: record, draft: adjusted(raised, 'min-lot-adjusted') }
  }
  return denied(tooSmall(draft, min), record)
}

function tooSmall({ quantity, ceiling }: Draft, min: Minimum): DenialReason {
  const quantityMin = min.quantity.toString()
  if (ceiling?.because === 'liquidity' && ceiling.quantity.lessThan(min.quantity)) {
    return { code: 'insufficient_liquidity', offered: ceiling.quantity.toString(), quantityMin }
  }
  if (min.decidedBy === 'quantity') {
    return { code: 'quantity_below_minimum', quantity: quantity.toString(), quantityMin }
  }
  const notional = quantity.times(min.exitPrice).toString()
  return { code: 'notional_below_minimum', notional, notionalMin: min.notional.toString() }
}

/** Whether a size may be raised to so much: the venue takes it, no risk forbids it, it can be paid. */
function mayBe(size: Size, wanted: { quantity: Decimal; available: Decimal }): boolean {
  const { draft, limitPrice, scale } = size
  const cap = quantityCap(size)
  if (cap !== null && wanted.quantity.greaterThan(cap)) return false
  if (draft.ceiling !== null && wanted.quantity.greaterThan(draft.ceiling.quantity)) return false
  return costOf(wanted.quantity, limitPrice, scale).atMost(wanted.available)
}

function raisedTo({ draft, limitPrice, scale }: Size, quantity: Decimal): Draft {
  const amount = Decimal.max(draft.reserve.amount, costOf(quantity, limitPrice, scale))
  return { ...draft, quantity, reserve: { ...draft.reserve, amount } }
}

function minimumOf({ limits }: Context, { rules, lot }: Size, exits: Exits): Minimum {
  const notional = rules.notionalMin.isPositive() ? rules.notionalMin : limits.notionalMinDefault
  // A stop sells at the market, which may be worse than the stop by as much as an entry's price.
  const exitPrice = exits.stopLossPrice.times(Decimal.one.minus(limits.slippageMax))
  const byNotional = roundUpToStep(notional.dividedBy(exitPrice, divisionScale, 'up'), lot.step)
  const sellable = Decimal.max(byNotional, lot.minimum)
  return {
    quantity: roundUpToStep(sellable.dividedBy(lot.kept, divisionScale, 'up'), lot.step),
    notional,
    exitPrice,
    decidedBy: byNotional.greaterThan(lot.minimum) ? 'notional' : 'quantity',
  }
}

function quantityCap({ rules, limitPrice, lot }: Size): Decimal | null {
  const caps = venueCaps(rules, limitPrice)
  const [first, ...rest] = caps
  if (first === undefined) return null
  return roundDownToStep(Decimal.min(first, ...rest), lot.step)
}

function venueCaps(rules: SymbolRules, limitPrice: Decimal): readonly Decimal[] {
  return [
    rules.quantityMax,
    rules.marketQuantityMax?.times(marketHeadroom),
    rules.notionalMax?.dividedBy(limitPrice, divisionScale, 'down'),
  ].filter((cap): cap is Decimal => cap !== null && cap !== undefined && cap.isPositive())
}
