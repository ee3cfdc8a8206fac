import {
  candleOf,
  formatUnits,
  intervalOf,
  MINUTE_MS,
  minuteOf,
  REFERENCE_SECONDS,
  refusals,
  SECOND_MS,
  zoneMinutes,
  type Bar,
  type Feed,
  type Interval,
  type ParameterReader,
  type TapeTrade,
} from '../core/index.ts'
import { limitOf, reply, withFeed, type Call, type Endpoint } from './endpoint.ts'

/** The past: candles, and prices that are means over time. */
export const historyEndpoints: readonly Endpoint[] = [
  klinesEndpoint('klines'),
  klinesEndpoint('uiKlines'),
  {
    method: 'GET',
    path: '/api/v3/avgPrice',
    weight: 2,
    security: 'none',
    parameters: ['symbol'],
    handle: (call) =>
      withFeed(call, ({ history }) => {
        const now = call.desk.now()
        return reply({ mins: 5, price: formatUnits(history.average(now)), closeTime: now })
      }),
  },
  {
    method: 'GET',
    path: '/api/v3/referencePrice',
    weight: 2,
    security: 'none',
    parameters: ['symbol'],
    handle: (call) =>
      withFeed(call, (feed) => {
        const now = call.desk.now()
        return reply({
          symbol: feed.market.rules.symbol,
          referencePrice: formatUnits(feed.history.reference(now)),
          timestamp: now,
        })
      }),
  },
  {
    method: 'GET',
    path: '/api/v3/referencePrice/calculation',
    weight: 2,
    security: 'none',
    parameters: ['symbol', 'symbolStatus'],
    handle: (call) =>
      withFeed(call, ({ market }) =>
        reply({
          symbol: market.rules.symbol,
          calculationType: 'ARITHMETIC_MEAN',
          bucketCount: REFERENCE_SECONDS,
          bucketWidthMs: SECOND_MS,
        }),
      ),
  },
]

function klinesEndpoint(name: 'klines' | 'uiKlines'): Endpoint {
  return {
    method: 'GET',
    path: `/api/v3/${name}`,
    weight: 2,
    security: 'none',
    parameters: ['symbol', 'interval', 'startTime', 'endTime', 'timeZone', 'limit'],
    handle: (call) => withFeed(call, (feed, reader) => klines(call, feed, reader)),
  }
}

type KlineRange = {
  readonly startTime: number | null
  readonly endTime: number
  readonly limit: number
  readonly now: number
}

function klines(call: Call, feed: Feed, reader: ParameterReader): ReturnType<Endpoint['handle']> {
  const name = reader.mandatoryText('interval')
  const now = call.desk.now()
  const range: KlineRange = {
    startTime: reader.moment('startTime'),
    endTime: Math.min(reader.moment('endTime') ?? now, now),
    limit: limitOf(reader, 500, 1_000),
    now,
  }
  const zone = zoneMinutes(reader.text('timeZone') ?? '0')
  if (zone === null) reader.refuse(refusals.invalidData('timeZone'))
  if (reader.refusal !== null) return reader.refusal
  const rows = klineRows(feed, { name, zone: zone ?? 0 }, range)
  return rows === null ? refusals.invalidInterval() : reply(rows)
}

export type KlineKind = {
  readonly name: string
  /** Minutes that the clocks by which candles are cut are ahead of UTC. */
  readonly zone: number
}

/** The candles that overlap a range, oldest first; null for an unknown length. */
export function klineRows(
  feed: Feed,
  { name, zone }: KlineKind,
  range: KlineRange,
): unknown[][] | null {
  const known = { ...range, endTime: Math.min(range.endTime, lastMoment(feed)) }
  if (name === '1s') return secondKlines(feed, known)
  const interval = intervalOf(name, zone)
  return interval === null ? null : minuteKlines(feed, interval, known)
}

function lastMoment(feed: Feed): number {
  const { to } = feed.history.tape
  return to === null ? Infinity : to * MINUTE_MS - 1
}

function minuteKlines(feed: Feed, interval: Interval, range: KlineRange): unknown[][] {
  const rows: unknown[][] = []
  const earliest = feed.history.tape.from
  const add = (start: number): void => {
    const next = interval.next(start)
    const bar = feed.history.bar(start, next, range.now)
    if (bar !== null) rows.push(kline(bar, start * MINUTE_MS, next * MINUTE_MS - 1))
  }
  if (range.startTime === null) {
    let start = interval.startOf(minuteOf(range.endTime))
    const stop = interval.startOf(earliest)
    for (; rows.length < range.limit && start >= stop; start = interval.previous(start)) add(start)
    return rows.reverse()
  }
  const wanted = Math.max(earliest, Math.ceil(range.startTime / MINUTE_MS))
  let start = interval.startOf(wanted)
  if (start < wanted && start * MINUTE_MS < range.startTime) start = interval.next(start)
  for (; rows.length < range.limit && start * MINUTE_MS <= range.endTime;) {
    add(start)
    start = interval.next(start)
  }
  return rows
}

function secondKlines(feed: Feed, range: KlineRange): unknown[][] {
  const last = Math.floor(range.endTime / SECOND_MS)
  const first =
    range.startTime === null
      ? last - range.limit + 1
      : Math.max(feed.history.tape.from * 60, Math.ceil(range.startTime / SECOND_MS))
  const rows: unknown[][] = []
  for (let second = first; second <= last && rows.length < range.limit; second += 1) {
    const bar = barOf(feed.history.trades(second))
    if (bar === null) continue
    rows.push(kline(bar, second * SECOND_MS, (second + 1) * SECOND_MS - 1))
  }
  return rows
}

function barOf(trades: readonly TapeTrade[]): Bar | null {
  const candle = candleOf(trades)
  if (candle === null) return null
  return { ...candle, quoteVolume: candle.turnover ?? 0n, trades: trades.length }
}

function kline(bar: Bar, openTime: number, closeTime: number): unknown[] {
  return [
    openTime,
    formatUnits(bar.open),
    formatUnits(bar.high),
    formatUnits(bar.low),
    formatUnits(bar.close),
    formatUnits(bar.volume),
    closeTime,
    formatUnits(bar.quoteVolume),
    bar.trades,
    formatUnits(bar.volume / 2n),
    formatUnits(bar.quoteVolume / 2n),
    '0',
  ]
}
