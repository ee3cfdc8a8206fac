// Sockets, by ccxt as it comes and by a bare client that hears every word.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import type { Simulator } from '../index.ts'
import { restingBuy, startSimulatorByHand } from '../testing/started-simulator.ts'
import { call, loadCcxt, type Exchange } from '../testing/ccxt-client.ts'
import {
  openTalk,
  PATIENCE,
  signParameters,
  type Message,
  type Talk,
} from '../testing/socket-client.ts'
import type { WireClient } from '../testing/wire-client.ts'

let simulator: Simulator
let client: WireClient
const open: WebSocket[] = []

beforeAll(async () => {
  ;({ simulator, client } = await startSimulatorByHand({
    balances: { USDT: '1000000', BTC: '5' },
    control: { enabled: true },
  }))
})

afterEach(async () => {
  for (const socket of open.splice(0)) socket.terminate()
  await fetch(`${simulator.controlUrl ?? ''}/__sim/faults`, { method: 'DELETE' })
})

afterAll(() => simulator.stop())

async function talk(path: string): Promise<Talk> {
  const talked = await openTalk(simulator.url, path)
  open.push(talked.socket)
  return talked
}

const pass = (ms: number) => simulator.advanceTo(simulator.now() + ms)

async function heardOf(talked: Talk, count: number): Promise<Message[]> {
  await expect.poll(() => talked.heard.length, PATIENCE).toBeGreaterThanOrEqual(count)
  return talked.heard
}

describe('market streams', () => {
  test.each([
    ['btcusdt@trade', { e: 'trade', s: 'BTCUSDT', M: true }],
    ['btcusdt@aggTrade', { e: 'aggTrade', s: 'BTCUSDT', M: true }],
    ['btcusdt@kline_1m', { e: 'kline', s: 'BTCUSDT' }],
    ['btcusdt@kline_1s', { e: 'kline', s: 'BTCUSDT' }],
    ['btcusdt@miniTicker', { e: '24hrMiniTicker', s: 'BTCUSDT' }],
    ['btcusdt@ticker', { e: '24hrTicker', s: 'BTCUSDT' }],
    ['btcusdt@ticker_1h', { e: '1hTicker', s: 'BTCUSDT' }],
    ['btcusdt@avgPrice', { e: 'avgPrice', i: '5m' }],
    ['btcusdt@bookTicker', { s: 'BTCUSDT' }],
    ['btcusdt@depth@100ms', { e: 'depthUpdate', s: 'BTCUSDT' }],
    ['btcusdt@depth5', { lastUpdateId: expect.any(Number) as unknown }],
    ['!miniTicker@arr', [{ e: '24hrMiniTicker' }, {}, {}]],
  ])('%s', async (name, expected) => {
    const single = await talk(`/ws/${name}`)
    const combined = await talk(`/stream?streams=${name}`)
    pass(2_000)
    expect((await heardOf(single, 1))[0]).toMatchObject(expected)
    expect((await heardOf(combined, 1))[0]).toMatchObject({ stream: name, data: expected })
  })

  test('streams are asked for, listed and left by message', async () => {
    const socket = await talk('/ws')
    const names = ['btcusdt@trade', 'ethusdt@trade']
    const say = (method: string, params?: unknown[]) => socket.ask({ method, params })
    expect(await say('SUBSCRIBE', names)).toEqual({ id: 1, result: null })
    expect((await say('LIST_SUBSCRIPTIONS'))['result']).toEqual(names)
    await say('UNSUBSCRIBE', ['btcusdt@trade'])
    expect((await say('GET_PROPERTY', ['combined']))['result']).toBe(false)
    await say('SET_PROPERTY', ['combined', true])
    expect((await say('SING'))['error']).toMatchObject({ code: 2 })
    pass(1_000)
    expect((await heardOf(socket, 7))[6]).toMatchObject({
      stream: 'ethusdt@trade',
      data: { s: 'ETHUSDT' },
    })
  })

  test('every minute is told once as ended, however far time jumps', async () => {
    const socket = await talk('/ws/btcusdt@kline_1m')
    pass(10 * 60_000)
    const closed = () =>
      socket.heard
        .map((one) => one['k'] as unknown as Record<string, unknown>)
        .filter(({ x }) => x === true)
    await expect.poll(() => closed().length, PATIENCE).toBe(10)
    const rows = (await client.public('klines', 'symbol=BTCUSDT&interval=1m&limit=11'))
      .body as unknown as unknown[][]
    expect(closed().map(({ t, o, h, l, c, v }) => [t, o, h, l, c, v])).toEqual(
      rows.slice(0, 10).map((row) => row.slice(0, 6)),
    )
  })

  test('a book that is kept by its changes is the book', async () => {
    const socket = await talk('/ws/btcusdt@depth@100ms')
    const depth = async () => (await client.public('depth', 'symbol=BTCUSDT&limit=1000')).body
    const start = await depth()
    const book = new Map(start['bids'] as [string, string][])
    pass(1_000)
    await client.signed('POST', 'order', {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'LIMIT',
      timeInForce: 'GTC',
      quantity: '0.5',
      price: Number([...book.keys()][20]).toFixed(2),
    })
    pass(3_000)
    const end = await depth()
    const last = () => socket.heard.at(-1)?.['u']
    await expect.poll(last, PATIENCE).toBe(end['lastUpdateId'])
    let version = start['lastUpdateId'] as number
    for (const update of socket.heard) {
      expect(update['U']).toBe(version + 1)
      version = update['u'] as unknown as number
      for (const [price, quantity] of update['b'] as unknown as [string, string][]) {
        if (Number(quantity) === 0) book.delete(price)
        else book.set(price, quantity)
      }
    }
    const sorted = [...book].sort(([left], [right]) => Number(right) - Number(left))
    expect(sorted.slice(0, 1_000)).toEqual(end['bids'])
  })

  test('an address of another exchange is refused and noted', async () => {
    await expect(talk('/fstream/btcusdt@trade')).rejects.toThrow('404')
  })
})

