// What is wrong with a change whatever the ledger holds. Both implementations ask here first; the
// database states the same as constraints, for those who write to it without us.
import type { LedgerChange, ReservationStep } from './port.ts'
import type { ClosedTrade, Fill, Order, Position, Reservation } from './records.ts'
import { Refusal } from './refusal.ts'

/** @throws Refusal */
// oxlint-disable-next-line complexity -- one line for each kind of change is the simplest form
export function validateChange(change: LedgerChange): void {
  switch (change.kind) {
    case 'reservation-held':
      return validateReservation(change.reservation)
    case 'reservation-settled':
    case 'reservation-shrunk':
      return validateStep(change, 'positive')
    case 'reservation-ended':
      return validateStep(change, 'zero or more')
    case 'order-created':
      if (change.order.version !== 1) throw versionRefusal(change.order)
      return validateOrder(change.order)
    case 'order-changed':
      if (change.order.version < 2) throw versionRefusal(change.order)
      return validateOrder(change.order)
    case 'fill-recorded':
      return validateFill(change.fill)
    case 'position-changed':
      return validatePosition(change.position)
    case 'trade-closed':
      return validateTrade(change.trade)
    case 'account-opened':
    case 'balance-adjusted':
    case 'decision-recorded':
    case 'memory-stored':
      return
  }
}

function validateReservation(reservation: Reservation): void {
  const { reservationId, amount, consumed, state } = reservation
  if (!amount.isPositive() || !consumed.isZero()) {
    throw new Refusal('reservation_amounts', `${reservationId}: a new one holds a positive amount`)
  }
  if (state !== 'held' || reservation.endedAt !== null) {
    throw new Refusal('reservation_held', `${reservationId}: a new one is held`)
  }
}

function validateStep(step: ReservationStep, sign: 'positive' | 'zero or more'): void {
  const wrong = sign === 'positive' ? !step.amount.isPositive() : step.amount.isNegative()
  if (!wrong) return
  throw new Refusal(
    'reservation_amounts',
    `${step.reservationId}: the amount ${step.amount.toString()} must be ${sign}`,
  )
}

function validateOrder(order: Order): void {
  const prices = [order.price, order.stopPrice]
  const wrong =
    !order.quantity.isPositive() ||
    order.filledQuantity.isNegative() ||
    order.quoteFilled.isNegative() ||
    order.attempt < 1 ||
    prices.some((price) => price !== null && !price.isPositive())
  if (wrong) throw new Refusal('order_amounts', `${order.clientOrderId}: an amount is out of range`)
  const needsReservation = order.leg === 'entry' || order.leg === 'exit'
  if (needsReservation && order.reservationId === null) {
    throw new Refusal('order_reservation_required', `${order.clientOrderId} is an ${order.leg}`)
  }
}

function validateFill(fill: Fill): void {
  if (fill.price.isPositive() && fill.quantity.isPositive()) return
  throw new Refusal('fill_amounts', `${fill.tradeId}: price and quantity must be positive`)
}

function validatePosition(position: Position): void {
  if (position.version >= 1) return
  throw new Refusal('position_version', `${position.symbol}: versions begin with 1`)
}

function validateTrade({ openingTradeId, quantity, openedAt, closedAt }: ClosedTrade): void {
  if (quantity.isPositive() && closedAt >= openedAt) return
  const detail = `${openingTradeId}: it sells a positive quantity and ends after it began`
  throw new Refusal('trade_amounts', detail)
}

function versionRefusal(order: Order): Refusal {
  return new Refusal('order_version', `${order.clientOrderId}: version ${order.version}`)
}
