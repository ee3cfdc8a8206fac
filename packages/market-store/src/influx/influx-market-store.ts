// The market store of the distributed deployment: InfluxDB 2. How long points are kept is the bucket's setting.
import { HttpError, InfluxDB, type QueryApi, type WriteApi } from '@influxdata/influxdb-client'

import type {
  AggregateRequest,
  CandleSeries,
  IndicatorSeries,
  Market,
  MarketStore,
  StoredCandle,
  StoredEquity,
  StoredIndicator,
  StoredPrice,
  TimeRange,
} from '../port.ts'
import type { Point } from '../points.ts'
import { candlePrice, newestPrice, tickerPrice } from '../prices.ts'
import { QueuedMarketStore, type MarketReader } from '../queued-market-store.ts'
import { PointsRefusedError, type StoreLogger } from '../write-queue.ts'
import { FluxQueries, priceResults } from './flux-queries.ts'
import { candleFrom, equityFrom, indicatorFrom, queryRows, tickerFrom } from './influx-rows.ts'
import { lineOf } from './line-protocol.ts'

export type InfluxMarketStoreOptions = {
  readonly url: string
  readonly token: string
  readonly organization: string
  readonly bucket: string
  readonly timeoutMs?: number
  /** How long points are gathered into a batch, in real milliseconds. */
  readonly gatherMs?: number
  /** How many points an outage may pile up before the oldest are let go. */
  readonly bufferMax?: number
  readonly logger?: StoreLogger
}

const batchMax = 1_000

export function openInfluxMarketStore(options: InfluxMarketStoreOptions): MarketStore {
  const { url, token, organization, bucket } = options
  const client = new InfluxDB({ url, token, timeout: options.timeoutMs ?? 10_000 })
  const writer = client.getWriteApi(organization, bucket, 'ms', {
    // Batches, retries and their order are the queue's; here a batch goes out when it is told to.
    batchSize: batchMax + 1,
    flushInterval: 0,
    maxRetries: 0,
    writeFailed: (error) => Promise.reject(error),
  })
  return new QueuedMarketStore({
    reader: new InfluxReader(client.getQueryApi(organization), new FluxQueries(bucket)),
    writesAtOnce: false,
    queue: {
      send: (batch) => send(writer, batch),
      batchMax,
      bufferMax: options.bufferMax ?? 100_000,
      gatherMs: options.gatherMs ?? 1_000,
      retryMinMs: 1_000,
      retryMaxMs: 30_000,
      logger: options.logger,
    },
    closeStore: () => writer.close(),
  })
}

async function send(writer: WriteApi, batch: readonly Point[]): Promise<void> {
  // All or none: the lines are made before any is handed over.
  writer.writeRecords(batch.map(lineOf))
  try {
    await writer.flush()
  } catch (error) {
    throw isRefusal(error) ? new PointsRefusedError(error.message, { cause: error }) : error
  }
}

/**
 * The server says so of points: text that it cannot parse, a field of another type, a time outside the bucket's
 * retention, too much at once. A wrong token or bucket is no such refusal: it can be put right.
 */
function isRefusal(error: unknown): error is HttpError {
  if (!(error instanceof HttpError)) return false
  if (error.statusCode === 413 || error.statusCode === 422) return true
  return error.statusCode === 400 && /unable to parse|partial write/.test(error.message)
}

class InfluxReader implements MarketReader {
  readonly #api: QueryApi
  readonly #queries: FluxQueries

  constructor(api: QueryApi, queries: FluxQueries) {
    this.#api = api
    this.#queries = queries
  }

  async ping(): Promise<void> {
    await queryRows(this.#api, this.#queries.ping())
  }

  async lastCandle(series: CandleSeries): Promise<StoredCandle | null> {
    const [row] = await queryRows(this.#api, this.#queries.lastCandle(series))
    return row === undefined ? null : candleFrom(row, series)
  }

  async candles(request: CandleSeries & TimeRange): Promise<readonly StoredCandle[]> {
    const rows = await queryRows(this.#api, this.#queries.candles(request))
    return rows.map((row) => candleFrom(row, request))
  }

  async lastPrice(market: Market): Promise<StoredPrice | null> {
    const rows = await queryRows(this.#api, this.#queries.lastPrice(market))
    const prices = rows.map((row) =>
      row.required('result') === priceResults.ticker
        ? tickerPrice(tickerFrom(row))
        : candlePrice(candleFrom(row, { ...market, timeframe: row.required('timeframe') })),
    )
    return newestPrice(prices)
  }

  async lastIndicator(series: IndicatorSeries): Promise<StoredIndicator | null> {
    const [row] = await queryRows(this.#api, this.#queries.lastIndicator(series))
    return row === undefined ? null : indicatorFrom(row, series)
  }

  async indicators(request: IndicatorSeries & TimeRange): Promise<readonly StoredIndicator[]> {
    const rows = await queryRows(this.#api, this.#queries.indicators(request))
    return rows.map((row) => indicatorFrom(row, request))
  }

  async equity(
    request: { readonly account: string } & TimeRange,
  ): Promise<readonly StoredEquity[]> {
    const rows = await queryRows(this.#api, this.#queries.equity(request))
    return rows.map((row) => equityFrom(row, request.account))
  }

  async aggregate(request: AggregateRequest): Promise<number | null> {
    const [row] = await queryRows(this.#api, this.#queries.aggregate(request))
    return row === undefined ? null : row.number('_value')
  }
}
