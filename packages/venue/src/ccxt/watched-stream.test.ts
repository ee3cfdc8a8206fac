// Coinbase, MEXC and Alpaca stream through real ccxt classes from stand-ins on loopback.
import { afterEach, describe, expect, it } from 'vitest'
import { describeMarketStream } from '../market-stream.conformance.ts'
import type { MarketStream } from '../market-stream.ts'
import { createManualTimer } from '../wire-test/manual-timer.ts'
import { StreamEars } from '../wire-test/stream-ears.ts'
import { openStreamScene, type StreamScene } from '../wire-test/spot-streams.ts'
import { mexcSymbol } from '../wire-test/spot-venue.ts'
import { marketNow } from '../wire-test/wire-venue.ts'
import type { SpotKind } from './exchange-requests.ts'

let scene: StreamScene | null = null
afterEach(async () => {
  await scene?.close()
  scene = null
})

describe.each<readonly [SpotKind, string]>([
  ['coinbase', 'BTC/USD'],
  ['mexc', 'BTC/USDT'],
  ['alpaca', 'BTC/USD'],
])('%s', (kind, symbol) => {
  describeMarketStream({
    symbol,
    start: async ({ path }) => {
      scene = await openStreamScene(kind, { path })
      return scene.venue
    },
    next: async () => scene?.next(),
  })
})

const patience = { timeout: 30_000, interval: 5 }
const minute = 60_000
const kinds: readonly SpotKind[] = ['coinbase', 'mexc', 'alpaca']

type Opened = { readonly on: StreamScene; readonly ears: StreamEars; readonly stream: MarketStream }

async function listen(
  kind: SpotKind,
  options: Parameters<typeof openStreamScene>[1] = {},
): Promise<Opened> {
  const on = await openStreamScene(kind, { path: ['50000', '50100', '50200', '50300'], ...options })
  scene = on
  const ears = new StreamEars()
  const request = { symbols: [on.symbol], timeframe: '1m', bookDepth: 5 }
  const stream = await on.venue.openMarketStream?.(request, ears)
  if (stream === undefined) throw new Error('no stream')
  await expect.poll(() => ears.tickers.length > 0 && ears.books.length > 0, patience).toBe(true)
  return { on, ears, stream }
}

describe.each(kinds)('the stream of %s', (kind) => {
  it('is one connection to loopback, and its close is seen by the venue', async () => {
    const { on, stream } = await listen(kind)
    expect(on.sockets.size).toBe(1)
    stream.close()
    await expect.poll(() => on.sockets.size, patience).toBe(0)
  })

  it('ends once with the reason when the venue breaks it, and opens nothing by itself', async () => {
    const { on, ears } = await listen(kind)
    for (const socket of on.sockets) socket.terminate()
    await expect.poll(() => ears.ends.length, patience).toBe(1)
    expect(ears.ends[0]).toMatch(/code 1006/)
    await on.next()
    expect(on.paths).toHaveLength(1)
    expect(on.sockets.size).toBe(0)
  })

  it('ends by silence, and is kept by what the venue sends', async () => {
    const timer = createManualTimer()
    const { on, ears } = await listen(kind, { timer })
    timer.advance(minute - 1)
    const [heard, seen] = [ears.tickers.length, ears.books.length]
    await on.next()
    await expect
      .poll(() => ears.tickers.length > heard && ears.books.length > seen, patience)
      .toBe(true)
    timer.advance(minute - 1)
    expect(ears.ends).toEqual([])
    timer.advance(minute)
    expect(ears.ends).toEqual(['nothing came for 60000 ms'])
    await expect.poll(() => on.sockets.size, patience).toBe(0)
  })

  it('is kept by pings alone', async () => {
    const timer = createManualTimer()
    const { on, ears } = await listen(kind, { timer })
    const [socket] = on.sockets
    for (let ping = 0; ping < 3; ping += 1) {
      const answered = new Promise((done) => void socket?.once('pong', done))
      socket?.ping()
      await answered
      timer.advance(minute - 1)
    }
    expect(ears.ends).toEqual([])
  })

  it('tells no candle as closed that the venue has not ended when it is asked', async () => {
    const { on, ears } = await listen(kind)
    // The venue shows trades of the next minute and, asked, still has the one before as it was.
    const stale = on.market.candles(0)
    const candles = on.market.candles.bind(on.market)
    on.market.candles = () => stale.slice(0, -1)
    await on.next()
    await expect.poll(() => on.server.requests.length > 0, patience).toBe(true)
    await expect.poll(() => ears.candles.some(({ closed }) => !closed), patience).toBe(true)
    expect(ears.closed).toEqual([])
    on.market.candles = candles
    await on.next()
    await expect.poll(() => ears.closed.length, patience).toBe(2)
    expect(ears.closed.map(({ openTime }) => openTime)).toEqual([marketNow, marketNow + minute])
  })

  it('tells what it holds: the best levels, and nothing that was taken away', async () => {
    const { on, ears } = await listen(kind)
    await on.next()
    const bestBid = () => ears.books.at(-1)?.bids[0]?.price.toString()
    await expect.poll(bestBid, patience).toBe('50099')
    expect(ears.books.at(-1)?.asks[0]?.price.toString()).toBe('50101')
  })
})

