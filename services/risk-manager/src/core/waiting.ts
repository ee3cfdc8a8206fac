// A reservation that nothing will end by itself and that may not be withdrawn either: money or inventory
// has moved at the venue, and what moved was not told here. It stays set aside, which is safe, and it
// is named, for somebody has to look.
import { endedOrderStates } from '@flotilla/contracts'
import type { Order, Reservation } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { remainingOf } from './reservation.ts'

export type Waiting = {
  /**
   * `fills-not-told`: its orders have ended and filled more than the risk manager has heard of;
   * `order-not-ended`: an order was sent and is neither filled nor ended in the ledger, because its fills
   * are missing or the venue does not say what became of it.
   */
  readonly cause: 'fills-not-told' | 'order-not-ended'
  /** Client order ids of those that it waits for. */
  readonly orders: readonly string[]
  /** What is missing, in the asset that is set aside. */
  readonly amount: Decimal
}

/** Nothing but orders of the same reservation counts. None that rest exist: an entry ends at once. */
export function waitingFor(
  reservation: Reservation,
  orders: readonly Order[],
  /** Milliseconds; an order that was heard of later is not late yet. */
  before: number,
): Waiting | null {
  const own = orders.filter(({ reservationId }) => reservationId === reservation.reservationId)
  const sent = own.filter(({ state }) => state !== 'created')
  if (sent.some(({ updatedAt }) => updatedAt > before)) return null
  const open = sent.filter(({ state }) => !endedOrderStates.has(state))
  if (open.length > 0) {
    return { cause: 'order-not-ended', orders: namesOf(open), amount: remainingOf(reservation) }
  }
  const filled = sent.filter((order) => filledOf([order]).isPositive())
  const amount = filledOf(filled).minus(reservation.consumed)
  if (!amount.isPositive()) return null
  return { cause: 'fills-not-told', orders: namesOf(filled), amount }
}

/** In the asset that was set aside: money of what was bought, else what was sold. */
export function filledOf(orders: readonly Order[]): Decimal {
  return orders.reduce(
    (total, { side, quoteFilled, filledQuantity }) =>
      total.plus(side === 'buy' ? quoteFilled : filledQuantity),
    Decimal.zero,
  )
}

function namesOf(orders: readonly Order[]): string[] {
  return orders.map(({ clientOrderId }) => clientOrderId)
}
