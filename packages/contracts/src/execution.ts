// What became of orders and positions. Every fill travels in exactly one message.
import { z } from 'zod'
import { defineMessage, type PayloadOf } from './message.ts'
import { ClientOrderId, OrderLeg, OrderType, TimeInForce } from './order.ts'
import {
  AccountName,
  AmountText,
  Asset,
  DecimalText,
  Instant,
  MarketSymbol,
  PriceText,
  QuantityText,
  Side,
  Uuid,
  VenueName,
} from './primitives.ts'

/** The order as it stands after the fact. */
const order = {
  account: AccountName,
  venue: VenueName,
  symbol: MarketSymbol,
  clientOrderId: ClientOrderId,
  venueOrderId: z.string().min(1).nullable(),
  /** The intent it serves; for protection and flattening the entry's intent. */
  intentId: Uuid,
  /** The reservation it spends; null for protection and flattening. */
  reservationId: Uuid.nullable(),
  leg: OrderLeg,
  side: Side,
  orderType: OrderType,
  timeInForce: TimeInForce.nullable(),
  quantity: QuantityText,
  price: PriceText.nullable(),
  stopPrice: PriceText.nullable(),
  /** Filled so far, in base units before fees, and its value in quote currency. */
  filledQuantity: QuantityText,
  filledQuote: AmountText,
  /**
   * True when no further order will be sent for the reservation: what is left of it is free. Only
   * messages that end an order can say so.
   */
  endsReservation: z.boolean(),
}

const ended = {
  ...order,
  /** A stable code: the venue's own, or `intent_expired`, `not_placed`, `reservation_ended`. */
  code: z.string().min(1).max(64),
  /** One sentence for people. */
  reason: z.string().max(500),
}

/** One execution of part of an order. */
export const Fill = z
  .strictObject({
    /** Unique per venue and symbol. */
    tradeId: z.string().min(1).max(64),
    price: PriceText,
    /** In base units, before fees. */
    quantity: QuantityText,
    fee: AmountText,
    feeAsset: Asset,
    filledAt: Instant,
  })
  .meta({ id: 'Fill' })
export type Fill = z.infer<typeof Fill>

export const OrderSubmitted = defineMessage('execution.order.submitted.v1', {
  summary: 'An order was named and stored, and is about to be sent.',
  payload: z.strictObject(order),
})
export const OrderAccepted = defineMessage('execution.order.accepted.v1', {
  summary: 'The venue has the order.',
  payload: z.strictObject(order),
})
export const OrderRejected = defineMessage('execution.order.rejected.v1', {
  summary: 'The venue refused the order.',
  payload: z.strictObject(ended),
})
export const OrderPartiallyFilled = defineMessage('execution.order.partially-filled.v1', {
  summary: 'A part of the order was executed.',
  payload: z.strictObject({ ...order, fill: Fill }),
})
export const OrderFilled = defineMessage('execution.order.filled.v1', {
  summary: 'The last part of the order was executed.',
  payload: z.strictObject({ ...order, fill: Fill }),
})
export const OrderCanceled = defineMessage('execution.order.canceled.v1', {
  summary: 'The order ended on request.',
  payload: z.strictObject(ended),
})
export const OrderExpired = defineMessage('execution.order.expired.v1', {
  summary: 'The order ended by its time in force, or was never sent.',
  payload: z.strictObject(ended),
})
export const OrderUnknown = defineMessage('execution.order.unknown.v1', {
  summary: 'The order was sent and its outcome is not known; the venue is being asked.',
  payload: z.strictObject({ ...order, reason: z.string().max(500) }),
})

export type OrderFacts = PayloadOf<typeof OrderSubmitted>
export type OrderEnded = PayloadOf<typeof OrderCanceled>
export type OrderFillFact = PayloadOf<typeof OrderFilled>

/**
 * - `none`: flat, nothing to protect
 * - `dust`: too little to be traded, named so that nobody waits for it
 * - `unprotected`: held, and its protection is not placed yet: a state with a deadline
 * - `protected`: a stop rests at the venue, or execution watches the price in its place: see the mode
 * - `closing`: an exit is on its way
 */
export const ProtectionState = z
  .enum(['none', 'dust', 'unprotected', 'protected', 'closing'])
  .meta({ id: 'ProtectionState' })
export type ProtectionState = z.infer<typeof ProtectionState>

/**
 * How much of a protection the venue carries out by itself.
 * - `pair`: stop and take-profit rest together and cancel each other
 * - `stop`: a stop rests; execution watches the take-profit
 * - `stop-limit`: the same with a stop that has a limit; execution also watches for a gap through it
 * - `supervised`: nothing rests; execution watches both prices
 */
export const ProtectionMode = z
  .enum(['pair', 'stop', 'stop-limit', 'supervised'])
  .meta({ id: 'ProtectionMode' })
export type ProtectionMode = z.infer<typeof ProtectionMode>

