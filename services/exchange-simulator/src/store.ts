import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type {
  Amendment,
  Changes,
  Conversion,
  Engine,
  Holding,
  Order,
  OrderList,
  PreventedMatch,
  Remembered,
  Trade,
} from './core/index.ts'

/** A signed request that changed something, in the order of arrival. */
export type AcceptedRequest = {
  readonly arrival: number
  readonly at: number
  readonly method: string
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
}

export type SimulatorMemory = Remembered & {
  readonly marketTime: number | null
  /** Real time of the last word of a run that was cut short; null after an orderly stop. */
  readonly cutAt: number | null
  readonly origin: string | null
  /** Arrival number of the last accepted request. */
  readonly arrivals: number
}

export type Write = {
  readonly marketTime: number
  /** Null is the last word before an orderly stop. */
  readonly realTime: number | null
  readonly engine: Engine
  readonly changes: Changes | null
  readonly requests: readonly AcceptedRequest[]
}

export type SimulatorStore = {
  load(): SimulatorMemory
  /** All accepted requests, in the order of their arrival. */
  requests(): readonly AcceptedRequest[]
  nameOrigin(origin: string): void
  /** One transaction; when it returns, a killed process loses nothing of it. */
  save(write: Write): void
  close(): void
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS orders (
    symbol TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (symbol, id)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS fills (
    symbol TEXT NOT NULL, id INTEGER NOT NULL, order_id INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (symbol, id, order_id)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS prevented (
    symbol TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (symbol, id)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS amendments (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS conversions (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS lists (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS holdings (asset TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS requests (arrival INTEGER PRIMARY KEY, body TEXT NOT NULL);
`

/** Null keeps everything in memory, for tests and for worlds that are thrown away. */
export function openStore(folder: string | null): SimulatorStore {
  if (folder !== null) mkdirSync(folder, { recursive: true })
  const database = new DatabaseSync(folder === null ? ':memory:' : join(folder, 'exchange.sqlite'))
  // A write-ahead log with normal syncing survives the death of the process, which is what an
  // acknowledged order must survive; only a power cut could take the last moments.
  // Locked for good, since a folder has one simulator: no lock is taken again with each write. The log
  // is put into the file after 32 MB, so that few answers wait for that.
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;')
  database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8000;')
  database.exec(TABLES)
  moveTrades(database)
  const statements = prepare(database)
  return {
    load: () => load(database),
    requests: () => bodiesOf<AcceptedRequest>(database, 'requests', 'arrival'),
    nameOrigin: (origin) => void statements.meta.run('origin', origin),
    save: (write) => {
      database.exec('BEGIN IMMEDIATE')
      try {
        saveAll(statements, write)
        database.exec('COMMIT')
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    close: () => database.close(),
  }
}

/** A folder of an earlier version has its trades where two with one id had no room. */
function moveTrades(database: DatabaseSync): void {
  const isThere = database
    .prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'trades'")
    .get()
  if (isThere === undefined) return
  database.exec(`
    BEGIN IMMEDIATE;
    INSERT OR IGNORE INTO fills
      SELECT symbol, id, json_extract(body, '$.orderId'), body FROM trades;
    DROP TABLE trades;
    COMMIT;
  `)
}

type Statements = Readonly<
  Record<
    | 'meta'
    | 'orders'
    | 'fills'
    | 'lists'
    | 'prevented'
    | 'amendments'
    | 'conversions'
    | 'holdings'
    | 'requests',
    StatementSync
  >
>

function prepare(database: DatabaseSync): Statements {
  const put = (table: string, columns: number): StatementSync =>
    database.prepare(`REPLACE INTO ${table} VALUES (${Array(columns).fill('?').join(', ')})`)
  return {
    meta: put('meta', 2),
    orders: put('orders', 3),
    fills: put('fills', 4),
    lists: put('lists', 2),
    prevented: put('prevented', 3),
    amendments: put('amendments', 2),
    conversions: put('conversions', 2),
    holdings: put('holdings', 2),
    requests: put('requests', 2),
  }
}

function saveAll(statements: Statements, write: Write): void {
  const { changes, requests } = write
  if (changes !== null) saveChanges(statements, write.engine, changes)
  for (const request of requests) statements.requests.run(request.arrival, encode(request))
  statements.meta.run('marketTime', String(write.marketTime))
  statements.meta.run('realTime', write.realTime === null ? '' : String(write.realTime))
}

function saveChanges(statements: Statements, engine: Engine, changes: Changes): void {
  for (const order of changes.orders) {
    statements.orders.run(order.symbol, order.id, encode({ ...order, trades: [] }))
  }
  for (const trade of changes.trades) {
    statements.fills.run(trade.symbol, trade.id, trade.orderId, encode(trade))
  }
  for (const match of changes.prevented) {
    statements.prevented.run(match.symbol, match.id, encode(match))
  }
  for (const amendment of changes.amendments) {
    statements.amendments.run(amendment.executionId, encode(amendment))
  }
  for (const conversion of changes.conversions) {
    statements.conversions.run(conversion.id, encode(conversion))
  }
  statements.meta.run('lastExecutionId', String(engine.lastExecutionId))
  for (const list of changes.lists) statements.lists.run(list.id, encode(list))
  for (const asset of changes.assets) {
    statements.holdings.run(asset, encode(engine.holdings.get(asset)))
  }
}

function load(database: DatabaseSync): SimulatorMemory {
  const meta = new Map(
    database
      .prepare('SELECT key, value FROM meta')
      .all()
      .map((row) => [String(row['key']), String(row['value'])]),
  )
  const holdings = database
    .prepare('SELECT asset, body FROM holdings')
    .all()
    .map((row) => [String(row['asset']), decode<Holding>(String(row['body']))] as const)
  const last = database.prepare('SELECT max(arrival) AS arrival FROM requests').get()
  const marketTime = meta.get('marketTime')
  const realTime = meta.get('realTime') ?? ''
  return {
    orders: bodiesOf<Order>(database, 'orders', 'symbol, id'),
    trades: bodiesOf<Trade>(database, 'fills', 'symbol, id, order_id'),
    prevented: bodiesOf<PreventedMatch>(database, 'prevented', 'symbol, id'),
    amendments: bodiesOf<Amendment>(database, 'amendments', 'id'),
    conversions: bodiesOf<Conversion>(database, 'conversions', 'id'),
    lastExecutionId: Number(meta.get('lastExecutionId') ?? 0),
    lists: bodiesOf<OrderList>(database, 'lists', 'id'),
    arrivals: Number(last?.['arrival'] ?? 0),
    holdings: new Map(holdings),
    marketTime: marketTime === undefined ? null : Number(marketTime),
    cutAt: realTime === '' ? null : Number(realTime),
    origin: meta.get('origin') ?? null,
  }
}

function bodiesOf<Row>(database: DatabaseSync, table: string, order: string): Row[] {
  return database
    .prepare(`SELECT body FROM ${table} ORDER BY ${order}`)
    .all()
    .map((row) => decode<Row>(String(row['body'])))
}

/** Amounts are marked by a sign that no id may contain. */
const AMOUNT_MARK = '~'

function encode(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint' ? `${AMOUNT_MARK}${part}` : part,
  )
}

function decode<Row>(body: string): Row {
  return JSON.parse(body, (_key, part: unknown) =>
    typeof part === 'string' && part.startsWith(AMOUNT_MARK) ? BigInt(part.slice(1)) : part,
  ) as Row
}
