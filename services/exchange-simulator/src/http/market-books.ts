import {
  bestOf,
  formatUnits,
  members,
  multiply,
  refusals,
  visibleOf,
  SECOND_MS,
  TRADE_IDS_PER_SECOND,
  type Feed,
  type Level,
  type Market,
  type Parameters,
  type Side,
} from '../core/index.ts'
import { feedsOf, limitOf, oneOrMany, reply, withFeed, type Endpoint } from './endpoint.ts'

/** The present: book, best prices, last trades. The account's own resting orders are part of it. */
export const bookEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/api/v3/depth',
    weight: depthWeight,
    security: 'none',
    parameters: ['symbol', 'limit', 'symbolStatus'],
    handle: (call) =>
      withFeed(call, ({ market }, reader) => {
        const limit = limitOf(reader, 100, 5_000)
        return (
          reader.refusal ??
          reply({
            lastUpdateId: bookVersion(market),
            bids: depthOf(market, 'BUY', limit),
            asks: depthOf(market, 'SELL', limit),
          })
        )
      }),
  },
  {
    method: 'GET',
    path: '/api/v3/ticker/bookTicker',
    weight: (parameters) => (parameters.has('symbol') ? 2 : 4),
    security: 'none',
    parameters: ['symbol', 'symbols', 'symbolStatus'],
    handle: (call) => {
      const chosen = feedsOf(call)
      if ('kind' in chosen) return chosen
      return oneOrMany(chosen.feeds.map(bookTicker), chosen.isOne)
    },
  },
  {
    method: 'GET',
    path: '/api/v3/ticker/price',
    weight: (parameters) => (parameters.has('symbol') ? 2 : 4),
    security: 'none',
    parameters: ['symbol', 'symbols', 'symbolStatus'],
    handle: (call) => {
      const chosen = feedsOf(call)
      if ('kind' in chosen) return chosen
      const rows = chosen.feeds.map(({ market }) => ({
        symbol: market.rules.symbol,
        price: formatUnits(market.lastPrice),
      }))
      return oneOrMany(rows, chosen.isOne)
    },
  },
  tradesEndpoint('trades'),
  tradesEndpoint('historicalTrades'),
  {
    // Deals beside the book, which nobody makes here.
    method: 'GET',
    path: '/api/v3/historicalBlockTrades',
    weight: 25,
    security: 'none',
    parameters: ['symbol', 'fromId', 'limit'],
    handle: (call) =>
      withFeed(call, (_feed, reader) => {
        reader.mandatoryText('fromId')
        limitOf(reader, 500, 1_000)
        return reader.refusal ?? reply([])
      }),
  },
  {
    method: 'GET',
    path: '/api/v3/aggTrades',
    weight: 4,
    security: 'none',
    parameters: ['symbol', 'fromId', 'startTime', 'endTime', 'limit'],
    handle: (call) =>
      withFeed(call, (feed, reader) => {
        const limit = limitOf(reader, 500, 1_000)
        const range = {
          fromId: reader.integer('fromId'),
          startTime: reader.moment('startTime'),
          endTime: reader.moment('endTime'),
        }
        if (range.fromId !== null && (range.startTime ?? range.endTime) !== null) {
          return refusals.invalidCombination()
        }
        if (reader.refusal !== null) return reader.refusal
        return reply(tradesIn(feed, call.desk.now(), { ...range, limit }).map(aggregateTrade))
      }),
  },
]

function depthWeight(parameters: Parameters): number {
  const limit = Number(parameters.get('limit') ?? 100)
  if (limit <= 100) return 5
  if (limit <= 500) return 25
  return limit <= 1_000 ? 50 : 250
}

/** Grows with every change of the book. */
export function bookVersion({ epoch, touches }: Market): number {
  return epoch * TRADE_IDS_PER_SECOND + Math.min(touches, TRADE_IDS_PER_SECOND - 1)
}

export function depthOf(market: Market, side: Side, limit: number): [string, string][] {
  const quantities = new Map<bigint, bigint>()
  const add = ({ price, quantity }: Level): void =>
    void quantities.set(price, (quantities.get(price) ?? 0n) + quantity)
  const best = bestOf(market, side)
  if (best !== null) add(best)
  const { index } = market.depletion[side]
  for (let next = index + 1; next < index + limit; next += 1) {
    const level = market.levels(side, next)
    if (level === null) break
    add(level)
  }
  for (const order of members(side === 'BUY' ? market.bids : market.asks)) {
    add({ price: order.price, quantity: visibleOf(order) })
  }
  const direction = side === 'BUY' ? -1 : 1
  return [...quantities]
    .sort(([left], [right]) => (left < right ? -direction : direction))
    .slice(0, limit)
    .map(([price, quantity]) => [formatUnits(price), formatUnits(quantity)])
}

export function bestQuote(market: Market, side: Side): [price: string, quantity: string] {
  return depthOf(market, side, 1)[0] ?? [formatUnits(0n), formatUnits(0n)]
}

