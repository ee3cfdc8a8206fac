// Rows of an annotated CSV answer, made into values of the port. An aggregate has no time; a failure in the
// middle of an answer comes as a table of its own with the columns `error` and `reference`.
import type { FluxTableMetaData, ParameterizedQuery, QueryApi } from '@influxdata/influxdb-client'

import {
  MarketStoreError,
  type CandleSeries,
  type IndicatorSeries,
  type StoredCandle,
  type StoredEquity,
  type StoredIndicator,
  type StoredTicker,
} from '../port.ts'
import { ExactText } from './exact-text.ts'

export class InfluxRow {
  readonly #values: readonly string[]
  readonly #table: FluxTableMetaData

  constructor(values: string[], table: FluxTableMetaData) {
    this.#values = values
    this.#table = table
  }

  /** Null when the table has no such column: `last()` has a time, `mean()` has none. */
  text(label: string): string | null {
    const column = this.#table.columns.find((one) => one.label === label)
    if (column === undefined) return null
    const value = this.#values[column.index]
    // An empty cell stands for the table's default.
    return value === undefined || value === '' ? column.defaultValue : value
  }

  required(label: string): string {
    const value = this.text(label)
    if (value === null || value === '') throw new MarketStoreError(`an answer lacks ${label}`)
    return value
  }

  number(label: string): number {
    const text = this.required(label)
    const value = Number(text)
    if (Number.isNaN(value)) throw new MarketStoreError(`${label} is no number: ${text}`)
    return value
  }

  /** Epoch milliseconds. */
  time(): number {
    const text = this.required('_time')
    const value = Date.parse(text)
    if (Number.isNaN(value)) throw new MarketStoreError(`_time is no time: ${text}`)
    return value
  }

  exact(length: number): ExactText {
    return new ExactText(this.required('_value'), length)
  }
}

export async function queryRows(api: QueryApi, query: ParameterizedQuery): Promise<InfluxRow[]> {
  let rows: InfluxRow[]
  try {
    rows = await api.collectRows(query, (values, table) => new InfluxRow(values, table))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new MarketStoreError(`the market store could not be read: ${reason}`, { cause: error })
  }
  for (const row of rows) {
    const reason = row.text('error')
    if (reason !== null) throw new MarketStoreError(`the market store failed a query: ${reason}`)
  }
  return rows
}

export function candleFrom(row: InfluxRow, series: CandleSeries): StoredCandle {
  const exact = row.exact(7)
  const { venue, symbol, timeframe } = series
  return {
    venue,
    symbol,
    timeframe,
    openTime: row.time(),
    closeTime: exact.integer(6),
    open: exact.decimal(0),
    high: exact.decimal(1),
    low: exact.decimal(2),
    close: exact.decimal(3),
    baseVolume: exact.decimal(4),
    quoteVolume: exact.decimalOrNull(5),
  }
}

export function tickerFrom(row: InfluxRow): Pick<StoredTicker, 'last' | 'observedAt'> {
  return { last: row.exact(4).decimal(0), observedAt: row.time() }
}

export function indicatorFrom(row: InfluxRow, series: IndicatorSeries): StoredIndicator {
  const { venue, symbol, timeframe, name } = series
  return { venue, symbol, timeframe, name, at: row.time(), value: row.number('_value') }
}

export function equityFrom(row: InfluxRow, account: string): StoredEquity {
  return { account, at: row.time(), equity: row.exact(1).decimal(0) }
}
