// How much may be asked: weight, requests, orders, and what happens to who asks for more.
import { describe, expect, test } from 'vitest'
import { startSimulator, restingBuy } from '../testing/started-simulator.ts'
import { openTalk, signParameters } from '../testing/socket-client.ts'

describe('limits', () => {
  const small = { weightPerMinute: 100, ordersPerTenSeconds: 3 }

  test('too much weight is refused, then banned', async () => {
    const { simulator: strict, client: impatient } = await startSimulator({ limits: small })
    const statuses: number[] = []
    let last = await impatient.public('ping')
    // As many as it takes when a minute turns just before the ban, and all begins anew.
    for (let count = 0; count < 400 && last.status !== 418; count += 1) {
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
    const { simulator: fast, client: quick } = await startSimulator({ limits: small, ...time })
    const statuses = new Set<number>()
    for (let count = 0; count < 150; count += 1) statuses.add((await quick.public('ping')).status)
    expect([...statuses]).toEqual([200])
    await fast.stop()
  })

  test('orders that wait are counted, and one too many is refused', async () => {
    const { simulator: strict, client: busy } = await startSimulator({
      limits: { ordersPerDay: 2 },
    })
    const price = Math.floor(
      Number((await busy.public('ticker/price', 'symbol=BTCUSDT')).body['price']) * 0.9,
    )
    const answers = []
    for (let count = 0; count < 3; count += 1) {
      answers.push(await busy.signed('POST', 'order', { ...restingBuy, price, quantity: '0.001' }))
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
    expect(Number(answers[2]!.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(answers[2]!.body).toEqual({
      code: -1015,
      msg: 'Too many new orders; current limit is 2 orders per 1 DAY.',
    })
    await strict.stop()
  })

  test('requests are counted whatever they weigh, up to the number that is announced', async () => {
    const config = { limits: { rawRequestsPerFiveMinutes: 5 } }
    const { simulator: strict, client: busy } = await startSimulator(config)
    const { body } = await busy.public('exchangeInfo')
    expect(body['rateLimits']).toContainEqual({
      rateLimitType: 'RAW_REQUESTS',
      interval: 'MINUTE',
      intervalNum: 5,
      limit: 5,
    })
    let last = await busy.public('ping')
    for (let count = 0; count < 20 && last.status === 200; count += 1) {
      last = await busy.public('ping')
    }
    expect([last.status, last.body]).toEqual([
      429,
      {
        code: -1003,
        msg:
          'Too many requests; current limit is 5 requests per 5 MINUTE. Please use WebSocket ' +
          'Streams for live updates to avoid polling the API.',
      },
    ])
    const patience = Number(last.headers.get('retry-after'))
    expect(patience).toBeGreaterThan(0)
    expect(patience).toBeLessThanOrEqual(300)
    // A minute that turns forgives what was too much before it, and five turn the count as well.
    for (let count = 0; count < 260 && last.status !== 418; count += 1) {
      last = await busy.public('ping')
    }
    expect(last.status).toBe(418)
    await strict.stop()
  })

  test('an order counts until its first fill, whenever that comes', async () => {
    const { simulator: calm, client } = await startSimulator({
      clock: 'manual',
      balances: { USDT: '100000' },
      control: { enabled: true },
    })
    const send = async (fields: Record<string, string>) => {
      const answer = await client.signed('POST', 'order', { symbol: 'BTCUSDT', ...fields })
      return Number(answer.headers.get('x-mbx-order-count-1d'))
    }
    const counted = async () => {
      const { body } = await client.signed('GET', 'rateLimit/order')
      return (body as unknown as { count: number }[])[1]!.count
    }
    const { symbol: _symbol, ...resting } = restingBuy
    const { body } = await client.public('ticker/price', 'symbol=BTCUSDT')
    const low = Math.floor(Number(body['price']) * 0.9)
    expect(await send({ ...resting, price: low.toFixed(2) })).toBe(1)
    // What is filled at once is counted in its own answer, and not any more after it.
    expect(await send({ side: 'BUY', type: 'MARKET', quantity: '0.01' })).toBe(2)
    expect(await counted()).toBe(1)
    const steps = [{ do: 'set', price: (low - 100).toFixed(2) }]
    const script = JSON.stringify({ symbol: 'BTCUSDT', steps })
    await fetch(`${calm.controlUrl ?? ''}/__sim/market`, { method: 'POST', body: script })
    calm.advanceTo(calm.now() + 2_000)
    expect(await counted()).toBe(0)
    expect(await send({ ...resting, price: (low / 2).toFixed(2), timeInForce: 'IOC' })).toBe(1)
    expect(await counted()).toBe(1)
    await calm.stop()
  })

  test('the WebSocket API tells the counts of orders, and when to come again', async () => {
    const { simulator: strict, client: rest } = await startSimulator({
      limits: { ordersPerDay: 1 },
    })
    const { body } = await rest.public('ticker/price', 'symbol=BTCUSDT')
    const price = (Number(body['price']) * 0.9).toFixed(2)
    const socket = await openTalk(strict.url, '/ws-api/v3')
    const place = () => {
      const params = signParameters({ ...restingBuy, price, timestamp: strict.now() })
      return socket.ask({ method: 'order.place', params })
    }
    expect(await place()).toMatchObject({
      status: 200,
      rateLimits: [
        { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100, count: 1 },
        { rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: 1, count: 1 },
        { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6_000 },
      ],
    })
    const refused = await place()
    expect(refused).toMatchObject({ status: 429, error: { code: -1015 } })
    const { data } = refused['error'] as unknown as { data: Record<string, number> }
    expect(data['retryAfter']).toBeGreaterThan(data['serverTime']!)
    socket.socket.terminate()
    await strict.stop()
  })
})
