// A reservation is ended by what execution says of the orders that rest on it. Where an approval is lost on
// its way there, or the end of its last order on the way back, nobody would ever say it: long after the
// intent has expired the reservation is withdrawn here.
//
// Execution may take a late approval at that very moment. With the end of the reservation goes an order
// row in the place of the first order of the intent, ended before it was sent, and the ledger keeps a
// place once: either execution's order is there before, and the withdrawal is refused, or this one is,
// and execution's order can neither be stored nor, therefore, be sent.
import { endedOrderStates, epochMs, instant } from '@flotilla/contracts'
import type { Decision, Json, Order } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import type { Book, BookChange, OpenReservation } from './book.ts'
import type { Work } from './decide.ts'
import { settleEnd } from './settlement.ts'
import { filledOf } from './waiting.ts'

/** What the ledger knows of a reservation that looks forgotten. */
export type Forgotten = {
  readonly reservationId: string
  readonly decision: Decision
  /** All of the intent. */
  readonly orders: readonly Order[]
}

export type Withdrawal = {
  readonly reservation: OpenReservation
  /** `never-ordered`: no order came of the approval; `never-ended`: its orders ended, and nobody said so. */
  readonly cause: 'never-ordered' | 'never-ended'
}

/** Old enough to be looked at: nothing was heard to end it since. */
export function lookForgotten(
  book: Book,
  { now, graceMs }: { readonly now: number; readonly graceMs: number },
): readonly OpenReservation[] {
  return [...book.reservations.values()].filter(({ createdAt }) => createdAt + graceMs <= now)
}

/** Milliseconds of the market's clock until which the intent was to be carried out. */
export function expiryOf(decision: Decision): number {
  for (const check of decision.checks) {
    const inputs = fieldOf(check, 'check') === 'intent-expiry' ? fieldOf(check, 'inputs') : null
    const expiresAt = fieldOf(inputs, 'expiresAt')
    if (typeof expiresAt === 'string') return epochMs(expiresAt)
  }
  return decision.decidedAt
}

/** Nothing is to be done where an order may still fill, or has filled more than was told here. */
export function withdraw(
  book: Book,
  { reservationId, decision, orders }: Forgotten,
  now: number,
): Work & { readonly withdrawal: Withdrawal | null } {
  const nothing = { changes: [], records: [], outgoing: [], withdrawal: null }
  const reservation = book.reservations.get(reservationId)
  if (reservation === undefined) return nothing
  const own = orders.filter((order) => order.reservationId === reservationId)
  if (!own.every(({ state }) => endedOrderStates.has(state))) return nothing
  if (filledOf(own).greaterThan(reservation.consumed)) return nothing
  const cause = own.length === 0 ? 'never-ordered' : 'never-ended'
  const expired = instant(expiryOf(decision))
  const reason = `withdrawn: ${words[cause]}, and the intent expired at ${expired}`
  return {
    ...nothing,
    changes: endOf(book, reservation, { decision, now, reason }),
    records:
      cause === 'never-ended'
        ? []
        : [{ kind: 'order-created', order: unsent(book, reservation, { decision, now, reason }) }],
    withdrawal: { reservation, cause },
  }
}

const words = {
  'never-ordered': 'execution made no order of the approval',
  'never-ended': 'all its orders have ended and nothing ended it',
} as const

type Ending = { readonly decision: Decision; readonly now: number; readonly reason: string }

function endOf(book: Book, reservation: OpenReservation, ending: Ending): readonly BookChange[] {
  const { decision, now, reason } = ending
  return settleEnd(book, {
    symbol: reservation.symbol,
    side: decision.side,
    leg: legOf(decision),
    reservationId: reservation.reservationId,
    endsReservation: true,
    filledQuantity: Decimal.zero,
    filledQuote: Decimal.zero,
    at: now,
    reason,
  })
}

/** In the form in which execution stores and reads orders. */
function unsent(book: Book, reservation: OpenReservation, ending: Ending): Order {
  const { decision, now, reason } = ending
  const { account, venue } = book.account
  const { intentId, symbol, reservationId } = reservation
  const quantity = fieldOf(decision.sizing, 'quantity')
  const details = { causeId: decision.decisionId, expiresAt: expiryOf(decision) }
  return {
    clientOrderId: `withdrawn-${reservationId}`,
    account,
    venue,
    symbol,
    intentId,
    reservationId,
    leg: legOf(decision),
    attempt: 1,
    side: decision.side,
    type: 'market',
    quantity: typeof quantity === 'string' ? Decimal.from(quantity) : Decimal.one,
    price: null,
    stopPrice: null,
    timeInForce: null,
    state: 'expired',
    venueOrderId: null,
    listId: null,
    filledQuantity: Decimal.zero,
    quoteFilled: Decimal.zero,
    createdAt: now,
    submittedAt: null,
    updatedAt: now,
    version: 1,
    reason,
    correlationId: decision.correlationId,
    details: { ...details, target: null, stop: null, takeProfit: null },
  }
}

function legOf({ side }: Decision): 'entry' | 'exit' {
  return side === 'buy' ? 'entry' : 'exit'
}

function fieldOf(value: Json, name: string): Json {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null
  return (value as Readonly<Record<string, Json>>)[name] ?? null
}
