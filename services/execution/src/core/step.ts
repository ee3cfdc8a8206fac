// The one way in: an input and the time lead to a draft. First what the input says becomes known,
// then everything that is due is done, whatever the input was.
import type { Decimal } from '@flotilla/money'
import type { ProtectionOutcome, VenueOrder, VenueProtection, WriteRejected } from '@flotilla/venue'
import {
  askLater,
  askWhatIsDue,
  loseSight,
  notFound,
  searched,
  sightAgain,
  sweptThrough,
} from './ask.ts'
import { close } from './close.ts'
import { noteMarket } from './closed-market.ts'
import { conclude, sayProtectionFailed } from './conclude.ts'
import { retryAfter } from './retry.ts'
import { quoteMissed, quoteTold } from './convert.ts'
import { sendEntries } from './entries.ts'
import { calm, type Answer, type Desk, type Draft, type Input, type Ticket } from './desk.ts'
import { passThrough } from './fills-through.ts'
import { askGivenUpIfDue, askWhatWasGivenUp, suspect } from './given-up.ts'
import { guard } from './guard.ts'
import { askPriceIfDue, PRICE_KEY, priceFailed } from './supervise.ts'
import { hear, sweep } from './hear.ts'
import { noteKey } from './key.ts'
import { halt, resume, type Halt } from './halt.ts'
import { approve, endWhatMayNotBeSent } from './intake.ts'
import { observe, recordFill, settle } from './observe.ts'
import { isDoubtful } from './order-life.ts'
import { withdrawRests } from './rests.ts'
import {
  begin,
  finish,
  hasWorkingEntry,
  heldOf,
  isUnsettled,
  liveProtectionOf,
  protectionOf,
  ticketsOfSubject,
  type Work,
} from './work.ts'
import { subjectOf } from './desk.ts'

export function step(desk: Desk, input: Input, now: number): Draft {
  const work = begin(desk, now)
  noteKey(work)
  take(work, input)
  noteMarket(work)
  endWhatMayNotBeSent(work)
  sendEntries(work)
  withdrawRests(work)
  guard(work)
  askWhatIsDue(work)
  askGivenUpIfDue(work)
  askPriceIfDue(work)
  return finish(work)
}

/** After a fault of ours: the symbol is halted, and nothing else is looked at. */
export function haltDesk(desk: Desk, halted: Halt, now: number): Draft {
  const work = begin(desk, now)
  halt(work, halted)
  return finish(work)
}

// oxlint-disable-next-line complexity -- one line for each kind of input is the simplest form
function take(work: Work, input: Input): void {
  if ('key' in input) return takeAnswer(work, input)
  switch (input.kind) {
    case 'approved':
      return approve(work, input)
    case 'price':
      return takePrice(work, { value: input.price, at: input.at })
    case 'rules':
      work.market = { ...work.market, rules: input.rules }
      return
    case 'streamed':
      return hear(work, input.order)
    case 'sweep':
      return sweep(work)
    case 'suspect':
      return suspect(work, input)
    case 'resume':
      return resume(work, input.reason)
    case 'flatten':
      return flattenOnCommand(work, input.reason)
    case 'tick':
      return
  }
}

// oxlint-disable-next-line complexity -- one line for each kind of answer is the simplest form
function takeAnswer(work: Work, answer: Answer): void {
  work.pending.delete(answer.key)
  switch (answer.kind) {
    case 'order-placed':
      return orderPlaced(work, answer)
    case 'protection-placed':
      return protectionPlaced(work, answer)
    case 'order-canceled':
      return canceled(work, answer.clientOrderId, () => observeAccepted(work, answer.outcome))
    case 'protection-canceled':
      return canceled(work, answer.listId, () => observePair(work, answer.outcome))
    case 'order-told':
      return told(work, answer.clientOrderId, answer.order === null ? null : [answer.order])
    case 'protection-told': {
      const { listId, protection } = answer
      return told(work, listId, protection === null ? null : ordersOf(protection))
    }
    case 'conversion-quoted':
      // What was stopped or came too late while the price was asked for is not bought with it.
      endWhatMayNotBeSent(work)
      return quoteTold(work, answer)
    case 'fills-told':
      return fillsTold(work, answer)
    case 'price-told':
      return priceTold(work, answer.price)
    case 'searched':
      return searched(work, answer)
    case 'read-failed':
      return readFailed(work, answer)
  }
}

