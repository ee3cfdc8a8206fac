// The check before submission (the second of three layers: sizing, here, the venue). It names the first
// rule that an order breaks, with the value and the limit, so that nothing invalid leaves the house.
import { isMultipleOf, type Decimal } from '@flotilla/money'

import type { RejectionCode } from './errors.ts'
import type { BrokenRule, OrderRequest, ProtectionRequest, SymbolRules } from './port.ts'

export function brokenOrderRule(request: OrderRequest, rules: SymbolRules): BrokenRule | null {
  const prices = pricesOf(request)
  const maximum = request.type === 'market' ? rules.marketQuantityMax : null
  return (
    brokenStatus(rules) ??
    brokenOrderType(request, rules) ??
    brokenQuantity(request.quantity, rules) ??
    above('market_quantity_max', request.quantity, maximum) ??
    firstOf(prices, (price) => brokenPrice(price, rules)) ??
    firstOf(prices, (price) => brokenNotional(request.quantity.times(price), rules))
  )
}

export function brokenProtectionRule(
  request: ProtectionRequest,
  rules: SymbolRules,
): BrokenRule | null {
  const { stop, takeProfit } = request
  const prices = [stop.stopPrice, takeProfit.limitPrice]
  if (stop.limitPrice !== undefined) prices.push(stop.limitPrice)
  return (
    brokenStatus(rules) ??
    (rules.ocoAllowed ? null : { name: 'oco_allowed', value: 'oco', limit: 'not allowed' }) ??
    brokenEntry(request, rules) ??
    brokenQuantity(request.quantity, rules) ??
    firstOf(prices, (price) => brokenPrice(price, rules)) ??
    firstOf(prices, (price) => brokenNotional(request.quantity.times(price), rules)) ??
    brokenPriceRelation(request)
  )
}

const STATUS_RULE = 'symbol_status'

/** A market that is closed is no fault of the order: the same may be sent when it trades again. */
export function refusalCodeOf({ name }: BrokenRule): RejectionCode {
  return name === STATUS_RULE ? 'market_closed' : 'rule_broken'
}

function brokenStatus(rules: SymbolRules): BrokenRule | null {
  return rules.status === 'trading'
    ? null
    : { name: STATUS_RULE, value: rules.status, limit: 'trading' }
}

function brokenOrderType(request: OrderRequest, rules: SymbolRules): BrokenRule | null {
  return rules.orderTypes.includes(request.type)
    ? null
    : { name: 'order_type', value: request.type, limit: rules.orderTypes.join(', ') }
}

function brokenQuantity(quantity: Decimal, rules: SymbolRules): BrokenRule | null {
  return (
    notPositive('quantity', quantity) ??
    below('quantity_min', quantity, rules.quantityMin) ??
    above('quantity_max', quantity, rules.quantityMax) ??
    offStep('quantity_step', quantity, rules.quantityStep)
  )
}

function brokenPrice(price: Decimal, rules: SymbolRules): BrokenRule | null {
  return (
    notPositive('price', price) ??
    below('price_min', price, rules.priceMin) ??
    above('price_max', price, rules.priceMax) ??
    offStep('price_tick', price, rules.priceTick)
  )
}

function brokenNotional(notional: Decimal, rules: SymbolRules): BrokenRule | null {
  return (
    below('notional_min', notional, rules.notionalMin) ??
    above('notional_max', notional, rules.notionalMax)
  )
}

function brokenEntry(
  { entry, symbol, side }: ProtectionRequest,
  rules: SymbolRules,
): BrokenRule | null {
  if (entry === undefined) return null
  if (!rules.opoAllowed) return { name: 'opo_allowed', value: 'opoco', limit: 'not allowed' }
  const order = { ...entry, symbol, side: side === 'sell' ? 'buy' : 'sell' } as const
  return brokenOrderRule({ ...order, type: 'limit', timeInForce: 'fok' }, rules)
}

/** A pair of exits makes sense only with the market between them: a long's stop lies below its target. */
function brokenPriceRelation(request: ProtectionRequest): BrokenRule | null {
  const stop = request.stop.stopPrice
  const target = request.takeProfit.limitPrice
  const apart = request.side === 'sell' ? stop.lessThan(target) : stop.greaterThan(target)
  if (apart) return null
  const relation = request.side === 'sell' ? 'below' : 'above'
  return {
    name: 'price_relation',
    value: stop.toString(),
    limit: `${relation} take-profit ${target.toString()}`,
  }
}

function pricesOf(request: OrderRequest): Decimal[] {
  switch (request.type) {
    case 'market':
      return []
    case 'limit':
    case 'limit-maker':
      return [request.limitPrice]
    case 'stop-loss':
    case 'take-profit':
      return [request.stopPrice]
    case 'stop-loss-limit':
    case 'take-profit-limit':
      return [request.stopPrice, request.limitPrice]
  }
}

function firstOf(
  values: readonly Decimal[],
  check: (value: Decimal) => BrokenRule | null,
): BrokenRule | null {
  for (const value of values) {
    const broken = check(value)
    if (broken !== null) return broken
  }
  return null
}

function notPositive(name: string, value: Decimal): BrokenRule | null {
  return value.isPositive() ? null : { name, value: value.toString(), limit: 'above 0' }
}

function below(name: string, value: Decimal, limit: Decimal | null): BrokenRule | null {
  if (limit === null || value.atLeast(limit)) return null
  return { name, value: value.toString(), limit: limit.toString() }
}

function above(name: string, value: Decimal, limit: Decimal | null): BrokenRule | null {
  if (limit === null || value.atMost(limit)) return null
  return { name, value: value.toString(), limit: limit.toString() }
}

function offStep(name: string, value: Decimal, step: Decimal): BrokenRule | null {
  if (step.isZero() || isMultipleOf(value, step)) return null
  return { name, value: value.toString(), limit: step.toString() }
}
