// The ledger of backtests and tests: the same refusals as PostgreSQL, no server, no waiting.
import { endedOrderStates } from '@flotilla/contracts'
import { monotonicMs } from '../clock.ts'
import type { ClosedTrade, Decision, Json } from '../records.ts'
import {
  type DecisionQuery,
  type Fence,
  type Ledger,
  type LedgerReads,
  LedgerUnavailableError,
  type Lease,
  type LeaseRequest,
  StaleFenceError,
  type TradeQuery,
  type Unit,
  type UnitOutcome,
} from '../port.ts'
import { Refusal } from '../refusal.ts'
import { readDecision } from '../written-decision.ts'
import { keyOf, MemoryState } from './state.ts'

type LeaseRow = LeaseRequest & { epoch: number; expiresAt: number }

export type MemoryLedgerOptions = {
  /** Milliseconds for the expiry of leases and the age of messages; real time unless a test brings its own. */
  readonly now?: () => number
}

export function createMemoryLedger(options: MemoryLedgerOptions = {}): Ledger {
  const now = options.now ?? monotonicMs
  const state = new MemoryState(now)
  const leases = new Leases(now)
  const counts = { batches: 0, units: 0 }
  let closed = false
  return {
    ...memoryReads(state),
    commit: async (units, fence) => {
      if (closed) throw new LedgerUnavailableError('it is closed')
      leases.check(fence)
      counts.batches += 1
      counts.units += units.length
      const broken = new Set<object>()
      return units.map((unit) => commitChained(state, unit, broken))
    },
    unpublished: async (consumer, limit, { atLeastMs } = { atLeastMs: 0 }) =>
      [...state.outbox.values()]
        .filter((row) => row.consumer === consumer && !row.published)
        .filter((row) => row.saidAt <= now() - atLeastMs)
        .slice(0, limit)
        .map(({ sequence, message }) => ({ sequence, message })),
    markPublished: async (messageIds) => {
      for (const id of messageIds) state.markPublished(id)
    },
    acquireLease: async (request) => leases.acquire(request),
    renewLease: async (fence, leaseMs) => leases.renew(fence, leaseMs),
    releaseLease: async (fence) => leases.release(fence),
    // A memory ledger lives as long as its test or backtest: nothing grows old in it.
    prune: async () => {},
    health: () => ({ state: closed ? 'closed' : 'connected', reason: null, ...counts, retries: 0 }),
    close: async () => {
      closed = true
    },
  }
}

function commitChained(state: MemoryState, unit: Unit, broken: Set<object>): UnitOutcome {
  const { chain } = unit
  if (chain === undefined) return commitUnit(state, unit)
  if (broken.has(chain)) return { kind: 'abandoned' }
  const outcome = commitUnit(state, unit)
  if (outcome.kind !== 'committed') broken.add(chain)
  return outcome
}

function commitUnit(state: MemoryState, unit: Unit): UnitOutcome {
  if (unit.causeId !== null && state.inbox.has(keyOf(unit.consumer, unit.causeId))) {
    return { kind: 'duplicate' }
  }
  try {
    state.apply(unit)
    return { kind: 'committed' }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { kind: 'refused', constraint: error.constraint, detail: error.message }
  }
}

function memoryReads(state: MemoryState): LedgerReads {
  return {
    ...accountReads(state),
    ...orderReads(state),
    recall: async (agent, key) => state.memory.get(keyOf(agent, key)) ?? null,
    recallAll: async (agent, prefix = '', except) =>
      [...state.memory]
        .filter(([key, value]) => key.startsWith(keyOf(agent, prefix)) && value !== null)
        .filter(([key]) => except === undefined || !key.startsWith(keyOf(agent, except)))
        .map(([key, value]) => ({ agent, key: key.slice(agent.length + 1), value }))
        .toSorted((left, right) => byText(left.key, right.key)),
    wasProcessed: async (consumer, messageId) => state.inbox.has(keyOf(consumer, messageId)),
    loadMessages: async (wanted) =>
      [...state.outbox.values()]
        .map(({ message }) => message)
        .filter((message) =>
          'correlationId' in wanted
            ? message.correlationId === wanted.correlationId
            : 'intentId' in message.payload && message.payload.intentId === wanted.intentId,
        ),
  }
}

type AccountReads = Pick<
  LedgerReads,
  | 'loadAccounts'
  | 'loadAccount'
  | 'loadBalances'
  | 'loadOpenReservations'
  | 'findReservation'
  | 'findReservationOfIntent'
  | 'findDecision'
  | 'loadDecisions'
>

function isWanted(decision: Decision, wanted: Omit<DecisionQuery, 'limit'>): boolean {
  const { since = -Infinity, before = Infinity, code } = wanted
  const { decidedAt, reasons } = decision
  const same = { symbol: decision.symbol, verdict: decision.verdict, ...wanted }
  const isSame = (['account', 'symbol', 'verdict'] as const).every((name) => {
    return decision[name] === same[name]
  })
  const isInTime = decidedAt >= since && decidedAt < before
  return isSame && isInTime && (code === undefined || hasCode(reasons, code))
}

function hasCode(reasons: readonly Json[], code: string): boolean {
  return reasons.some((reason) => codeOf(reason) === code)
}

function codeOf(reason: Json): unknown {
  return typeof reason === 'object' && reason !== null && 'code' in reason ? reason['code'] : null
}

