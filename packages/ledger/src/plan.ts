// Folds the changes of many units into a plan: at most one row per thing that is touched, so that
// the database applies a whole batch in a few statements. The fold knows only what the batch itself
// says; what it assumes of the stored rows (their version, what a reservation has left) travels in
// the plan and is checked there. A batch that means something else than its units one after another
// (say, an order that comes before its reservation) is refused and falls apart into smaller ones.
import { Decimal } from '@flotilla/money'
import type { LedgerChange, ReservationStep, Unit } from './port.ts'
import type { Order, Position, Reservation } from './records.ts'
import { Refusal } from './refusal.ts'
import { validateChange } from './validate.ts'
import {
  accountRow,
  decisionRow,
  fillRow,
  orderRow,
  positionRow,
  reservationRow,
  tradeRow,
} from './rows.ts'

export type Plan = Readonly<Record<PlanList, readonly PlanRow[]>>
export type PlanRow = Readonly<Record<string, unknown>>

export type PlanList =
  | 'inbox'
  | 'accounts'
  | 'reservations'
  | 'reservation_steps'
  | 'balances'
  | 'decisions'
  | 'order_changes'
  | 'orders'
  | 'fills'
  | 'positions'
  | 'trades'
  | 'memory'
  | 'outbox'

/** @throws Refusal when a unit contradicts itself or one before it. */
export function planOf(units: readonly Unit[]): Plan {
  const fold = new PlanFold()
  for (const unit of units) fold.add(unit)
  return fold.plan()
}

type BalanceFold = {
  account: string
  asset: string
  total: Decimal
  reserved: Decimal
  lowest_available: Decimal | null
  lowest_reserved: Decimal | null
  moves: number
}

type StepFold = {
  reservation_id: string
  account: string
  asset: string
  consumed: Decimal
  shrunk: Decimal
  ended: Decimal | null
  state: string | null
  ended_at: number | null
  end_reason: string | null
}

type Versioned<T> = { base: number; row: T }

class PlanFold {
  readonly #inbox: PlanRow[] = []
  readonly #accounts = new Map<string, PlanRow>()
  readonly #balances = new Map<string, BalanceFold>()
  readonly #reservations = new Map<string, Reservation>()
  readonly #steps = new Map<string, StepFold>()
  readonly #decisions: PlanRow[] = []
  readonly #orders = new Map<string, Versioned<Order>>()
  readonly #fills: PlanRow[] = []
  readonly #positions = new Map<string, Versioned<Position>>()
  readonly #trades: PlanRow[] = []
  readonly #memory = new Map<string, PlanRow>()
  readonly #outbox: PlanRow[] = []
  /** What earlier changes took for stored already: it must not turn up as new later. */
  readonly #assumed = new Set<string>()
  readonly #touched = new Set<BalanceFold>()