describe('the WebSocket API', () => {
  const signed = (fields: Record<string, string | number> = {}, secret?: string) =>
    signParameters({ timestamp: simulator.now(), ...fields }, secret)

  test('asks, places, looks up and cancels as REST does', async () => {
    const socket = await talk('/ws-api/v3')
    const say = (method: string, params: object = {}) => socket.ask({ method, params })
    expect(await say('ping')).toMatchObject({ status: 200, result: {} })
    expect(await say('time')).toMatchObject({ result: { serverTime: simulator.now() } })
    expect(await say('ticker.price', { symbols: ['BTCUSDT', 'ETHUSDT'] })).toMatchObject({
      result: [{ symbol: 'BTCUSDT' }, { symbol: 'ETHUSDT' }],
      rateLimits: [{ rateLimitType: 'REQUEST_WEIGHT' }],
    })
    const id = { symbol: 'BTCUSDT', origClientOrderId: 'over-ws' }
    expect(
      await say('order.place', signed({ ...restingBuy, newClientOrderId: 'over-ws' })),
    ).toMatchObject({ status: 200, result: { status: 'NEW', clientOrderId: 'over-ws' } })
    expect(await say('order.status', signed(id))).toMatchObject({ result: { status: 'NEW' } })
    expect(await say('order.cancel', signed(id))).toMatchObject({ result: { status: 'CANCELED' } })
    expect(await say('order.cancel', signed(id))).toMatchObject({
      status: 400,
      error: { code: -2011 },
    })
    expect(await say('account.status', signed({}, 'wrong'))).toMatchObject({
      error: { code: -1022 },
    })
    expect(await say('order.dance')).toMatchObject({ error: { code: -1020 } })
    expect(await say('session.logon', signed())).toMatchObject({ error: { code: -4056 } })
  })

  test('the address says whether limits are told, and in which unit times are', async () => {
    const socket = await talk('/ws-api/v3?returnRateLimits=false&timeUnit=microsecond')
    const time = await socket.ask({ method: 'time' })
    expect(time).toMatchObject({ result: { serverTime: simulator.now() * 1_000 } })
    expect(time).not.toHaveProperty('rateLimits')
    const params = { returnRateLimits: true }
    expect(await socket.ask({ method: 'time', params })).toHaveProperty('rateLimits.0.limit')
    socket.socket.send('{')
    await expect
      .poll(() => socket.heard.at(-1), PATIENCE)
      .toMatchObject({ id: null, error: { code: -1135, msg: 'Invalid JSON Request' } })
  })

  async function listen(): Promise<Talk> {
    const socket = await talk('/ws-api/v3')
    const answer = await socket.ask({
      method: 'userDataStream.subscribe.signature',
      params: signed(),
    })
    expect(answer).toMatchObject({ status: 200 })
    return socket
  }

  const eventsOf = ({ heard }: Talk) =>
    heard.flatMap((one) => (one['event'] === undefined ? [] : [one['event'] as Message]))

  async function events(socket: Talk, count: number): Promise<Message[]> {
    await expect.poll(() => eventsOf(socket).length, PATIENCE).toBeGreaterThanOrEqual(count)
    return eventsOf(socket)
  }

  test('a subscription needs a signature, is made once, and is ended', async () => {
    const socket = await talk('/ws-api/v3')
    const say = (method: string, params: object) => socket.ask({ method, params })
    const subscribe = 'userDataStream.subscribe.signature'
    expect(await say(subscribe, signed({}, 'wrong'))).toMatchObject({ error: { code: -1022 } })
    const { result } = await say(subscribe, signed())
    expect(await say('session.subscriptions', {})).toMatchObject({ result: [result] })
    expect(await say(subscribe, signed())).toMatchObject({ error: { code: -2035 } })
    expect(await say('userDataStream.unsubscribe', {})).toMatchObject({ status: 200 })
    expect(await say('userDataStream.unsubscribe', {})).toMatchObject({ error: { code: -2036 } })
  })

  test('an order tells its life: new, trade, the money after each', async () => {
    const socket = await listen()
    await client.signed('POST', 'order', {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'MARKET',
      quantity: '0.01',
      newClientOrderId: 'told',
    })
    const told = await events(socket, 3)
    expect(told.map(({ e, x, X }) => [e, x, X])).toEqual([
      ['executionReport', 'NEW', 'NEW'],
      ['executionReport', 'TRADE', 'FILLED'],
      ['outboundAccountPosition', undefined, undefined],
    ])
    expect(told[1]).toMatchObject({ c: 'told', l: '0.01000000', N: 'BTC', n: '0.00001000' })
    expect((told[2]!['B'] as unknown as { a: string }[]).map(({ a }) => a).sort()).toEqual([
      'BTC',
      'USDT',
    ])
  })

  test('a cancel has its own name and the name of what it cancels', async () => {
    await client.signed('POST', 'order', { ...restingBuy, newClientOrderId: 'to-cancel' })
    const socket = await listen()
    await client.signed('DELETE', 'order', {
      symbol: 'BTCUSDT',
      origClientOrderId: 'to-cancel',
      newClientOrderId: 'the-cancel',
    })
    expect((await events(socket, 1))[0]).toMatchObject({
      x: 'CANCELED',
      X: 'CANCELED',
      c: 'the-cancel',
      C: 'to-cancel',
    })
  })

  test('a list tells both legs, then itself, then the money', async () => {
    const socket = await listen()
    const price = Number((await client.public('ticker/price', 'symbol=BTCUSDT')).body['price'])
    await client.signed('POST', 'orderList/oco', {
      symbol: 'BTCUSDT',
      side: 'SELL',
      quantity: '0.01',
      aboveType: 'LIMIT_MAKER',
      abovePrice: (price * 1.1).toFixed(2),
      belowType: 'STOP_LOSS',
      belowStopPrice: (price * 0.9).toFixed(2),
    })
    const told = await events(socket, 4)
    expect(told.map(({ e, l, L }) => (e === ('listStatus' as never) ? [e, l, L] : [e]))).toEqual([
      ['executionReport'],
      ['executionReport'],
      ['listStatus', 'EXEC_STARTED', 'EXECUTING'],
      ['outboundAccountPosition'],
    ])
  })

  describe('on a bad day', () => {
    const set = (fault: object) =>
      fetch(`${simulator.controlUrl ?? ''}/__sim/faults`, {
        method: 'POST',
        body: JSON.stringify(fault),
      })
    const buy = (name: string) =>
      client.signed('POST', 'order', {
        symbol: 'BTCUSDT',
        side: 'BUY',
        type: 'MARKET',
        quantity: '0.001',
        newClientOrderId: name,
      })
    const seen = (socket: Talk) => eventsOf(socket).map(({ e, x }) => x ?? e)

    test.each([
      ['F24', 4, ['NEW', 'NEW', 'TRADE', 'outboundAccountPosition']],
      ['F25', 3, ['TRADE', 'NEW', 'outboundAccountPosition']],
      ['F26', 2, ['TRADE', 'outboundAccountPosition']],
    ])('%s changes what is heard', async (kind, count, expected) => {
      const socket = await listen()
      await set({ kind, count: 1, match: { path: '/ws/user', cidPrefix: 'bad-' } })
      await buy(`bad-${kind}`)
      await events(socket, count)
      expect(seen(socket)).toEqual(expected)
    })

    test('a stream goes silent, and only that one', async () => {
      await set({ kind: 'F26', match: { symbol: 'BTCUSDT' } })
      const socket = await talk('/stream?streams=btcusdt@trade/ethusdt@trade')
      pass(3_000)
      const heard = await heardOf(socket, 1)
      expect(new Set(heard.map((one) => one['stream']))).toEqual(new Set(['ethusdt@trade']))
    })

    test.each([['disconnect'], ['cut'], ['shutdown']])('%s', async (how) => {
      const socket = await listen()
      await set({ kind: 'F27', args: { how } })
      await expect.poll(socket.isClosed, PATIENCE).toBe(true)
      const farewell = eventsOf(socket).some(({ e }) => e === ('serverShutdown' as never))
      expect(farewell).toBe(how === 'shutdown')
      expect((await buy('after')).status).toBe(200)
    })
  })
})

