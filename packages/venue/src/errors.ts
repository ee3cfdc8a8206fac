// Why the venue, or we before it, refused a write; and the one error that reads throw.

export const rejectionCodes = [
  // Refused by our own check before anything was sent, or by the venue's filters: `rule` says which.
  'rule_broken',
  'unknown_symbol',
  'unsupported',
  'invalid_request',
  // Refused by the venue's engine.
  'insufficient_balance',
  'would_match_immediately',
  'would_trigger_immediately',
  'price_relation',
  'market_closed',
  // The venue has a live order under this client order id: proof that an earlier attempt landed.
  'duplicate_client_order_id',
  // A cancel found nothing to cancel: ask what became of the order.
  'order_not_found',
  'rejected_by_venue',
  // It could not even be sent (no rules, no venue time): certainly not executed.
  'not_sent',
  // Turned away at the door: certainly not executed.
  'throttled',
  'banned',
  'clock_skew',
  'unauthorized',
  'blocked',
] as const
export type RejectionCode = (typeof rejectionCodes)[number]

export const venueErrorCodes = [
  'unreachable',
  'timeout',
  'unavailable',
  'throttled',
  'banned',
  'clock_skew',
  'unauthorized',
  'blocked',
  'unknown_symbol',
  'invalid_request',
  'malformed_answer',
] as const
export type VenueErrorCode = (typeof venueErrorCodes)[number]

const retryableCodes: ReadonlySet<VenueErrorCode> = new Set([
  'unreachable',
  'timeout',
  'unavailable',
  'throttled',
  'clock_skew',
  'malformed_answer',
])

export class VenueError extends Error {
  override readonly name = 'VenueError'
  readonly code: VenueErrorCode
  readonly retryAfterMs: number | null

  constructor(code: VenueErrorCode, message: string, options: VenueErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryAfterMs = options.retryAfterMs ?? null
  }

  /** Whether the same read may succeed later without anybody changing a setting. */
  get retryable(): boolean {
    return retryableCodes.has(this.code)
  }
}

export type VenueErrorOptions = { readonly retryAfterMs?: number; readonly cause?: unknown }