  add(unit: Unit): void {
    if (unit.causeId !== null) {
      this.#inbox.push({ consumer: unit.consumer, message_id: unit.causeId })
    }
    for (const change of unit.changes) this.#fold(change)
    for (const message of unit.outgoing) {
      this.#outbox.push({
        message_id: message.messageId,
        consumer: unit.consumer,
        message: JSON.stringify(message),
      })
    }
    for (const balance of this.#touched) {
      balance.moves += 1
      balance.lowest_available = lower(
        balance.lowest_available,
        balance.total.minus(balance.reserved),
      )
      balance.lowest_reserved = lower(balance.lowest_reserved, balance.reserved)
    }
    this.#touched.clear()
  }

  plan(): Plan {
    const orders = [...this.#orders.values()]
    return {
      inbox: this.#inbox,
      accounts: [...this.#accounts.values()],
      reservations: [...this.#reservations.values()].map(reservationRow),
      reservation_steps: [...this.#steps.values()],
      balances: [...this.#balances.values()],
      decisions: this.#decisions,
      order_changes: orders.filter(({ base }) => base > 0).map(versionedOrder),
      orders: orders.filter(({ base }) => base === 0).map(({ row }) => orderRow(row)),
      fills: this.#fills,
      positions: [...this.#positions.values()].map(({ base, row }) => ({
        ...positionRow(row),
        base_version: base,
      })),
      trades: this.#trades,
      memory: [...this.#memory.values()],
      outbox: this.#outbox,
    }
  }

  // oxlint-disable-next-line complexity -- one line for each kind of change is the simplest form
  #fold(change: LedgerChange): void {
    validateChange(change)
    switch (change.kind) {
      case 'account-opened':
        this.#mustBeNew('account', change.account.account, this.#accounts)
        this.#accounts.set(change.account.account, accountRow(change.account))
        return
      case 'balance-adjusted':
        return this.#move(change.account, change.asset, { total: change.totalDelta })
      case 'reservation-held':
        return this.#hold(change.reservation)
      case 'reservation-settled':
      case 'reservation-shrunk':
      case 'reservation-ended':
        return this.#step(change)
      case 'decision-recorded':
        this.#decisions.push(decisionRow(change.decision))
        return
      case 'order-created':
        this.#mustBeNew('order', change.order.clientOrderId, this.#orders)
        this.#assume('reservation', change.order.reservationId, this.#reservations)
        this.#orders.set(change.order.clientOrderId, { base: 0, row: change.order })
        return
      case 'order-changed':
        return this.#changeOrder(change.order)
      case 'fill-recorded':
        this.#assume('order', change.fill.clientOrderId, this.#orders)
        this.#fills.push(fillRow(change.fill))
        return
      case 'position-changed':
        return this.#changePosition(change.position)
      case 'trade-closed':
        this.#trades.push(tradeRow(change.trade))
        return
      case 'memory-stored': {
        const { agent, key, value } = change
        this.#memory.set(`${agent} ${key}`, { agent, key, value })
        return
      }
    }
  }

  #move(account: string, asset: string, delta: { total?: Decimal; reserved?: Decimal }): void {
    this.#assume('account', account, this.#accounts)
    const key = `${account} ${asset}`
    const balance = this.#balances.get(key) ?? emptyBalance(account, asset)
    this.#balances.set(key, balance)
    if (delta.total !== undefined) balance.total = balance.total.plus(delta.total)
    if (delta.reserved !== undefined) balance.reserved = balance.reserved.plus(delta.reserved)
    this.#touched.add(balance)
  }

  #hold(reservation: Reservation): void {
    const { reservationId, account, asset, amount } = reservation
    this.#mustBeNew('reservation', reservationId, this.#reservations)
    this.#move(account, asset, { reserved: amount })
    this.#reservations.set(reservationId, reservation)
  }

  #step(change: ReservationChange): void {
    const own = this.#reservations.get(change.reservationId)
    if (own === undefined) this.#stepStored(change)
    else this.#reservations.set(change.reservationId, stepReservation(own, change))
    this.#move(change.account, change.asset, { reserved: change.amount.negated() })
  }

  #stepStored(change: ReservationChange): void {
    const { reservationId, account, asset, amount } = change
    this.#assume('reservation', reservationId, this.#reservations)
    const step = this.#steps.get(reservationId) ?? emptyStep(change)
    if (step.ended !== null || step.account !== account || step.asset !== asset) {
      throw new Refusal('reservation_held', `${reservationId} is not held by ${account} ${asset}`)
    }
    this.#steps.set(reservationId, step)
    if (change.kind === 'reservation-settled') step.consumed = step.consumed.plus(amount)
    else if (change.kind === 'reservation-shrunk') step.shrunk = step.shrunk.plus(amount)
    else {
      step.ended = amount
      step.state = change.state
      step.ended_at = change.endedAt
      step.end_reason = change.endReason
    }
  }

  #changeOrder(order: Order): void {
    const known = this.#orders.get(order.clientOrderId)
    if (known === undefined) {
      this.#assume('order', order.clientOrderId, this.#orders)
      this.#orders.set(order.clientOrderId, { base: order.version - 1, row: order })
      return
    }
    known.row = nextOrder(known.row, order)
  }

  #changePosition(position: Position): void {
    const key = `${position.account} ${position.venue} ${position.symbol}`
    const known = this.#positions.get(key)
    if (known === undefined) {
      this.#positions.set(key, { base: position.version - 1, row: position })
      return
    }
    known.row = nextPosition(known.row, position)
  }

  #assume(kind: CreatedKind, id: string | null, created: ReadonlyMap<string, unknown>): void {
    if (id !== null && !created.has(id)) this.#assumed.add(`${kind} ${id}`)
  }

  #mustBeNew(kind: CreatedKind, id: string, created: ReadonlyMap<string, unknown>): void {
    if (!created.has(id) && !this.#assumed.has(`${kind} ${id}`)) return
    throw new Refusal(`${kind}_unique`, `${kind} ${id} is there already`)
  }
}

