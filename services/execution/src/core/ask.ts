// An order in doubt is resolved by asking, never by sending again. "No such order" is believed only
// when a request could no longer become one, the venue has said so three times with pauses, and
// neither its open orders nor its fills show anything: venues answer from copies that lag.
import type { VenueFill } from '@flotilla/venue'
import { unknown } from './announce.ts'
import { conclude, NOT_PLACED } from './conclude.ts'
import { fillsFrom, venueTime } from './fills-through.ts'
import { retryAfter } from './retry.ts'
import { subjectOf, type Answer, type Effect, type Ticket, type Watch } from './desk.ts'
import { trustsStream } from './exposed.ts'
import { observe, recordFill, ticketOfFill } from './observe.ts'
import { isDoubtful, isWorking } from './order-life.ts'
import {
  acceptedQuoteOf,
  callVenue,
  isUnsettled,
  move,
  note,
  spoken,
  ticketsOfSubject,
  type Work,
} from './work.ts'

/** Asks about every working order whose turn it is. */
export function askWhatIsDue(work: Work): void {
  if (work.barred !== null) return
  for (const subject of workingSubjects(work)) {
    if (isBusy(work, subject)) continue
    if (work.now >= dueAt(work, subject)) ask(work, subject)
  }
  fetchFillsIfDue(work)
}

/** Judged anew at every step: what was planned while all was well does not hold once something is bare. */
function dueAt(work: Work, subject: string): number {
  const { nextAt, asks, toldAt, askedAt } = watchOf(work, subject)
  const isRoutine = asks === 0 && toldAt !== null
  if (!isRoutine || trustsStream(work)) return nextAt
  return Math.min(nextAt, Math.max(toldAt, askedAt ?? 0) + work.settings.pollMs)
}

function workingSubjects(work: Work): Set<string> {
  const working = [...work.tickets.values()].filter(({ order }) => isWorking(order.state))
  return new Set(working.map(({ order }) => subjectOf(order)))
}

export function isBusy(work: Work, subject: string): boolean {
  return ['place', 'cancel', 'ask', 'search'].some((verb) => work.pending.has(`${verb}:${subject}`))
}

export function ask(work: Work, subject: string): void {
  const key = `ask:${subject}`
  work.watches.set(subject, { ...watchOf(work, subject), askedAt: work.now })
  const tickets = ticketsOfSubject(work, subject)
  const quote = tickets.map(acceptedQuoteOf).find((each) => each !== null)
  if (quote !== undefined) {
    callVenue(work, { kind: 'query-conversion', key, clientOrderId: subject, quote })
    return
  }
  const pair = tickets.some(({ order }) => order.listId !== null)
  const effect: Effect = pair
    ? { kind: 'query-protection', key, listId: subject }
    : { kind: 'query-order', key, ...namesOf(tickets, subject) }
  callVenue(work, effect)
}

function namesOf([ticket]: readonly Ticket[], clientOrderId: string) {
  return { clientOrderId, venueOrderId: ticket?.order.venueOrderId ?? null }
}

function watchOf(work: Work, subject: string): Watch {
  return work.watches.get(subject) ?? freshWatch(work, subject)
}

/** Of an order that is watched for the first time no fill can be known. */
function freshWatch(work: Work, subject: string): Watch {
  const { now } = work
  const starts = ticketsOfSubject(work, subject).map(({ order }) => order.submittedAt ?? now)
  const cleanAt = Math.min(now, ...starts)
  const nothing = { asks: 0, askedAt: null, toldAt: null, notFound: 0, notFoundAt: null }
  return { ...nothing, nextAt: now, sentBefore: now, cleanAt }
}

/** The answer to a write is missing: from here on the order is only asked about. */
export function loseSight(work: Work, subject: string, reason: string): void {
  for (const ticket of ticketsOfSubject(work, subject)) {
    if (ticket.order.state !== 'submitting') continue
    const after = move(work, ticket, 'lose')
    work.messages.push(unknown(spoken(work, after), reason))
    note(work, 'order outcome unknown', {
      clientOrderId: ticket.order.clientOrderId,
      reason,
    })
  }
  const watch = watchOf(work, subject)
  work.watches.set(subject, {
    ...watch,
    nextAt: work.now + askDelay(work, 0),
    sentBefore: work.now,
  })
}

/** The venue has told about the order, or the pair: the next question is routine. */
export function sightAgain(work: Work, subject: string): void {
  const tickets = ticketsOfSubject(work, subject)
  if (!tickets.some(({ order }) => isWorking(order.state))) {
    work.watches.delete(subject)
    return
  }
  const clean = !tickets.some(isUnsettled)
  const watch = watchOf(work, subject)
  work.watches.set(subject, {
    ...watch,
    nextAt: work.now + pauseOf(work, tickets),
    toldAt: work.now,
    asks: 0,
    notFound: 0,
    notFoundAt: null,
    cleanAt: clean ? work.now : watch.cleanAt,
  })
}

