// Refusals with everything a person needs: which rule, the value, the limit.
import type {
  BrokenRule,
  OrderRequest,
  ProtectionRequest,
  SymbolRules,
  WriteRejected,
} from '../port.ts'
import type { Decimal } from '@flotilla/money'
import { VenueError } from '../errors.ts'
import type { VenueTime } from './venue-time.ts'
import { refusalCodeOf } from '../validate.ts'
import { filterNameOf } from './wire-forms.ts'

function brokenRule(rule: BrokenRule): WriteRejected {
  const reason = `${rule.name}: ${rule.value} breaks the limit ${rule.limit}`
  return { kind: 'rejected', code: refusalCodeOf(rule), reason, rule }
}

function badClientId(id: string, pattern: RegExp): WriteRejected {
  const rule = { name: 'client_order_id', value: id, limit: pattern.source }
  return {
    kind: 'rejected',
    code: 'invalid_request',
    reason: `${id} does not match ${pattern.source}`,
    rule,
  }
}

export type Preparation = {
  readonly ids: readonly string[]
  readonly idPattern: RegExp
  readonly rulesOf: () => Promise<SymbolRules>
  readonly check: (rules: SymbolRules) => BrokenRule | null
  readonly time: Pick<VenueTime, 'ensure'>
}

/** Everything that can go wrong before anything is sent; a failure here has certainly done nothing. */
export async function prepare(preparation: Preparation): Promise<SymbolRules | WriteRejected> {
  const { ids, idPattern, rulesOf, check, time } = preparation
  const badId = ids.find((id) => !idPattern.test(id))
  if (badId !== undefined) return badClientId(badId, idPattern)
  try {
    const rules = await rulesOf()
    const broken = check(rules)
    if (broken !== null) return brokenRule(broken)
    await time.ensure()
    return rules
  } catch (error) {
    if (!(error instanceof VenueError)) throw error
    return notSent(error)
  }
}

/** The venue names its filter only; the value and the limit are ours to add. */
export function withVenueRule(
  refusal: WriteRejected,
  request: OrderRequest | ProtectionRequest,
  rules: SymbolRules,
): WriteRejected {
  if (refusal.code !== 'rule_broken') return refusal
  const name = filterNameOf(refusal.reason)
  const { value, limit } = factsOf(name, request, rules)
  return { ...refusal, rule: { name, value, limit } }
}

type RuleFacts = { readonly value: string; readonly limit: string }

function factsOf(
  name: string,
  request: OrderRequest | ProtectionRequest,
  rules: SymbolRules,
): RuleFacts {
  const quantity = request.quantity.toString()
  const price = priceOf(request)
  const atPrice = price?.toString() ?? 'the market price'
  const notional = price?.times(request.quantity).toString() ?? `${quantity} at ${atPrice}`
  const facts: Readonly<Record<string, RuleFacts>> = {
    lot_size: { value: quantity, limit: rangeOf(rules.quantityMin, rules.quantityMax) },
    market_lot_size: { value: quantity, limit: rangeOf(null, rules.marketQuantityMax) },
    price_filter: { value: atPrice, limit: rangeOf(rules.priceMin, rules.priceMax) },
    notional: { value: notional, limit: rangeOf(rules.notionalMin, rules.notionalMax) },
    min_notional: { value: notional, limit: rangeOf(rules.notionalMin, null) },
  }
  return facts[name] ?? { value: `${quantity} at ${atPrice}`, limit: 'set by the venue' }
}

function priceOf(request: OrderRequest | ProtectionRequest): Decimal | null {
  if ('takeProfit' in request) return request.takeProfit.limitPrice
  if ('limitPrice' in request) return request.limitPrice
  return 'stopPrice' in request ? request.stopPrice : null
}

function rangeOf(minimum: Decimal | null, maximum: Decimal | null): string {
  return `${minimum?.toString() ?? '0'} to ${maximum?.toString() ?? 'any'}`
}

/** A failure before anything was sent has certainly done nothing. */
export function notSent(error: VenueError): WriteRejected {
  if (error.code === 'unknown_symbol') {
    return { kind: 'rejected', code: 'unknown_symbol', reason: error.message }
  }
  const code = error.code === 'unauthorized' ? 'unauthorized' : 'not_sent'
  const retry = error.retryable ? { retryAfterMs: error.retryAfterMs ?? 1_000 } : {}
  return { kind: 'rejected', code, reason: `not sent: ${error.message}`, ...retry }
}