type CreatedKind = 'account' | 'reservation' | 'order'

export type ReservationChange = Extract<LedgerChange, ReservationStep>

/** The next state of a reservation. @throws Refusal */
export function stepReservation(stored: Reservation, change: ReservationChange): Reservation {
  const { reservationId, account, asset, amount } = change
  if (stored.state !== 'held' || stored.account !== account || stored.asset !== asset) {
    throw new Refusal('reservation_held', `${reservationId} is not held by ${account} ${asset}`)
  }
  const remaining = stored.amount.minus(stored.consumed)
  const fits =
    change.kind === 'reservation-ended' ? remaining.equals(amount) : amount.atMost(remaining)
  if (!fits) {
    const detail = `${reservationId}: ${remaining.toString()} is left, not ${amount.toString()}`
    throw new Refusal('reservation_remaining', detail)
  }
  switch (change.kind) {
    case 'reservation-settled':
      return { ...stored, consumed: stored.consumed.plus(amount) }
    case 'reservation-shrunk':
      return { ...stored, amount: stored.amount.minus(amount) }
    case 'reservation-ended':
      return {
        ...stored,
        state: change.state,
        endedAt: change.endedAt,
        endReason: change.endReason,
      }
  }
}

/** The changed order, with what never changes taken from the stored one. @throws Refusal */
export function nextOrder(stored: Order, change: Order): Order {
  const same =
    change.version === stored.version + 1 &&
    change.account === stored.account &&
    change.symbol === stored.symbol &&
    change.intentId === stored.intentId &&
    change.leg === stored.leg &&
    change.side === stored.side
  if (!same) {
    const detail = `${stored.clientOrderId} stands at version ${stored.version}`
    throw new Refusal('order_version', `${detail}; the change is version ${change.version}`)
  }
  const { venue, reservationId, attempt, type, createdAt, correlationId } = stored
  return { ...change, venue, reservationId, attempt, type, createdAt, correlationId }
}

/** @throws Refusal */
export function nextPosition(stored: Position, change: Position): Position {
  if (change.version === stored.version + 1) return change
  const detail = `${stored.symbol} stands at version ${stored.version}`
  throw new Refusal('position_version', `${detail}; the change is version ${change.version}`)
}

function versionedOrder({ base, row }: Versioned<Order>): PlanRow {
  return { ...orderRow(row), base_version: base }
}

function emptyBalance(account: string, asset: string): BalanceFold {
  return {
    account,
    asset,
    total: Decimal.zero,
    reserved: Decimal.zero,
    lowest_available: null,
    lowest_reserved: null,
    moves: 0,
  }
}

function emptyStep(change: ReservationStep): StepFold {
  return {
    reservation_id: change.reservationId,
    account: change.account,
    asset: change.asset,
    consumed: Decimal.zero,
    shrunk: Decimal.zero,
    ended: null,
    state: null,
    ended_at: null,
    end_reason: null,
  }
}

function lower(known: Decimal | null, value: Decimal): Decimal {
  return known === null || value.lessThan(known) ? value : known
}
