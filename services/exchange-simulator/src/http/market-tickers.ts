import {
  formatUnits,
  intervalOf,
  isRefusal,
  larger,
  MINUTE_MS,
  minuteOf,
  ONE,
  ParameterReader,
  refusals,
  SECOND_MS,
  TRADE_IDS_PER_SECOND,
  zoneMinutes,
  type Bar,
  type Feed,
  type Parameters,
  type Refusal,
} from '../core/index.ts'
import { feedsOf, oneOrMany, type Call, type Endpoint } from './endpoint.ts'
import { bestQuote } from './market-books.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** What a window of time amounts to. */
export const tickerEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/api/v3/ticker/24hr',
    weight: dayWeight,
    security: 'none',
    parameters: ['symbol', 'symbols', 'type', 'symbolStatus'],
    handle: (call) => {
      const reader = new ParameterReader(call.parameters)
      const row = rowOf(reader, dayTicker)
      if (reader.refusal !== null) return reader.refusal
      const chosen = feedsOf(call)
      if ('kind' in chosen) return chosen
      const now = call.desk.now()
      const rows = chosen.feeds.map((feed) => row(windowOf(feed, now, DAY_MS)))
      return oneOrMany(rows, chosen.isOne)
    },
  },
  {
    method: 'GET',
    path: '/api/v3/ticker/tradingDay',
    weight: weightBySymbol,
    security: 'none',
    parameters: ['symbol', 'symbols', 'timeZone', 'type', 'symbolStatus'],
    handle: (call) => statistics(call, (feed, reader) => tradingDay(feed, reader, call.desk.now())),
  },
  {
    method: 'GET',
    path: '/api/v3/ticker',
    weight: weightBySymbol,
    security: 'none',
    parameters: ['symbol', 'symbols', 'windowSize', 'type', 'symbolStatus'],
    handle: (call) =>
      statistics(call, (feed, reader) => {
        const length = windowLength(reader.text('windowSize') ?? '1d')
        if (length === null) return refusals.invalidData('windowSize')
        return windowOf(feed, call.desk.now(), length)
      }),
  },
]

function dayWeight(parameters: Parameters): number {
  if (parameters.has('symbol')) return 2
  const symbols = parameters.get('symbols')?.split(',').length ?? Infinity
  if (symbols <= 20) return 2
  return symbols <= 100 ? 40 : 80
}

const WEIGHT_PER_SYMBOL = 4
const WEIGHT_MAX = 200

function weightBySymbol(parameters: Parameters): number {
  const count = parameters.get('symbols')?.split(',').length ?? 1
  return Math.min(count * WEIGHT_PER_SYMBOL, WEIGHT_MAX)
}

/** Statistics of the markets that are named, over windows that begin where `windowFrom` says. */
function statistics(
  call: Call,
  windowFrom: (feed: Feed, reader: ParameterReader) => Window | Refusal,
): ReturnType<Endpoint['handle']> {
  if (!call.parameters.has('symbol') && !call.parameters.has('symbols')) {
    return refusals.mandatory('symbol')
  }
  const reader = new ParameterReader(call.parameters)
  const row = rowOf(reader, rollingRow)
  if (reader.refusal !== null) return reader.refusal
  const chosen = feedsOf(call)
  if ('kind' in chosen) return chosen
  const rows: unknown[] = []
  for (const feed of chosen.feeds) {
    const window = windowFrom(feed, reader)
    if (isRefusal(window)) return window
    rows.push(row(window))
  }
  return oneOrMany(rows, chosen.isOne)
}

type Row = (window: Window) => Record<string, unknown>

function rowOf(reader: ParameterReader, full: Row): Row {
  const type = reader.choice('type', ['FULL', 'MINI'], refusals.invalidData('type'))
  return type === 'MINI' ? miniTicker : full
}

/** From midnight of the day that it is in the time zone, to now. */
function tradingDay(feed: Feed, reader: ParameterReader, now: number): Window | Refusal {
  const zone = zoneMinutes(reader.text('timeZone') ?? '0')
  if (zone === null) return refusals.invalidData('timeZone')
  const day = intervalOf('1d', zone)
  const from = day?.startOf(minuteOf(now)) ?? 0
  return windowSince(feed, now, from)
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
  return windowSince(feed, now, minuteOf(now) + 1 - length / MINUTE_MS)
}

function windowSince(feed: Feed, now: number, from: number): Window {
  const to = minuteOf(now) + 1
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
  const lastTrade = feed.history.trades(Math.floor(closeTime / SECOND_MS)).at(-1)
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
