// Every call that exchange clients make of the venue, by each client that has it, over REST and the WebSocket
// API: it must succeed, and arrive as what was meant. Where a client has no such call, a reason is written.
import { MainClient, WebsocketAPIClient, WebsocketClient } from 'binance'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createSimulator, type Simulator } from './index.ts'
import { call, loadCcxt, type Exchange } from './testing/ccxt-client.ts'
import { accountCalls } from './testing/judge-account-calls.ts'
import { CLIENTS, placingCalls, type JudgeCall, type Judges } from './testing/judge-calls.ts'
import { marketCalls } from './testing/judge-market-calls.ts'
import { guardLoopback, type LoopbackGuard } from './testing/loopback-guard.ts'
import { startRecordingProxy, type RecordingProxy } from './testing/recording-proxy.ts'
import { wireClient } from './testing/wire-client.ts'

const keys = { api_key: 'flotillaSimulatorKey', api_secret: 'flotillaSimulatorSecret' }
const ignore = (): void => undefined
const quiet = { trace: ignore, info: ignore, error: ignore }
const rows: readonly JudgeCall[] = [...marketCalls, ...placingCalls, ...accountCalls]

let simulator: Simulator
let proxy: RecordingProxy
let guard: LoopbackGuard
let exchange: Exchange
let judges: Judges

