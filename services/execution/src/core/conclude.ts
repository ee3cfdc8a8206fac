// How an order ends without being filled, and whether another order takes its place.
import type { Order } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import type { ConvertQuote } from '@flotilla/venue'
import { ended, protectionFailed, type Failure } from './announce.ts'
import { noteConvertFailure } from './convert-failures.ts'
import { calm, type Cause, type Terms, type Ticket } from './desk.ts'
import { clientOrderIdOf } from './order-id.ts'
import { isEnded } from './order-life.ts'
import { nextPace, sliceOf } from './pacing.ts'
import { isDust } from './position.ts'
import { retryAfter } from './retry.ts'
import { detailsOf } from './terms.ts'
import {
  acceptedQuoteOf,
  causeOf,
  heldOf,
  isRung,
  keepProtection,
  move,
  nextAttempt,
  note,
  put,
  spoken,
  type Work,
} from './work.ts'

export type Conclusion = {
  readonly event: 'cancel' | 'expire' | 'reject' | 'disprove'
  readonly code: string
  readonly reason: string
  /** The venue asked for patience, or has other rules now: the same may be tried again. */
  readonly retryAfterMs?: number
}

/** Of an order that was given up, and of one that turned up after it was. */
export const NOT_PLACED = 'not_placed'

/** Refusals that another order under another name may not meet again. */
const passing: ReadonlySet<string> = new Set([
  'throttled',
  'banned',
  'clock_skew',
  'unauthorized',
  'insufficient_balance',
  'duplicate_client_order_id',
  NOT_PLACED,
])

export function conclude(work: Work, ticket: Ticket, conclusion: Conclusion): void {
  const { order } = ticket
  const sent = order.state !== 'created'
  const quote = acceptedQuoteOf(ticket)
  if (quote !== null) countConversion(work, quote, conclusion)
  else if (sent) countSale(work, ticket, conclusion)
  const goesOn = sent && anotherFollows(work, ticket, conclusion)
  const ending = { ...order, reason: conclusion.code }
  const after = move(work, { ...ticket, order: ending }, conclusion.event)
  const endsReservation = endsWith(work, order, goesOn)
  work.messages.push(ended(spoken(work, after), { ...conclusion, endsReservation }))
  if (goesOn) openNextSlice(work, after)
  if (order.leg === 'flatten' && didNothing(ticket) && quote === null)
    alarm(work, after, conclusion)
}

function anotherFollows(work: Work, ticket: Ticket, conclusion: Conclusion): boolean {
  const { event, code, retryAfterMs } = conclusion
  // What the venue does not convert it may well take as an order.
  const isOrder = acceptedQuoteOf(ticket) === null
  const mayPass = passing.has(code) || retryAfterMs !== undefined
  const hopeless = isOrder && event === 'reject' && !mayPass
  const failed = isOrder && didNothing(ticket)
  return !hopeless && goesOn(work, ticket, { failed, isGivenUp: event === 'disprove' })
}

function countConversion(work: Work, quote: ConvertQuote, { event, reason }: Conclusion): void {
  const isLate = work.now > quote.validUntil
  const refused = isLate ? 'expired' : 'refused'
  const why = event === 'disprove' ? 'not_placed' : refused
  noteConvertFailure(work, { reason: why, words: reason })
}

function didNothing({ order }: Ticket): boolean {
  return !order.filledQuantity.isPositive()
}

function countSale(work: Work, ticket: Ticket, { retryAfterMs = 0 }: Conclusion): void {
  const { leg } = ticket.order
  if (leg !== 'exit' && leg !== 'flatten' && !isRung(ticket.order)) return
  work.selling = didNothing(ticket) ? retryAfter(work, work.selling, retryAfterMs) : calm
}

/** A position that cannot be closed is the worst there is: people must know. */
function alarm(work: Work, ticket: Ticket, { code, reason }: Conclusion): void {
  sayProtectionFailed(work, causeOf(ticket), {
    leg: 'flatten',
    attempts: Math.max(1, work.selling.failures),
    code,
    reason,
    action: 'alerting',
    about: ticket.order.clientOrderId,
  })
  keepProtection(work, { state: 'closing', reason: code })
}

export function sayProtectionFailed(
  work: Work,
  cause: Cause,
  failure: Omit<Failure, 'position'>,
): void {
  work.messages.push(protectionFailed({ ...failure, position: heldOf(work) }, cause, work.now))
  const { leg, attempts, code, reason, action } = failure
  const level = action === 'retrying' ? 'warn' : 'error'
  const values = { symbol: work.market.symbol, leg, attempts, code, reason, action }
  note(work, 'protection failed', { level, ...values })
}

type Left = {
  /** It did nothing. */
  readonly failed: boolean
  /** As far as anybody can tell. */
  readonly isGivenUp: boolean
}

/** Whether the intent of an order that ends here still has something to trade, and may. */
export function goesOn(work: Work, ticket: Ticket, { failed, isGivenUp }: Left): boolean {
  const { order, terms } = ticket
  // One that turns up after it was given up has had its follower, or was the last.
  const isOver = order.reason === NOT_PLACED || hasFollower(work, order)
  if (terms.target === null || isOver) return false
  if (order.leg === 'entry') return entryGoesOn(work, ticket, isGivenUp)
  return order.leg === 'exit' && exitGoesOn(work, ticket, failed)
}