function bookTicker({ market }: Feed): Readonly<Record<string, string>> {
  const [bidPrice, bidQty] = bestQuote(market, 'BUY')
  const [askPrice, askQty] = bestQuote(market, 'SELL')
  return { symbol: market.rules.symbol, bidPrice, bidQty, askPrice, askQty }
}

/** A trade of the tape, or one of the account's own. */
export type PublicTrade = {
  readonly id: number
  readonly price: bigint
  readonly quantity: bigint
  readonly time: number
  readonly isBuyerMaker: boolean
}

type TradeRange = {
  readonly fromId: number | null
  readonly startTime: number | null
  readonly endTime: number | null
  readonly limit: number
}

/** How far back a reader without a range is led, in seconds, where nothing was traded. */
const SECONDS_BACK_MAX = 20_000

/** A trade's second is in its id, so ids, times and seconds are nearly the same thing. */
export function tradesIn(feed: Feed, now: number, range: TradeRange): PublicTrade[] {
  const end = Math.min(now, range.endTime ?? now)
  const { fromId, startTime, limit } = range
  if (fromId === null && startTime === null) {
    return inOrder(tradesBefore(feed, end, limit)).slice(-limit)
  }
  const second =
    fromId === null
      ? Math.ceil((startTime ?? 0) / SECOND_MS)
      : Math.floor(fromId / TRADE_IDS_PER_SECOND)
  const first = Math.max(feed.history.tape.from * 60, second)
  const found = tradesFrom(feed, { first, end, limit }).filter(
    ({ id, time }) => id >= (fromId ?? 0) && time >= (startTime ?? 0),
  )
  return inOrder(found).slice(0, limit)
}

function inOrder(trades: readonly PublicTrade[]): PublicTrade[] {
  return trades.toSorted((left, right) => left.id - right.id)
}

function tradesBefore(feed: Feed, end: number, limit: number): PublicTrade[] {
  const last = Math.floor(end / SECOND_MS)
  const stop = Math.max(feed.history.tape.from * 60, last - SECONDS_BACK_MAX)
  const found: PublicTrade[] = []
  let second = last
  for (; second >= stop && found.length < limit; second -= 1) found.push(...tradesOf(feed, second))
  return [...found, ...ownTrades(feed.market, (second + 1) * SECOND_MS, end)]
}

type Span = { readonly first: number; readonly end: number; readonly limit: number }

function tradesFrom(feed: Feed, { first, end, limit }: Span): PublicTrade[] {
  const last = Math.floor(end / SECOND_MS)
  const found: PublicTrade[] = []
  let second = first
  for (; second <= last && found.length < limit; second += 1) found.push(...tradesOf(feed, second))
  const until = Math.min(end, second * SECOND_MS)
  return [...found, ...ownTrades(feed.market, first * SECOND_MS, until)]
}

function tradesOf(feed: Feed, second: number): PublicTrade[] {
  return feed.history.trades(second).map(({ price, quantity, isBuyerMaker, time }, index) => ({
    id: second * TRADE_IDS_PER_SECOND + index,
    price,
    quantity,
    time,
    isBuyerMaker,
  }))
}

function ownTrades(market: Market, from: number, to: number): PublicTrade[] {
  return market.trades
    .after(({ time }) => time < from)
    .filter(({ time, isSelfTrade, isMaker }) => time <= to && !(isSelfTrade && isMaker))
    .map(({ id, price, quantity, time, isBuyer, isMaker }) => ({
      id,
      price,
      quantity,
      time,
      isBuyerMaker: isBuyer === isMaker,
    }))
}

function tradesEndpoint(name: 'trades' | 'historicalTrades'): Endpoint {
  return {
    method: 'GET',
    path: `/api/v3/${name}`,
    weight: 25,
    security: 'none',
    parameters: ['symbol', 'limit', ...(name === 'trades' ? [] : ['fromId'])],
    handle: (call) =>
      withFeed(call, (feed, reader) => {
        const limit = limitOf(reader, 500, 1_000)
        const fromId = reader.integer('fromId')
        if (reader.refusal !== null) return reader.refusal
        const range = { fromId, startTime: null, endTime: null, limit }
        return reply(tradesIn(feed, call.desk.now(), range).map(singleTrade))
      }),
  }
}

function singleTrade(trade: PublicTrade): Readonly<Record<string, unknown>> {
  return {
    id: trade.id,
    price: formatUnits(trade.price),
    qty: formatUnits(trade.quantity),
    quoteQty: formatUnits(multiply(trade.price, trade.quantity)),
    time: trade.time,
    isBuyerMaker: trade.isBuyerMaker,
    isBestMatch: true,
  }
}

export function aggregateTrade(trade: PublicTrade): Readonly<Record<string, unknown>> {
  return {
    a: trade.id,
    p: formatUnits(trade.price),
    q: formatUnits(trade.quantity),
    f: trade.id,
    l: trade.id,
    T: trade.time,
    m: trade.isBuyerMaker,
    M: true,
  }
}
