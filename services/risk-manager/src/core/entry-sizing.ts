// The size of an entry: the share of the balance, then what the venue's rules make of it. The same
// functions that find the size validate it, so that the two cannot disagree.
import { Decimal, roundDownToStep, roundPrice, roundUpToStep } from '@flotilla/money'
import type { SymbolRules } from '@flotilla/venue'
import { availableOf, fundsOf } from './book.ts'
import {
  denied,
  passed,
  skipped,
  type Check,
  type CheckOutcome,
  type Context,
  type Draft,
  type Exits,
} from './check.ts'
import { moneyScaleOf, type Limits } from './limits.ts'

/** The exit must fit into one order at the market: an entry stays below its largest quantity. */
const marketHeadroom = Decimal.from('0.98')

export const sizeByBalanceShare: Check = {
  name: 'size',
  run(context) {
    const { book, limits, price, rules } = context
    if (rules === null || price.kind === 'none') return skipped('no price or no rules')
    const asset = rules.quote
    const balance =
      limits.shareOf === 'balance' ? fundsOf(book, asset).total : availableOf(book, asset)
    const scale = moneyScaleOf(limits, asset)
    const amount = balance.times(limits.balanceShare).round(scale, 'down')
    const limitPrice = worstPrice(price.price, limits, rules)
    const quantity = quantityFor(amount, limitPrice, rules)
    return {
      kind: 'sized',
      inputs: {
        of: limits.shareOf,
        balance: balance.toString(),
        share: limits.balanceShare.toString(),
        amount: amount.toString(),
        price: price.price.toString(),
        limitPrice: limitPrice.toString(),
        quantity: quantity.toString(),
      },
      draft: {
        quantity,
        limitPrice,
        reserve: { asset, amount },
        method: 'balance-share',
        adjustments: [],
      },
    }
  },
}

export const capQuantity: Check = {
  name: 'quantity-maximum',
  run(context) {
    const { draft, rules } = context
    if (draft === null || draft.limitPrice === null || rules === null) return skipped('no size')
    const max = quantityCap(rules, draft.limitPrice)
    const inputs = { quantity: draft.quantity.toString(), quantityMax: max?.toString() ?? null }
    if (max === null || draft.quantity.atMost(max)) return passed(inputs)
    const cost = costOf(max, draft.limitPrice, scaleOf(context, draft))
    const reserve = { ...draft.reserve, amount: Decimal.min(draft.reserve.amount, cost) }
    const adjustments = [...draft.adjustments, 'max-quantity-capped']
    return { kind: 'adjusted', inputs, draft: { ...draft, quantity: max, reserve, adjustments } }
  },
}

/**
 * Too small a size is raised to the smallest that can be bought and, net of the fee and at the stop,
 * still be sold: a position that cannot be sold has no protection.
 */
export const fitMinimum: Check = {
  name: 'minimum',
  run(context) {
    const { draft, rules, exits } = context
    if (draft === null || draft.limitPrice === null || rules === null || exits === null) {
      return skipped('no size')
    }
    const min = minimumOf(context, rules, exits)
    const inputs = {
      quantity: draft.quantity.toString(),
      quantityMin: min.quantity.toString(),
      decidedBy: min.decidedBy,
    }
    if (draft.quantity.atLeast(min.quantity)) return passed(inputs)
    return raise(context, { draft, limitPrice: draft.limitPrice, min, inputs })
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
  context: Context,
  size: {
    draft: Draft
    limitPrice: Decimal
    min: Minimum
    inputs: { readonly [name: string]: string }
  },
): CheckOutcome {
  const { draft, limitPrice, min } = size
  const { book, limits, rules } = context
  const cost = costOf(min.quantity, limitPrice, scaleOf(context, draft))
  const available = availableOf(book, draft.reserve.asset)
  const inputs = { ...size.inputs, cost: cost.toString(), available: available.toString() }
  const cap = rules === null ? null : quantityCap(rules, limitPrice)
  const fits = cap === null || min.quantity.atMost(cap)
  if (limits.raiseToMinimum && fits && cost.atMost(available)) {
    const amount = Decimal.max(draft.reserve.amount, cost)
    const reserve = { ...draft.reserve, amount }
    const adjustments = [...draft.adjustments, 'min-lot-adjusted']
    return {
      kind: 'adjusted',
      inputs,
      draft: { ...draft, quantity: min.quantity, reserve, adjustments },
    }
  }
  const { quantity } = draft
  if (min.decidedBy === 'quantity') {
    const numbers = { quantity: quantity.toString(), quantityMin: min.quantity.toString() }
    return denied({ code: 'quantity_below_minimum', ...numbers }, inputs)
  }
  const notional = quantity.times(min.exitPrice).toString()
  const notionalMin = min.notional.toString()
  return denied({ code: 'notional_below_minimum', notional, notionalMin }, inputs)
}

function minimumOf(context: Context, rules: SymbolRules, exits: Exits): Minimum {
  const { limits } = context
  const kept = Decimal.one.minus(rules.takerFeeRate)
  const notional = rules.notionalMin.isPositive() ? rules.notionalMin : limits.notionalMinDefault
  // A stop sells at the market, which may be worse than the stop by as much as an entry's price.
  const exitPrice = exits.stopLossPrice.times(Decimal.one.minus(limits.slippageMax))
  const byNotional = roundUpToStep(
    notional.dividedBy(exitPrice, divisionScale, 'up'),
    rules.quantityStep,
  )
  const sellable = Decimal.max(byNotional, rules.quantityMin)
  return {
    quantity: roundUpToStep(sellable.dividedBy(kept, divisionScale, 'up'), rules.quantityStep),
    notional,
    exitPrice,
    decidedBy: byNotional.greaterThan(rules.quantityMin) ? 'notional' : 'quantity',
  }
}

/** Finer than any venue's step: only rounding to the step afterwards counts. */
const divisionScale = 18

/** A buy that may cost more than this much above the reference price is not made. */
function worstPrice(price: Decimal, limits: Limits, rules: SymbolRules): Decimal {
  const worst = price.times(Decimal.one.plus(limits.slippageMax))
  const onTick = roundPrice({ price: worst, tick: rules.priceTick, side: 'buy' })
  return onTick.isPositive() ? onTick : worst
}

function quantityFor(amount: Decimal, limitPrice: Decimal, rules: SymbolRules): Decimal {
  const affordable = amount.dividedBy(limitPrice, divisionScale, 'down')
  return roundDownToStep(affordable, rules.quantityStep)
}

function quantityCap(rules: SymbolRules, limitPrice: Decimal): Decimal | null {
  const caps = [
    rules.quantityMax,
    rules.marketQuantityMax?.times(marketHeadroom),
    rules.notionalMax?.dividedBy(limitPrice, divisionScale, 'down'),
  ].filter((cap): cap is Decimal => cap !== null && cap !== undefined && cap.isPositive())
  const [first, ...rest] = caps
  if (first === undefined) return null
  return roundDownToStep(Decimal.min(first, ...rest), rules.quantityStep)
}

/** What has to be set aside so that the whole quantity can be bought at the worst price. */
function costOf(quantity: Decimal, limitPrice: Decimal, scale: number): Decimal {
  return quantity.times(limitPrice).round(scale, 'up')
}

function scaleOf(context: Context, draft: Draft): number {
  return moneyScaleOf(context.limits, draft.reserve.asset)
}