function exitGoesOn(work: Work, { order, terms }: Ticket, failed: boolean): boolean {
  if (terms.target === null) return false
  if (terms.expiresAt !== null && work.now >= terms.expiresAt) return false
  if (failed && work.selling.failures >= work.settings.exitAttemptsMax) return false
  const left = Decimal.min(terms.target.minus(order.filledQuantity), heldOf(work).quantity)
  return !isDust(left, work.price?.value ?? null, work.market.rules)
}

/** Whether no further order uses the reservation: neither one that is made now nor one that was made before. */
export function endsWith(work: Work, order: Order, goesOn: boolean): boolean {
  if (order.reservationId === null || goesOn) return false
  return ![...work.tickets.values()].some(
    (other) => isAfter(other.order, order) && !isEnded(other.order.state),
  )
}

/** One that was given up and turns up, or is filled after its end, has had its follower then. */
function hasFollower(work: Work, { intentId, leg, attempt }: Order): boolean {
  return (work.attempts.get(`${intentId}:${leg}`) ?? 0) > attempt
}

function isAfter(other: Order, { intentId, leg, attempt }: Order): boolean {
  return other.intentId === intentId && other.leg === leg && other.attempt > attempt
}

/** A paced entry buys on until its slices are used up; a refused one has ended before. */
function entryGoesOn(work: Work, { order, terms }: Ticket, isGivenUp: boolean): boolean {
  if (terms.target === null || terms.pace === null || terms.pace.left <= 1) return false
  const left = terms.target.minus(takenBy(order, isGivenUp))
  return !isDust(left, order.price, work.market.rules)
}

/**
 * What of the intent's quantity an order stands for when the next one is made. A buy that was given up may be there
 * all the same and is told late: it counts as bought in full, so that its intent never buys more than is reserved.
 */
function takenBy({ leg, quantity, filledQuantity }: Order, isGivenUp: boolean): Decimal {
  return leg === 'entry' && isGivenUp ? quantity : filledQuantity
}

/** Less for the order that waits: its intent was told of a fill that was not known when that was made. */
export function makeRoom(work: Work, { order }: Ticket, filled: Decimal): void {
  // A buy that was given up was counted in full when the next one was made.
  const isCounted = order.leg === 'entry' && order.reason === NOT_PLACED
  if (isCounted || !hasFollower(work, order)) return
  for (const ticket of work.tickets.values()) {
    const waits = ticket.order.state === 'created' && isAfter(ticket.order, order)
    if (waits && ticket.terms.target !== null)
      lessen(work, ticket, ticket.terms.target.minus(filled))
  }
}

function lessen(work: Work, ticket: Ticket, target: Decimal): void {
  const { order } = ticket
  const price = order.price ?? work.price?.value ?? null
  if (isDust(target, price, work.market.rules)) {
    const reason = 'what was left to be traded was filled late'
    conclude(work, ticket, { event: 'expire', code: 'filled_late', reason })
    return
  }
  const terms = { ...ticket.terms, target }
  const quantity = Decimal.min(order.quantity, target)
  put(work, { ...ticket, terms, order: { ...order, quantity, details: detailsOf(terms) } })
}

/** The next order of the same intent; it is named and stored now and sent when its turn comes. */
export function openNextSlice(work: Work, ticket: Ticket): void {
  const { order, terms } = ticket
  const taken = takenBy(order, order.state === 'not-placed')
  const target = (terms.target ?? order.quantity).minus(taken)
  const quote = acceptedQuoteOf(ticket)
  const next =
    quote === null
      ? nextTerms(work, { ...terms, target })
      : ({ ...terms, target, convert: 'failed' } as const)
  const attempt = nextAttempt(work, order.intentId, order.leg)
  const { account, venue, symbol, intentId, reservationId, leg, side, type } = order
  const { price, timeInForce } = order
  const { rules } = work.market
  const following: Order = {
    ...freshOrder(work.now),
    account,
    venue,
    symbol,
    intentId,
    reservationId,
    leg,
    side,
    type,
    clientOrderId: clientOrderIdOf({ account, venue, intentId, leg, attempt }),
    attempt,
    quantity: leg === 'entry' ? sliceOf(next.pace, target, { rules, price }) : target,
    price,
    timeInForce,
    correlationId: order.correlationId,
    details: detailsOf(next),
  }
  put(work, {
    order: following,
    terms: next,
    trades: new Set(),
    seen: null,
    stored: false,
  })
}

/** What takes its time must not expire while it does: each slice has until the one after it. */
function nextTerms({ now }: Work, terms: Terms): Terms {
  const pace = terms.pace === null ? null : nextPace(terms.pace, now)
  if (pace === null || terms.expiresAt === null) return { ...terms, pace }
  return { ...terms, pace, expiresAt: Math.max(terms.expiresAt, pace.notBefore + pace.everyMs) }
}

/** The part of a new order that is the same for all. */
export function freshOrder(now: number) {
  return {
    price: null,
    stopPrice: null,
    timeInForce: null,
    state: 'created',
    venueOrderId: null,
    listId: null,
    filledQuantity: Decimal.zero,
    quoteFilled: Decimal.zero,
    createdAt: now,
    submittedAt: null,
    updatedAt: now,
    version: 0,
    reason: null,
  } as const
}
