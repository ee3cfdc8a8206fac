// What each call weighs, by the count that every answer carries, and the order in which requests are refused.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Simulator } from '../index.ts'
import { startSimulator } from '../testing/started-simulator.ts'
import type { WireClient } from '../testing/wire-client.ts'

const DAY_MS = 86_400_000

let simulator: Simulator
let client: WireClient

beforeAll(async () => {
  ;({ simulator, client } = await startSimulator({
    clock: 'manual',
    balances: { USDT: '1000000', BTC: '2' },
  }))
})

afterAll(() => simulator.stop())

const used = (headers: Headers): number => Number(headers.get('x-mbx-used-weight-1m'))
const minute = (): number => Math.floor(Date.now() / 60_000)

type Answer = Awaited<ReturnType<WireClient['raw']>>

/** The count begins anew with each minute: a call that met its end is made again. */
async function weigh(ask: () => Promise<Answer>): Promise<{ weight: number; status: number }> {
  for (;;) {
    const start = minute()
    const before = used((await client.public('ping')).headers)
    const { headers, status } = await ask()
    if (minute() === start) return { weight: used(headers) - before, status }
  }
}

const listed = (symbols: readonly string[]) => encodeURIComponent(JSON.stringify(symbols))
const three = listed(['BTCUSDT', 'ETHUSDT', 'SOLUSDT'])
const twentyOne = listed(Array<string>(21).fill('BTCUSDT'))

describe('weight', () => {
  test.each([
    ['ping', '', 1],
    ['time', '', 1],
    ['exchangeInfo', '', 20],
    ['depth', 'symbol=BTCUSDT', 5],
    ['depth', 'symbol=BTCUSDT&limit=100', 5],
    ['depth', 'symbol=BTCUSDT&limit=101', 25],
    ['depth', 'symbol=BTCUSDT&limit=1000', 50],
    ['depth', 'symbol=BTCUSDT&limit=5000', 250],
    ['trades', 'symbol=BTCUSDT', 25],
    ['historicalTrades', 'symbol=BTCUSDT', 25],
    ['historicalBlockTrades', 'symbol=BTCUSDT&fromId=1', 25],
    ['aggTrades', 'symbol=BTCUSDT', 4],
    ['klines', 'symbol=BTCUSDT&interval=1m', 2],
    ['uiKlines', 'symbol=BTCUSDT&interval=1m', 2],
    ['avgPrice', 'symbol=BTCUSDT', 2],
    ['referencePrice', 'symbol=BTCUSDT', 2],
    ['ticker/24hr', 'symbol=BTCUSDT', 2],
    ['ticker/24hr', `symbols=${three}`, 2],
    ['ticker/24hr', `symbols=${twentyOne}`, 40],
    ['ticker/24hr', '', 80],
    ['ticker/price', 'symbol=BTCUSDT', 2],
    ['ticker/price', '', 4],
    ['ticker/bookTicker', 'symbol=BTCUSDT', 2],
    ['ticker/bookTicker', '', 4],
    ['ticker', 'symbol=BTCUSDT', 4],
    ['ticker', `symbols=${three}`, 12],
    ['ticker', `symbols=${twentyOne}`, 84],
    ['ticker/tradingDay', 'symbol=BTCUSDT', 4],
  ])('GET %s?%s', async (path, query, weight) => {
    const weighed = await weigh(() => client.public(path, query))
    expect(weighed).toEqual({ status: 200, weight })
  })

  const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' }
  const small = { ...order, quantity: '0.001', price: '10.00' }

  test.each([
    ['GET', 'account', {}, 20],
    ['GET', 'account/commission', { symbol: 'BTCUSDT' }, 20],
    ['GET', 'rateLimit/order', {}, 40],
    ['GET', 'myFilters', { symbol: 'BTCUSDT' }, 40],
    ['GET', 'myPreventedMatches', { symbol: 'BTCUSDT', preventedMatchId: 1 }, 2],
    ['GET', 'myPreventedMatches', { symbol: 'BTCUSDT', orderId: 1 }, 20],
    ['GET', 'openOrders', { symbol: 'BTCUSDT' }, 6],
    ['GET', 'openOrders', {}, 80],
    ['GET', 'allOrders', { symbol: 'BTCUSDT' }, 20],
    ['GET', 'myTrades', { symbol: 'BTCUSDT' }, 20],
    ['GET', 'myTrades', { symbol: 'BTCUSDT', orderId: 1 }, 5],
    ['GET', 'allOrderList', {}, 20],
    ['GET', 'openOrderList', {}, 6],
    // What fails is not free.
    ['GET', 'order', { symbol: 'BTCUSDT', orderId: 99 }, 4],
    ['GET', 'orderList', { orderListId: 99 }, 4],
    ['POST', 'order', small, 1],
    ['POST', 'order/test', small, 1],
    ['POST', 'order/test', { ...small, computeCommissionRates: 'true' }, 20],
    ['POST', 'order/cancelReplace', small, 1],
    ['POST', 'orderList/oco', { symbol: 'BTCUSDT' }, 1],
    ['POST', 'orderList/opoco', { symbol: 'BTCUSDT' }, 1],
    ['PUT', 'order/amend/keepPriority', { symbol: 'BTCUSDT' }, 4],
    ['DELETE', 'order', { symbol: 'BTCUSDT', orderId: 99 }, 1],
    ['DELETE', 'openOrders', { symbol: 'BTCUSDT' }, 1],
    ['DELETE', 'orderList', { symbol: 'BTCUSDT', orderListId: 99 }, 1],
  ] as const)('%s %s %o', async (method, path, fields, weight) => {
    expect((await weigh(() => client.signed(method, path, fields))).weight).toBe(weight)
  })
})