/** No stream tells of conversions, and they are a matter of a moment, too. */
function pauseOf(work: Work, tickets: readonly Ticket[]): number {
  const isQuick = comesToLife(tickets) || tickets.some((each) => acceptedQuoteOf(each) !== null)
  if (isQuick) return askDelay(work, 0)
  const { pollMs, pollFollowedMs } = work.settings
  return trustsStream(work) ? pollFollowedMs : pollMs
}

/** An entry has ended and its exits are not told as working, nor as ended, yet: a matter of a moment. */
function comesToLife(tickets: readonly Ticket[]): boolean {
  const waits = tickets.some(({ seen }) => seen?.status === 'pending')
  return waits && !tickets.some(({ order }) => order.leg === 'entry' && isWorking(order.state))
}

export function notFound(work: Work, subject: string): void {
  const doubtful = ticketsOfSubject(work, subject).filter(({ order }) => isDoubtful(order.state))
  if (doubtful.length === 0) {
    // What was given up stays it.
    if (ticketsOfSubject(work, subject).every(({ order }) => order.state === 'not-placed')) return
    note(work, 'accepted order not found when asked', { subject })
    askAt(work, subject, work.now + work.settings.pollMs)
    return
  }
  loseSightOfRecovered(work, subject, doubtful)
  const { notFoundSpacingMs, notFoundTimes } = work.settings
  const watch = watchOf(work, subject)
  // An answer may be long on its way, and is as old as its question: what arrives now may have been said before.
  const saidAt = watch.askedAt ?? work.now
  // Before that moment the order may still be on its way, so that its absence says nothing.
  const counts =
    saidAt > surelyDeadAt(work, watch) &&
    (watch.notFoundAt === null || saidAt - watch.notFoundAt >= notFoundSpacingMs)
  const times = watch.notFound + (counts ? 1 : 0)
  const notFoundAt = counts ? saidAt : watch.notFoundAt
  work.watches.set(subject, { ...watch, notFound: times, notFoundAt })
  if (times >= notFoundTimes) {
    const from = fillsFrom(work, sinceOf(work, doubtful))
    callVenue(work, { kind: 'search', key: `search:${subject}`, subject, from })
    return
  }
  if (counts) askAt(work, subject, work.now + notFoundSpacingMs)
  else askLater(work, subject, notFoundSpacingMs)
}

export function askAt(work: Work, subject: string, nextAt: number): void {
  work.watches.set(subject, { ...watchOf(work, subject), nextAt })
}

/** An order found as submitting at a restart is in doubt from the first answer that misses it. */
function loseSightOfRecovered(work: Work, subject: string, doubtful: readonly Ticket[]): void {
  if (!doubtful.some(({ order }) => order.state === 'submitting')) return
  const { sentBefore } = watchOf(work, subject)
  loseSight(work, subject, 'the outcome was lost with a restart')
  work.watches.set(subject, { ...watchOf(work, subject), sentBefore })
}

/** After this moment a request that made no order can make none any more. */
function surelyDeadAt(work: Work, watch: Watch): number {
  const { recvWindowMs, engineTimeoutMs, skewMs } = work.settings
  return watch.sentBefore + recvWindowMs + engineTimeoutMs + skewMs
}

export function askLater(work: Work, subject: string, atLeastMs: number): void {
  const watch = watchOf(work, subject)
  const delay = askDelay(work, watch.asks)
  // What may be bare waits for nothing longer than an order that rests where no stream tells of it.
  const planned = work.now + (trustsStream(work) ? delay : Math.min(delay, work.settings.pollMs))
  const decisive = surelyDeadAt(work, watch) + 1
  // The first answer that can settle the matter is not missed by a long pause.
  const wanted = work.now < decisive ? Math.min(planned, decisive) : planned
  const nextAt = Math.max(wanted, work.now + atLeastMs)
  work.watches.set(subject, { ...watch, asks: watch.asks + 1, nextAt })
}

function askDelay(work: Work, asks: number): number {
  const delays = work.settings.askDelaysMs
  return delays[Math.min(asks, delays.length - 1)] ?? 0
}

