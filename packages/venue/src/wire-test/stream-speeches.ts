// How Coinbase, MEXC and Alpaca stream: the frames of their documents, and what they answer about the same
// market when they are asked.
import { createRequire } from 'node:module'
import path from 'node:path'
import type { SpotKind } from '../ccxt/exchange-requests.ts'
import type { ScriptedServer } from './scripted-server.ts'
import type { StreamMarket } from './stream-market.ts'

/** How a venue speaks. */
export type Speech = {
  readonly symbol: string
  readonly greeting: readonly unknown[]
  /** Subscriptions that a message asks for, and what it is answered with. */
  answer(message: Message): { readonly channels: readonly string[]; readonly frames: unknown[] }
  /** What a channel tells: first the state of things, then what is new. */
  frames(channel: string, market: StreamMarket, first: boolean): readonly unknown[]
  script(server: ScriptedServer, market: StreamMarket): void
}

export type Message = Readonly<Record<string, unknown>>

const iso = (time: number): string => new Date(time).toISOString()

let sequence = 0
const coinbaseFrame = (channel: string, market: StreamMarket, events: readonly unknown[]) => ({
  channel,
  client_id: '',
  timestamp: iso(market.now),
  sequence_num: (sequence += 1),
  events,
})

const coinbase: Speech = {
  symbol: 'BTC/USD',
  greeting: [],
  answer: ({ channel }) => {
    const subscriptions = { [String(channel)]: ['BTC-USD'] }
    const ack = {
      channel: 'subscriptions',
      client_id: '',
      sequence_num: 0,
      events: [{ subscriptions }],
    }
    return { channels: [String(channel)], frames: [ack] }
  },
  frames: (channel, market, first) => {
    const type = first ? 'snapshot' : 'update'
    const product_id = 'BTC-USD'
    if (channel === 'ticker') {
      const [best_bid, best_ask] = [String(market.price - 1), String(market.price + 1)]
      const price = String(market.price)
      const ticker = { type: 'ticker', product_id, price, volume_24_h: '5928', best_bid, best_ask }
      return [coinbaseFrame('ticker', market, [{ type, tickers: [ticker] }])]
    }
    if (channel === 'market_trades') {
      const trades = market.trades.toReversed().map(({ id, price, size, at }) => {
        return { trade_id: String(id), product_id, price, size, side: 'BUY', time: iso(at) }
      })
      return [coinbaseFrame('market_trades', market, [{ type, trades }])]
    }
    if (channel === 'level2') {
      const event_time = iso(market.now)
      const side = (name: string) => (level: readonly [string, string]) => {
        return { side: name, event_time, price_level: level[0], new_quantity: level[1] }
      }
      const updates = [...market.bids.map(side('bid')), ...market.asks.map(side('offer'))]
      // What stood there before is gone.
      const gone = first ? [] : market.oldLevels.map(([name, price]) => side(name)([price, '0']))
      return [
        coinbaseFrame('l2_data', market, [{ type, product_id, updates: [...gone, ...updates] }]),
      ]
    }
    return []
  },
  script: (server, market) => {
    server.on('GET /v2/time', () => {
      const epoch = Math.floor(market.now / 1_000)
      return { json: { data: { iso: iso(market.now), epoch } } }
    })
    server.on('GET /api/v3/brokerage/time', () => {
      const epochSeconds = String(Math.floor(market.now / 1_000))
      return { json: { iso: iso(market.now), epochSeconds } }
    })
    server.on('GET /api/v3/brokerage/market/product_book', () => {
      const level = ([price, size]: readonly [string, string]) => ({ price, size })
      const [bids, asks] = [market.bids.map(level), market.asks.map(level)]
      return { json: { pricebook: { product_id: 'BTC-USD', bids, asks, time: iso(market.now) } } }
    })
    const candles = 'GET /api/v3/brokerage/market/products/BTC-USD/candles'
    server.on(candles, ({ parameters: { start, end } }) => {
      const [from, to] = [Number(start) * 1_000, Number(end) * 1_000]
      const rows = market.candles(from).filter(({ openTime }) => openTime < to)
      const told = rows.map(({ openTime, open, high, low, close, volume }) => {
        return { start: String(openTime / 1_000), open, high, low, close, volume }
      })
      return { json: { candles: told.toReversed() } }
    })
  },
}

