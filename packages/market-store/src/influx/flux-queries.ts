// Every Flux query of the product. What comes from outside goes through the `flux` template, which quotes and
// escapes it; all else is fixed text.
import {
  flux,
  fluxDateTime,
  fluxExpression,
  type FluxParameterLike,
  type ParameterizedQuery,
} from '@influxdata/influxdb-client'

import type {
  AggregateFunction,
  AggregateRequest,
  CandleSeries,
  IndicatorSeries,
  Market,
  TimeRange,
} from '../port.ts'

type Source = {
  readonly measurement: string
  readonly tags: Readonly<Record<string, string>>
  readonly field: string
}

/** The names of the two results of the question for the last price. */
export const priceResults = { ticker: 'ticker', candle: 'candle' } as const

export class FluxQueries {
  readonly #bucket: string

  constructor(bucket: string) {
    this.#bucket = bucket
  }

  lastCandle(series: CandleSeries): ParameterizedQuery {
    const { venue, symbol, timeframe } = series
    return flux`${this.#points({ measurement: 'ohlcv', tags: { venue, symbol, timeframe }, field: 'exact' })}
  |> last()`
  }

  candles(request: CandleSeries & TimeRange): ParameterizedQuery {
    const { venue, symbol, timeframe } = request
    return this.#window(
      this.#points(
        { measurement: 'ohlcv', tags: { venue, symbol, timeframe }, field: 'exact' },
        request,
      ),
      request,
    )
  }

  /** Two answers in one: the newest ticker, and the newest candle of each timeframe. */
  lastPrice({ venue, symbol }: Market): ParameterizedQuery {
    const tags = { venue, symbol }
    return flux`${this.#points({ measurement: 'ticker', tags, field: 'exact' })}
  |> last()
  |> yield(name: ${priceResults.ticker})
${this.#points({ measurement: 'ohlcv', tags, field: 'exact' })}
  |> last()
  |> yield(name: ${priceResults.candle})`
  }

  lastIndicator(series: IndicatorSeries): ParameterizedQuery {
    const { venue, symbol, timeframe, name } = series
    return flux`${this.#points({ measurement: 'indicator', tags: { venue, symbol, timeframe, name }, field: 'value' })}
  |> last()`
  }

  indicators(request: IndicatorSeries & TimeRange): ParameterizedQuery {
    const { venue, symbol, timeframe, name } = request
    const tags = { venue, symbol, timeframe, name }
    return this.#window(
      this.#points({ measurement: 'indicator', tags, field: 'value' }, request),
      request,
    )
  }

  equity(request: { readonly account: string } & TimeRange): ParameterizedQuery {
    const tags = { account: request.account }
    return this.#window(
      this.#points({ measurement: 'equity', tags, field: 'exact' }, request),
      request,
    )
  }

  /** The answer has a value and, but for the first and the last, no time. */
  aggregate(request: AggregateRequest): ParameterizedQuery {
    const { venue, symbol, timeframe, field } = request
    return flux`${this.#points({ measurement: 'ohlcv', tags: { venue, symbol, timeframe }, field }, request)}
  |> ${aggregates[request.function]}`
  }

  /** Cheap, but it needs a valid token, organization and bucket. */
  ping(): ParameterizedQuery {
    return flux`from(bucket: ${this.#bucket})
  |> range(start: -1s)
  |> limit(n: 1)`
  }

  #points({ measurement, tags, field }: Source, range: TimeRange = {}): FluxParameterLike {
    const matches = Object.entries(tags).map(([tag, value]) =>
      flux` and r[${tag}] == ${value}`.toString(),
    )
    const query = flux`from(bucket: ${this.#bucket})
  |> range(start: ${timeOf(range.from ?? firstTime)}, stop: ${timeOf(range.to ?? lastTime)})
  |> filter(fn: (r) => r._measurement == ${measurement} and r._field == ${field}${fluxExpression(matches.join(''))})`
    return fluxExpression(query.toString())
  }

  #window(points: FluxParameterLike, { limit }: TimeRange): ParameterizedQuery {
    const newest = limit === undefined ? '' : flux`\n  |> tail(n: ${wholeNumber(limit)})`.toString()
    return flux`${points}
  |> group()
  |> sort(columns: ["_time"])${fluxExpression(newest)}`
  }
}

const aggregates: Readonly<Record<AggregateFunction, FluxParameterLike>> = {
  count: fluxExpression('count()'),
  sum: fluxExpression('sum()'),
  mean: fluxExpression('mean()'),
  min: fluxExpression('min()'),
  max: fluxExpression('max()'),
  first: fluxExpression('first()'),
  last: fluxExpression('last()'),
}

/**
 * Always an explicit end: without one Flux takes its own now, and on an accelerated market the newest candles lie
 * in the future of that.
 */
const firstTime = 0
const lastTime = Date.UTC(2200, 0, 1)

function timeOf(epochMs: number): FluxParameterLike {
  const bounded = Math.min(Math.max(Math.trunc(epochMs), firstTime), lastTime)
  return fluxDateTime(new Date(bounded).toISOString())
}

function wholeNumber(value: number): FluxParameterLike {
  return fluxExpression(String(Math.max(0, Math.trunc(value))))
}
