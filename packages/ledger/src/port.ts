// The ledger's port. State changes are data: an agent decides in memory and hands over units of
// work, and an implementation (PostgreSQL or memory) interprets them in one transaction together
// with the inbox row of the message that caused them and the outbox rows of what they say.
import type { AgentName, AnyMessage } from '@flotilla/contracts'
import type { Decimal } from '@flotilla/money'
import type {
  Account,
  Balance,
  ClosedTrade,
  Decision,
  Fill,
  Json,
  MemoryEntry,
  Order,
  Position,
  Reservation,
  WrittenDecision,
} from './records.ts'

export type LedgerChange =
  | { readonly kind: 'account-opened'; readonly account: Account }
  /** Moves the total only: reservations move `reserved` by themselves. */
  | {
      readonly kind: 'balance-adjusted'
      readonly account: string
      readonly asset: string
      readonly totalDelta: Decimal
    }
  /** Adds the amount to `reserved`. The reservation must be new: held, nothing consumed. */
  | { readonly kind: 'reservation-held'; readonly reservation: Reservation }
  /** A fill used `amount` of it: consumed grows, `reserved` falls (the total moves by itself). */
  | ({ readonly kind: 'reservation-settled' } & ReservationStep)
  /** The reservation becomes smaller by `amount`: a fact overtook it. */
  | ({ readonly kind: 'reservation-shrunk' } & ReservationStep)
  /** The end of its life, once: `amount` must be exactly what is left, and is released. */
  | ({
      readonly kind: 'reservation-ended'
      readonly state: 'settled' | 'released'
      readonly endedAt: number
      readonly endReason: string
    } & ReservationStep)
  | { readonly kind: 'decision-recorded'; readonly decision: Decision | WrittenDecision }
  /** Version 1, a new client order id, an existing reservation where the leg needs one. */
  | { readonly kind: 'order-created'; readonly order: Order }
  /** The whole new row; its version is the stored one plus one, its identity does not change. */
  | { readonly kind: 'order-changed'; readonly order: Order }
  | { readonly kind: 'fill-recorded'; readonly fill: Fill }
  /** The whole new row; version 1 for the first, then the stored one plus one. */
  | { readonly kind: 'position-changed'; readonly position: Position }
  /** Once for each fill that opened one. */
  | { readonly kind: 'trade-closed'; readonly trade: ClosedTrade }
  /** Null forgets the key. */
  | {
      readonly kind: 'memory-stored'
      readonly agent: AgentName
      readonly key: string
      readonly value: Json
    }

export type ReservationStep = {
  readonly reservationId: string
  readonly account: string
  readonly asset: string
  readonly amount: Decimal
}

/** What one message (or, with a null cause, one decision of our own) does: all of it or nothing. */
export type Unit = {
  readonly consumer: AgentName
  /** The id of the message that is processed; a second unit with the same one is a duplicate. */
  readonly causeId: string | null
  readonly changes: readonly LedgerChange[]
  /** Published after the commit, in this order, each at least once. */
  readonly outgoing: readonly AnyMessage[]
  /**
   * Units of one chain rest on each other, in their order: after one that is not committed none of the
   * others is, because what they say was worked out from it. Any object, compared by identity.
   */
  readonly chain?: object
}

/** `refused` names the constraint in the words of `CONSTRAINTS`; nothing of the unit was applied. */
export type UnitOutcome =
  | { readonly kind: 'committed' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'refused'; readonly constraint: Constraint; readonly detail: string }
  /** Nothing was tried: a unit before it, on which it rests, was not committed. */
  | { readonly kind: 'abandoned' }

/** The refusals, the same from both implementations; in PostgreSQL they are constraint names. */
export const CONSTRAINTS = [
  'account_unique',
  'account_exists',
  /** 0 <= reserved <= total after the unit: what would overcommit the account is refused here. */
  'balance_not_overcommitted',
  'reservation_unique',
  'reservation_one_per_intent',
  'reservation_amounts',
  'reservation_held',
  'reservation_remaining',
  'decision_one_per_intent',
  'order_unique',
  'order_attempt_unique',
  'order_reservation_exists',
  'order_reservation_required',
  'order_amounts',
  'order_version',
  'fill_unique',
  'fill_order_exists',
  'fill_amounts',
  'position_version',
  'trade_unique',
  'trade_amounts',
  'outbox_message_unique',
  /** A text that the database cannot hold (a zero character) or a number beyond its range. */
  'value_storable',
] as const
export type Constraint = (typeof CONSTRAINTS)[number]

/** Proof of leadership: a commit whose epoch is not the role's current one throws `StaleFenceError`. */
export type Fence = { readonly role: string; readonly epoch: number }

/** Another instance has taken over the role: stop at once, load anew, try to become leader again. */
export class StaleFenceError extends Error {
  readonly fence: Fence
  constructor(fence: Fence) {
    super(`the leadership of ${fence.role} in epoch ${fence.epoch} has been taken over`)
    this.name = 'StaleFenceError'
    this.fence = fence
  }
}

