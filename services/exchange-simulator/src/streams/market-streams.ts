import { SECOND_MS, zoneMinutes, type Feed, type Side } from '../core/index.ts'
import type { Desk } from '../desk.ts'
import {
  bestQuote,
  bookVersion,
  depthOf,
  tradesIn,
  type PublicTrade,
} from '../http/market-books.ts'
import { klineRows } from '../http/market-history.ts'
import { windowLength } from '../http/market-tickers.ts'
import {
  aggregateEvent,
  averageEvent,
  klineEvent,
  miniTickerEvent,
  referenceEvent,
  tickerEvent,
  tradeEvent,
} from './payloads.ts'

/**
 * A stream is asked what has happened since it was last asked. Its rhythm is market time, so that an
 * accelerated market speaks faster, but never more than once each time that it is asked.
 */
export type MarketStream = { poll(now: number): readonly unknown[] }

/** Null for a name that no stream has: nobody complains, and nothing comes. */
export function openStream(name: string, desk: Desk): MarketStream | null {
  if (name.startsWith('!')) return streamOfAll(name, desk)
  const [symbol = '', type = '', speed = ''] = name.split('@')
  const feed = desk.feeds.get(symbol.toUpperCase())
  if (feed === undefined || symbol !== symbol.toLowerCase()) return null
  const [kind, detail] = splitAt(type, '_')
  return streamOf({ feed, now: desk.now(), type, kind, detail, speed })
}

