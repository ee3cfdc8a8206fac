// The market store of the single process: one SQLite file. Prices are text, so they come back as they went in;
// statistics cast them. Write-ahead logging lets other processes read meanwhile.
import { DatabaseSync, type StatementSync } from 'node:sqlite'

import type { Point } from '../points.ts'
import type { MarketStore } from '../port.ts'
import { QueuedMarketStore } from '../queued-market-store.ts'
import { PointsRefusedError, type StoreLogger } from '../write-queue.ts'
import { schema } from './schema.ts'
import { SqliteReader } from './sqlite-reader.ts'

export type SqliteMarketStoreOptions = {
  /** A path, or `:memory:`. */
  readonly file: string
  /** Tickers older than this, counted back from the newest of their symbol, are deleted. */
  readonly tickerRetentionMs?: number
  /** How long a write waits for another process to end its own. */
  readonly lockWaitMs?: number
  readonly logger?: StoreLogger
}

const dayMs = 86_400_000

export function openSqliteMarketStore(options: SqliteMarketStoreOptions): MarketStore {
  const database = new DatabaseSync(options.file, { timeout: options.lockWaitMs ?? 5_000 })
  database.exec(schema)
  const writer = new SqliteWriter(database, options.tickerRetentionMs ?? dayMs)
  return new QueuedMarketStore({
    reader: new SqliteReader(database),
    // The file is at hand: what was written can be read at once.
    writesAtOnce: true,
    queue: {
      send: async (batch) => writer.write(batch),
      batchMax: 5_000,
      bufferMax: 100_000,
      gatherMs: 0,
      retryMinMs: 500,
      retryMaxMs: 30_000,
      logger: options.logger,
    },
    closeStore: async () => database.close(),
  })
}

class SqliteWriter {
  readonly #database: DatabaseSync
  readonly #tickerRetentionMs: number
  readonly #insert: Readonly<Record<Point['kind'], StatementSync>>
  readonly #prune: StatementSync

  constructor(database: DatabaseSync, tickerRetentionMs: number) {
    const insert = (table: Point['kind'], columns: number): StatementSync => {
      const marks = Array.from({ length: columns }, () => '?').join(', ')
      return database.prepare(`INSERT OR REPLACE INTO ${table} VALUES (${marks})`)
    }
    this.#database = database
    this.#tickerRetentionMs = tickerRetentionMs
    this.#insert = {
      candle: insert('candle', 11),
      ticker: insert('ticker', 7),
      indicator: insert('indicator', 6),
      equity: insert('equity', 3),
    }
    this.#prune = database.prepare(
      'DELETE FROM ticker WHERE venue = ? AND symbol = ? AND observed_at < ?',
    )
  }

  write(batch: readonly Point[]): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const point of batch) this.#writePoint(point)
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw isRefusal(error) ? new PointsRefusedError(error.message, { cause: error }) : error
    }
  }

  #writePoint(point: Point): void {
    this.#insert[point.kind].run(...columnsOf(point))
    if (point.kind !== 'ticker') return
    const { venue, symbol, observedAt } = point.row
    this.#prune.run(venue, symbol, observedAt - this.#tickerRetentionMs)
  }
}

type Column = string | number | null

/** In the order of the table's columns. */
function columnsOf(point: Point): Column[] {
  switch (point.kind) {
    case 'candle': {
      const { venue, symbol, timeframe, openTime, closeTime, ...figures } = point.row
      const { open, high, low, close, baseVolume, quoteVolume } = figures
      const amounts = [open, high, low, close, baseVolume, quoteVolume].map(textOf)
      return [venue, symbol, timeframe, openTime, closeTime, ...amounts]
    }
    case 'ticker': {
      const { venue, symbol, observedAt, last, bid, ask, quoteVolume24h } = point.row
      return [venue, symbol, observedAt, ...[last, bid, ask, quoteVolume24h].map(textOf)]
    }
    case 'indicator': {
      const { venue, symbol, timeframe, name, at, value } = point.row
      return [venue, symbol, timeframe, name, at, value]
    }
    case 'equity':
      return [point.row.account, point.row.at, textOf(point.row.equity)]
  }
}

function textOf(amount: { toString(): string } | null): string | null {
  return amount === null ? null : amount.toString()
}

/** A broken constraint or a wrong type (19 and 20) stays broken; a full disk or a lock may pass. */
function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error) || !('errcode' in error)) return false
  const code = Number(error.errcode) & 0xff
  return code === 19 || code === 20
}
