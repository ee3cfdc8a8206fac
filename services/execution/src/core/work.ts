// One step's work in progress. It is a copy of the desk that may be changed, with what the step
// leads to beside it; `begin` and `finish` are the only ways in and out, so that from outside a
// step is a function from values to values.
import type { AnyMessage, ProtectionMode } from '@flotilla/contracts'
import type { Fill, LedgerChange, Order, Position, Protection } from '@flotilla/ledger'
import type { Decimal } from '@flotilla/money'
import type { ConvertQuote } from '@flotilla/venue'
import { positionChanged } from './announce.ts'
import {
  subjectOf,
  type Cause,
  type Desk,
  type Draft,
  type Effect,
  type GivenUp,
  type Note,
  type Ticket,
  type Watch,
} from './desk.ts'
import { isEnded, isWorking, nextState, type OrderEvent } from './order-life.ts'
import { tradeChangesOf } from './journal.ts'
import { isDue } from './pacing.ts'
import { flatPosition, noProtection } from './position.ts'
import { protectionModeOf } from './protection-mode.ts'

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

type Maps = 'tickets' | 'attempts' | 'pending' | 'watches' | 'givenUp'

export type Work = Mutable<Omit<Desk, Maps>> & {
  readonly now: number
  readonly tickets: Map<string, Ticket>
  readonly attempts: Map<string, number>
  readonly pending: Set<string>
  readonly watches: Map<string, Watch>
  readonly givenUp: Map<string, GivenUp>
  readonly touched: Set<string>
  readonly fills: Fill[]
  readonly remembered: LedgerChange[]
  readonly messages: AnyMessage[]
  readonly effects: Effect[]
  readonly notes: Note[]
  positionTouched: boolean
  tradeTouched: boolean
}

/** Ended orders that stay known, so that a late fill still finds its order. */
const ENDED_KEPT = 40
const ATTEMPTS_KEPT = 500
/** So long one that was given up is asked about by itself: a day, in milliseconds. */
export const GIVEN_UP_MS = 86_400_000
/** The newest of them; what is older is in the ledger and is asked about when balances differ. */
export const GIVEN_UP_KEPT = 500

export function begin(desk: Desk, now: number): Work {
  return {
    ...desk,
    now,
    tickets: new Map(desk.tickets),
    attempts: new Map(desk.attempts),
    pending: new Set(desk.pending),
    watches: new Map(desk.watches),
    givenUp: new Map(desk.givenUp),
    touched: new Set(),
    fills: [],
    remembered: [],
    messages: [],
    effects: [],
    notes: [],
    positionTouched: false,
    tradeTouched: false,
  }
}

export function finish(work: Work): Draft {
  const changes: LedgerChange[] = [...work.touched].map((id) => storeOrder(work, id))
  changes.push(...work.fills.map((fill) => ({ kind: 'fill-recorded', fill }) as const))
  changes.push(...work.remembered, ...tradeChangesOf(work, offersDust(work)))
  const messages = [...work.messages]
  if (work.positionTouched) {
    const position = { ...heldOf(work), updatedAt: work.now, version: heldOf(work).version + 1 }
    work.position = position
    changes.push({ kind: 'position-changed', position })
    const cause = work.owner?.cause ?? null
    messages.push(positionChanged({ position, mode: modeOf(work), cause, now: work.now }))
  }
  forgetWhatIsOver(work)
  return { desk: deskOf(work), changes, messages, effects: work.effects, notes: work.notes }
}

function storeOrder(work: Work, id: string): LedgerChange {
  const ticket = ticketOf(work, id)
  const version = ticket.stored ? ticket.order.version + 1 : 1
  const order = { ...ticket.order, version, updatedAt: work.now }
  work.tickets.set(id, { ...ticket, order, stored: true })
  return { kind: ticket.stored ? 'order-changed' : 'order-created', order }
}