function accountReads(state: MemoryState): AccountReads {
  return {
    loadAccounts: async () =>
      [...state.accounts.values()].toSorted((left, right) => byText(left.account, right.account)),
    loadAccount: async (account) => state.accounts.get(account) ?? null,
    loadBalances: async (account) =>
      [...state.balances.values()]
        .filter((each) => each.account === account)
        .toSorted((left, right) => byText(left.asset, right.asset)),
    loadOpenReservations: async (account) =>
      [...state.reservations.values()]
        .filter((each) => each.account === account && each.state === 'held')
        .toSorted(
          (left, right) =>
            left.createdAt - right.createdAt || byText(left.reservationId, right.reservationId),
        ),
    findReservation: async (reservationId) => state.reservations.get(reservationId) ?? null,
    findReservationOfIntent: async (account, intentId) =>
      state.reservationOfIntent(account, intentId),
    findDecision: async (account, intentId) => state.decisionOfIntent(account, intentId),
    loadDecisions: async ({ limit, ...wanted }) =>
      [...state.decisions.values()]
        .map(readDecision)
        .filter((each) => isWanted(each, wanted))
        .toSorted(
          (left, right) =>
            right.decidedAt - left.decidedAt || byText(left.decisionId, right.decisionId),
        )
        .slice(0, limit),
  }
}

type OrderReads = Omit<
  LedgerReads,
  keyof AccountReads | 'recall' | 'recallAll' | 'wasProcessed' | 'loadMessages'
>

function orderReads(state: MemoryState): OrderReads {
  return {
    loadOpenOrders: async (account) =>
      [...state.orders.values()]
        .filter((each) => each.account === account && !endedOrderStates.has(each.state))
        .toSorted(
          (left, right) =>
            left.createdAt - right.createdAt || byText(left.clientOrderId, right.clientOrderId),
        ),
    loadOrdersOfIntent: async (account, intentId) =>
      [...state.orders.values()]
        .filter((each) => each.account === account && each.intentId === intentId)
        .toSorted(
          (left, right) =>
            left.createdAt - right.createdAt || byText(left.clientOrderId, right.clientOrderId),
        ),
    loadOrders: async ({ account, limit, symbol, state: wanted }) =>
      [...state.orders.values()]
        .filter(
          (each) => each.account === account && (symbol === undefined || each.symbol === symbol),
        )
        .filter((each) => wanted === undefined || each.state === wanted)
        .toSorted(
          (left, right) =>
            right.createdAt - left.createdAt || byText(left.clientOrderId, right.clientOrderId),
        )
        .slice(0, limit),
    findOrder: async (clientOrderId) => state.orders.get(clientOrderId) ?? null,
    loadFills: async ({
      account,
      clientOrderId,
      clientOrderIds,
      symbol,
      since = 0,
      limit = Infinity,
    }) =>
      [...state.fills.values()]
        .filter((each) => each.account === account && each.filledAt >= since)
        .filter((each) => clientOrderId === undefined || each.clientOrderId === clientOrderId)
        .filter((each) => clientOrderIds?.includes(each.clientOrderId) ?? true)
        .filter((each) => symbol === undefined || each.symbol === symbol)
        .toSorted(
          (left, right) => left.filledAt - right.filledAt || byText(left.tradeId, right.tradeId),
        )
        .slice(0, limit),
    loadPositions: async (account) =>
      [...state.positions.values()]
        .filter((each) => each.account === account)
        .toSorted((left, right) => byText(left.symbol, right.symbol)),
    loadTrades: async (query) => tradesOf(state, query),
    findPosition: async (account, venue, symbol) =>
      state.positions.get(keyOf(account, venue, symbol)) ?? null,
  }
}

function tradesOf(state: MemoryState, query: TradeQuery): ClosedTrade[] {
  const { account, symbol, since = -Infinity, limit = Infinity } = query
  return [...state.trades.values()]
    .filter((each) => each.account === account && each.closedAt >= since)
    .filter((each) => symbol === undefined || each.symbol === symbol)
    .toSorted(
      (left, right) =>
        right.closedAt - left.closedAt || byText(left.openingTradeId, right.openingTradeId),
    )
    .slice(0, limit)
}

class Leases {
  readonly #now: () => number
  readonly #rows = new Map<string, LeaseRow>()

  constructor(now: () => number) {
    this.#now = now
  }

  check(fence: Fence | undefined): void {
    if (fence === undefined) return
    if (this.#rows.get(fence.role)?.epoch !== fence.epoch) throw new StaleFenceError(fence)
  }

  acquire(request: LeaseRequest): Lease | null {
    const row = this.#rows.get(request.role)
    const now = this.#now()
    if (row !== undefined && row.expiresAt > now && row.instance !== request.instance) return null
    const epoch = (row?.epoch ?? 0) + 1
    this.#rows.set(request.role, { ...request, epoch, expiresAt: now + request.leaseMs })
    return { epoch, holder: request.holder, remainingMs: request.leaseMs }
  }

  renew(fence: Fence, leaseMs: number): boolean {
    const row = this.#rows.get(fence.role)
    if (row?.epoch !== fence.epoch) return false
    row.expiresAt = this.#now() + leaseMs
    return true
  }

  release(fence: Fence): void {
    const row = this.#rows.get(fence.role)
    if (row?.epoch === fence.epoch) row.expiresAt = this.#now()
  }
}

function byText(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
