// The checks of an exit. What is sold is the position, as far as it is not set aside for another exit;
// a person may also sell what the account owned before.
import { Decimal, roundDownToStep } from '@flotilla/money'
import { availableOf } from './book.ts'
import { denied, passed, skipped, type Check, type Context } from './check.ts'
import { intentExpiry, price, side, tradingState, venueRules } from './common-checks.ts'
import { lotOf } from './entry-arithmetic.ts'
import { positionOf } from './position.ts'

/** The strategy name under which a person's own intents come. */
const byHand = 'manual'

const inventory: Check = {
  name: 'inventory',
  run(context) {
    const { book, rules, limits } = context
    if (rules === null) return skipped('no rules')
    const { step } = lotOf(rules, limits.sizing)
    const asset = rules.base
    const available = availableOf(book, asset)
    const wanted = wantedOf(context, available)
    const quantity = roundDownToStep(Decimal.min(wanted, available), step)
    const inputs = {
      asset,
      wanted: wanted.toString(),
      available: available.toString(),
      quantity: quantity.toString(),
    }
    if (!available.isPositive() || !wanted.isPositive()) {
      const required = Decimal.max(wanted, rules.quantityMin).toString()
      const free = Decimal.min(wanted, available).toString()
      return denied({ code: 'insufficient_inventory', asset, required, available: free }, inputs)
    }
    const adjustments = available.lessThan(wanted) ? ['inventory-limited'] : []
    const reserve = { asset, amount: quantity }
    const draft = { quantity, limitPrice: null, reserve, method: 'position', adjustments }
    return { kind: 'sized', inputs, draft: { ...draft, ceiling: null } }
  },
}

const quantityMaximum: Check = {
  name: 'quantity-maximum',
  run({ draft, rules }) {
    if (draft === null || rules === null) return skipped('no size')
    const max = rules.marketQuantityMax ?? rules.quantityMax
    const inputs = { quantity: draft.quantity.toString(), quantityMax: max?.toString() ?? null }
    if (max === null || !max.isPositive() || draft.quantity.atMost(max)) return passed(inputs)
    const quantity = roundDownToStep(max, rules.quantityStep)
    const reserve = { ...draft.reserve, amount: quantity }
    const adjustments = [...draft.adjustments, 'max-quantity-capped']
    return { kind: 'adjusted', inputs, draft: { ...draft, quantity, reserve, adjustments } }
  },
}

/** Less than the smallest lot is dust: named with its numbers, and left where it is. */
const minimum: Check = {
  name: 'minimum',
  run({ draft, rules, price: choice, limits }) {
    if (draft === null || rules === null) return skipped('no size')
    const quantity = draft.quantity.toString()
    const quantityMin = rules.quantityMin.toString()
    if (draft.quantity.isZero() || draft.quantity.lessThan(rules.quantityMin)) {
      const inputs = { quantity, quantityMin }
      return denied({ code: 'quantity_below_minimum', ...inputs }, inputs)
    }
    if (choice.kind === 'none') return skipped('no price')
    const smallest = rules.notionalMin.isPositive() ? rules.notionalMin : limits.notionalMinDefault
    const value = draft.quantity.times(choice.price)
    const numbers = { notional: value.toString(), notionalMin: smallest.toString() }
    const inputs = { quantity, quantityMin, ...numbers }
    if (value.atLeast(smallest)) return passed(inputs)
    return denied({ code: 'notional_below_minimum', ...numbers }, inputs)
  },
}

export const exitChecks: readonly Check[] = [
  tradingState,
  intentExpiry,
  side,
  venueRules,
  price,
  inventory,
  quantityMaximum,
  minimum,
]

function wantedOf({ book, intent, exitQuantity }: Context, available: Decimal): Decimal {
  const position = positionOf(book, intent.symbol)
  if (exitQuantity !== null) return Decimal.min(position, exitQuantity)
  if (position.isPositive() || intent.strategy !== byHand) return position
  return available
}
