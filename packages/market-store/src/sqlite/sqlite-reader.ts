// Questions to the SQLite file. Values are bound, never put into the text.
import type { DatabaseSync, StatementSync } from 'node:sqlite'

import { Decimal } from '@flotilla/money'

import {
  MarketStoreError,
  type AggregateFunction,
  type AggregateRequest,
  type CandleField,
  type CandleSeries,
  type IndicatorSeries,
  type Market,
  type StoredCandle,
  type StoredEquity,
  type StoredIndicator,
  type StoredPrice,
  type TimeRange,
} from '../port.ts'
import { candlePrice, newestPrice, tickerPrice } from '../prices.ts'
import type { MarketReader } from '../queued-market-store.ts'

type Row = Readonly<Record<string, unknown>>
type Binding = string | number

const series = 'venue = ? AND symbol = ? AND timeframe = ?'
const forever = Number.MAX_SAFE_INTEGER

export class SqliteReader implements MarketReader {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  async ping(): Promise<void> {
    this.#all('SELECT 1', [])
  }

  async lastCandle(request: CandleSeries): Promise<StoredCandle | null> {
    return (await this.candles({ ...request, limit: 1 }))[0] ?? null
  }

  async candles(request: CandleSeries & TimeRange): Promise<readonly StoredCandle[]> {
    const { venue, symbol, timeframe } = request
    const where = `${series} AND open_time >= ? AND open_time < ?`
    const rows = this.#newest(`SELECT * FROM candle WHERE ${where} ORDER BY open_time DESC`, {
      key: [venue, symbol, timeframe],
      range: request,
    })
    return rows.map((row) => ({ venue, symbol, timeframe, ...candleFigures(row) }))
  }

  async lastPrice({ venue, symbol }: Market): Promise<StoredPrice | null> {
    const market = [venue, symbol]
    const tickers = this.#all(
      'SELECT * FROM ticker WHERE venue = ? AND symbol = ? ORDER BY observed_at DESC LIMIT 1',
      market,
    )
    // Of each timeframe the newest only: the last row of the whole market would need a scan.
    const candles = this.#all(
      `SELECT close, close_time FROM candle JOIN (
         SELECT timeframe AS frame, MAX(open_time) AS newest FROM candle
         WHERE venue = ? AND symbol = ? GROUP BY timeframe
       ) ON timeframe = frame AND open_time = newest WHERE venue = ? AND symbol = ?`,
      [...market, ...market],
    )
    return newestPrice([
      ...tickers.map((row) =>
        tickerPrice({ last: decimalOf(row, 'last'), observedAt: integerOf(row, 'observed_at') }),
      ),
      ...candles.map((row) =>
        candlePrice({ close: decimalOf(row, 'close'), closeTime: integerOf(row, 'close_time') }),
      ),
    ])
  }

  async lastIndicator(request: IndicatorSeries): Promise<StoredIndicator | null> {
    return (await this.indicators({ ...request, limit: 1 }))[0] ?? null
  }

  async indicators(request: IndicatorSeries & TimeRange): Promise<readonly StoredIndicator[]> {
    const { venue, symbol, timeframe, name } = request
    const where = `${series} AND name = ? AND at >= ? AND at < ?`
    const rows = this.#newest(`SELECT at, value FROM indicator WHERE ${where} ORDER BY at DESC`, {
      key: [venue, symbol, timeframe, name],
      range: request,
    })
    return rows.map((row) => ({
      venue,
      symbol,
      timeframe,
      name,
      at: integerOf(row, 'at'),
      value: Number(row['value']),
    }))
  }

  async equity(
    request: { readonly account: string } & TimeRange,
  ): Promise<readonly StoredEquity[]> {
    const { account } = request
    const where = 'account = ? AND at >= ? AND at < ?'
    const rows = this.#newest(`SELECT at, equity FROM equity WHERE ${where} ORDER BY at DESC`, {
      key: [account],
      range: request,
    })
    return rows.map((row) => ({
      account,
      at: integerOf(row, 'at'),
      equity: decimalOf(row, 'equity'),
    }))
  }

  async aggregate(request: AggregateRequest): Promise<number | null> {
    const { venue, symbol, timeframe, from, to } = request
    const where = `${series} AND open_time >= ? AND open_time < ?`
    const sql = `${selectAggregate(request.function, request.field)} ${where}`
    const [row] = this.#all(sql, [venue, symbol, timeframe, from, to])
    const value = row?.['value']
    // SQL counts zero rows where there are none; the port says that there is no figure then.
    const counted = request.function !== 'count' || value !== 0
    return typeof value === 'number' && counted ? value : null
  }

  /** The newest of the range, oldest first. */
  #newest(sql: string, { key, range }: { key: readonly string[]; range: TimeRange }): Row[] {
    const limit = range.limit ?? -1
    const bindings = [...key, range.from ?? -forever, range.to ?? forever, limit]
    return this.#all(`${sql} LIMIT ?`, bindings).toReversed()
  }

  #all(sql: string, bindings: readonly Binding[]): Row[] {
    try {
      const statement = this.#statements.get(sql) ?? this.#database.prepare(sql)
      this.#statements.set(sql, statement)
      return statement.all(...bindings)
    } catch (error) {
      throw new MarketStoreError('the market store could not be read', { cause: error })
    }
  }
}

const columnByField: Readonly<Record<CandleField, string>> = {
  open: 'open',
  high: 'high',
  low: 'low',
  close: 'close',
  base_volume: 'base_volume',
  quote_volume: 'quote_volume',
}

function selectAggregate(name: AggregateFunction, field: CandleField): string {
  const value = `CAST(${columnByField[field]} AS REAL)`
  const known = `${columnByField[field]} IS NOT NULL`
  switch (name) {
    case 'first':
    case 'last': {
      // With a lone MIN or MAX, SQLite takes the other columns from the row that has it.
      const end = name === 'first' ? 'MIN(open_time)' : 'MAX(open_time)'
      return `SELECT ${value} AS value, ${end} FROM candle WHERE ${known} AND`
    }
    case 'mean':
      return `SELECT AVG(${value}) AS value FROM candle WHERE ${known} AND`
    case 'count':
    case 'sum':
    case 'min':
    case 'max':
      return `SELECT ${name}(${value}) AS value FROM candle WHERE ${known} AND`
  }
}

function candleFigures(row: Row) {
  return {
    openTime: integerOf(row, 'open_time'),
    closeTime: integerOf(row, 'close_time'),
    open: decimalOf(row, 'open'),
    high: decimalOf(row, 'high'),
    low: decimalOf(row, 'low'),
    close: decimalOf(row, 'close'),
    baseVolume: decimalOf(row, 'base_volume'),
    quoteVolume: row['quote_volume'] === null ? null : decimalOf(row, 'quote_volume'),
  }
}

function decimalOf(row: Row, column: string): Decimal {
  const value = row[column]
  if (typeof value !== 'string') throw new MarketStoreError(`column ${column} is not text`)
  return Decimal.from(value)
}

function integerOf(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new MarketStoreError(`column ${column} is not a number`)
  return value
}