type Protobuf = {
  PushDataV3ApiWrapper: {
    fromObject(value: object): unknown
    encode(message: unknown): { finish(): Uint8Array }
  }
}

/** The venue's own definition of its frames, as ccxt brings it along. */
function protobuf(): Protobuf {
  const require = createRequire(import.meta.url)
  const folder = path.dirname(require.resolve('ccxt'))
  return require(
    path.join(folder, '..', 'js', 'src', 'protobuf', 'mexc', 'compiled.cjs'),
  ) as Protobuf
}

function mexcFrame(channel: string, market: StreamMarket, body: object): Uint8Array {
  const { PushDataV3ApiWrapper: Wrapper } = protobuf()
  const symbol = /[A-Z0-9]+USDT/.exec(channel)?.[0] ?? ''
  const wrapper = { channel, symbol, sendTime: String(market.now), ...body }
  return Wrapper.encode(Wrapper.fromObject(wrapper)).finish()
}

const mexc: Speech = {
  symbol: 'BTC/USDT',
  greeting: [],
  answer: ({ method, params }) => {
    if (method === 'ping') return { channels: [], frames: [{ id: 0, code: 0, msg: 'PONG' }] }
    const channels = params as string[]
    return { channels, frames: channels.map((msg) => ({ id: 0, code: 0, msg })) }
  },
  frames: (channel, market, first) => {
    if (channel.includes('bookTicker')) {
      const quote = { bidPrice: String(market.price - 1), askPrice: String(market.price + 1) }
      const publicAggreBookTicker = { ...quote, bidQuantity: '1', askQuantity: '1' }
      return [mexcFrame(channel, market, { publicAggreBookTicker })]
    }
    if (channel.includes('kline')) {
      return market.klines.map(({ openTime, open, high, low, close, volume, value }) => {
        const publicSpotKline = {
          interval: 'Min1',
          windowStart: String(openTime / 1_000),
          openingPrice: open,
          closingPrice: close,
          highestPrice: high,
          lowestPrice: low,
          volume,
          amount: value,
          windowEnd: String(openTime / 1_000 + 60),
        }
        return mexcFrame(channel, market, { publicSpotKline })
      })
    }
    const level = ([price, quantity]: readonly [string, string]) => ({ price, quantity })
    const gone = (name: string) =>
      market.oldLevels.flatMap(([side, price]) => (side === name ? [[price, '0'] as const] : []))
    // Changes that come before a first book was asked for are kept until it is there.
    return Array.from({ length: first ? 7 : 1 }, () => {
      const version = String(market.version())
      const publicAggreDepths = {
        bids: [...gone('bid'), ...market.bids].map(level),
        asks: [...gone('offer'), ...market.asks].map(level),
        eventType: 'spot@public.aggre.depth.v3.api.pb@100ms',
        fromVersion: version,
        toVersion: version,
      }
      return mexcFrame(channel, market, { publicAggreDepths })
    })
  },
  script: (server, market) => {
    server.on('GET /api/v3/time', () => ({ json: { serverTime: market.now } }))
    server.on('GET /api/v3/klines', ({ parameters: { startTime, limit } }) => {
      const rows = market.candles(Number(startTime), Number(limit))
      const told = rows.map(({ openTime, open, high, low, close, volume, value }) => {
        return [openTime, open, high, low, close, volume, openTime + 60_000, value]
      })
      return { json: told }
    })
    server.on('GET /api/v3/ticker/24hr', () => {
      const price = String(market.price)
      const prices = { lastPrice: price, bidPrice: price, askPrice: String(market.price + 1) }
      const ticker = { symbol: 'BTCUSDT', ...prices, volume: '9000', quoteVolume: '554877037.44' }
      return { json: { ...ticker, closeTime: market.now } }
    })
    server.on('GET /api/v3/depth', () => {
      const [bids, asks] = [market.bids, market.asks]
      return { json: { lastUpdateId: market.lastVersion, bids, asks, timestamp: market.now } }
    })
  },
}

