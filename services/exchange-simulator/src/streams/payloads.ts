import { formatUnits, multiply, type Feed } from '../core/index.ts'
import { aggregateTrade, type PublicTrade } from '../http/market-books.ts'
import { dayTicker, windowOf } from '../http/market-tickers.ts'

/** Market events in the exchange's one-letter words. */
type Event = Readonly<Record<string, unknown>>

export function tradeEvent({ market }: Feed, trade: PublicTrade, now: number): Event {
  return {
    e: 'trade',
    E: now,
    s: market.rules.symbol,
    t: trade.id,
    p: formatUnits(trade.price),
    q: formatUnits(trade.quantity),
    T: trade.time,
    m: trade.isBuyerMaker,
    M: true,
  }
}

export function aggregateEvent({ market }: Feed, trade: PublicTrade, now: number): Event {
  return { e: 'aggTrade', E: now, s: market.rules.symbol, ...aggregateTrade(trade) }
}

export function klineEvent(
  { market }: Feed,
  candle: { readonly row: readonly unknown[]; readonly name: string; readonly now: number },
): Event {
  const { row, name, now } = candle
  const [t, o, h, l, c, v, T, q, n, V, Q] = row
  const firstId = Number(t)
  const closeTime = Number(T)
  return {
    e: 'kline',
    E: now,
    s: market.rules.symbol,
    k: {
      t,
      T,
      s: market.rules.symbol,
      i: name,
      f: firstId,
      L: Math.min(now, closeTime),
      o,
      c,
      h,
      l,
      v,
      n,
      x: closeTime < now,
      q,
      V,
      Q,
      B: '0',
    },
  }
}

const DAY_MS = 86_400_000

export function miniTickerEvent(feed: Feed, now: number): Event {
  const { bar } = windowOf(feed, now, DAY_MS)
  return {
    e: '24hrMiniTicker',
    E: now,
    s: feed.market.rules.symbol,
    c: formatUnits(feed.market.lastPrice),
    o: formatUnits(bar.open),
    h: formatUnits(bar.high),
    l: formatUnits(bar.low),
    v: formatUnits(bar.volume),
    q: formatUnits(bar.quoteVolume),
  }
}

export function tickerEvent(
  feed: Feed,
  now: number,
  window: { readonly length: number; readonly name: string } = day,
): Event {
  const row = dayTicker(windowOf(feed, now, window.length))
  const rolling = {
    e: window.name,
    E: now,
    s: row['symbol'],
    p: row['priceChange'],
    P: row['priceChangePercent'],
    w: row['weightedAvgPrice'],
    o: row['openPrice'],
    h: row['highPrice'],
    l: row['lowPrice'],
    c: row['lastPrice'],
    v: row['volume'],
    q: row['quoteVolume'],
    O: row['openTime'],
    C: row['closeTime'],
    F: row['firstId'],
    L: row['lastId'],
    n: row['count'],
  }
  if (window !== day) return rolling
  return {
    ...rolling,
    x: row['prevClosePrice'],
    Q: row['lastQty'],
    b: row['bidPrice'],
    B: row['bidQty'],
    a: row['askPrice'],
    A: row['askQty'],
  }
}

const day = { length: DAY_MS, name: '24hrTicker' }

export function averageEvent({ market, history }: Feed, now: number): Event {
  const price = history.average(now)
  return { e: 'avgPrice', E: now, s: market.rules.symbol, i: '5m', w: formatUnits(price), T: now }
}

export function referenceEvent(feed: Feed, now: number): Event {
  const { symbol } = feed.market.rules
  return { e: 'referencePrice', s: symbol, r: formatUnits(feed.history.reference(now)), t: now }
}

export function notionalText(price: bigint, quantity: bigint): string {
  return formatUnits(multiply(price, quantity))
}