beforeAll(async () => {
  guard = guardLoopback()
  simulator = createSimulator({
    config: {
      balances: { USDT: '1000000', BTC: '50' },
      control: { enabled: true },
      // The judges place more orders in ten seconds than a client may.
      limits: { ordersPerTenSeconds: 10_000, weightPerMinute: 100_000 },
    },
    folder: null,
  })
  await simulator.start()
  proxy = await startRecordingProxy(simulator.url)
  exchange = await loadCcxt({ url: proxy.url, now: () => simulator.now() })
  await call(exchange, 'loadHttpProxyAgent')
  const direct = wireClient({ url: simulator.url, now: () => simulator.now() })
  const { body } = await direct.public('ticker/price', 'symbol=BTCUSDT')
  const price = Number(body['price'])
  const npmWs = new WebsocketAPIClient(
    {
      ...keys,
      wsUrl: proxy.url.replace('http', 'ws'),
      attachEventListeners: false,
      muteLatencyWarning: true,
      beautify: false,
    },
    quiet,
  )
  npmWs.getWSClient().on('exception', ignore)
  let placed = 0
  const low = Math.floor(price * 0.9)
  judges = {
    ccxt: (method, ...values) => call(exchange, method, ...values),
    npm: new MainClient({ ...keys, baseUrl: proxy.url, disableTimeSync: true }),
    npmWs,
    low,
    high: Math.ceil(price * 1.1),
    stamped: (params) => ({ ...params, timestamp: simulator.now() }),
    place: async () => {
      const name = `judged-${(placed += 1)}`
      const resting = { side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001' }
      const fields = { symbol: 'BTCUSDT', ...resting, price: low, newClientOrderId: name }
      const answer = await direct.signed('POST', 'order', fields)
      expect(answer).toMatchObject({ status: 200 })
      return { id: Number(answer.body['orderId']), name }
    },
  }
  // The first of all orders, whose trades are asked for later.
  await direct.signed('POST', 'order', {
    symbol: 'BTCUSDT',
    side: 'BUY',
    type: 'MARKET',
    quantity: '0.001',
  })
}, 120_000)

afterEach(async () => {
  const direct = wireClient({ url: simulator.url, now: () => simulator.now() })
  await direct.signed('DELETE', 'openOrders', { symbol: 'BTCUSDT' })
})

afterAll(async () => {
  judges.npmWs.getWSClient().closeAll(true)
  await call(exchange, 'close')
  await proxy.close()
  await simulator.stop()
  guard.lift()
})

describe.each(CLIENTS)('%s', (client) => {
  const isRest = client === 'ccxt' || client === 'npm'
  const acts = rows.flatMap((row) => {
    const act = row[client]
    return typeof act === 'string' ? [] : [{ ...row, act }]
  })
  test.each(acts)('$name', { timeout: 60_000 }, async ({ act, wire, fields = {} }) => {
    proxy.take()
    const answer = await act(judges)
    expect(answer).toBeDefined()
    // The WebSocket API of npm binance hands on whole answers; the others hand on what they hold.
    const { status = 200 } = Object(answer) as { status?: unknown }
    expect(client === 'npmWs' ? status : 200).toBe(200)
    const arrived = proxy.take().findLast((seen) => seen.call === wire)
    expect(arrived?.status).toBe(isRest ? 200 : undefined)
    expect(arrived?.fields ?? fields).toMatchObject(fields)
  })
})

/** What ccxt.pro listens to; npm binance is told the names of the streams. */
const streams = [
  ['watchTicker', ['BTC/USDT'], 'btcusdt@miniTicker'],
  ['watchBidsAsks', [['BTC/USDT']], 'btcusdt@bookTicker'],
  ['watchTrades', ['BTC/USDT'], 'btcusdt@trade'],
  ['watchOHLCV', ['BTC/USDT', '1m'], 'btcusdt@kline_1m'],
  ['watchOrderBook', ['BTC/USDT', 20], 'btcusdt@depth@100ms'],
] as const

describe('streams', () => {
  test('each brings its events to both clients', { timeout: 120_000 }, async () => {
    const npm = new WebsocketClient({ wsUrl: proxy.url.replace('http', 'ws') }, quiet)
    const heard = new Set<unknown>()
    npm.on('message', (message: unknown) => {
      const [event] = [message].flat() as { streamName?: unknown }[]
      heard.add(event?.streamName)
    })
    npm.on('exception', ignore)
    const names = streams.map(([, , name]) => name)
    await npm.subscribe(names, 'main')
    const watched = await Promise.all(
      streams.map(([method, values]) => judges.ccxt(method, ...values)),
    )
    for (const event of watched) expect(Object.keys(Object(event) as object)).not.toEqual([])
    await vi.waitFor(() => expect([...heard]).toEqual(expect.arrayContaining(names)), 60_000)
    npm.closeAll(true)
  })
})

describe('coverage', () => {
  /** What the calls of the clients arrive at, all of it. */
  const endpoints =
    `exchangeInfo time ticker/24hr ticker ticker/bookTicker ticker/price depth aggTrades
    klines account order openOrders allOrders myTrades`
      .split(/\s+/)
      .map((path) => `GET ${path}`)
  const changes = [
    ...['order', 'order/oco', 'order/test', 'order/cancelReplace'].map((path) => `POST ${path}`),
    ...['oco', 'oto', 'otoco', 'opo', 'opoco'].map((kind) => `POST orderList/${kind}`),
    'DELETE order',
    'DELETE openOrders',
  ]

  test.each([...endpoints, ...changes])('%s is asked by ccxt and by npm binance', (wire) => {
    const asked = rows.filter((row) => row.wire === wire)
    const by = (...clients: (typeof CLIENTS)[number][]): boolean =>
      asked.some((row) => clients.some((client) => typeof row[client] !== 'string'))
    expect([by('ccxt', 'ccxtWs'), by('npm', 'npmWs')]).toEqual([true, true])
  })

  test('a client without a call has a reason, and the exceptions are these', () => {
    const missing = rows.flatMap((row) =>
      CLIENTS.flatMap((client) => {
        const act = row[client]
        return typeof act === 'string' ? [[client, row.name, act] as const] : []
      }),
    )
    for (const [, , reason] of missing) expect(reason.length).toBeGreaterThan(30)
    const count = (client: string): number => missing.filter(([who]) => who === client).length
    expect(CLIENTS.map((client) => [client, count(client)])).toEqual([
      ['ccxt', 0],
      ['npm', 1],
      ['ccxtWs', 20],
      ['npmWs', 2],
    ])
  })

  test('nothing was meant for another exchange, and nothing went there', async () => {
    const escapes = await fetch(`${simulator.controlUrl}/__sim/escapes`)
    expect(await escapes.json()).toEqual([])
    expect(guard.attempts).toEqual([])
  })
})