describe('ccxt', () => {
  let exchange: Exchange

  beforeAll(async () => {
    exchange = await loadCcxt(simulator)
    await call(exchange, 'loadHttpProxyAgent')
  })

  afterAll(() => call(exchange, 'close'))

  /** Market time passes until the watched event has come. */
  async function watch(name: string, ...values: unknown[]): Promise<Record<string, unknown>> {
    let isDone = false
    const event = call(exchange, name, ...values).finally(() => {
      isDone = true
    })
    event.catch(() => undefined)
    await expect
      .poll(() => {
        if (!isDone) pass(2_000)
        return isDone
      }, PATIENCE)
      .toBe(true)
    return event
  }

  test('watches ticker, trades, candles, best prices and book', async () => {
    expect(await watch('watchTicker', 'BTC/USDT')).toMatchObject({ symbol: 'BTC/USDT' })
    expect(await watch('watchTickers', ['BTC/USDT', 'ETH/USDT'])).toBeTypeOf('object')
    expect(await watch('watchTrades', 'BTC/USDT')).toHaveProperty('0.price')
    expect(await watch('watchOHLCV', 'BTC/USDT', '1m')).toHaveProperty('0.4')
    expect(await watch('watchBidsAsks', ['BTC/USDT'])).toHaveProperty(['BTC/USDT', 'bid'])
    const book = await watch('watchOrderBook', 'BTC/USDT', 20)
    expect((book['bids'] as unknown[]).length).toBeGreaterThan(0)
  })

  test('watches orders, trades and balance of the account', async () => {
    const orders = call(exchange, 'watchOrders', 'BTC/USDT')
    const balance = call(exchange, 'watchBalance')
    let isDone = false
    const all = Promise.all([orders, balance]).finally(() => {
      isDone = true
    })
    all.catch(() => undefined)
    // Buys until the subscription is up, since what came before it is not told.
    for (let count = 0; !isDone && count < 200; count += 1) {
      await call(exchange, 'createOrder', 'BTC/USDT', 'market', 'buy', 0.001)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const [order, money] = await all
    expect(order).toHaveProperty('0.symbol', 'BTC/USDT')
    expect(order).toHaveProperty('0.side', 'buy')
    expect(money).toHaveProperty('BTC.free')
  })
})
