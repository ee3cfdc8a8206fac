// Binance's combined market streams. Source of names, shapes and limits: "WebSocket Streams for Binance",
// https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams: 1,024 streams on a
// connection, five messages a second from us, a ping every 20 seconds, an end after 24 hours.
import { z } from 'zod'

import type { MarketStream, MarketStreamListener, MarketStreamRequest } from '../market-stream.ts'
import type { VenueCandle, VenueOrderBook, VenueTicker } from '../port.ts'
import { openSocket } from './socket.ts'
import { decimal, level, time } from './wire-schemas.ts'

export type BinanceMarketStreamOptions = {
  /** As ccxt names it: ends in /ws. */
  readonly url: string
  readonly request: MarketStreamRequest
  readonly listener: MarketStreamListener
  /** Our symbol for each of the venue's, in the venue's upper case. */
  readonly symbols: ReadonlyMap<string, string>
  /** The venue's time, for what comes without one. */
  readonly venueTime: () => number
  readonly openWithinMs: number
}

/** The venue pings each twenty seconds: three that did not come are no accident. */
const silenceMaxMs = 60_000
/** Names in one request to subscribe: the venue takes few requests a second, and long ones. */
const namesAtOnce = 200

/** Throws a `VenueError` when it cannot be opened. */
export async function openBinanceMarketStream(
  options: BinanceMarketStreamOptions,
): Promise<MarketStream> {
  const { url, request, symbols, listener } = options
  const names = [...symbols.keys()].flatMap((wire) => namesOf(wire.toLowerCase(), request))
  const socket = await openSocket({
    url: url.replace(/\/ws$/, '/stream'),
    openWithinMs: options.openWithinMs,
    silenceMaxMs,
    onText: (text) => {
      const reason = take(text, options)
      if (reason === null) return
      socket.close()
      listener.onEnd(reason)
    },
    onEnd: (reason) => listener.onEnd(reason),
  })
  for (let from = 0; from < names.length; from += namesAtOnce) {
    const params = names.slice(from, from + namesAtOnce)
    socket.send(JSON.stringify({ method: 'SUBSCRIBE', params, id: 1 + from / namesAtOnce }))
  }
  return { close: () => socket.close() }
}

function namesOf(wire: string, { timeframe, bookDepth }: MarketStreamRequest): string[] {
  const names = [`${wire}@kline_${timeframe}`, `${wire}@ticker`]
  return bookDepth > 0 ? [...names, `${wire}@depth${bookLevels(bookDepth)}`] : names
}

/** Whole books come with 5, 10 or 20 levels. */
function bookLevels(depth: number): number {
  if (depth <= 5) return 5
  return depth <= 10 ? 10 : 20
}

const combined = z.looseObject({ stream: z.string(), data: z.unknown() })
const farewell = z.looseObject({ e: z.literal('serverShutdown') })
const refusal = z.looseObject({ error: z.looseObject({ msg: z.string().optional() }) })

/** Hands the event on; the reason when the venue ends the stream or does not take our wishes. */
function take(text: string, options: BinanceMarketStreamOptions): string | null {
  const message = parsed(text)
  const event = combined.safeParse(message)
  if (event.success) {
    const { stream, data } = event.data
    if (!farewell.safeParse(data).success) return tell(stream, data, options)
  }
  const last = event.success ? event.data.data : message
  if (farewell.safeParse(last).success) return 'the venue is shutting this connection down'
  const refused = refusal.safeParse(message)
  return refused.success ? `not subscribed: ${refused.data.error.msg ?? 'no reason given'}` : null
}

/** What cannot be read is as good as not sent: candles that are missing are asked for. */
function tell(stream: string, data: unknown, options: BinanceMarketStreamOptions): null {
  const { listener, request, symbols } = options
  const [name = '', kind = ''] = stream.split('@')
  const symbol = symbols.get(name.toUpperCase())
  if (symbol === undefined) return null
  if (kind.startsWith('kline_')) {
    const event = klineEvent.safeParse(data)
    if (event.success && event.data.k.i === request.timeframe) {
      listener.onCandle(candleOf(event.data, symbol, request.timeframe))
    }
  } else if (kind === 'ticker') {
    const event = tickerEvent.safeParse(data)
    if (event.success) listener.onTicker(tickerOf(event.data, symbol))
  } else {
    const event = bookEvent.safeParse(data)
    if (event.success) listener.onBook(bookOf(event.data, symbol, options))
  }
  return null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const klineEvent = z.looseObject({
  E: time,
  k: z.looseObject({
    t: time,
    T: time,
    i: z.string(),
    o: decimal,
    h: decimal,
    l: decimal,
    c: decimal,
    v: decimal,
    q: decimal,
    x: z.boolean(),
  }),
})

/** `x` says that the candle has ended; an event from before its end cannot know that. */
function candleOf(
  { E, k }: z.infer<typeof klineEvent>,
  symbol: string,
  timeframe: string,
): VenueCandle {
  return {
    symbol,
    timeframe,
    openTime: k.t,
    closeTime: k.T + 1,
    open: k.o,
    high: k.h,
    low: k.l,
    close: k.c,
    baseVolume: k.v,
    quoteVolume: k.q,
    closed: k.x && E >= k.T,
  }
}

const tickerEvent = z.looseObject({ c: decimal, b: decimal, a: decimal, q: decimal, C: time })

/** On the wire, 0 stands for an empty side of the book. `q` is in quote currency, `v` in base. */
function tickerOf({ c, b, a, q, C }: z.infer<typeof tickerEvent>, symbol: string): VenueTicker {
  return {
    symbol,
    last: c,
    bid: b.isZero() ? null : b,
    ask: a.isZero() ? null : a,
    quoteVolume24h: q,
    observedAt: C,
  }
}

const bookEvent = z.looseObject({ bids: z.array(level), asks: z.array(level) })

function bookOf(
  book: z.infer<typeof bookEvent>,
  symbol: string,
  { request, venueTime }: BinanceMarketStreamOptions,
): VenueOrderBook {
  const levels = (side: typeof book.bids): VenueOrderBook['bids'] =>
    side.slice(0, request.bookDepth).map(([price, quantity]) => ({ price, quantity }))
  return { symbol, bids: levels(book.bids), asks: levels(book.asks), observedAt: venueTime() }
}
