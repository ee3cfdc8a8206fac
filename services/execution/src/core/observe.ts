// What the venue says becomes what we know: states, fills, ends. Facts always apply, in whatever
// order and however often they are told.
import type { Fill, Order, Position } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import type { VenueFill, VenueOrder } from '@flotilla/venue'
import { accepted, filled } from './announce.ts'
import { conclude, endsWith, goesOn as intentGoesOn, makeRoom, openNextSlice } from './conclude.ts'
import { calm, type Seen, type Ticket } from './desk.ts'
import { beginExits, rungFilled } from './exits.ts'
import { halt } from './halt.ts'
import { isDoubtful, isEnded, mayFollow } from './order-life.ts'
import { followFill } from './follow.ts'
import { applyFill } from './position.ts'
import {
  acceptedQuoteOf,
  causeOf,
  heldOf,
  isAttachedExit,
  isRung,
  isUnsettled,
  keepPosition,
  move,
  note,
  protectionOf,
  put,
  spoken,
  ticketOf,
  type Work,
} from './work.ts'

export function observe(work: Work, told: VenueOrder): void {
  const known = work.tickets.get(told.clientOrderId)
  if (known === undefined) return
  const seen = merge(known.seen, told)
  work.tickets.set(told.clientOrderId, { ...known, seen })
  if (known.order.venueOrderId !== told.venueOrderId) {
    const order = { ...known.order, venueOrderId: told.venueOrderId }
    put(work, { ...known, seen, order })
  }
  takeQuantityOf(work, told)
  acceptWhatLanded(work, told)
  for (const fill of told.fills ?? []) recordFill(work, fill)
  settle(work, told.clientOrderId)
}

/** Exits that come with an entry are for what that received: only the venue knows how much it was. */
function takeQuantityOf(work: Work, told: VenueOrder): void {
  const ticket = ticketOf(work, told.clientOrderId)
  const { order } = ticket
  const { quantity } = told
  if (told.status === 'pending' || !quantity.isPositive() || quantity.equals(order.quantity)) return
  if (isAttachedExit(work, order)) put(work, { ...ticket, order: { ...order, quantity } })
}

function acceptWhatLanded(work: Work, told: VenueOrder): void {
  const ticket = ticketOf(work, told.clientOrderId)
  const { state } = ticket.order
  if (told.status === 'rejected' || !(isDoubtful(state) || state === 'not-placed')) return
  if (state === 'not-placed') {
    note(work, 'order landed after it was disproved', {
      level: 'error',
      clientOrderId: told.clientOrderId,
    })
  }
  work.messages.push(accepted(spoken(work, move(work, ticket, 'accept'))))
}

/** Fills never become fewer, and an end stays an end, whatever a lagging answer says. */
function merge(before: Seen | null, told: VenueOrder): Seen {
  const now: Seen = {
    status: told.status,
    filledQuantity: told.filledQuantity,
    endReason: told.endReason,
  }
  if (before === null) return now
  const filledQuantity = Decimal.max(before.filledQuantity, told.filledQuantity)
  const staysEnded = hasEnded(before) && !hasEnded(now)
  return staysEnded ? { ...before, filledQuantity } : { ...now, filledQuantity }
}

function hasEnded({ status }: Pick<Seen, 'status'>): boolean {
  return status !== 'pending' && status !== 'open' && status !== 'partially-filled'
}

/** Records a fill of one of our orders, once. Fills of others are none of our business. */
export function recordFill(work: Work, told: VenueFill): void {
  const ticket = ticketOfFill(work, told)
  if (ticket === null || ticket.trades.has(told.tradeId)) return
  if (!mayFollow(ticket.order.state, 'fill-part')) {
    refuseFill(work, ticket, told)
    return
  }
  const fill: Fill = {
    account: work.market.account,
    venue: work.market.venue,
    symbol: work.market.symbol,
    tradeId: told.tradeId,
    clientOrderId: ticket.order.clientOrderId,
    side: ticket.order.side,
    price: told.price,
    quantity: told.quantity,
    fee: told.fee,
    feeAsset: told.feeAsset,
    filledAt: told.executedAt,
  }
  work.fills.push(fill)
  makeRoom(work, ticket, fill.quantity)
  takeIntoPosition(work, ticket, fill)
  const after = moveByFill(work, ticket, fill)
  const goesOn = after.order.state === 'filled' && intentGoesOn(work, after, ofFill)
  const ends = endsWith(work, after.order, goesOn)
  work.messages.push(filled(spoken(work, after), fill, ends))
  if (goesOn) openNextSlice(work, after)
}