function orderPlaced(work: Work, answer: Extract<Answer, { kind: 'order-placed' }>): void {
  const { clientOrderId, outcome } = answer
  if (outcome.kind === 'accepted') {
    observe(work, outcome.order)
    sightAgain(work, clientOrderId)
    return
  }
  const tickets = ticketsOfSubject(work, clientOrderId)
  if (isInDoubt(outcome)) {
    loseSight(work, clientOrderId, outcome.reason)
    return
  }
  refuse(work, tickets, outcome)
}

function protectionPlaced(
  work: Work,
  { listId, outcome }: Extract<Answer, { kind: 'protection-placed' }>,
): void {
  if (outcome.kind === 'accepted') {
    observePair(work, outcome)
    sightAgain(work, listId)
    return
  }
  if (isInDoubt(outcome)) loseSight(work, listId, outcome.reason)
  else refuse(work, ticketsOfSubject(work, listId), outcome)
}

/** A live order under our name proves that an earlier request landed: it is asked about, not refused. */
function isInDoubt(outcome: Exclude<ProtectionOutcome, { kind: 'accepted' }>): boolean {
  return outcome.kind === 'unknown' || outcome.code === 'duplicate_client_order_id'
}

function refuse(
  work: Work,
  tickets: readonly Ticket[],
  outcome: Exclude<ProtectionOutcome, { kind: 'accepted' }>,
): void {
  if (outcome.kind === 'unknown') return
  const open = tickets.filter(({ order }) => isDoubtful(order.state))
  for (const ticket of open) {
    conclude(work, ticket, { event: 'reject', ...outcome, reason: reasonOf(outcome) })
  }
  const stop = open.find(({ order }) => order.leg === 'stop-loss')
  // Exits that came with a refused entry protect nothing, and nothing is bare.
  const isBracket = open.some(({ order }) => order.leg === 'entry')
  if (stop !== undefined && !isBracket) protectionRefused(work, outcome, subjectOf(stop.order))
}

function reasonOf({ reason, rule }: WriteRejected): string {
  return rule === undefined
    ? reason
    : `${reason} (${rule.name}: ${rule.value}, limit ${rule.limit})`
}

/** The market has left the place between stop and target: no attempt will be taken, so none is made. */
const outOfPlace: ReadonlySet<string> = new Set([
  'price_relation',
  'would_trigger_immediately',
  'would_match_immediately',
])

/** The same orders would be refused for ever, unless the venue's rules are others by now. */
const hopeless: ReadonlySet<string> = new Set([
  'rule_broken',
  'unsupported',
  'unknown_symbol',
  'invalid_request',
])

function protectionRefused(work: Work, outcome: WriteRejected, about: string): void {
  work.protecting = retryAfter(work, work.protecting, outcome.retryAfterMs ?? 0)
  const { code } = outcome
  const reason = reasonOf(outcome)
  const isHopeless = hopeless.has(code) && outcome.retryAfterMs === undefined
  if (outOfPlace.has(code) || isHopeless) {
    close(work, { code, reason, failed: isHopeless })
    return
  }
  const attempts = work.protecting.failures
  if (work.owner === null || attempts >= work.settings.protectionAttemptsMax) return
  const failure = { leg: 'stop-loss', attempts, code, reason, action: 'retrying' } as const
  sayProtectionFailed(work, work.owner.cause, { ...failure, about })
}

