// Every question the ledger answers, as SQL.
import { endedOrderStates, type AnyMessage } from '@flotilla/contracts'
import type { FillQuery, LedgerReads, TradeQuery } from '../port.ts'
import type { Json } from '../records.ts'
import {
  type Row,
  toAccount,
  toBalance,
  toDecision,
  toFill,
  toOrder,
  toPosition,
  toReservation,
  toTrade,
} from '../rows.ts'
import type { Connections } from './connections.ts'

type Query = (text: string, values: readonly unknown[]) => Promise<Row[]>

const ENDED = [...endedOrderStates].map((state) => `'${state}'`).join(', ')

export function postgresReads(connections: Connections): LedgerReads {
  const query: Query = (text, values) =>
    connections.run(async (client) => (await client.query<Row>(text, [...values])).rows)
  return { ...accountReads(query), ...orderReads(query), ...memoryReads(query) }
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

function accountReads(query: Query): AccountReads {
  return {
    loadAccounts: async () =>
      (await query('select * from accounts order by account collate "C"', [])).map(toAccount),
    loadAccount: async (account) =>
      first(await query('select * from accounts where account = $1', [account]), toAccount),
    loadBalances: async (account) => {
      const text = 'select * from balances where account = $1 order by asset collate "C"'
      return (await query(text, [account])).map(toBalance)
    },
    loadOpenReservations: async (account) => {
      const text = `select * from reservations where account = $1 and state = 'held'
        order by created_at, reservation_id collate "C"`
      return (await query(text, [account])).map(toReservation)
    },
    findReservation: async (reservationId) => {
      const text = 'select * from reservations where reservation_id = $1'
      return first(await query(text, [reservationId]), toReservation)
    },
    findReservationOfIntent: async (account, intentId) => {
      const text = 'select * from reservations where account = $1 and intent_id = $2'
      return first(await query(text, [account, intentId]), toReservation)
    },
    findDecision: async (account, intentId) => {
      const text = 'select * from decisions where account = $1 and intent_id = $2'
      return first(await query(text, [account, intentId]), toDecision)
    },
    loadDecisions: async (wanted) => {
      const { account, limit, since = null, before = null } = wanted
      const { symbol = null, verdict = null, code = null } = wanted
      const text = `select * from decisions
        where account = $1 and ($3::float8 is null or decided_at < to_timestamp($3::float8 / 1000))
          and ($4::text is null or symbol = $4)
          and ($5::float8 is null or decided_at >= to_timestamp($5::float8 / 1000))
          and ($6::text is null or verdict = $6)
          and ($7::text is null or reasons::jsonb @> jsonb_build_array(jsonb_build_object('code', $7::text)))
        order by decided_at desc, decision_id collate "C" limit $2`
      const values = [account, limit, before, symbol, since, verdict, code]
      return (await query(text, values)).map(toDecision)
    },
  }
}

type OrderReads = Omit<LedgerReads, keyof AccountReads | keyof MemoryReads>

function orderReads(query: Query): OrderReads {
  return {
    loadOpenOrders: async (account) => {
      const text = `select * from orders where account = $1 and state not in (${ENDED})
        order by created_at, client_order_id collate "C"`
      return (await query(text, [account])).map(toOrder)
    },
    loadOrdersOfIntent: async (account, intentId) => {
      const text = `select * from orders where account = $1 and intent_id = $2
        order by created_at, client_order_id collate "C"`
      return (await query(text, [account, intentId])).map(toOrder)
    },
    loadOrders: async ({ account, limit, symbol = null, state = null }) => {
      const text = `select * from orders
        where account = $1 and ($3::text is null or symbol = $3)
          and ($4::text is null or state = $4)
        order by created_at desc, client_order_id collate "C" limit $2`
      return (await query(text, [account, limit, symbol, state])).map(toOrder)
    },
    findOrder: async (clientOrderId) => {
      const text = 'select * from orders where client_order_id = $1'
      return first(await query(text, [clientOrderId]), toOrder)
    },
    loadFills: (fills) => loadFills(query, fills),
    loadTrades: (trades) => loadTrades(query, trades),
    loadPositions: async (account) => {
      const text = 'select * from positions where account = $1 order by symbol collate "C"'
      return (await query(text, [account])).map(toPosition)
    },
    findPosition: async (account, venue, symbol) => {
      const text = 'select * from positions where account = $1 and venue = $2 and symbol = $3'
      return first(await query(text, [account, venue, symbol]), toPosition)
    },
  }
}

async function loadFills(query: Query, fills: FillQuery): ReturnType<LedgerReads['loadFills']> {
  const { account, clientOrderId = null, symbol = null, since = null, limit = null } = fills
  const orders = fills.clientOrderIds ?? null
  const text = `select * from fills
    where account = $1 and ($2::text is null or client_order_id = $2)
      and ($3::text is null or symbol = $3)
      and ($4::float8 is null or filled_at >= to_timestamp($4::float8 / 1000))
      and ($6::text[] is null or client_order_id = any($6))
    order by filled_at, trade_id collate "C" limit $5`
  const values = [account, clientOrderId, symbol, since, limit, orders]
  return (await query(text, values)).map(toFill)
}

async function loadTrades(query: Query, trades: TradeQuery): ReturnType<LedgerReads['loadTrades']> {
  const { account, symbol = null, since = null, limit = null } = trades
  const text = `select * from trades
    where account = $1 and ($2::text is null or symbol = $2)
      and ($3::float8 is null or closed_at >= to_timestamp($3::float8 / 1000))
    order by closed_at desc, opening_trade_id collate "C" limit $4`
  return (await query(text, [account, symbol, since, limit])).map(toTrade)
}

type MemoryReads = Pick<LedgerReads, 'recall' | 'recallAll' | 'wasProcessed' | 'loadMessages'>

function memoryReads(query: Query): MemoryReads {
  return {
    recall: async (agent, key) => {
      const text = 'select value from agent_memory where agent = $1 and key = $2'
      return first(await query(text, [agent, key]), (row) => row['value'] as Json)
    },
    recallAll: async (agent, prefix = '', except) => {
      const text = `select key, value from agent_memory where agent = $1 and starts_with(key, $2)
        and ($3::text is null or not starts_with(key, $3)) order by key collate "C"`
      const rows = await query(text, [agent, prefix, except ?? null])
      return rows.map((row) => ({ agent, key: String(row['key']), value: row['value'] as Json }))
    },
    wasProcessed: async (consumer, messageId) => {
      const text = 'select 1 as found from inbox where consumer = $1 and message_id = $2'
      return (await query(text, [consumer, messageId])).length > 0
    },
    loadMessages: async (wanted) => {
      const [path, value] =
        'correlationId' in wanted
          ? ['{correlationId}', wanted.correlationId]
          : ['{payload,intentId}', wanted.intentId]
      const text = 'select message from outbox where message #>> $1 = $2 order by sequence'
      return (await query(text, [path, value])).map((row) => row['message'] as AnyMessage)
    },
  }
}

function first<T>(rows: readonly Row[], convert: (row: Row) => T): T | null {
  const row = rows[0]
  return row === undefined ? null : convert(row)
}
