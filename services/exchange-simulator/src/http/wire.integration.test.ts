// What may be sent, what is refused, and what comes back.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Simulator } from '../index.ts'
import { startSimulatorByHand, restingBuy, START } from '../testing/started-simulator.ts'
import type { WireClient } from '../testing/wire-client.ts'

let simulator: Simulator
let client: WireClient

beforeAll(async () => {
  ;({ simulator, client } = await startSimulatorByHand({ balances: { USDT: '100000', BTC: '1' } }))
})

afterAll(() => simulator.stop())

describe('what is sent', () => {
  test.each([
    [
      'nobody reads it',
      { ...restingBuy, foo: '1' },
      -1104,
      /read '8' parameter\(s\) but was sent '9'/,
    ],
    [
      'a distance to trail on a limit order',
      { ...restingBuy, trailingDelta: '100' },
      -1106,
      /trailingDelta/,
    ],
    ['a number with letters', { ...restingBuy, price: 'abc' }, -1100, /'price'/],
    ['a negative number', { ...restingBuy, quantity: '-1' }, -1100, /'quantity'/],
    [
      'nine places',
      { ...restingBuy, quantity: '0.000000001' },
      -1111,
      /'quantity' has too much precision/,
    ],
    ['an empty price', { ...restingBuy, price: '' }, -1102, /'price'/],
    [
      'an id of 37 signs',
      { ...restingBuy, newClientOrderId: 'a'.repeat(37) },
      -1100,
      /'newClientOrderId'/,
    ],
    ['an empty id', { ...restingBuy, newClientOrderId: '' }, -1105, /'newClientOrderId' was empty/],
    [
      'a price on a market order',
      { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '1', price: '1' },
      -1106,
      /'price' sent when not required/,
    ],
    ['a stop on a limit order', { ...restingBuy, stopPrice: '1' }, -1106, /'stopPrice'/],
    ['time in force on a maker', { ...restingBuy, type: 'LIMIT_MAKER' }, -1106, /'timeInForce'/],
    [
      'no time in force',
      { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', quantity: '1', price: '1' },
      -1102,
      /'timeInForce'/,
    ],
    [
      'an unknown time in force',
      { ...restingBuy, timeInForce: 'GTX' },
      -1115,
      /Invalid timeInForce/,
    ],
    ['an unknown type', { ...restingBuy, type: 'PEG' }, -1116, /Invalid orderType/],
    ['an unknown side', { ...restingBuy, side: 'HOLD' }, -1117, /Invalid side/],
    ['an unknown symbol', { ...restingBuy, symbol: 'LTCBTC' }, -1121, /Invalid symbol/],
    [
      'both quantities',
      { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '1', quoteOrderQty: '9' },
      -1128,
      /Combination/,
    ],
    ['a small strategy type', { ...restingBuy, strategyType: '1' }, -1134, /strategyType/],
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
    const answer = await client.signed('POST', 'order', { ...restingBuy, newOrderRespType })
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
    const placed = await client.signed('POST', 'order', restingBuy)
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
