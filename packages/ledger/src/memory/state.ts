// What the memory ledger holds, and how one unit is applied to it: all of it, or undone.
import type { AnyMessage } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import { nextOrder, nextPosition, type ReservationChange, stepReservation } from '../plan.ts'
import type { LedgerChange, Unit } from '../port.ts'
import type {
  Account,
  Balance,
  ClosedTrade,
  Decision,
  Fill,
  Json,
  Order,
  Position,
  Reservation,
  WrittenDecision,
} from '../records.ts'
import { Refusal } from '../refusal.ts'
import { validateChange } from '../validate.ts'
import { readDecision } from '../written-decision.ts'

export type OutboxRow = {
  readonly sequence: number
  readonly consumer: string
  readonly message: AnyMessage
  readonly saidAt: number
  readonly published: boolean
}

export const keyOf = (...parts: readonly string[]): string => parts.join(' ')

export class MemoryState {
  readonly accounts = new Map<string, Account>()
  readonly balances = new Map<string, Balance>()
  readonly reservations = new Map<string, Reservation>()
  /** By account and intent. */
  readonly decisions = new Map<string, Decision | WrittenDecision>()
  readonly orders = new Map<string, Order>()
  readonly fills = new Map<string, Fill>()
  readonly positions = new Map<string, Position>()
  readonly trades = new Map<string, ClosedTrade>()
  readonly memory = new Map<string, Json>()
  readonly inbox = new Set<string>()
  readonly outbox = new Map<string, OutboxRow>()
  /** Second keys: reservation by intent, order by attempt. */
  readonly #intents = new Map<string, string>()
  readonly #undo: (() => void)[] = []
  readonly #touched = new Set<string>()
  readonly #now: () => number
  #sequence = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** @throws Refusal with the state as it was. */
  apply(unit: Unit): void {
    try {
      for (const change of unit.changes) {
        validateChange(change)
        this.#apply(change)
      }
      this.#checkBalances()
      for (const message of unit.outgoing) this.#say(unit.consumer, message)
      if (unit.causeId !== null) this.inbox.add(keyOf(unit.consumer, unit.causeId))
    } catch (error) {
      for (const step of this.#undo.toReversed()) step()
      throw error
    } finally {
      this.#undo.length = 0
      this.#touched.clear()
    }
  }

  reservationOfIntent(account: string, intentId: string): Reservation | null {
    const id = this.#intents.get(keyOf('reservation', account, intentId))
    return id === undefined ? null : (this.reservations.get(id) ?? null)
  }

  decisionOfIntent(account: string, intentId: string): Decision | null {
    const found = this.decisions.get(keyOf(account, intentId))
    return found === undefined ? null : readDecision(found)
  }

  markPublished(messageId: string): void {
    const row = this.outbox.get(messageId)
    if (row !== undefined) this.outbox.set(messageId, { ...row, published: true })
  }

  // oxlint-disable-next-line complexity -- one line for each kind of change is the simplest form
  #apply(change: LedgerChange): void {
    switch (change.kind) {
      case 'account-opened':
        this.#new('account_unique', this.accounts, change.account.account)
        return this.#put(this.accounts, change.account.account, change.account)
      case 'balance-adjusted':
        return this.#move(change.account, change.asset, { total: change.totalDelta })
      case 'reservation-held':
        return this.#hold(change.reservation)
      case 'reservation-settled':
      case 'reservation-shrunk':
      case 'reservation-ended':
        return this.#step(change)
      case 'decision-recorded':
        return this.#decide(change.decision)
      case 'order-created':
        return this.#createOrder(change.order)
      case 'order-changed': {
        const stored = this.orders.get(change.order.clientOrderId)
        if (stored === undefined) {
          throw new Refusal('order_version', `${change.order.clientOrderId} is not there`)
        }
        return this.#put(this.orders, stored.clientOrderId, nextOrder(stored, change.order))
      }
      case 'fill-recorded':
        return this.#fill(change.fill)
      case 'position-changed':
        return this.#changePosition(change.position)
      case 'trade-closed':
        return this.#closeTrade(change.trade)
      case 'memory-stored':
        return this.#put(this.memory, keyOf(change.agent, change.key), change.value)
    }
  }

