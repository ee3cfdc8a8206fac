// How ccxt's `watch...` is used at each venue, and what ccxt 4.5.84 leaves to us there. Sources: the venues'
// documents of their streams and ccxt's own classes (js/src/pro).
//
// - Coinbase (docs.cdp.coinbase.com, "Advanced Trade WebSocket Channels"): no candles in ccxt, so they are
//   built from `market_trades`. Connections close after 60 to 90 quiet seconds unless `heartbeats` is
//   subscribed, which ccxt does not by itself; its counter shows lost messages. 8 messages a second are taken.
// - MEXC (mexcdevelop.github.io, "Websocket Market Streams"): protobuf frames, forming candles without a word
//   on their end, 30 subscriptions on a connection, an end after 24 hours. A refused subscription and a gap in
//   the versions of a book pass ccxt by.
// - Alpaca (docs.alpaca.markets, "Real-time Crypto Data"): whoever listens must give keys. Its minute bars do
//   not serve longer timeframes: candles are built from trades. ccxt has an address that is no longer documented.
import { z } from 'zod'
import { decimal } from './exchange-answers.ts'
import type { SpotKind } from './exchange-requests.ts'
import type { CcxtExchange } from './load-binance.ts'
import type { QuotePart } from './watched-quotes.ts'

export type WatchRow = {
  /** Subscriptions that a connection takes. */
  readonly channelsMax: number
  /** Real milliseconds between two subscriptions. */
  readonly spacingMs: number
  readonly needsKeys: boolean
  readonly candles: 'trades' | 'klines'
  /** A call that must succeed first. */
  readonly greeting: (exchange: CcxtExchange) => readonly [string, ...unknown[]] | null
  /** A subscription that keeps a quiet connection alive. */
  readonly heartbeat: readonly [string, ...unknown[]] | null
  /** Told with each price; else it is asked for. */
  readonly tellsVolume: boolean
  /** Null for what cannot be read: it is as good as not sent. */
  readonly quoteOf: (told: unknown) => QuotePart | null
  /** Before anything is watched. `complain` says why the connection cannot be believed any more. */
  readonly prepare: (exchange: CcxtExchange, complain: (reason: string) => void) => void
}

const time = z.number().nullish()
const maybe = decimal.nullish().catch(null)

const coinbaseTicker = z.looseObject({
  timestamp: time,
  info: z.looseObject({
    price: decimal,
    best_bid: maybe,
    best_ask: maybe,
    /** In base units. */
    volume_24_h: decimal,
  }),
})

const heartbeat = z.looseObject({
  channel: z.literal('heartbeats'),
  events: z.array(z.looseObject({ heartbeat_counter: z.coerce.number() })).min(1),
})

const coinbase: WatchRow = {
  channelsMax: Infinity,
  spacingMs: 150,
  needsKeys: false,
  candles: 'trades',
  greeting: () => null,
  heartbeat: ['subscribe', 'heartbeats', false],
  tellsVolume: true,
  quoteOf: (told) => {
    const ticker = coinbaseTicker.safeParse(told)
    if (!ticker.success) return null
    const { price, best_bid, best_ask, volume_24_h } = ticker.data.info
    return {
      last: price,
      bid: best_bid ?? null,
      ask: best_ask ?? null,
      quoteVolume24h: volume_24_h.times(price),
      at: ticker.data.timestamp ?? null,
    }
  },
  prepare: (exchange, complain) => {
    let counted: number | null = null
    beforeEach(exchange, 'handleMessage', (message) => {
      const beat = heartbeat.safeParse(message)
      if (!beat.success) return
      for (const { heartbeat_counter: count } of beat.data.events) {
        if (counted !== null && count > counted + 1) complain('messages were lost on the way')
        counted = count
      }
    })
  },
}

const mexcTicker = z.looseObject({
  timestamp: time,
  info: z.looseObject({ bidPrice: decimal, askPrice: decimal }),
})