function forgetWhatIsOver(work: Work): void {
  const working = [...work.tickets.values()].filter(({ order }) => isWorking(order.state))
  const subjects = new Set(working.map(({ order }) => subjectOf(order)))
  for (const subject of work.watches.keys()) {
    if (!subjects.has(subject)) work.watches.delete(subject)
  }
  const ended = [...work.tickets.values()].filter(
    ({ order }) => isEnded(order.state) && order.intentId !== work.owner?.intentId,
  )
  // What was given up may still turn out to be there: other orders do not make it forgotten.
  const isGivenUp = ({ order }: Ticket) => order.state === 'not-placed'
  forgetGivenUp(work, ended.filter(isGivenUp))
  forgetOldest(work, {
    among: ended.filter((ticket) => !isGivenUp(ticket)),
    kept: ENDED_KEPT,
  })
  if (work.attempts.size > ATTEMPTS_KEPT) forgetAttempts(work)
}

function forgetOldest(
  work: Work,
  { among, kept }: { among: readonly Ticket[]; kept: number },
): void {
  for (const { order } of among.slice(0, Math.max(0, among.length - kept))) {
    work.tickets.delete(order.clientOrderId)
  }
}

/** The ledger has them all: those that are not asked about any more need not be known here. */
function forgetGivenUp(work: Work, givenUp: readonly Ticket[]): void {
  const isAsked = (subject: string) =>
    work.givenUp.get(subject)?.isSuspect === true || work.pending.has(`ask:${subject}`)
  const idle = givenUp.filter(({ order }) => !isAsked(subjectOf(order)))
  const [old, young] = [true, false].map((wanted) =>
    idle.filter(({ order }) => work.now - order.updatedAt > GIVEN_UP_MS === wanted),
  ) as [Ticket[], Ticket[]]
  forgetOldest(work, { among: old, kept: 0 })
  forgetOldest(work, { among: young, kept: GIVEN_UP_KEPT })
  const left = [...work.tickets.values()].filter(({ order }) => order.state === 'not-placed')
  const subjects = new Set(left.map(({ order }) => subjectOf(order)))
  for (const subject of work.givenUp.keys()) {
    if (!subjects.has(subject)) work.givenUp.delete(subject)
  }
}

/** The names of an intent are used up only while it may still need another one. */
function forgetAttempts(work: Work): void {
  const intents = new Set([...work.tickets.values()].map(({ order }) => order.intentId))
  for (const key of work.attempts.keys()) {
    if (!intents.has(key.split(':')[0]!)) work.attempts.delete(key)
  }
}

function deskOf(work: Work): Desk {
  const { now: _now, touched: _touched, fills: _fills, messages: _messages, ...rest } = work
  const { effects: _effects, notes: _notes, positionTouched: _position, ...others } = rest
  const { remembered: _remembered, tradeTouched: _trade, ...desk } = others
  return desk
}

export function ticketOf(work: Work, clientOrderId: string): Ticket {
  const ticket = work.tickets.get(clientOrderId)
  if (ticket === undefined) throw new RangeError(`the desk has no order ${clientOrderId}`)
  return ticket
}

/** Keeps a ticket whose order row changed: it will be stored with this step. */
export function put(work: Work, ticket: Ticket): Ticket {
  work.tickets.set(ticket.order.clientOrderId, ticket)
  work.touched.add(ticket.order.clientOrderId)
  return ticket
}

export function move(work: Work, ticket: Ticket, event: OrderEvent): Ticket {
  const state = nextState(ticket.order.state, event)
  return put(work, { ...ticket, order: { ...ticket.order, state } })
}

export function causeOf(ticket: Ticket): Cause {
  return { messageId: ticket.terms.causeId, correlationId: ticket.order.correlationId }
}

export function spoken(work: Work, ticket: Ticket): { order: Order; cause: Cause; now: number } {
  return { order: ticket.order, cause: causeOf(ticket), now: work.now }
}

export function note(
  work: Work,
  event: string,
  { level = 'warn', ...values }: { level?: Note['level'] } & Note['values'],
): void {
  work.notes.push({ level, event, values })
}

export function heldOf(work: Work): Position {
  return work.position ?? flatPosition(work.market, work.now)
}

export function keepPosition(work: Work, position: Position): void {
  work.position = position
  work.positionTouched = true
}

/** How a position of this symbol is protected here. */
export function modeOf({ market, settings }: Work): ProtectionMode {
  return protectionModeOf(market.rules, settings.protection)
}