/** Whatever a cancel came back with, the end is believed only when the venue tells of it. */
function canceled(work: Work, subject: string, observeOutcome: () => boolean): void {
  if (observeOutcome()) {
    sightAgain(work, subject)
    work.canceling = calm
    work.withdrawing = calm
  }
  const watch = work.watches.get(subject)
  if (watch !== undefined) work.watches.set(subject, { ...watch, nextAt: work.now })
}

function observeAccepted(
  work: Work,
  outcome: Extract<Answer, { kind: 'order-canceled' }>['outcome'],
): boolean {
  if (outcome.kind !== 'accepted') return false
  observe(work, outcome.order)
  return true
}

function observePair(work: Work, outcome: ProtectionOutcome): boolean {
  if (outcome.kind !== 'accepted') return false
  for (const order of ordersOf(outcome.protection)) observe(work, order)
  return true
}

/** The entry first: what it brought is what its exits are for. */
function ordersOf({ entry, stop, takeProfit }: VenueProtection): VenueOrder[] {
  return entry === null ? [stop, takeProfit] : [entry, stop, takeProfit]
}

function told(
  work: Work,
  subject: string,
  orders: readonly Parameters<typeof observe>[1][] | null,
): void {
  if (orders === null) {
    notFound(work, subject)
    return
  }
  for (const order of orders) observe(work, order)
  sightAgain(work, subject)
}

function fillsTold(work: Work, { fills }: Extract<Answer, { kind: 'fills-told' }>): void {
  for (const fill of fills) recordFill(work, fill)
  for (const id of work.tickets.keys()) settle(work, id)
  askWhatWasGivenUp(work, fills)
  const { askedAt, isApart } = work.look ?? { askedAt: work.now, isApart: false }
  work.look = null
  if (!isApart) passThrough(work, fills)
  sweptThrough(work, fills, askedAt)
  const missing = [...work.tickets.values()].some(isUnsettled)
  work.fetchingFills = missing ? retryAfter(work, work.fetchingFills) : calm
}

/** Told when it was asked for: that is how old it is at most. */
function priceTold(work: Work, price: Decimal): void {
  takePrice(work, { value: price, at: work.now })
}

function readFailed(
  work: Work,
  { key, subject, retryAfterMs, reason }: Extract<Answer, { kind: 'read-failed' }>,
): void {
  if (quoteMissed(work, key, reason)) return
  if (key === PRICE_KEY) priceFailed(work, retryAfterMs)
  else if (subject !== null) askLater(work, subject, retryAfterMs)
  else {
    work.fetchingFills = retryAfter(work, work.fetchingFills, retryAfterMs)
    work.sweepAt = Math.max(work.fetchingFills.nextAt, work.now)
  }
}

/** A price at one of the exits is a good moment to ask what became of them. */
function takePrice(work: Work, price: NonNullable<Desk['price']>): void {
  if (work.price === null || price.at >= work.price.at) work.price = price
  work.fetchingPrice = calm
  const { stop, takeProfit } = protectionOf(work)
  const below = stop !== null && price.value.atMost(stop)
  const above = takeProfit !== null && price.value.atLeast(takeProfit)
  const resting = liveProtectionOf(work)[0]
  if (resting === undefined || !(below || above)) return
  const subject = subjectOf(resting.order)
  const watch = work.watches.get(subject)
  if (watch !== undefined) work.watches.set(subject, { ...watch, nextAt: work.now })
}

function flattenOnCommand(work: Work, reason: string): void {
  for (const ticket of work.tickets.values()) {
    const { order } = ticket
    if (order.state !== 'created' || order.leg !== 'entry') continue
    conclude(work, ticket, { event: 'cancel', code: 'flattened', reason })
  }
  // What is on its way cannot be called back, so what it brings is closed as it comes.
  const busy = heldOf(work).quantity.isPositive() || hasWorkingEntry(work)
  if (busy) close(work, { code: 'flatten_commanded', reason, failed: false })
}