const alpaca: Speech = {
  symbol: 'BTC/USD',
  greeting: [[{ T: 'success', msg: 'connected' }]],
  answer: ({ action, key, quotes = [], trades = [], orderbooks = [] }) => {
    if (action === 'auth') {
      const refused = [{ T: 'error', code: 402, msg: 'auth failed' }]
      const frame = key === 'refused' ? refused : [{ T: 'success', msg: 'authenticated' }]
      return { channels: [], frames: [frame] }
    }
    const wanted = { quotes, trades, orderbooks } as Record<string, string[]>
    const channels = Object.keys(wanted).filter((name) => (wanted[name] ?? []).length > 0)
    const rest = { bars: [], updatedBars: [], dailyBars: [] }
    return { channels, frames: [[{ T: 'subscription', ...wanted, ...rest }]] }
  },
  frames: (channel, market, first) => {
    const about = { S: 'BTC/USD', t: iso(market.now) }
    if (channel === 'quotes') {
      return [[{ T: 'q', ...about, bp: market.price - 1, bs: 1, ap: market.price + 1, as: 1 }]]
    }
    if (channel === 'trades') {
      return [
        market.trades.map(({ id, price, size, at }) => {
          return {
            T: 't',
            ...about,
            p: Number(price),
            s: Number(size),
            t: iso(at),
            i: id,
            tks: 'B',
          }
        }),
      ]
    }
    const level = ([p, s]: readonly [string, string]) => ({ p: Number(p), s: Number(s) })
    const gone = (name: string) =>
      first
        ? []
        : market.oldLevels.flatMap(([side, p]) => (side === name ? [{ p: Number(p), s: 0 }] : []))
    const b = [...gone('bid'), ...market.bids.map(level)]
    const a = [...gone('offer'), ...market.asks.map(level)]
    return [[{ T: 'o', ...about, b, a, ...(first ? { r: true } : {}) }]]
  },
  script: (server, market) => {
    server.on('GET /v2/clock', () => {
      // Local time of New York, as the venue has it.
      const timestamp = iso(market.now - 4 * 3_600_000).replace('Z', '-04:00')
      return { json: { timestamp, is_open: true } }
    })
    server.on('GET /v1beta3/crypto/us/bars', ({ parameters: { start, limit } }) => {
      const rows = market.candles(Date.parse(start ?? ''), Number(limit ?? 1_000))
      const bars = rows.map(({ openTime, open, high, low, close, volume }) => {
        const prices = { o: Number(open), h: Number(high), l: Number(low), c: Number(close) }
        return { t: iso(openTime), ...prices, v: Number(volume), n: 2, vw: Number(open) }
      })
      return { json: { bars: { 'BTC/USD': bars }, next_page_token: null } }
    })
    server.on('GET /v1beta3/crypto/us/latest/orderbooks', () => {
      const level = ([p, s]: readonly [string, string]) => ({ p: Number(p), s: Number(s) })
      const [a, b] = [market.asks.map(level), market.bids.map(level)]
      return { json: { orderbooks: { 'BTC/USD': { a, b, t: iso(market.now) } } } }
    })
    server.on('GET /v1beta3/crypto/us/snapshots', () => {
      const t = iso(market.now)
      const bar = {
        t: iso(market.openTime),
        o: 1,
        h: 1,
        l: 1,
        c: market.price,
        v: 100,
        vw: market.price,
      }
      const latestQuote = { t, bp: market.price - 1, bs: 1, ap: market.price + 1, as: 1 }
      const latestTrade = { t, p: market.price, s: 1 }
      const snapshot = { dailyBar: bar, prevDailyBar: bar, latestQuote, latestTrade }
      return { json: { snapshots: { 'BTC/USD': snapshot } } }
    })
  },
}

export const speeches: Readonly<Record<SpotKind, Speech>> = { coinbase, mexc, alpaca }