function splitAt(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

type Wish = {
  readonly feed: Feed
  readonly now: number
  readonly type: string
  readonly kind: string
  readonly detail: string
  readonly speed: string
}

const SLOW_MS = 2_000
const FAST_MS = 100

const makers: Readonly<Record<string, (wish: Wish) => MarketStream | null>> = {
  trade: (wish) => trades(wish, tradeEvent),
  aggTrade: (wish) => trades(wish, aggregateEvent),
  kline: klines,
  miniTicker: ({ feed }) => every(SECOND_MS, (now) => [miniTickerEvent(feed, now)]),
  ticker: ({ feed, detail }) => {
    if (detail === '') return every(SECOND_MS, (now) => [tickerEvent(feed, now)])
    const window = rollingWindow(detail)
    return window && every(SECOND_MS, (now) => [tickerEvent(feed, now, window)])
  },
  referencePrice: ({ feed }) => every(SECOND_MS, (now) => [referenceEvent(feed, now)]),
  avgPrice: ({ feed }) => every(SECOND_MS, (now) => [averageEvent(feed, now)]),
  bookTicker: ({ feed }) => bookTickers(feed),
  depth: (wish) => depthChanges(wish),
  depth5: (wish) => partialDepth(wish, 5),
  depth10: (wish) => partialDepth(wish, 10),
  depth20: (wish) => partialDepth(wish, 20),
}

function streamOf(wish: Wish): MarketStream | null {
  return makers[wish.kind]?.(wish) ?? null
}

function every(length: number, make: (now: number) => readonly unknown[]): MarketStream {
  let last = -Infinity
  return {
    poll: (now) => {
      if (now - last < length) return []
      last = now
      return make(now)
    },
  }
}

/** The windows that have a stream. */
const WINDOWS = ['1h', '4h', '1d']

function rollingWindow(name: string): { length: number; name: string } | null {
  const length = WINDOWS.includes(name) ? windowLength(name) : null
  return length === null ? null : { length, name: `${name}Ticker` }
}

/** Streams of all symbols; the one of the full tickers has been retired. */
function streamOfAll(name: string, desk: Desk): MarketStream | null {
  const feeds = [...desk.feeds.values()]
  const all = (event: (feed: Feed, now: number) => unknown, pause = SECOND_MS): MarketStream =>
    every(pause, (now) => [feeds.map((feed) => event(feed, now))])
  const mini = /^!miniTicker@arr(?:@(\d{4,6})ms)?$/.exec(name)
  // Clients may name how often they want it: python-binance always does.
  if (mini !== null) return all(miniTickerEvent, Number(mini[1] ?? SECOND_MS))
  const window = rollingWindow(/^!ticker_(\w+)@arr$/.exec(name)?.[1] ?? '')
  return window && all((feed, now) => tickerEvent(feed, now, window))
}

/** After a jump of time only the latest of the trades are told. */
const TRADES_MAX = 1_000

function trades({ feed, now }: Wish, render: typeof tradeEvent): MarketStream {
  let lastId = Math.max(Math.floor(now / SECOND_MS) * 1_000, feed.market.lastTradeId)
  let lastTime = now
  const isNew = ({ id }: PublicTrade): boolean => id > lastId
  return {
    poll: (moment) => {
      const earliest = moment - (TRADES_MAX - 1) * SECOND_MS
      const startTime = Math.max(lastTime - (lastTime % SECOND_MS), earliest)
      const range = { fromId: null, startTime, endTime: null, limit: TRADES_MAX }
      const found = tradesIn(feed, moment, range).filter(isNew)
      lastTime = moment
      lastId = found.at(-1)?.id ?? lastId
      return found.map((trade) => render(feed, trade, moment))
    },
  }
}

/** The open candle every two seconds, and every candle once more when it has ended. */
function klines({ feed, now, detail, speed }: Wish): MarketStream | null {
  const zone = zoneMinutes(speed === '' ? '0' : speed)
  if (zone === null) return null
  const kind = { name: detail, zone }
  const [first] = klineRows(feed, kind, { startTime: null, endTime: now, limit: 1, now }) ?? []
  if (first === undefined) return null
  const pause = detail === '1s' ? SECOND_MS : SLOW_MS
  let from = Number(first[0])
  let last = -Infinity
  return {
    poll: (moment) => {
      const range = { startTime: from, endTime: moment, limit: TRADES_MAX, now: moment }
      const rows = klineRows(feed, kind, range) ?? []
      const ended = rows.filter((row) => Number(row[6]) < moment)
      const open = rows.filter((row) => Number(row[6]) >= moment)
      const lastEnded = ended.at(-1)
      if (lastEnded !== undefined) from = Number(lastEnded[6]) + 1
      const isTime = moment - last >= pause
      if (isTime) last = moment
      return [...ended, ...(isTime ? open : [])].map((row) =>
        klineEvent(feed, { row, name: detail, now: moment }),
      )
    },
  }
}

function bookTickers({ market }: Feed): MarketStream {
  let last = ''
  return {
    poll: () => {
      const [b, B] = bestQuote(market, 'BUY')
      const [a, A] = bestQuote(market, 'SELL')
      const now = `${b} ${B} ${a} ${A}`
      if (now === last) return []
      last = now
      return [{ u: bookVersion(market), s: market.rules.symbol, b, B, a, A }]
    },
  }
}

function partialDepth({ feed, speed }: Wish, levels: number): MarketStream {
  const { market } = feed
  return every(speed === '100ms' ? FAST_MS : SECOND_MS, () => [
    {
      lastUpdateId: bookVersion(market),
      bids: depthOf(market, 'BUY', levels),
      asks: depthOf(market, 'SELL', levels),
    },
  ])
}

/** As deep as the deepest book that a client begins with. */
const DEPTH = 1_000

/** What has changed between two looks at the book; nothing is left out in between. */
function depthChanges({ feed, speed }: Wish): MarketStream {
  const { market } = feed
  const pause = speed === '100ms' ? FAST_MS : SECOND_MS
  const look = (side: Side): Map<string, string> => new Map(depthOf(market, side, DEPTH))
  let book = { BUY: look('BUY'), SELL: look('SELL') }
  let version = bookVersion(market)
  let last = -Infinity
  return {
    poll: (now) => {
      const present = bookVersion(market)
      if (now - last < pause || present === version) return []
      const next = { BUY: look('BUY'), SELL: look('SELL') }
      const event = {
        e: 'depthUpdate',
        E: now,
        s: market.rules.symbol,
        U: version + 1,
        u: present,
        b: changesBetween(book.BUY, next.BUY),
        a: changesBetween(book.SELL, next.SELL),
      }
      book = next
      version = present
      last = now
      return [event]
    },
  }
}

function changesBetween(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): [string, string][] {
  const gone = [...before.keys()].filter((price) => !after.has(price))
  return [
    ...gone.map((price): [string, string] => [price, '0.00000000']),
    ...[...after].filter(([price, quantity]) => before.get(price) !== quantity),
  ]
}
