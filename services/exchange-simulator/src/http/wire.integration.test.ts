import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '../index.ts'
import { wireClient, type WireClient } from '../testing/wire-client.ts'
import { checkSignature } from './security.ts'
import { SimulatorConfigSchema } from '../config.ts'

const START = Date.UTC(2026, 10, 2, 12, 0, 30)

let simulator: Simulator
let client: WireClient

beforeAll(async () => {
  simulator = createSimulator({
    config: { clock: 'manual', startAt: START, balances: { USDT: '100000', BTC: '1' } },
    folder: null,
  })
  await simulator.start()
  client = wireClient({ url: simulator.url, now: () => simulator.now() })
})

afterAll(() => simulator.stop())

const limit = {
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  quantity: '0.01',
  price: '40000',
}

describe('who may come in', () => {
  const stranger = (apiKey: string) =>
    wireClient({ url: simulator.url, now: () => simulator.now(), apiKey })

  test.each([
    ['a key with other signs', 'no-key', 401, -2014, 'API-key format invalid.'],
    ['an unknown key', 'unknown', 401, -2015, 'Invalid API-key, IP, or permissions for action.'],
  ])('%s', async (_name, apiKey, status, code, msg) => {
    const answer = await stranger(apiKey).signed('GET', 'account')
    expect([answer.status, answer.body]).toEqual([status, { code, msg }])
  })

  test('a wrong signature', async () => {
    const wrong = wireClient({ url: simulator.url, now: () => simulator.now(), secret: 'wrong' })
    expect((await wrong.signed('GET', 'account')).body).toEqual({
      code: -1022,
      msg: 'Signature for this request is not valid.',
    })
  })

  test.each([
    ['no timestamp', '', -1102, /'timestamp'/],
    ['no signature', 'timestamp=1', -1102, /'signature'/],
  ])('%s', async (_name, query, code, msg) => {
    const answer = await client.raw('GET', `/api/v3/account?${query}`)
    expect(answer.body).toMatchObject({ code, msg: expect.stringMatching(msg) as unknown })
  })

  test.each([
    ['5 s late is in time', -5_000, {}, 200],
    ['later than its window is not', -5_001, {}, 400],
    ['a wider window', -50_000, { recvWindow: 60_000 }, 200],
    ['999 ms ahead is in time', 999, {}, 200],
    ['1000 ms ahead is not', 1_000, {}, 400],
  ])('%s', async (_name, offset, more, status) => {
    const timestamp = simulator.now() + offset
    const answer = await client.signed('GET', 'account', { timestamp, ...more })
    expect(answer.status).toBe(status)
    expect([undefined, -1021]).toContain(answer.body.code)
  })

  test('a window beyond a minute is refused, microseconds are understood', async () => {
    expect((await client.signed('GET', 'account', { recvWindow: 60_001 })).body.code).toBe(-1131)
    const timestamp = simulator.now() * 1_000
    expect((await client.signed('GET', 'account', { timestamp })).status).toBe(200)
  })

  test('signed in the query, in the body, in both, in capitals', async () => {
    const query = `symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=50`
    const body = `timestamp=${simulator.now()}`
    const test = '/api/v3/order/test'
    const both = client.sign(query + body)
    const whole = `${query}&${body}`
    const sign = client.sign(whole)
    const answers = await Promise.all([
      client.raw('POST', `${test}?${whole}&signature=${sign}`),
      client.raw('POST', test, `${whole}&signature=${sign}`),
      client.raw('POST', `${test}?${query}`, `${body}&signature=${both}`),
      client.raw('POST', `${test}?${query}&signature=${both}`, body),
      client.raw('POST', `${test}?${whole}&signature=${sign.toUpperCase()}`),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  })

  test("the signature of the exchange's own documents is accepted", () => {
    const query =
      'symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559'
    const signature = 'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71'
    const config = SimulatorConfigSchema.parse({
      apiSecret: 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j',
    })
    const request = { method: 'POST', path: '/api/v3/order', query, body: '', apiKey: null }
    const context = { config, marketNow: 1_499_827_319_559, realNow: 0 }
    const parameters = (hex: string) => new Map([...new URLSearchParams(query), ['signature', hex]])
    expect(checkSignature(request, parameters(signature), context)).toBeNull()
    expect(checkSignature(request, parameters(`d${signature.slice(1)}`), context)).toMatchObject({
      code: -1022,
    })
  })
})

describe('one order for another', () => {
  afterAll(() => client.signed('DELETE', 'openOrders', { symbol: 'BTCUSDT' }))

  const replace = (changes: Record<string, string>) =>
    client.signed('POST', 'order/cancelReplace', {
      ...limit,
      cancelReplaceMode: 'STOP_ON_FAILURE',
      ...changes,
    })
  const place = (newClientOrderId: string) =>
    client.signed('POST', 'order', { ...limit, newClientOrderId })
  const tooMuch = { quantity: '20', price: '60000' }

  test('both go well, and the name can stay the same', async () => {
    await place('same')
    const names = { cancelOrigClientOrderId: 'same', newClientOrderId: 'same' }
    const { status, body } = await replace({ ...names, quantity: '0.02' })
    expect([status, body]).toMatchObject([
      200,
      {
        cancelResult: 'SUCCESS',
        newOrderResult: 'SUCCESS',
        cancelResponse: { origClientOrderId: 'same', status: 'CANCELED' },
        newOrderResponse: { clientOrderId: 'same', status: 'NEW', origQty: '0.02000000' },
      },
    ])
  })

  test.each([
    ['nothing to cancel', 'STOP_ON_FAILURE', 'unknown', {}, 400, -2022, 'FAILURE', 'NOT_ATTEMPTED'],
    ['nothing to cancel, go on', 'ALLOW_FAILURE', 'unknown', {}, 409, -2021, 'FAILURE', 'SUCCESS'],
    ['no money', 'STOP_ON_FAILURE', 'live', tooMuch, 409, -2021, 'SUCCESS', 'FAILURE'],
    ['neither', 'ALLOW_FAILURE', 'unknown', tooMuch, 400, -2022, 'FAILURE', 'FAILURE'],
  ])('%s', async (_name, mode, old, changes, status, code, cancelResult, newOrderResult) => {
    if (old === 'live') await place('live')
    const names = { cancelReplaceMode: mode, cancelOrigClientOrderId: old }
    const answer = await replace({ ...names, ...changes })
    expect([answer.status, answer.body]).toMatchObject([
      status,
      { code, data: { cancelResult, newOrderResult } },
    ])
  })

  test('what a filter refuses cancels nothing', async () => {
    await place('kept')
    const answer = await replace({ cancelOrigClientOrderId: 'kept', price: '40000.001' })
    expect(answer.body.msg).toBe('Filter failure: PRICE_FILTER')
    const name = { symbol: 'BTCUSDT', origClientOrderId: 'kept' }
    expect((await client.signed('GET', 'order', name)).body['status']).toBe('NEW')
  })

  test('the mode and the old order must be named', async () => {
    expect((await replace({ cancelReplaceMode: '' })).body.code).toBe(-1102)
    expect((await replace({})).body.code).toBe(-1102)
  })
})

describe('what is sent', () => {
  test.each([
    ['nobody reads it', { ...limit, foo: '1' }, -1104, /read '8' parameter\(s\) but was sent '9'/],
    [
      'a distance to trail on a limit order',
      { ...limit, trailingDelta: '100' },
      -1106,
      /trailingDelta/,
    ],
    ['a number with letters', { ...limit, price: 'abc' }, -1100, /'price'/],
    ['a negative number', { ...limit, quantity: '-1' }, -1100, /'quantity'/],
    [
      'nine places',
      { ...limit, quantity: '0.000000001' },
      -1111,
      /'quantity' has too much precision/,
    ],
    ['an empty price', { ...limit, price: '' }, -1102, /'price'/],
    [
      'an id of 37 signs',
      { ...limit, newClientOrderId: 'a'.repeat(37) },
      -1100,
      /'newClientOrderId'/,
    ],
    ['an empty id', { ...limit, newClientOrderId: '' }, -1105, /'newClientOrderId' was empty/],
    [
      'a price on a market order',
      { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '1', price: '1' },
      -1106,
      /'price' sent when not required/,
    ],
    ['a stop on a limit order', { ...limit, stopPrice: '1' }, -1106, /'stopPrice'/],
    ['time in force on a maker', { ...limit, type: 'LIMIT_MAKER' }, -1106, /'timeInForce'/],
    [
      'no time in force',
      { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', quantity: '1', price: '1' },
      -1102,
      /'timeInForce'/,
    ],
    ['an unknown time in force', { ...limit, timeInForce: 'GTX' }, -1115, /Invalid timeInForce/],
    ['an unknown type', { ...limit, type: 'PEG' }, -1116, /Invalid orderType/],
    ['an unknown side', { ...limit, side: 'HOLD' }, -1117, /Invalid side/],
    ['an unknown symbol', { ...limit, symbol: 'LTCBTC' }, -1121, /Invalid symbol/],
    [
      'both quantities',
      { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '1', quoteOrderQty: '9' },
      -1128,
      /Combination/,
    ],
    ['a small strategy type', { ...limit, strategyType: '1' }, -1134, /strategyType/],
  ])('%s', async (_name, parameters, code, msg) => {
    const answer = await client.signed('POST', 'order', parameters as Record<string, string>)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ code, msg: expect.stringMatching(msg) as unknown })
  })

  test('the same twice', async () => {
    const answer = await client.public('ticker/price', 'symbol=BTCUSDT&symbol=ETHUSDT')
    expect(answer.body).toEqual({ code: -1101, msg: 'Duplicate values for a parameter detected.' })
  })

  test.each([
    ['klines?symbol=BTCUSDT&interval=7m', -1120],
    ['klines?symbol=BTCUSDT', -1102],
    ['depth', -1102],
    ['depth?symbol=ABCXYZ', -1121],
    ['ticker/price?symbols=BTCUSDT', -1100],
    ['ticker/24hr?symbol=BTCUSDT&symbols=%5B%22ETHUSDT%22%5D', -1128],
    ['depth?symbol=BTCUSDT&limit=0', -1130],
    ['ticker?symbol=BTCUSDT&windowSize=60m', -1130],
  ])('GET %s', async (path, code) => {
    expect((await client.raw('GET', `/api/v3/${path}`)).body.code).toBe(code)
  })

  test('an order that is not there, and none to cancel', async () => {
    const name = { symbol: 'BTCUSDT', origClientOrderId: 'nobody' }
    expect((await client.signed('GET', 'order', name)).body).toEqual({
      code: -2013,
      msg: 'Order does not exist.',
    })
    for (const [path, fields] of [
      ['order', name],
      ['openOrders', { symbol: 'BTCUSDT' }],
    ] as const) {
      expect((await client.signed('DELETE', path, fields)).body.code).toBe(-2011)
    }
    expect((await client.signed('GET', 'orderList', { orderListId: 77 })).body.code).toBe(-2018)
  })
})

describe('what comes back', () => {
  test('the whole answer to an order, field by field', async () => {
    const answer = await client.signed('POST', 'order', {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'MARKET',
      quantity: '0.001',
      newClientOrderId: 'whole',
    })
    const { price, commission } = (answer.body['fills'] as Record<string, string>[])[0]!
    expect(commission).toBe('0.00000100')
    expect(answer.body).toEqual({
      symbol: 'BTCUSDT',
      orderId: expect.any(Number) as unknown,
      orderListId: -1,
      clientOrderId: 'whole',
      transactTime: START,
      price: '0.00000000',
      origQty: '0.00100000',
      executedQty: '0.00100000',
      origQuoteOrderQty: '0.00000000',
      cummulativeQuoteQty: (Number(price) / 1_000).toFixed(8),
      status: 'FILLED',
      timeInForce: 'GTC',
      type: 'MARKET',
      side: 'BUY',
      workingTime: START,
      selfTradePreventionMode: 'EXPIRE_MAKER',
      fills: [
        {
          price,
          qty: '0.00100000',
          commission,
          commissionAsset: 'BTC',
          tradeId: expect.any(Number) as unknown,
        },
      ],
    })
  })

  test.each([
    ['ACK', 5],
    ['RESULT', 16],
    ['FULL', 17],
  ])('%s has %d fields', async (newOrderRespType, count) => {
    const answer = await client.signed('POST', 'order', { ...limit, newOrderRespType })
    expect(Object.keys(answer.body)).toHaveLength(count)
    const { orderId } = answer.body as { orderId: number }
    const cancelled = await client.signed('DELETE', 'order', { symbol: 'BTCUSDT', orderId })
    expect(cancelled.body).toMatchObject({
      status: 'CANCELED',
      origClientOrderId: answer.body['clientOrderId'],
    })
    expect(cancelled.body['clientOrderId']).not.toBe(answer.body['clientOrderId'])
  })

  test('weights are counted, orders that are placed are free', async () => {
    const used = async () =>
      Number((await client.public('ping')).headers.get('x-mbx-used-weight-1m'))
    const before = await used()
    await client.signed('GET', 'account')
    const after = await used()
    expect(after - before).toBe(21)
    const placed = await client.signed('POST', 'order', limit)
    expect(Number(placed.headers.get('x-mbx-order-count-10s'))).toBeGreaterThan(0)
    expect(Number(placed.headers.get('x-mbx-used-weight-1m'))).toBe(after)
    await client.signed('DELETE', 'openOrders', { symbol: 'BTCUSDT' })
  })

  test('candles: from a moment on, the last ones, whole days, and the open one', async () => {
    const rows = async (query: string) =>
      (await client.public('klines', `symbol=BTCUSDT&${query}`)).body as unknown as number[][]
    const midnight = Date.UTC(2026, 10, 1)
    const forward = await rows(`interval=5m&startTime=${midnight + 1}&limit=3`)
    expect(forward.map(([time]) => time)).toEqual([5, 10, 15].map((m) => midnight + m * 60_000))
    const last = await rows('interval=1m&limit=2')
    expect(last.map(([time]) => time)).toEqual([START - 90_000, START - 30_000])
    expect(Number(last[1]![5])).toBeLessThan(Number(last[0]![5]) * 10)
    const days = await rows(`interval=1d&endTime=${midnight - 1}&limit=2`)
    expect(days.map(([time, , , , , , close]) => close! - time!)).toEqual([86_399_999, 86_399_999])
  })

  test('trades go on from an id, and the account is among them', async () => {
    const mine = await client.signed('GET', 'myTrades', { symbol: 'BTCUSDT' })
    const { id } = (mine.body as unknown as { id: number }[])[0]!
    const answer = await client.public('aggTrades', `symbol=BTCUSDT&fromId=${id}&limit=5`)
    expect((answer.body as unknown as { a: number }[])[0]).toMatchObject({ a: id })
  })
})

test('a route of another house is not found, and remembered', async () => {
  const answer = await client.raw('GET', '/sapi/v1/account/snapshot')
  expect(answer.status).toBe(404)
  expect(answer.headers.get('content-type')).toContain('html')
})

describe('limits', () => {
  const small = { weightPerMinute: 100, ordersPerTenSeconds: 3 }

  test('too much weight is refused, then banned', async () => {
    const strict = createSimulator({ config: { limits: small }, folder: null })
    await strict.start()
    const impatient = wireClient({ url: strict.url, now: () => strict.now() })
    const statuses: number[] = []
    let last = await impatient.public('ping')
    for (let count = 0; count < 260 && last.status !== 418; count += 1) {
      last = await impatient.public('ping')
      statuses.push(last.status)
    }
    expect(statuses).toContain(429)
    expect(last.status).toBe(418)
    expect(last.body).toMatchObject({
      code: -1003,
      msg: expect.stringMatching(/banned/) as unknown,
    })
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(60)
    await strict.stop()
  })

  test.each([
    ['a market ten times as fast lets in ten times as much', { speed: 10 }],
    ['a market that is moved by hand has no limit', { clock: 'manual' }],
  ] as const)('%s', async (_name, time) => {
    const fast = createSimulator({ config: { limits: small, ...time }, folder: null })
    await fast.start()
    const quick = wireClient({ url: fast.url, now: () => fast.now() })
    const statuses = new Set<number>()
    for (let count = 0; count < 150; count += 1) statuses.add((await quick.public('ping')).status)
    expect([...statuses]).toEqual([200])
    await fast.stop()
  })

  test('orders that wait are counted, and one too many is refused', async () => {
    const strict = createSimulator({ config: { limits: { ordersPerDay: 2 } }, folder: null })
    await strict.start()
    const busy = wireClient({ url: strict.url, now: () => strict.now() })
    const price = Math.floor(
      Number((await busy.public('ticker/price', 'symbol=BTCUSDT')).body['price']) * 0.9,
    )
    const answers = []
    for (let count = 0; count < 3; count += 1) {
      answers.push(await busy.signed('POST', 'order', { ...limit, price, quantity: '0.001' }))
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
    expect(answers[2]!.body).toEqual({
      code: -1015,
      msg: 'Too many new orders; current limit is 2 orders per 1 DAY.',
    })
    await strict.stop()
  })
})