/** The ledger is closed or, after all retries, out of reach; nothing is known to be lost. */
export class LedgerUnavailableError extends Error {
  constructor(reason: string, options?: { cause?: unknown }) {
    super(`the ledger is unavailable: ${reason}`, options)
    this.name = 'LedgerUnavailableError'
  }
}

export type OutboxEntry = { readonly sequence: number; readonly message: AnyMessage }

export type LedgerHealth = {
  readonly state: 'connected' | 'reconnecting' | 'closed'
  /** Why it is not connected, in the words of the last error. */
  readonly reason: string | null
  /** Committed batches, units and retried attempts since the start of this process. */
  readonly batches: number
  readonly units: number
  readonly retries: number
}

export type Lease = {
  readonly epoch: number
  readonly holder: string
  readonly remainingMs: number
}

export type LeaseRequest = {
  readonly role: string
  /** Unique name of the process's life, new at each start. */
  readonly holder: string
  /** Stable name: the same instance takes its own lease over at once after a crash. */
  readonly instance: string
  readonly leaseMs: number
}

export type LedgerReads = {
  loadAccounts(): Promise<Account[]>
  loadAccount(account: string): Promise<Account | null>
  loadBalances(account: string): Promise<Balance[]>
  loadOpenReservations(account: string): Promise<Reservation[]>
  findReservation(reservationId: string): Promise<Reservation | null>
  findReservationOfIntent(account: string, intentId: string): Promise<Reservation | null>
  findDecision(account: string, intentId: string): Promise<Decision | null>
  /** Newest first. */
  loadDecisions(query: DecisionQuery): Promise<Decision[]>
  /** Orders in any state that is not final, oldest first. */
  loadOpenOrders(account: string): Promise<Order[]>
  loadOrdersOfIntent(account: string, intentId: string): Promise<Order[]>
  /** Newest first; in any state unless one is named. */
  loadOrders(query: OrderQuery): Promise<Order[]>
  findOrder(clientOrderId: string): Promise<Order | null>
  /** In the order of their time. */
  loadFills(query: FillQuery): Promise<Fill[]>
  /** Every symbol that ever had a fill, also those whose quantity is now zero. */
  loadPositions(account: string): Promise<Position[]>
  findPosition(account: string, venue: string, symbol: string): Promise<Position | null>
  /** Closed ones, newest first. */
  loadTrades(query: TradeQuery): Promise<ClosedTrade[]>
  recall(agent: AgentName, key: string): Promise<Json>
  /** All keys that begin with the prefix and not with the exception, in the order of the keys. */
  recallAll(agent: AgentName, prefix?: string, except?: string): Promise<MemoryEntry[]>
  wasProcessed(consumer: AgentName, messageId: string): Promise<boolean>
  /**
   * What was said, in the order of the commits: all that belongs together, or all that names an
   * intent. For people: it looks through the whole outbox, which forgets what is old (`prune`).
   */
  loadMessages(query: MessageQuery): Promise<AnyMessage[]>
}

export type DecisionQuery = {
  readonly account: string
  readonly limit: number
  /** From here on, included. */
  readonly since?: number
  /** Up to here, not included. */
  readonly before?: number
  readonly symbol?: string
  readonly verdict?: Decision['verdict']
  /** A reason that was among those of a denial. */
  readonly code?: string
}

export type MessageQuery = { readonly correlationId: string } | { readonly intentId: string }

export type OrderQuery = {
  readonly account: string
  readonly limit: number
  readonly symbol?: string
  readonly state?: Order['state']
}

export type FillQuery = {
  readonly account: string
  readonly clientOrderId?: string
  /** Of any of these orders; none gives none. */
  readonly clientOrderIds?: readonly string[]
  readonly symbol?: string
  readonly since?: number
  readonly limit?: number
}

export type TradeQuery = {
  readonly account: string
  readonly symbol?: string
  /** Closed from here on, included. */
  readonly since?: number
  readonly limit?: number
}

export type Ledger = LedgerReads & {
  /**
   * One transaction for all units, in their order; an outcome for each. When the batch is refused
   * its halves are tried, so that only the guilty unit is refused. Resolves after the commit is
   * durable; connection loss is survived by trying again, exactly once in effect. Throws
   * `StaleFenceError`, `LedgerUnavailableError`.
   */
  commit(units: readonly Unit[], fence?: Fence): Promise<UnitOutcome[]>
  /** Messages of one agent that nobody has marked as published, in the order of their commits. */
  unpublished(
    consumer: AgentName,
    limit: number,
    age?: { atLeastMs: number },
  ): Promise<OutboxEntry[]>
  markPublished(messageIds: readonly string[]): Promise<void>
  /** A new epoch when the role is free, expired or held by the same instance; null otherwise. */
  acquireLease(request: LeaseRequest): Promise<Lease | null>
  /** False when the epoch is no longer ours. */
  renewLease(fence: Fence, leaseMs: number): Promise<boolean>
  releaseLease(fence: Fence): Promise<void>
  /** Forgets processed message ids, published messages and stored results older than this. */
  prune(before: { ageMs: number }): Promise<void>
  health(): LedgerHealth
  close(): Promise<void>
}