const ofFill = { failed: false, isGivenUp: false } as const

/**
 * An order that is filled to the last cannot be filled again. Which side is wrong is not for us to guess:
 * the trade is named and not counted, entries stop, and the comparison of balances shows the truth.
 */
function refuseFill(work: Work, ticket: Ticket, { tradeId, quantity }: VenueFill): void {
  const { clientOrderId } = ticket.order
  work.tickets.set(clientOrderId, { ...ticket, trades: new Set([...ticket.trades, tradeId]) })
  const values = { clientOrderId, tradeId, quantity: quantity.toString() }
  note(work, 'fill of an order that is filled already', { level: 'error', ...values })
  const reason = `fill_beyond_order: trade ${tradeId} of ${clientOrderId}`
  halt(work, { cause: 'overfill', reason })
}

export function ticketOfFill(work: Work, told: VenueFill): Ticket | null {
  if (told.clientOrderId !== null) return work.tickets.get(told.clientOrderId) ?? null
  for (const ticket of work.tickets.values()) {
    if (ticket.order.venueOrderId === told.venueOrderId) return ticket
  }
  return null
}

function moveByFill(work: Work, ticket: Ticket, fill: Fill): Ticket {
  const filledQuantity = ticket.order.filledQuantity.plus(fill.quantity)
  const quoteFilled = ticket.order.quoteFilled.plus(fill.quantity.times(fill.price))
  const complete = filledQuantity.atLeast(ticket.order.quantity)
  if (isEnded(ticket.order.state)) {
    note(work, 'fill told after the end of its order', {
      clientOrderId: fill.clientOrderId,
      tradeId: fill.tradeId,
    })
  }
  return move(
    work,
    {
      ...ticket,
      trades: new Set([...ticket.trades, fill.tradeId]),
      order: { ...ticket.order, filledQuantity, quoteFilled },
    },
    complete ? 'fill-all' : 'fill-part',
  )
}

function takeIntoPosition(work: Work, ticket: Ticket, fill: Fill): void {
  const { leg, intentId } = ticket.order
  followFill(work, ticket, fill)
  if (leg === 'entry' || acceptedQuoteOf(ticket) !== null) work.converting = calm
  keepPosition(work, applyFill(openingOf(work, leg), fill, work.market.rules))
  if (work.price === null || work.price.at < fill.filledAt) {
    work.price = { value: fill.price, at: fill.filledAt }
  }
  if (leg !== 'entry') {
    work.selling = { failures: 0, nextAt: 0 }
    if (isRung(ticket.order)) rungFilled(work, fill.quantity)
    return
  }
  work.owner = { intentId, cause: causeOf(ticket) }
  const { stop, takeProfit } = ticket.terms
  keepPosition(work, { ...heldOf(work), protection: { ...protectionOf(work), stop, takeProfit } })
  beginExits(work, ticket)
}

/** What is bought onto dust is a new position: how long that is held counts from now. */
function openingOf(work: Work, leg: Order['leg']): Position {
  const held = heldOf(work)
  const isNew = leg === 'entry' && held.protection?.state === 'dust'
  return isNew ? { ...held, openedAt: null } : held
}

/** An order ends with us when the venue ended it and every fill it told of is recorded. */
export function settle(work: Work, clientOrderId: string): void {
  const ticket = ticketOf(work, clientOrderId)
  const { seen, order } = ticket
  if (seen === null || !hasEnded(seen) || isUnsettled(ticket) || isEnded(order.state)) return
  const event = eventOf(seen)
  if (!mayFollow(order.state, event)) return
  const code = seen.endReason ?? seen.status
  conclude(work, ticket, { event, code, reason: `the venue ended the order: ${code}` })
}

/** `filled` comes here only when the venue filled less than we ordered, which ends it as well. */
function eventOf({ status }: Seen): 'cancel' | 'expire' | 'reject' {
  if (status === 'canceled') return 'cancel'
  return status === 'rejected' ? 'reject' : 'expire'
}
