// What the desk says. Each message's id follows from the approval it goes back to and from the fact,
// so that saying it again is recognised.
import {
  createMessage,
  EntriesChanged,
  instant,
  OrderAccepted,
  OrderCanceled,
  OrderExpired,
  OrderFilled,
  OrderPartiallyFilled,
  OrderRejected,
  OrderSubmitted,
  OrderUnknown,
  PositionChanged,
  ProtectionFailed,
  type AnyMessage,
  type OrderFacts,
  type OrderType,
  type ProtectionMode,
  type TimeInForce,
} from '@flotilla/contracts'
import type { Fill, Order, Position, Protection } from '@flotilla/ledger'
import type { Decimal } from '@flotilla/money'
import type { Cause } from './desk.ts'
import { noProtection } from './position.ts'

/** The contracts allow so much text; a venue's own words may be longer. */
const REASON_LENGTH_MAX = 500
const CODE_LENGTH_MAX = 64

type Spoken = { readonly order: Order; readonly cause: Cause; readonly now: number }

export type Ending = {
  readonly code: string
  readonly reason: string
  /** Whether no further order will use the reservation. */
  readonly endsReservation: boolean
}

export function submitted({ order, cause, now }: Spoken): AnyMessage {
  const payload = factsOf(order, false)
  return createMessage(OrderSubmitted, { ...envelopeOf(order, cause, now), payload })
}

export function accepted({ order, cause, now }: Spoken): AnyMessage {
  const payload = factsOf(order, false)
  return createMessage(OrderAccepted, { ...envelopeOf(order, cause, now), payload })
}

export function unknown({ order, cause, now }: Spoken, reason: string): AnyMessage {
  const payload = { ...factsOf(order, false), reason: reason.slice(0, REASON_LENGTH_MAX) }
  return createMessage(OrderUnknown, { ...envelopeOf(order, cause, now), payload })
}

export function filled({ order, cause, now }: Spoken, fill: Fill, ends: boolean): AnyMessage {
  const complete = order.state === 'filled'
  const definition = complete ? OrderFilled : OrderPartiallyFilled
  return createMessage(definition, {
    ...envelopeOf(order, cause, now),
    discriminator: `${order.clientOrderId}:${fill.tradeId}`,
    payload: {
      ...factsOf(order, complete && ends),
      fill: {
        tradeId: fill.tradeId,
        price: fill.price.toString(),
        quantity: fill.quantity.toString(),
        fee: fill.fee.toString(),
        feeAsset: fill.feeAsset,
        filledAt: instant(fill.filledAt),
      },
    },
  }) as AnyMessage
}

/** The end of an order in any way but being filled. */
export function ended({ order, cause, now }: Spoken, ending: Ending): AnyMessage {
  const { clientOrderId, state } = order
  // An order that was given up can land after all, and then it ends once more.
  const discriminator = state === 'not-placed' ? `${clientOrderId}:not-placed` : clientOrderId
  return createMessage(endDefinitionOf(order), {
    ...envelopeOf(order, cause, now),
    discriminator,
    payload: {
      ...factsOf(order, ending.endsReservation),
      code: ending.code.slice(0, CODE_LENGTH_MAX),
      reason: ending.reason.slice(0, REASON_LENGTH_MAX),
    },
  }) as AnyMessage
}

function endDefinitionOf(order: Order) {
  if (order.state === 'rejected') return OrderRejected
  return order.state === 'canceled' ? OrderCanceled : OrderExpired
}

export function positionChanged(options: {
  readonly position: Position
  readonly mode: ProtectionMode
  readonly cause: Cause | null
  readonly now: number
}): AnyMessage {
  const { position, mode, cause, now } = options
  const { account, venue, symbol } = position
  const held = position.quantity.isPositive()
  return createMessage(PositionChanged, {
    source: 'execution',
    occurredAt: now,
    account,
    ...(cause === null ? {} : { cause }),
    discriminator: `${venue}:${symbol}:${position.version}`,
    payload: {
      account,
      venue,
      symbol,
      version: position.version,
      quantity: held ? position.quantity.toString() : '0',
      averageEntryPrice: held ? textOf(position.averageEntryPrice) : null,
      realisedProfit: position.realisedProfit.toString(),
      protection: protectionFacts(position.protection ?? noProtection, { held, mode }),
    },
  })
}

function protectionFacts(
  protection: Protection,
  { held, mode }: { readonly held: boolean; readonly mode: ProtectionMode },
) {
  const state = held ? protection.state : ('none' as const)
  const guarded = state !== 'none' && state !== 'dust'
  return {
    state,
    stopPrice: guarded ? textOf(protection.stop) : null,
    takeProfitPrice: guarded ? textOf(protection.takeProfit) : null,
    quantity: protection.quantity.toString(),
    ...(guarded ? { mode } : {}),
    reason: held ? (protection.reason?.slice(0, REASON_LENGTH_MAX) ?? null) : null,
  }
}

export type Failure = {
  readonly position: Position
  readonly leg: 'stop-loss' | 'take-profit' | 'flatten'
  readonly attempts: number
  readonly code: string
  readonly reason: string
  readonly action: 'retrying' | 'flattening' | 'alerting'
  /** The order or pair that failed, or what else tells this failure from one like it. */
  readonly about: string
}

export function protectionFailed(failure: Failure, cause: Cause, now: number): AnyMessage {
  const { position, leg, action, attempts, code, reason, about } = failure
  const { account, venue, symbol, quantity, version } = position
  return createMessage(ProtectionFailed, {
    source: 'execution',
    occurredAt: now,
    account,
    cause,
    discriminator: `${venue}:${symbol}:${version}:${leg}:${attempts}:${action}:${about}`,
    payload: {
      account,
      venue,
      symbol,
      quantity: quantity.isPositive() ? quantity.toString() : '0',
      leg,
      attempts,
      code: code.slice(0, CODE_LENGTH_MAX),
      reason: reason.slice(0, REASON_LENGTH_MAX),
      action,
    },
  })
}

/** Whether entries are sent, where execution itself has stopped them or lets them go on. */
export function entriesChanged(
  change: EntriesChanged,
  { now, about = '' }: { readonly now: number; readonly about?: string },
): AnyMessage {
  const { account, symbol, asset, allowed, cause, reason } = change
  return createMessage(EntriesChanged, {
    source: 'execution',
    occurredAt: now,
    account,
    discriminator: `${cause}:${symbol ?? asset ?? '*'}:${allowed}:${now}:${about}`,
    payload: { ...change, reason: reason.slice(0, REASON_LENGTH_MAX) },
  })
}

function envelopeOf(order: Order, cause: Cause, now: number) {
  return {
    source: 'execution',
    occurredAt: now,
    account: order.account,
    cause,
    discriminator: order.clientOrderId,
  } as const
}

function factsOf(order: Order, endsReservation: boolean): OrderFacts {
  return {
    account: order.account,
    venue: order.venue,
    symbol: order.symbol,
    clientOrderId: order.clientOrderId,
    venueOrderId: order.venueOrderId,
    intentId: order.intentId,
    reservationId: order.reservationId,
    leg: order.leg,
    side: order.side,
    orderType: order.type as OrderType,
    timeInForce: order.timeInForce as TimeInForce | null,
    quantity: order.quantity.toString(),
    price: textOf(order.price),
    stopPrice: textOf(order.stopPrice),
    filledQuantity: order.filledQuantity.toString(),
    filledQuote: order.quoteFilled.toString(),
    endsReservation,
  }
}

function textOf(value: Decimal | null): string | null {
  return value === null ? null : value.toString()
}
