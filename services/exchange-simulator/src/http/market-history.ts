import {
  formatUnits,
  intervalOf,
  larger,
  MINUTE_MS,
  minuteOf,
  ONE,
  refusals,
  SECOND_MS,
  TRADE_IDS_PER_SECOND,
  type Bar,
  type Feed,
  type Interval,
  type ParameterReader,
  type Parameters,
} from '../core/index.ts'
import {
  feedsOf,
  limitOf,
  oneOrMany,
  reply,
  withFeed,
  type Call,
  type Endpoint,
} from './endpoint.ts'
import { bestQuote } from './market-books.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** The past: candles and what a window of time amounts to. */
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
    path: '/api/v3/ticker/24hr',
    weight: (parameters) => tickerWeight(parameters),
    security: 'none',
    parameters: ['symbol', 'symbols', 'type', 'symbolStatus'],
    handle: (call) => {
      const chosen = feedsOf(call)
      if ('kind' in chosen) return chosen
      const isMini = call.parameters.get('type') === 'MINI'
      const rows = chosen.feeds.map((feed) => {
        const window = windowOf(feed, call.desk.now(), DAY_MS)
        return isMini ? miniTicker(window) : dayTicker(window)
      })
      return oneOrMany(rows, chosen.isOne)
    },
  },
  {
    method: 'GET',
    path: '/api/v3/ticker',
    weight: 4,
    security: 'none',
    parameters: ['symbol', 'symbols', 'windowSize', 'type', 'symbolStatus'],
    handle: rollingTicker,
  },
]

function tickerWeight(parameters: Parameters): number {
  if (parameters.has('symbol')) return 2
  const symbols = parameters.get('symbols')?.split(',').length ?? Infinity
  if (symbols <= 20) return 2
  return symbols <= 100 ? 40 : 80
}

function rollingTicker(call: Call): ReturnType<Endpoint['handle']> {
  if (!call.parameters.has('symbol') && !call.parameters.has('symbols')) {
    return refusals.mandatory('symbol')
  }
  const chosen = feedsOf(call)
  if ('kind' in chosen) return chosen
  const length = windowLength(call.parameters.get('windowSize') ?? '1d')
  if (length === null) return refusals.invalidData('windowSize')
  const isMini = call.parameters.get('type') === 'MINI'
  const rows = chosen.feeds.map((feed) => {
    const window = windowOf(feed, call.desk.now(), length)
    return isMini ? miniTicker(window) : rollingRow(window)
  })
  return oneOrMany(rows, chosen.isOne)
}

/** Longest window of each unit, and what the unit is. */
const windowUnits: Readonly<Record<string, { readonly most: number; readonly ms: number }>> = {
  m: { most: 59, ms: MINUTE_MS },
  h: { most: 23, ms: HOUR_MS },
  d: { most: 7, ms: DAY_MS },
}

export function windowLength(text: string): number | null {
  const match = /^(\d{1,2})([mhd])$/.exec(text)
  const count = Number(match?.[1] ?? 0)
  const unit = windowUnits[match?.[2] ?? '']
  return unit === undefined || count < 1 || count > unit.most ? null : count * unit.ms
}

type Window = {
  readonly feed: Feed
  readonly bar: Bar
  readonly openTime: number
  readonly closeTime: number
}

/** Windows are cut at whole minutes. */
export function windowOf(feed: Feed, now: number, length: number): Window {
  const to = minuteOf(now) + 1
  const from = to - length / MINUTE_MS
  const price = feed.market.lastPrice
  const empty = { open: price, high: price, low: price, close: price, volume: 0n, trades: 0 }
  const bar = feed.history.bar(from, to, now) ?? { ...empty, quoteVolume: 0n }
  return { feed, bar, openTime: from * MINUTE_MS, closeTime: now }
}

function miniTicker({ feed, bar, openTime, closeTime }: Window): Record<string, unknown> {
  return {
    symbol: feed.market.rules.symbol,
    openPrice: formatUnits(bar.open),
    highPrice: formatUnits(bar.high),
    lowPrice: formatUnits(bar.low),
    lastPrice: formatUnits(feed.market.lastPrice),
    volume: formatUnits(bar.volume),
    quoteVolume: formatUnits(bar.quoteVolume),
    openTime,
    closeTime,
    firstId: Math.floor(openTime / SECOND_MS) * TRADE_IDS_PER_SECOND,
    lastId: Math.floor(closeTime / SECOND_MS) * TRADE_IDS_PER_SECOND,
    count: bar.trades,
  }
}

function rollingRow(window: Window): Record<string, unknown> {
  const { bar, feed } = window
  const { symbol, ...mini } = miniTicker(window)
  const change = feed.market.lastPrice - bar.open
  const average = bar.volume === 0n ? feed.market.lastPrice : (bar.quoteVolume * ONE) / bar.volume
  return {
    symbol,
    priceChange: formatUnits(change),
    priceChangePercent: (Number((change * 100_000n) / larger(1n, bar.open)) / 1_000).toFixed(3),
    weightedAvgPrice: formatUnits(average),
    ...mini,
  }
}

export function dayTicker(window: Window): Record<string, unknown> {
  const { feed, closeTime } = window
  const [bidPrice, bidQty] = bestQuote(feed.market, 'BUY')
  const [askPrice, askQty] = bestQuote(feed.market, 'SELL')
  const lastTrade = feed.history.trade(Math.floor(closeTime / SECOND_MS))
  const row = rollingRow(window)
  return {
    ...row,
    prevClosePrice: row['openPrice'],
    lastQty: formatUnits(lastTrade?.quantity ?? 0n),
    bidPrice,
    bidQty,
    askPrice,
    askQty,
  }
}

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
    startTime: reader.integer('startTime'),
    endTime: Math.min(reader.integer('endTime') ?? now, now),
    limit: limitOf(reader, 500, 1_000),
    now,
  }
  // Candles of other time zones are cut elsewhere; only whole UTC days are kept here.
  if (!['0', '00:00', '+00:00'].includes(reader.text('timeZone') ?? '0')) {
    return refusals.invalidData('timeZone')
  }
  if (reader.refusal !== null) return reader.refusal
  const rows = klineRows(feed, name, range)
  return rows === null ? refusals.invalidInterval() : reply(rows)
}

/** The candles that overlap a range, oldest first; null for an unknown length. */
export function klineRows(feed: Feed, name: string, range: KlineRange): unknown[][] | null {
  const known = { ...range, endTime: Math.min(range.endTime, lastMoment(feed)) }
  if (name === '1s') return secondKlines(feed, known)
  const interval = intervalOf(name)
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
    const trade = feed.history.trade(second)
    if (trade === null) continue
    const { price, quantity } = trade
    const bar: Bar = {
      open: price,
      high: price,
      low: price,
      close: price,
      volume: quantity,
      quoteVolume: (price * quantity) / ONE,
      trades: 1,
    }
    rows.push(kline(bar, second * SECOND_MS, (second + 1) * SECOND_MS - 1))
  }
  return rows
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