const mexcAnswer = z.looseObject({ code: z.number(), msg: z.string() })

const mexcDepth = z.looseObject({
  symbol: z.string(),
  publicAggreDepths: z.looseObject({
    fromVersion: z.coerce.number(),
    toVersion: z.coerce.number(),
  }),
})

const mexc: WatchRow = {
  channelsMax: 30,
  spacingMs: 50,
  needsKeys: false,
  candles: 'klines',
  greeting: () => null,
  heartbeat: null, // ccxt sends its pings
  tellsVolume: false,
  quoteOf: (told) => {
    const ticker = mexcTicker.safeParse(told)
    if (!ticker.success) return null
    const { bidPrice, askPrice } = ticker.data.info
    return { bid: bidPrice, ask: askPrice, at: ticker.data.timestamp ?? null }
  },
  prepare: (exchange, complain) => {
    exchange.options['watchOrderBook'] = { snapshotDelay: 5, snapshotMaxRetries: 3 }
    beforeEach(exchange, 'handleMessage', (message) => {
      const answer = mexcAnswer.safeParse(message)
      if (!answer.success) return
      const { code, msg } = answer.data
      if (code !== 0 || /not subscribed/i.test(msg)) complain(`not subscribed: ${msg}`)
    })
    const versions = new Map<string, number>()
    beforeEach(exchange, 'handleProtobufMessage', (message) => {
      const depth = mexcDepth.safeParse(message)
      if (!depth.success) return
      const { symbol, publicAggreDepths: update } = depth.data
      const before = versions.get(symbol)
      if (before !== undefined && update.fromVersion > before + 1) {
        complain(`changes of the book of ${symbol} were lost on the way`)
      }
      versions.set(symbol, update.toVersion)
    })
  },
}

const alpacaTicker = z.looseObject({
  timestamp: time,
  info: z.looseObject({ bp: decimal, ap: decimal }),
})

const alpacaUrls = z.looseObject({ ws: z.looseObject({ crypto: z.string() }) })

const alpaca: WatchRow = {
  channelsMax: Infinity, // one connection is allowed
  spacingMs: 50,
  needsKeys: true,
  candles: 'trades',
  greeting: ({ urls }) => ['authenticate', alpacaUrls.parse(urls.api).ws.crypto],
  heartbeat: null, // ccxt pings
  tellsVolume: false,
  quoteOf: (told) => {
    const ticker = alpacaTicker.safeParse(told)
    if (!ticker.success) return null
    const { bp, ap } = ticker.data.info
    const side = (price: typeof bp) => (price.isZero() ? null : price)
    return { bid: side(bp), ask: side(ap), at: ticker.data.timestamp ?? null }
  },
  prepare: (exchange) => {
    const { ws } = alpacaUrls.parse(exchange.urls.api)
    const crypto = ws.crypto.replace(/\/v1beta2\/crypto$/, '/v1beta3/crypto/us')
    exchange.urls.api = { ...(exchange.urls.api as object), ws: { ...ws, crypto } }
  },
}

export const watchRows: Readonly<Record<SpotKind, WatchRow>> = { coinbase, mexc, alpaca }

/** By the kind of venue: whether it lets only those listen to its market who say who they are. */
export function streamsNeedKeys(kind: string): boolean {
  const row = Object.entries(watchRows).find(([name]) => name === kind)?.[1]
  return row?.needsKeys === true
}

/** Looks at each message before ccxt's own handler does. */
function beforeEach(
  exchange: CcxtExchange,
  handler: 'handleMessage' | 'handleProtobufMessage',
  look: (message: unknown) => void,
): void {
  const original: unknown = Reflect.get(exchange, handler)
  if (typeof original !== 'function') throw new Error(`ccxt has no ${handler}`)
  Reflect.set(exchange, handler, (client: unknown, message: unknown): unknown => {
    look(message)
    return Reflect.apply(original, exchange, [client, message]) as unknown
  })
}
