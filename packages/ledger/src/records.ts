// What the ledger holds, as values. Money, prices and quantities are exact decimals; every `...At`
// is an epoch time in milliseconds of the market's clock.
import type {
  AgentName,
  OrderLeg,
  OrderState,
  OrderType,
  ProtectionState,
  Side,
  TimeInForce,
} from '@flotilla/contracts'
import type { Decimal } from '@flotilla/money'

/** A value that survives JSON; decimals inside it are written as strings. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json }

export type Account = {
  readonly account: string
  readonly venue: string
  readonly mode: 'paper' | 'live'
  /** The currency in which the account is valued, the quote asset of its symbols. */
  readonly currency: string
  readonly openedAt: number
}

/** Available is `total - reserved`; `reserved` is always the sum of what is left of held reservations. */
export type Balance = {
  readonly account: string
  readonly asset: string
  readonly total: Decimal
  readonly reserved: Decimal
  /** Grows by one with every unit that moved it. */
  readonly version: number
}

export type ReservationState = 'held' | 'settled' | 'released'

/** Money (entry) or inventory (exit) set aside for one approved intent. */
export type Reservation = {
  readonly reservationId: string
  readonly account: string
  readonly intentId: string
  readonly asset: string
  readonly amount: Decimal
  /** The part that fills have used up; `amount - consumed` is still reserved while it is held. */
  readonly consumed: Decimal
  readonly state: ReservationState
  readonly createdAt: number
  readonly endedAt: number | null
  readonly endReason: string | null
}

/** The whole answer to one intent: all checks in the order in which they ran, and the sizing. */
export type Decision = {
  readonly decisionId: string
  readonly intentId: string
  readonly account: string
  readonly symbol: string
  readonly side: Side
  readonly verdict: 'approved' | 'denied'
  readonly checks: readonly Json[]
  readonly reasons: readonly Json[]
  readonly sizing: Json
  readonly reservationId: string | null
  readonly correlationId: string
  readonly decidedAt: number
}

/** The same with its long parts as the text of JSON, each without a line break. */
export type WrittenDecision = Omit<Decision, 'checks' | 'reasons' | 'sizing'> & {
  readonly written: { readonly checks: string; readonly reasons: string; readonly sizing: string }
}

/** An order that we have named. Entry and exit orders rest on a reservation, which must exist. */
export type Order = {
  readonly clientOrderId: string
  readonly account: string
  readonly venue: string
  readonly symbol: string
  readonly intentId: string
  readonly reservationId: string | null
  readonly leg: OrderLeg
  /** 1, 2, ...: unique together with account, intent and leg. */
  readonly attempt: number
  readonly side: Side
  readonly type: OrderType
  readonly quantity: Decimal
  readonly price: Decimal | null
  readonly stopPrice: Decimal | null
  readonly timeInForce: TimeInForce | null
  readonly state: OrderState
  readonly venueOrderId: string | null
  /** Our name of the OCO list that the order is a leg of. */
  readonly listId: string | null
  readonly filledQuantity: Decimal
  readonly quoteFilled: Decimal
  readonly createdAt: number
  readonly submittedAt: number | null
  readonly updatedAt: number
  /** 1 when created; each change carries the stored version plus one. */
  readonly version: number
  readonly reason: string | null
  readonly correlationId: string
  /** What execution wants to remember with the order (intent, stop, take-profit ...). */
  readonly details: Json
}

/** One execution of a part of an order: unique by account, venue, symbol and trade id. */
export type Fill = {
  readonly account: string
  readonly venue: string
  readonly symbol: string
  readonly tradeId: string
  readonly clientOrderId: string
  readonly side: Side
  readonly price: Decimal
  readonly quantity: Decimal
  readonly fee: Decimal
  readonly feeAsset: string
  readonly filledAt: number
}

export type Protection = {
  readonly state: ProtectionState
  readonly stop: Decimal | null
  readonly takeProfit: Decimal | null
  /** The quantity that the live exit orders cover. */
  readonly quantity: Decimal
  readonly listId: string | null
  readonly since: number
  readonly reason: string | null
}

/** Net quantity of a symbol, the sum of its fills net of fees paid in the base asset. */
export type Position = {
  readonly account: string
  readonly venue: string
  readonly symbol: string
  readonly quantity: Decimal
  /** What the held quantity cost in quote currency, fees in quote included. */
  readonly costBasis: Decimal
  /** Null when flat. */
  readonly averageEntryPrice: Decimal | null
  readonly realisedProfit: Decimal
  readonly protection: Protection | null
  readonly openedAt: number | null
  readonly updatedAt: number
  /** 1 when first recorded; each change carries the stored version plus one. */
  readonly version: number
}

/**
 * A position from flat to flat, or dust, again: unique by account, venue, symbol and the trade id of the
 * fill that opened it. Amounts are in quote currency; the formulas are those of `@flotilla/journal`.
 */
export type ClosedTrade = {
  readonly account: string
  readonly venue: string
  readonly symbol: string
  readonly openingTradeId: string
  /** Of its entry. */
  readonly side: Side
  /** Of its entry; null when nobody said. */
  readonly strategy: string | null
  readonly intentIds: readonly string[]
  /** Of the order that opened it. */
  readonly correlationId: string
  readonly openedAt: number
  readonly closedAt: number
  /** What was sold. */
  readonly quantity: Decimal
  /** Null when nothing was bought in it: what an earlier trade left was sold. */
  readonly averageEntryPrice: Decimal | null
  readonly averageExitPrice: Decimal
  /** The stop that was placed first. */
  readonly stop: Decimal | null
  /** Fees in quote, and in base at the price of their fill. */
  readonly fees: Decimal
  /** Fees in other assets, as text by asset; not valued. */
  readonly otherFees: Readonly<Record<string, string>>
  readonly grossProfit: Decimal
  readonly netProfit: Decimal
  /** Net profit by what was risked at first; a statistic. */
  readonly rMultiple: number | null
  /** Positive is worse for us, in quote currency and in per cent of what was expected. */
  readonly entrySlippage: Decimal | null
  readonly entrySlippagePercent: number | null
  readonly exitSlippage: Decimal | null
  readonly exitSlippagePercent: number | null
  /** The same against the market price that risk decided with. */
  readonly entrySlippageDecided: Decimal | null
  readonly entrySlippageDecidedPercent: number | null
  readonly exitSlippageDecided: Decimal | null
  readonly exitSlippageDecidedPercent: number | null
  /** Of the newest sale, `stop-loss`. */
  readonly exitReason: string
  /** What was sold for which reason, as text by reason. */
  readonly exits: Readonly<Record<string, string>>
  /** Dust that is still held. */
  readonly remaining: Decimal
}

/** A value that an agent remembers under a key: strategy state, cursors, trading state. */
export type MemoryEntry = {
  readonly agent: AgentName
  readonly key: string
  readonly value: Json
}