export function searched(work: Work, answer: Extract<Answer, { kind: 'searched' }>): void {
  const { subject, openOrders, fills } = answer
  for (const order of openOrders) observe(work, order)
  for (const fill of fills) recordFill(work, fill)
  const tickets = ticketsOfSubject(work, subject)
  const doubtful = tickets.filter(({ order }) => isDoubtful(order.state))
  // One leg of a pair proves the other: what became of that is asked again.
  if (doubtful.length < tickets.length) {
    sightAgain(work, subject)
    if (doubtful.length > 0) askLater(work, subject, work.settings.notFoundSpacingMs)
    return
  }
  if (fills.some((fill) => mayBelongTo(work, fill, doubtful[0]!))) {
    note(work, 'order in doubt and fills of unknown origin', { subject })
    askLater(work, subject, work.settings.notFoundSpacingMs)
    return
  }
  work.watches.delete(subject)
  for (const ticket of doubtful) {
    const reason = 'the venue was asked long enough and never had the order'
    conclude(work, ticket, { event: 'disprove', code: NOT_PLACED, reason })
  }
  // Should every copy of the venue have lagged, its fill is seen a little later.
  work.sweepAt = Math.min(work.sweepAt, work.now + soonMs(work))
  const legs = new Set(doubtful.map(({ order }) => order.leg))
  const bare = legs.has('stop-loss') && !legs.has('entry')
  if (bare) work.protecting = retryAfter(work, work.protecting)
}

/**
 * After all fills since the last look were told: from where the next one goes on, by our clock. The answer knows
 * nothing of what came after its question, and a fill that may be of an order in doubt, or of one that was given up,
 * is looked at again until it is known whose it is: the question by name may be answered by a copy that lags.
 */
export function sweptThrough(work: Work, fills: readonly VenueFill[], askedAt: number): void {
  const open = [...work.tickets.values()].filter(
    ({ order }) => isDoubtful(order.state) || order.state === 'not-placed',
  )
  const suspects = fills.filter((fill) => open.some((ticket) => mayBelongTo(work, fill, ticket)))
  const times = suspects.map(({ executedAt }) => Math.floor(executedAt - work.venueAheadMs))
  work.sweptUntil = Math.max(0, Math.min(askedAt, ...times))
  const { fillMarginMs } = work.settings
  if (suspects.length > 0) work.sweepAt = Math.min(work.sweepAt, work.now + fillMarginMs)
}

function givenUp(work: Work): Ticket[] {
  return [...work.tickets.values()].filter(({ order }) => order.state === 'not-placed')
}

/** Copies of the venue lag by up to the margin: for twice as long what was given up is looked for often. */
function sweepPauseOf(work: Work): number {
  const { fillMarginMs, sweepMs } = work.settings
  const isYoung = ({ order }: Ticket) => work.now - order.updatedAt <= 2 * fillMarginMs
  return givenUp(work).some(isYoung) ? soonMs(work) : sweepMs
}

function soonMs({ settings }: Work): number {
  return Math.min(settings.sweepMs, Math.ceil(settings.fillMarginMs / 4))
}

/** A fill that is of none of our orders, but could be of this one. */
export function mayBelongTo(work: Work, fill: VenueFill, { order }: Ticket): boolean {
  if (fill.side !== order.side || ticketOfFill(work, fill) !== null) return false
  if (fill.clientOrderId !== null && fill.clientOrderId !== order.clientOrderId) return false
  const sentAt = order.submittedAt ?? order.createdAt
  return fill.executedAt >= venueTime(work, sentAt) - work.settings.skewMs
}

function sinceOf(work: Work, tickets: readonly Ticket[]): number {
  const starts = tickets.map(({ order }) => order.submittedAt ?? order.createdAt)
  return Math.min(...starts) - work.settings.fillMarginMs
}

/** Fetches fills when the venue told of more than we have, and now and then to be sure. */
function fetchFillsIfDue(work: Work): void {
  if (work.pending.has('fills')) return
  const unsettled = [...work.tickets.values()].filter(isUnsettled)
  const missing = unsettled.length > 0 && work.now >= work.fetchingFills.nextAt
  if (!missing && work.now < work.sweepAt) return
  const margin = work.settings.fillMarginMs
  const starts = unsettled.map((ticket) => cleanSince(work, ticket) - margin)
  const since = Math.max(0, Math.min(work.sweptUntil - margin, ...starts))
  work.sweepAt = work.now + sweepPauseOf(work)
  // A look that has missed something is followed by one of the other kind.
  const isWide = work.fetchingFills.failures % 2 === 1
  const from = isWide ? { since: venueTime(work, since) } : fillsFrom(work, since)
  work.look = { askedAt: work.now, isApart: isWide && work.fillsThrough !== null }
  callVenue(work, { kind: 'fetch-fills', key: 'fills', from })
}

function cleanSince(work: Work, { order }: Ticket): number {
  const watch = work.watches.get(subjectOf(order))
  return watch?.cleanAt ?? order.submittedAt ?? order.createdAt
}