describe('the order of refusals', () => {
  const limit = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' }
  const far = { ...limit, quantity: '0.01', price: '40000.00' }

  test('too many orders are named after filters and before the engine', async () => {
    const { simulator: full, client: busy } = await startSimulator({
      limits: { ordersPerDay: 1 },
      balances: { USDT: '10000' },
    })
    const { price } = (await busy.public('ticker/price', 'symbol=BTCUSDT')).body
    const away = { ...far, price: (Number(price) * 0.9).toFixed(2) }
    const send = async (path: string, change: Record<string, string>) =>
      (await busy.signed('POST', path, { ...away, ...change })).body.code
    expect(await send('order', { newClientOrderId: 'first' })).toBeUndefined()
    expect(await send('order', { quantity: '0.000001' })).toBe(-1013)
    expect(await send('order', { symbol: 'NOPE' })).toBe(-1121)
    // The engine would say that the name is taken, and that there is not so much money.
    expect(await send('order', { newClientOrderId: 'first', quantity: '5' })).toBe(-1015)
    const replace = { cancelReplaceMode: 'STOP_ON_FAILURE', cancelOrigClientOrderId: 'first' }
    expect(await send('order/cancelReplace', { ...replace, quantity: '0.000001' })).toBe(-1013)
    expect(await send('order/cancelReplace', replace)).toBe(-1015)
    const oco = {
      symbol: 'BTCUSDT',
      side: 'BUY',
      quantity: '0.01',
      aboveType: 'STOP_LOSS',
      aboveStopPrice: (Number(price) * 1.1).toFixed(2),
      belowType: 'LIMIT_MAKER',
      belowPrice: away.price,
    }
    const list = async (change: object) =>
      (await busy.signed('POST', 'orderList/oco', { ...oco, ...change })).body.code
    expect([await list({ quantity: '0.000001' }), await list({})]).toEqual([-1013, -1015])
    const cancelOnly = { ...replace, orderRateLimitExceededMode: 'CANCEL_ONLY' }
    expect(await send('order/cancelReplace', cancelOnly)).toBe(-2021)
    await full.stop()
  })

  test('a request that comes a second time inside its window is taken again', async () => {
    const payload = `timestamp=${simulator.now()}`
    const request = `/api/v3/account?${payload}&signature=${client.sign(payload)}`
    const answers = [await client.raw('GET', request), await client.raw('GET', request)]
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
  })

  test('what ended long ago without a trade has been archived', async () => {
    const { body } = await client.signed('POST', 'order', { ...far, timeInForce: 'IOC' })
    const ask = () =>
      client.signed('GET', 'order', { symbol: 'BTCUSDT', orderId: Number(body['orderId']) })
    expect((await ask()).body).toMatchObject({ status: 'EXPIRED' })
    simulator.advanceTo(simulator.now() + 90 * DAY_MS)
    expect((await ask()).status).toBe(200)
    simulator.advanceTo(simulator.now() + 1)
    expect((await ask()).body).toEqual({
      code: -2026,
      msg: 'Order was canceled or expired with no executed qty over 90 days ago and has been archived.',
    })
  })
})
