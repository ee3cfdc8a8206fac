// ccxt in real time, with its default options and with its streams: what it asks of an exchange that it
// takes for the real one, the class that it makes of each refusal, and that nothing leaves this machine.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSimulator, type Simulator } from './index.ts'
import { call, loadCcxt, type Exchange } from './testing/ccxt-client.ts'
import { guardLoopback, type LoopbackGuard } from './testing/loopback-guard.ts'

const PATIENCE = 60_000

let simulator: Simulator
let exchange: Exchange
let guard: LoopbackGuard
let price = 0

beforeAll(async () => {
  guard = guardLoopback()
  simulator = createSimulator({
    config: { balances: { USDT: '1000000', BTC: '5' }, control: { enabled: true } },
    folder: null,
  })
  await simulator.start()
  exchange = await loadCcxt(simulator)
  await call(exchange, 'loadHttpProxyAgent')
  price = (await run('fetchTicker', 'BTC/USDT'))['last'] as number
}, PATIENCE)

afterAll(async () => {
  await call(exchange, 'close')
  await simulator.stop()
  guard.lift()
})

const run = (name: string, ...values: unknown[]) => call(exchange, name, ...values)

describe('with its default options', () => {
  test('markets and currencies of every house are asked for here, and nowhere else', async () => {
    const before = guard.attempts.length
    const plain = await loadCcxt(simulator, {
      options: { adjustForTimeDifference: true },
    })
    expect(Object.keys(plain['markets'] as object)).toEqual(['BTC/USDT', 'ETH/USDT', 'SOL/USDT'])
    expect(await call(plain, 'fetchStatus')).toMatchObject({ status: 'ok' })
    expect(Object.keys(await call(plain, 'fetchTradingFees'))).toHaveLength(3)
    expect(guard.attempts).toHaveLength(before)
  })

  test('its clock is set by ours', async () => {
    const off = await call(exchange, 'loadTimeDifference')
    expect(Math.abs(off as unknown as number)).toBeLessThan(PATIENCE)
  })
})

describe('every watched stream', () => {
  test.each([
    ['watchTicker', ['BTC/USDT'], 'last'],
    ['watchTickers', [['BTC/USDT', 'ETH/USDT']], undefined],
    ['watchBidsAsks', [['BTC/USDT']], undefined],
    ['watchTrades', ['BTC/USDT'], '0.price'],
    ['watchTradesForSymbols', [['BTC/USDT', 'ETH/USDT']], '0.price'],
    ['watchOHLCV', ['BTC/USDT', '1m'], '0.4'],
    ['watchOHLCVForSymbols', [[['BTC/USDT', '1m']]], undefined],
    ['watchOrderBook', ['BTC/USDT', 20], 'bids.0.0'],
    ['watchOrderBookForSymbols', [['BTC/USDT', 'ETH/USDT']], 'bids.0.0'],
  ])('%s', { timeout: PATIENCE }, async (name, values, field) => {
    const event = await run(name, ...values)
    expect(Object.keys(event).length).toBeGreaterThan(0)
    expect(event).toHaveProperty(field ?? Object.keys(event)[0]!.split(/(?!)/))
  })

  test(
    'watchOrders, watchMyTrades and watchBalance hear of an order',
    { timeout: PATIENCE },
    async () => {
      let isDone = false
      const all = Promise.all([
        run('watchOrders', 'BTC/USDT'),
        run('watchMyTrades', 'BTC/USDT'),
        run('watchBalance'),
      ]).finally(() => {
        isDone = true
      })
      all.catch(() => undefined)
      // Buys until the subscription is up, since what came before it is not told.
      while (!isDone) {
        await run('createOrder', 'BTC/USDT', 'market', 'buy', 0.001)
        await new Promise((resolve) => setImmediate(resolve))
      }
      const [orders, trades, balance] = await all
      expect(orders).toHaveProperty('0.symbol', 'BTC/USDT')
      expect(trades).toHaveProperty('0.takerOrMaker', 'taker')
      expect(balance).toHaveProperty('BTC.free')
    },
  )
})

test(
  'orders over the socket: placed, looked up, edited, cancelled',
  { timeout: PATIENCE },
  async () => {
    const low = Math.floor(price * 0.8)
    const placed = await run('createOrderWs', 'BTC/USDT', 'limit', 'buy', 0.01, low)
    expect(placed).toMatchObject({ status: 'open', amount: 0.01 })
    expect(await run('fetchOrderWs', placed['id'], 'BTC/USDT')).toMatchObject({ price: low })
    expect(await run('fetchOpenOrdersWs', 'BTC/USDT')).toHaveLength(1)
    const wish = ['BTC/USDT', 'limit', 'buy', 0.02, low]
    const edited = await run('editOrderWs', placed['id'], ...wish)
    expect(edited).toMatchObject({ amount: 0.02 })
    expect(await run('cancelOrderWs', edited['id'], 'BTC/USDT')).toMatchObject({
      status: 'canceled',
    })
    await run('createOrderWs', 'BTC/USDT', 'limit', 'buy', 0.01, low)
    expect(await run('cancelAllOrdersWs', 'BTC/USDT')).toHaveLength(1)
    // The library does not unfold this answer for spot accounts; it hands it on as it came.
    expect(await run('fetchBalanceWs')).toHaveProperty('info.balances.0.free')
    expect(
      ((await run('fetchOrdersWs', 'BTC/USDT')) as unknown as unknown[]).length,
    ).toBeGreaterThan(2)
    expect(
      ((await run('fetchMyTradesWs', 'BTC/USDT')) as unknown as unknown[]).length,
    ).toBeGreaterThan(0)
  },
)