export const PositionChanged = defineMessage('execution.position.changed.v1', {
  summary: 'What is held of a symbol, and how it is protected.',
  payload: z.strictObject({
    account: AccountName,
    venue: VenueName,
    symbol: MarketSymbol,
    /** Grows by one with every change of the position. */
    version: z.int().min(0),
    /** Base units net of fees paid in base. */
    quantity: QuantityText,
    /** Average price paid per unit held, fees included; null when flat. */
    averageEntryPrice: PriceText.nullable(),
    /** Since the account was opened, in quote currency, after fees. */
    realisedProfit: DecimalText,
    protection: z.strictObject({
      state: ProtectionState,
      stopPrice: PriceText.nullable(),
      takeProfitPrice: PriceText.nullable(),
      /** The quantity that the resting orders cover, or that is watched over. */
      quantity: QuantityText,
      mode: ProtectionMode.optional(),
      /** Which leg failed and why, or what closes the position; null when all is well. */
      reason: z.string().max(500).nullable().optional(),
    }),
  }),
})
export type PositionChanged = PayloadOf<typeof PositionChanged>

export const ProtectionFailed = defineMessage('execution.protection.failed.v1', {
  summary: 'Protection could not be placed; says which leg, why, and what is done about it.',
  payload: z.strictObject({
    account: AccountName,
    venue: VenueName,
    symbol: MarketSymbol,
    quantity: QuantityText,
    leg: OrderLeg,
    attempts: z.int().min(1),
    code: z.string().min(1).max(64),
    reason: z.string().max(500),
    action: z.enum(['retrying', 'flattening', 'alerting']),
  }),
})
export type ProtectionFailed = PayloadOf<typeof ProtectionFailed>

/** Why execution stops entries by itself, where, and what ends it; docs/ENTRY-STOPS.md is drawn from here. */
export const entryStopGuide = {
  protection_failed: {
    of: 'symbol',
    meaning: 'A position could not be protected: it was closed, or is being closed.',
    end: 'An operator resumes.',
  },
  overfill: {
    of: 'symbol',
    meaning: 'The venue told of a fill beyond its order. It is named and not counted.',
    end: 'An operator resumes, after a look at the fills of both sides.',
  },
  own_fault: {
    of: 'symbol',
    meaning: 'Execution broke a rule of its own. What is held goes on being protected.',
    end: 'An operator resumes; the log has the fault.',
  },
  market_closed: {
    of: 'symbol',
    meaning: 'The venue does not trade the symbol, or takes only cancels of it.',
    end: 'The venue trades it again.',
  },
  balance_drift: {
    of: 'asset',
    meaning: 'The venue holds less, or more, of an asset than orders and transfers explain.',
    end: 'The difference is explained, or an operator resumes, which takes what is there for right.',
  },
  venue_silent: {
    of: 'all',
    meaning: 'The venue gives no sign of life (`execution.silenceMs`).',
    end: 'It answers again.',
  },
  ledger_silent: {
    of: 'all',
    meaning: 'The ledger gives no sign of life (`execution.silenceMs`).',
    end: 'It answers again.',
  },
  bus_silent: {
    of: 'all',
    meaning: 'The bus is not connected (`execution.silenceMs`). It is told when it is back.',
    end: 'It is connected again.',
  },
  agent_silent: {
    of: 'all',
    meaning: 'The risk manager or data-collection sends no heartbeats (`execution.silenceMs`).',
    end: 'They are heard again.',
  },
  messages_late: {
    of: 'all',
    meaning: 'Prices that arrive are too old (`execution.lateMs`), for too long.',
    end: 'A fresh one arrives.',
  },
  clock_skew: {
    of: 'all',
    meaning: "Our clock and the venue's differ too much (`execution.skewStopMs`).",
    end: 'They agree again; set the clock of the machine.',
  },
  keys_refused: {
    of: 'all',
    meaning: 'The venue refuses the API key. Exits wait for it too.',
    end: 'It takes one: other keys in the settings, or an operator has the same tried.',
  },
} as const

const entryStopCauses = Object.keys(entryStopGuide) as (keyof typeof entryStopGuide)[]
export const EntryStopCause = z.enum(entryStopCauses).meta({ id: 'EntryStopCause' })
export type EntryStopCause = z.infer<typeof EntryStopCause>

export const EntriesChanged = defineMessage('execution.entries.changed.v1', {
  summary: 'Execution stopped entries by itself, or sends them again; exits and protection go on.',
  payload: z.strictObject({
    account: AccountName,
    /** Null when not one symbol is meant but an asset, or all symbols. */
    symbol: MarketSymbol.nullable(),
    /** Every symbol of this asset is meant; null otherwise. */
    asset: Asset.nullable(),
    allowed: z.boolean(),
    cause: EntryStopCause,
    reason: z.string().max(500),
  }),
})
export type EntriesChanged = PayloadOf<typeof EntriesChanged>
