// What went wrong on the wire, and what that means: for a write, whether the venue may have carried it out;
// for a read, whether to ask again. One table for both, after what was measured of each failure.
import { VenueError, type RejectionCode, type VenueErrorCode } from '../errors.ts'
import type { WriteRejected, WriteUnknown } from '../port.ts'

export type WireFailureKind = 'network' | 'timeout' | 'http' | 'malformed'

export class WireFailure extends Error {
  override readonly name = 'WireFailure'
  readonly kind: WireFailureKind
  readonly status: number | null
  /** The venue's own code (`-2010`) and words, where its answer was JSON. */
  readonly venueCode: string | null
  readonly venueMessage: string
  readonly retryAfterMs: number | null
  /** Nothing was sent: it was refused here. */
  readonly isUnsent: boolean

  constructor(facts: WireFailureFacts) {
    super(facts.message, { cause: facts.cause })
    this.kind = facts.kind
    this.status = facts.status ?? null
    this.venueCode = facts.venueCode ?? null
    this.venueMessage = facts.venueMessage ?? ''
    this.retryAfterMs = facts.retryAfterMs ?? null
    this.isUnsent = facts.isUnsent ?? false
  }
}

export type WireFailureFacts = {
  readonly kind: WireFailureKind
  readonly message: string
  readonly status?: number
  readonly venueCode?: string | null
  readonly venueMessage?: string
  readonly retryAfterMs?: number | null
  readonly isUnsent?: boolean
  readonly cause?: unknown
}

/** `unknown` for a write that may or may not have been carried out. */
type Meaning = { readonly write: RejectionCode | 'unknown'; readonly read: VenueErrorCode }

export function writeFailure(failure: WireFailure): WriteRejected | WriteUnknown {
  const { write } = meaningOf(failure)
  const reason = failure.venueMessage === '' ? failure.message : failure.venueMessage
  if (write === 'unknown') return { kind: 'unknown', reason: failure.message }
  return {
    kind: 'rejected',
    code: write,
    reason,
    ...(failure.venueCode === null ? {} : { venueCode: failure.venueCode }),
    ...(failure.retryAfterMs === null ? {} : { retryAfterMs: failure.retryAfterMs }),
  }
}

export function readFailure(failure: WireFailure): VenueError {
  return new VenueError(meaningOf(failure).read, failure.message, {
    cause: failure,
    ...(failure.retryAfterMs === null ? {} : { retryAfterMs: failure.retryAfterMs }),
  })
}

export function isNotFound(failure: WireFailure): boolean {
  return meaningOf(failure).write === 'order_not_found'
}

export function isClockSkew(failure: WireFailure): boolean {
  return meaningOf(failure).write === 'clock_skew'
}

export function isUnauthorized(failure: WireFailure): boolean {
  return meaningOf(failure).write === 'unauthorized'
}

function meaningOf(failure: WireFailure): Meaning {
  switch (failure.kind) {
    // A reset before the request and one after it landed look exactly alike.
    case 'network':
      return { write: 'unknown', read: 'unreachable' }
    case 'timeout':
      return { write: 'unknown', read: 'timeout' }
    case 'malformed':
      return { write: 'unknown', read: 'malformed_answer' }
    case 'http':
      return doorMeaning(failure.status) ?? venueMeaning(failure) ?? statusMeaning(failure)
  }
}

/** Turned away before anybody looked at the order. */
function doorMeaning(status: number | null): Meaning | null {
  if (status === 418) return { write: 'banned', read: 'banned' }
  if (status === 429) return { write: 'throttled', read: 'throttled' }
  return null
}

const unknown: Meaning = { write: 'unknown', read: 'unavailable' }
const invalid: Meaning = { write: 'invalid_request', read: 'invalid_request' }
const unauthorized: Meaning = { write: 'unauthorized', read: 'unauthorized' }
const notFound: Meaning = { write: 'order_not_found', read: 'invalid_request' }
const rejected: Meaning = { write: 'rejected_by_venue', read: 'invalid_request' }

const meaningByCode: ReadonlyMap<string, Meaning> = new Map([
  ['-1000', unknown],
  ['-1001', unknown],
  ['-1002', unauthorized],
  ['-1003', { write: 'throttled', read: 'throttled' }],
  ['-1006', unknown],
  ['-1007', { write: 'unknown', read: 'timeout' }],
  ['-1008', unknown],
  ['-1015', { write: 'throttled', read: 'throttled' }],
  ['-1021', { write: 'clock_skew', read: 'clock_skew' }],
  ['-1022', unauthorized],
  ['-1121', { write: 'unknown_symbol', read: 'unknown_symbol' }],
  ['-2011', notFound],
  ['-2013', notFound],
  ['-2014', unauthorized],
  ['-2015', unauthorized],
  // Half done: one part of a replacement may have been carried out.
  ['-2021', unknown],
  ['-2022', unknown],
  ['-2026', notFound],
])

function venueMeaning(failure: WireFailure): Meaning | null {
  const { venueCode, status } = failure
  if (venueCode === null) return null
  // Of order lists it is the words that tell: the code has another meaning in the venue's other markets.
  if (/order list does not exist/i.test(failure.venueMessage)) return notFound
  const known = meaningByCode.get(venueCode)
  if (known !== undefined) return known
  if (venueCode === '-1013') return filterMeaning(failure.venueMessage)
  if (venueCode === '-2010') return engineMeaning(failure.venueMessage)
  const code = Number(venueCode)
  if (code <= -1100 && code > -1200) return invalid
  return status !== null && status < 500 ? rejected : unknown
}

function filterMeaning(message: string): Meaning {
  return message.startsWith('Market is closed')
    ? { write: 'market_closed', read: 'unavailable' }
    : { write: 'rule_broken', read: 'invalid_request' }
}

const engineWords: readonly (readonly [RegExp, RejectionCode])[] = [
  [/duplicate order/i, 'duplicate_client_order_id'],
  [/insufficient balance/i, 'insufficient_balance'],
  [/immediately match and take/i, 'would_match_immediately'],
  [/trigger immediately/i, 'would_trigger_immediately'],
  [/relationship of the prices/i, 'price_relation'],
  [/market is closed/i, 'market_closed'],
]

/** The engine has one code for many refusals; only its words tell them apart. */
function engineMeaning(message: string): Meaning {
  const code = engineWords.find(([words]) => words.test(message))?.[1] ?? 'rejected_by_venue'
  return { write: code, read: 'invalid_request' }
}

/** Answers without a code of the venue: a proxy or a firewall spoke. */
function statusMeaning({ status, venueMessage }: WireFailure): Meaning {
  if (status === 401) return unauthorized
  const namesKey = /api[- ]?key/i.test(venueMessage)
  if ((status === 400 || status === 403) && namesKey) return unauthorized
  if (status === 403) return { write: 'blocked', read: 'blocked' }
  // How venues without codes say that they do not list something.
  const isUnlisted = status === 422 && /not found/i.test(venueMessage)
  return isUnlisted ? { write: 'unknown_symbol', read: 'unknown_symbol' } : unknown
}