describe('each refusal becomes the class that the exchange would make it', () => {
  const order = (change: object) => [
    'privatePostOrder',
    {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'LIMIT',
      timeInForce: 'GTC',
      quantity: '0.01',
      price: String(Math.floor(price * 0.8)),
      ...change,
    },
  ]
  const far = () => String(Math.floor(price * 0.8))
  test.each([
    ['LOT_SIZE', () => order({ quantity: '0.000001' }), 'InvalidOrder'],
    ['PRICE_FILTER', () => order({ price: '40000.001' }), 'InvalidOrder'],
    ['PERCENT_PRICE_BY_SIDE', () => order({ price: '1.00', quantity: '10' }), 'InvalidOrder'],
    ['NOTIONAL', () => order({ quantity: '0.00001' }), 'BadRequest'],
    ['-1100', () => order({ newClientOrderId: 'a b' }), 'BadRequest'],
    ['-1102', () => order({ quantity: '' }), 'BadRequest'],
    ['-1104', () => order({ colour: 'red' }), 'BadRequest'],
    ['-1106', () => order({ stopPrice: far() }), 'BadRequest'],
    ['-1111', () => order({ quantity: '0.0000000001' }), 'BadRequest'],
    ['-1115', () => order({ timeInForce: 'NOW' }), 'BadRequest'],
    ['-1116', () => order({ type: 'WISH' }), 'BadRequest'],
    ['-1117', () => order({ side: 'UP' }), 'BadRequest'],
    ['-1121', () => order({ symbol: 'NOPE' }), 'BadSymbol'],
    ['balance', () => order({ quantity: '100' }), 'InsufficientFunds'],
    [
      'maker',
      () => order({ type: 'LIMIT_MAKER', timeInForce: undefined, price: '200000' }),
      'OrderImmediatelyFillable',
    ],
    [
      'trigger',
      () => order({ type: 'STOP_LOSS_LIMIT', stopPrice: far() }),
      'OrderImmediatelyFillable',
    ],
    [
      '-2011',
      () => ['privateDeleteOrder', { symbol: 'BTCUSDT', orderId: 99_999 }],
      'OrderNotFound',
    ],
    ['-2013', () => ['privateGetOrder', { symbol: 'BTCUSDT', orderId: 99_999 }], 'OrderNotFound'],
    [
      '-2022',
      () => {
        const [, fields] = order({ cancelReplaceMode: 'STOP_ON_FAILURE', cancelOrderId: 99_999 })
        return ['privatePostOrderCancelReplace', fields]
      },
      'BadResponse',
    ],
    [
      '-2021',
      () => {
        const [, fields] = order({ cancelReplaceMode: 'ALLOW_FAILURE', cancelOrderId: 99_999 })
        return ['privatePostOrderCancelReplace', fields]
      },
      'BadResponse',
    ],
  ])('%s', async (_name, request, error) => {
    const [method, fields] = request() as [string, object]
    const sent = Object.fromEntries(
      Object.entries(fields).filter(([, value]) => value !== undefined),
    )
    await expect(run(method, sent)).rejects.toMatchObject({ name: error })
  })

  test.each([
    ['-2014', { apiKey: 'not-alphanumeric' }, 'AuthenticationError'],
    ['-2015', { apiKey: 'unknown' }, 'AuthenticationError'],
    ['-1022', { secret: 'wrong' }, 'AuthenticationError'],
  ])('%s', async (_name, keys, error) => {
    const stranger = await loadCcxt(simulator, keys)
    await expect(call(stranger, 'fetchBalance')).rejects.toMatchObject({ name: error })
  })

  test('too many new orders, and nobody there at all', async () => {
    const full = createSimulator({ config: { limits: { ordersPerTenSeconds: 1 } }, folder: null })
    await full.start()
    const client = await loadCcxt(full)
    const place = () =>
      call(client, 'createOrder', 'BTC/USDT', 'limit', 'buy', 0.001, Math.floor(price * 0.8))
    await expect(Promise.all([place(), place(), place()])).rejects.toMatchObject({
      name: 'DDoSProtection',
    })
    const { nonce } = exchange
    client.nonce = nonce
    await full.stop()
    await expect(place()).rejects.toMatchObject({ name: 'NetworkError' })
  })

  test.each([
    [400, 'ExchangeNotAvailable', 'no json'],
    [400, 'ExchangeError', '{"code":-9999,"msg":"nobody knows this"}'],
  ])('an answer of %d nobody knows: %s', async (status, error, body) => {
    const strange = createServer((_request, response) => response.writeHead(status).end(body))
    await new Promise<void>((resolve) => void strange.listen(0, '127.0.0.1', resolve))
    const { port } = strange.address() as AddressInfo
    const client = await loadCcxt(simulator)
    const { api } = client.urls
    client.urls.api = { ...api, private: `http://127.0.0.1:${port}/api/v3` }
    await expect(call(client, 'fetchBalance')).rejects.toMatchObject({ name: error })
    strange.closeAllConnections()
    strange.close()
  })
})

test('nothing was meant for another exchange, and nothing went there', async () => {
  const escapes = await fetch(`${simulator.controlUrl}/__sim/escapes`)
  expect(await escapes.json()).toEqual([])
  expect(guard.attempts).toEqual([])
})
