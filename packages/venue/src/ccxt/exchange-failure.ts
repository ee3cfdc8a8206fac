// What a failure at Coinbase, MEXC or Alpaca means: for a write whether the venue may have carried it out. The
// words of the venue say most, then the class that ccxt gave the failure, then the status.
import { VenueError, type RejectionCode, type VenueErrorCode } from '../errors.ts'
import type { WriteRejected, WriteUnknown } from '../port.ts'
import { property, textOf, type VenueWords } from './ccxt-hooks.ts'
import type { WireFailure } from './wire-failure.ts'

type Meaning = RejectionCode | 'unknown'

export function venueWords(json: unknown): VenueWords {
  const refused = property(json, 'error_response')
  const code =
    textOf(property(refused, 'preview_failure_reason')) ||
    textOf(property(refused, 'error')) ||
    textOf(property(json, 'error')) ||
    textOf(property(json, 'code'))
  const venueMessage =
    textOf(property(refused, 'message')) ||
    textOf(property(json, 'msg')) ||
    textOf(property(json, 'message'))
  const isFine = code === '' || code === '0' || code === '200'
  return { venueCode: isFine ? null : code, venueMessage }
}

export function exchangeWriteFailure(failure: WireFailure): WriteRejected | WriteUnknown {
  const code = meaningOf(failure)
  if (code === 'unknown') return { kind: 'unknown', reason: failure.message }
  const { venueCode, venueMessage, message, retryAfterMs } = failure
  return {
    kind: 'rejected',
    code,
    reason: venueMessage === '' ? message : venueMessage,
    ...(venueCode === null ? {} : { venueCode }),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  }
}

const readCodes: Readonly<Partial<Record<Meaning, VenueErrorCode>>> = {
  throttled: 'throttled',
  banned: 'banned',
  clock_skew: 'clock_skew',
  unauthorized: 'unauthorized',
  blocked: 'blocked',
  unknown_symbol: 'unknown_symbol',
}

export function exchangeReadFailure(failure: WireFailure): VenueError {
  const retry = failure.retryAfterMs === null ? {} : { retryAfterMs: failure.retryAfterMs }
  return new VenueError(readCodeOf(failure), failure.message, { cause: failure, ...retry })
}

export function isNotFound(failure: WireFailure): boolean {
  return meaningOf(failure) === 'order_not_found'
}

/** The key itself is no good, or is not allowed to do what was asked. */
export function isRefusedKey(failure: WireFailure): boolean {
  return meaningOf(failure) === 'unauthorized'
}

/** Too much was asked, in whichever words. */
export function isThrottled(failure: WireFailure): boolean {
  const meaning = meaningOf(failure)
  return !failure.isUnsent && (meaning === 'throttled' || meaning === 'banned')
}

export function isSkewed(failure: WireFailure): boolean {
  return meaningOf(failure) === 'clock_skew'
}

function readCodeOf(failure: WireFailure): VenueErrorCode {
  if (failure.kind === 'network') return 'unreachable'
  if (failure.kind === 'timeout') return 'timeout'
  if (failure.kind === 'malformed') return 'malformed_answer'
  const meaning = meaningOf(failure)
  if (meaning === 'unknown') return 'unavailable'
  return readCodes[meaning] ?? 'invalid_request'
}

function meaningOf(failure: WireFailure): Meaning {
  // A reset before the request and one after it landed look exactly alike.
  if (failure.kind !== 'http') return 'unknown'
  const { status, venueCode, venueMessage } = failure
  if (status === 418) return 'banned'
  if (status === 429) return 'throttled'
  if (status !== null && status >= 500) return 'unknown'
  const said = `${venueCode ?? ''} ${venueMessage}`
  return (
    words.find(([pattern]) => pattern.test(said))?.[1] ??
    classMeaning(failure.cause) ??
    statusMeaning(status, venueCode)
  )
}

const words: readonly (readonly [RegExp, Meaning])[] = [
  // ccxt takes these for a matter of the key; they are one of the symbol, the account or our request.
  [/^(30018|30020|70011) |orders are rejected by user request/i, 'rejected_by_venue'],
  [/^700013 /, 'invalid_request'],
  [/\b(api|access)[- ]?key\b|signature.* not valid|white ?list/i, 'unauthorized'],
  [/insufficient|INSUFFICIENT_FUND|not enough/i, 'insufficient_balance'],
  [/order (does not exist|not found)|unknown order|unknown_cancel_order/i, 'order_not_found'],
  [/asset .*not found|could not find asset|invalid symbol|bad symbol/i, 'unknown_symbol'],
  [/client_order_id must be unique|duplicate/i, 'duplicate_client_order_id'],
  [/post.?only|immediately match/i, 'would_match_immediately'],
  [/STOP_PRICE_(ABOVE|BELOW)_LAST_TRADE|trigger immediately/i, 'would_trigger_immediately'],
  [/minim(al|um)|precision|increment|MIN_SIZE|decimal places/i, 'rule_broken'],
]

const classes: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['InsufficientFunds', 'insufficient_balance'],
  ['BadSymbol', 'unknown_symbol'],
  ['OrderNotFound', 'order_not_found'],
  ['DuplicateOrderId', 'duplicate_client_order_id'],
  ['InvalidNonce', 'clock_skew'],
  ['AuthenticationError', 'unauthorized'],
  ['DDoSProtection', 'throttled'],
  ['RateLimitExceeded', 'throttled'],
  ['NetworkError', 'unknown'],
  ['OperationFailed', 'unknown'],
  ['InvalidOrder', 'rejected_by_venue'],
  ['ArgumentsRequired', 'invalid_request'],
  ['BadRequest', 'invalid_request'],
])

/** The nearest class of the failure, from its own upwards, that says something. */
function classMeaning(cause: unknown): Meaning | null {
  let kind: unknown = cause instanceof Error ? cause.constructor : null
  while (typeof kind === 'function') {
    const meaning = classes.get(kind.name)
    if (meaning !== undefined) return meaning
    kind = Object.getPrototypeOf(kind)
  }
  return null
}

function statusMeaning(status: number | null, venueCode: string | null): Meaning {
  if (status === 401) return 'unauthorized'
  if (status === 403) return 'blocked'
  // With a code of its own the venue itself has refused; without one a proxy may have spoken.
  return venueCode === null ? 'unknown' : 'rejected_by_venue'
}