export function protectionOf(work: Work): Protection {
  return work.position?.protection ?? noProtection
}

/** Stores the protection only when something about it is different. */
export function keepProtection(work: Work, change: Partial<Protection>): void {
  const before = protectionOf(work)
  const after = { ...before, ...change }
  const same =
    after.state === before.state &&
    after.listId === before.listId &&
    after.reason === before.reason &&
    after.since === before.since &&
    after.quantity.equals(before.quantity) &&
    sameText(after.stop, before.stop) &&
    sameText(after.takeProfit, before.takeProfit)
  if (!same) keepPosition(work, { ...heldOf(work), protection: after })
}

function sameText(left: Decimal | null, right: Decimal | null): boolean {
  return left?.toString() === right?.toString()
}

/** Counts up: a name is never used for a second request. */
export function nextAttempt(work: Work, intentId: string, leg: string): number {
  const key = `${intentId}:${leg}`
  const attempt = (work.attempts.get(key) ?? 0) + 1
  work.attempts.set(key, attempt)
  return attempt
}

export function callVenue(work: Work, effect: Effect): void {
  work.pending.add(effect.key)
  work.effects.push(effect)
}

/** Orders of a protection that may still do something at the venue. */
export function liveProtectionOf(work: Work): Ticket[] {
  return [...work.tickets.values()].filter(
    ({ order }) =>
      (order.leg === 'stop-loss' || (order.leg === 'take-profit' && !isRung(order))) &&
      !isEnded(order.state),
  )
}

/** An exit, a part of the target, or our own closing order, that has been sent. */
export function workingSaleOf(work: Work): Ticket | null {
  for (const ticket of work.tickets.values()) {
    if (isSale(ticket) && isWorking(ticket.order.state)) return ticket
  }
  return null
}

/** An entry that was sent and may still bring something. */
export function hasWorkingEntry(work: Work): boolean {
  return [...work.tickets.values()].some(
    ({ order }) => order.leg === 'entry' && isWorking(order.state),
  )
}

/** The oldest exit whose turn it is. */
export function dueExitOf(work: Work): Ticket | null {
  for (const ticket of work.tickets.values()) {
    const { leg, state } = ticket.order
    if (leg === 'exit' && state === 'created' && isDue(ticket.terms.pace, work.now)) return ticket
  }
  return null
}

function isSale({ order }: Ticket): boolean {
  return order.leg === 'exit' || order.leg === 'flatten' || isRung(order)
}

/** A part of the target that we take ourselves, at the market: it does not rest. */
export function isRung({ leg, type }: Order): boolean {
  return leg === 'take-profit' && type === 'market'
}

/** It came with an entry, in one request. */
export function isAttachedExit(work: Work, { leg, listId }: Order): boolean {
  if (listId === null || leg === 'entry') return false
  return ticketsOfSubject(work, listId).some(({ order }) => order.leg === 'entry')
}

/** The venue told of more fills than are recorded. */
export function isUnsettled({ order, seen }: Ticket): boolean {
  return seen !== null && seen.filledQuantity.greaterThan(order.filledQuantity)
}

/** Dust is offered so often; then it stays until something is bought again. */
const DUST_ATTEMPTS_MAX = 3

/** Whether what is left as dust is still to be sold at a quoted price. */
export function offersDust({ settings, owner, converting }: Work): boolean {
  return settings.convert && owner !== null && converting.failures < DUST_ATTEMPTS_MAX
}

/** The quote that stands for this order at the venue; null for an order of the book. */
export function acceptedQuoteOf({ terms, order }: Ticket): ConvertQuote | null {
  return terms.convert === 'failed' || order.state === 'created' ? null : terms.convert
}

export function ticketsOfSubject(work: Work, subject: string): Ticket[] {
  return [...work.tickets.values()].filter(({ order }) => subjectOf(order) === subject)
}

/** We have given the position up ourselves; an exit that was asked for is another thing. */
export function isClosing(work: Work): boolean {
  const { state, reason } = protectionOf(work)
  return state === 'closing' && reason !== EXIT
}

/** The reason of a position that is closing because an approved exit is on its way. */
export const EXIT = 'exit'
