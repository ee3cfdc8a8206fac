// A reservation has one life, and each step of it happens once:
//
//   held -> held      a fill used a part, or a fact overtook a part
//   held -> settled   fills used up all of it
//   held -> released  the order ended, or no order ever came; what was left is free again
import assert from 'node:assert/strict'
import type { Reservation, ReservationState } from '@flotilla/ledger'
import type { Decimal } from '@flotilla/money'

export const reservationEvents = {
  settle: 'a fill used a part of it',
  shrink: 'a fact overtook a part: a stop sold what was set aside, or less is left to be filled',
  exhaust: 'fills used up all of it',
  release: 'the order ended, or it was withdrawn without one, and what is left is free again',
} as const
export type ReservationEvent = keyof typeof reservationEvents

export const reservationLife: Readonly<
  Record<ReservationState, Partial<Record<ReservationEvent, ReservationState>>>
> = {
  held: { settle: 'held', shrink: 'held', exhaust: 'settled', release: 'released' },
  settled: {},
  released: {},
}

/** Asserts that the step is allowed: a step twice, or after the end, is a programmer's error. */
export function nextState(state: ReservationState, event: ReservationEvent): ReservationState {
  const next = reservationLife[state][event]
  assert(next !== undefined, `a reservation that is ${state} cannot ${event}`)
  return next
}

/** What is still set aside. */
export function remainingOf(reservation: Pick<Reservation, 'amount' | 'consumed'>): Decimal {
  return reservation.amount.minus(reservation.consumed)
}