  #hold(reservation: Reservation): void {
    const { reservationId, account, asset, amount, intentId } = reservation
    this.#move(account, asset, { reserved: amount })
    this.#new('reservation_unique', this.reservations, reservationId)
    const intent = keyOf('reservation', account, intentId)
    this.#new('reservation_one_per_intent', this.#intents, intent)
    this.#put(this.reservations, reservationId, reservation)
    this.#put(this.#intents, intent, reservationId)
  }

  #step(change: ReservationChange): void {
    const stored = this.reservations.get(change.reservationId)
    if (stored === undefined) {
      throw new Refusal('reservation_held', `${change.reservationId} is not there`)
    }
    this.#put(this.reservations, change.reservationId, stepReservation(stored, change))
    this.#move(change.account, change.asset, { reserved: change.amount.negated() })
  }

  #decide(decision: Decision | WrittenDecision): void {
    const key = keyOf(decision.account, decision.intentId)
    this.#new('decision_one_per_intent', this.decisions, key)
    this.#put(this.decisions, key, decision)
  }

  #createOrder(order: Order): void {
    const { clientOrderId, account, intentId, leg, attempt, reservationId } = order
    this.#new('order_unique', this.orders, clientOrderId)
    const key = keyOf('order', account, intentId, leg, String(attempt))
    this.#new('order_attempt_unique', this.#intents, key)
    if (reservationId !== null && !this.reservations.has(reservationId)) {
      throw new Refusal('order_reservation_exists', `${clientOrderId}: no ${reservationId}`)
    }
    this.#put(this.orders, clientOrderId, order)
    this.#put(this.#intents, key, clientOrderId)
  }

  #fill(fill: Fill): void {
    const key = keyOf(fill.account, fill.venue, fill.symbol, fill.tradeId)
    this.#new('fill_unique', this.fills, key)
    if (!this.orders.has(fill.clientOrderId)) {
      throw new Refusal('fill_order_exists', `${fill.tradeId}: no order ${fill.clientOrderId}`)
    }
    this.#put(this.fills, key, fill)
  }

  #changePosition(position: Position): void {
    const key = keyOf(position.account, position.venue, position.symbol)
    const stored = this.positions.get(key)
    if (stored === undefined && position.version !== 1) {
      throw new Refusal('position_version', `${position.symbol} is not there`)
    }
    this.#put(this.positions, key, stored === undefined ? position : nextPosition(stored, position))
  }

  #closeTrade(trade: ClosedTrade): void {
    const { account, venue, symbol, openingTradeId } = trade
    const key = keyOf(account, venue, symbol, openingTradeId)
    this.#new('trade_unique', this.trades, key)
    this.#put(this.trades, key, trade)
  }

  #move(account: string, asset: string, delta: { total?: Decimal; reserved?: Decimal }): void {
    if (!this.accounts.has(account)) throw new Refusal('account_exists', `no account ${account}`)
    const key = keyOf(account, asset)
    const stored = this.balances.get(key) ?? emptyBalance(account, asset)
    this.#put(this.balances, key, {
      ...stored,
      total: stored.total.plus(delta.total ?? Decimal.zero),
      reserved: stored.reserved.plus(delta.reserved ?? Decimal.zero),
      version: this.#touched.has(key) ? stored.version : stored.version + 1,
    })
    this.#touched.add(key)
  }

  #checkBalances(): void {
    for (const key of this.#touched) {
      const { account, asset, total, reserved } = this.balances.get(key)!
      if (!reserved.isNegative() && reserved.atMost(total)) continue
      const detail = `${account} ${asset}: total ${total.toString()}, reserved ${reserved.toString()}`
      throw new Refusal('balance_not_overcommitted', detail)
    }
  }

  #say(consumer: string, message: AnyMessage): void {
    this.#new('outbox_message_unique', this.outbox, message.messageId)
    this.#sequence += 1
    const row = {
      sequence: this.#sequence,
      consumer,
      message,
      saidAt: this.#now(),
      published: false,
    }
    this.#put(this.outbox, message.messageId, row)
  }

  #new(constraint: Refusal['constraint'], rows: ReadonlyMap<string, unknown>, key: string): void {
    if (rows.has(key)) throw new Refusal(constraint, `${key} is there already`)
  }

  #put<T>(rows: Map<string, T>, key: string, row: T): void {
    const before = rows.get(key)
    this.#undo.push(() => {
      if (before === undefined) rows.delete(key)
      else rows.set(key, before)
    })
    rows.set(key, row)
  }
}

function emptyBalance(account: string, asset: string): Balance {
  return { account, asset, total: Decimal.zero, reserved: Decimal.zero, version: 0 }
}
