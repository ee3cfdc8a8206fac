// The arithmetic of an entry: the worst price, what it costs, what can be bought for it. Whoever finds,
// changes or checks a size uses these, so that no two of them can disagree.
import { Decimal, roundDownToStep, roundPrice } from '@flotilla/money'
import type { SymbolRules } from '@flotilla/venue'
import type { Ceiling, Context, Draft } from './check.ts'
import { moneyScaleOf, type Limits } from './limits.ts'

/** Finer than any venue's step: only rounding to the step afterwards counts. */
export const divisionScale = 18

/** The finest part of an asset that is traded where the venue names no step. */
const fractionDefault = Decimal.from('0.000001')

export type Lot = {
  readonly step: Decimal
  readonly minimum: Decimal
  /** What is left of a bought unit after the fee: of whole units the fee is paid in money. */
  readonly kept: Decimal
}

/** In what portions a symbol is traded: as the venue says, and never in fractions of a whole unit. */
export function lotOf(rules: SymbolRules, { wholeUnitAssets }: Limits['sizing']): Lot {
  const { quantityMin, takerFeeRate } = rules
  const step = rules.quantityStep.isPositive() ? rules.quantityStep : fractionDefault
  if (!wholeUnitAssets.has(rules.base)) {
    return { step, minimum: quantityMin, kept: Decimal.one.minus(takerFeeRate) }
  }
  const minimum = Decimal.max(Decimal.one, quantityMin)
  return { step: Decimal.max(Decimal.one, step), minimum, kept: Decimal.one }
}

/** A buy that may cost more than this much above the reference price is not made. */
export function worstPrice(price: Decimal, limits: Limits, rules: SymbolRules): Decimal {
  const worst = price.times(Decimal.one.plus(limits.slippageMax))
  const onTick = roundPrice({ price: worst, tick: rules.priceTick, side: 'buy' })
  return onTick.isPositive() ? onTick : worst
}

export function quantityFor(amount: Decimal, limitPrice: Decimal, lot: Lot): Decimal {
  return roundDownToStep(amount.dividedBy(limitPrice, divisionScale, 'down'), lot.step)
}

/** What has to be set aside so that the whole quantity can be bought at the worst price. */
export function costOf(quantity: Decimal, limitPrice: Decimal, scale: number): Decimal {
  return quantity.times(limitPrice).round(scale, 'up')
}

/** An entry's size together with all that its steps need; null where there is nothing to size. */
export type Size = {
  readonly draft: Draft
  readonly limitPrice: Decimal
  readonly rules: SymbolRules
  readonly lot: Lot
  /** Digits after the point of the money that is set aside. */
  readonly scale: number
}

export function sizeOf({ draft, rules, limits }: Context): Size | null {
  if (draft === null || draft.limitPrice === null || rules === null) return null
  const scale = moneyScaleOf(limits, draft.reserve.asset)
  const lot = lotOf(rules, limits.sizing)
  return { draft, limitPrice: draft.limitPrice, rules, lot, scale }
}

/** The same entry with another amount of money, and as much as can be bought for it. */
export function withAmount({ draft, limitPrice, lot }: Size, amount: Decimal): Draft {
  const quantity = quantityFor(amount, limitPrice, lot)
  return { ...draft, quantity, reserve: { ...draft.reserve, amount } }
}

/** The same entry with fewer units; no more money is set aside than before. */
export function withQuantity({ draft, limitPrice, scale }: Size, quantity: Decimal): Draft {
  const cost = costOf(quantity, limitPrice, scale)
  const amount = Decimal.min(draft.reserve.amount, cost)
  return { ...draft, quantity, reserve: { ...draft.reserve, amount } }
}

export function adjusted(draft: Draft, adjustment: string): Draft {
  return { ...draft, adjustments: [...draft.adjustments, adjustment] }
}

/** The lower of what held so far and a new one. */
export function under(ceiling: Ceiling | null, other: Ceiling): Ceiling {
  return ceiling !== null && ceiling.quantity.atMost(other.quantity) ? ceiling : other
}