describe('the volume of 24 hours', () => {
  it.each([
    ['coinbase', '296400000', '5,928 bitcoin at 50,000, told in base units'],
    ['mexc', '554877037.44', 'asked for: the stream does not tell it'],
  ] as const)('is in quote currency at %s: %s', async (kind, volume, _why) => {
    const { ears } = await listen(kind)
    expect(ears.tickers.at(-1)?.quoteVolume24h.toString()).toBe(volume)
  })
})

describe('what ccxt passes over', () => {
  it('ends the stream of Coinbase: a heartbeat that does not follow the one before', async () => {
    const { on, ears } = await listen('coinbase')
    expect(on.heard).toContainEqual(expect.objectContaining({ channel: 'heartbeats' }))
    const beat = (heartbeat_counter: number) => ({
      channel: 'heartbeats',
      client_id: '',
      timestamp: new Date(on.market.now).toISOString(),
      sequence_num: 9,
      events: [{ current_time: '2024-08-05 12:00:31 +0000 UTC', heartbeat_counter }],
    })
    for (const count of [7, 8, 10]) on.say(beat(count))
    await expect.poll(() => ears.ends, patience).toEqual(['messages were lost on the way'])
  })

  it('ends the stream of MEXC: a refused subscription', async () => {
    const { on, ears } = await listen('mexc')
    const msg = 'Not Subscribed successfully! [spot@public.kline]. Reason: Blocked!'
    on.say({ id: 0, code: 0, msg })
    await expect.poll(() => ears.ends, patience).toEqual([`not subscribed: ${msg}`])
  })

  it('ends the stream of MEXC: a gap in the changes of a book', async () => {
    const { on, ears } = await listen('mexc')
    on.market.version()
    await on.next()
    await expect
      .poll(() => ears.ends, patience)
      .toEqual([expect.stringMatching(/BTCUSDT were lost/)])
  })

  it.each([
    ['coinbase', { type: 'error', message: 'failure to subscribe' }, /failure to subscribe/],
    ['alpaca', [{ T: 'error', code: 407, msg: 'slow client' }], /407.*slow client/],
  ] as const)('an error that %s tells ends its stream', async (kind, frame, reason) => {
    const { on, ears } = await listen(kind)
    on.say(frame)
    await expect.poll(() => ears.ends, patience).toEqual([expect.stringMatching(reason)])
  })
})

describe('the key that Alpaca wants for its streams', () => {
  it('refused is told as such, and the connection is not left open', async () => {
    scene = await openStreamScene('alpaca', { apiKey: 'refused' })
    const request = { symbols: [scene.symbol], timeframe: '1m', bookDepth: 0 }
    await expect(scene.venue.openMarketStream?.(request, new StreamEars())).rejects.toMatchObject({
      code: 'unauthorized',
    })
    await expect.poll(() => scene?.sockets.size, patience).toBe(0)
    expect(scene.paths).toEqual(['/v1beta3/crypto/us'])
  })

  it('missing means that there are no streams: the venue is polled', async () => {
    scene = await openStreamScene('alpaca', { apiKey: undefined, secret: undefined })
    expect(Reflect.get(scene.venue, 'openMarketStream')).toBeUndefined()
  })
})

/** Twenty-one symbols at MEXC: three subscriptions each, thirty on a connection. */
async function crowd() {
  const on = await openStreamScene('mexc')
  scene = on
  const names = Array.from({ length: 21 }, (_, index) => `C${String(index)}`)
  const symbols = names.map((base) => ({ ...mexcSymbol, symbol: `${base}USDT`, baseAsset: base }))
  on.server.on('GET /api/v3/exchangeInfo', { json: { symbols } })
  on.server.on('GET /api/v3/ticker/24hr', { json: [] })
  const request = { symbols: names.map((base) => `${base}/USDT`), timeframe: '1m', bookDepth: 5 }
  return { on, request, ears: new StreamEars() }
}

it('many symbols go over several connections, as many subscriptions on each as MEXC takes', async () => {
  const { on, request, ears } = await crowd()
  const stream = await on.venue.openMarketStream?.(request, ears)
  expect(on.paths).toHaveLength(3)
  stream?.close()
})

it('one of several connections that breaks while they open: none is left, and nobody hears of an end', async () => {
  const { on, ears, request } = await crowd()
  on.onConnection = (socket) => {
    if (on.paths.length === 2) socket.terminate()
  }
  await expect(on.venue.openMarketStream?.(request, ears)).rejects.toMatchObject({
    code: 'unreachable',
  })
  await expect.poll(() => on.sockets.size, patience).toBe(0)
  expect(ears.ends).toEqual([])
})
