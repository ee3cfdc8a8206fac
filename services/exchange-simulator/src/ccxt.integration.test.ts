// The judge is a real client: ccxt, unmodified, makes every call that this part of the wire answers.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Simulator } from './index.ts'
import { call, loadCcxt, type Call, type Exchange } from './testing/ccxt-client.ts'
import { startSimulatorByHand } from './testing/started-simulator.ts'

let simulator: Simulator
let exchange: Exchange

beforeAll(async () => {
  ;({ simulator } = await startSimulatorByHand({
    balances: { USDT: '100000', BTC: '1' },
    control: { enabled: true },
  }))
  exchange = await loadCcxt(simulator)
})

afterAll(() => simulator.stop())

const run = (name: string, ...values: unknown[]) => call(exchange, name, ...values)

async function lastPrice(): Promise<number> {
  return (await run('fetchTicker', 'BTC/USDT'))['last'] as number
}

async function freeOf(asset: string): Promise<unknown> {
  return ((await run('fetchBalance'))[asset] as Record<string, unknown>)['free']
}

describe('market data', () => {
  test('markets carry the limits and precisions of the filters', async () => {
    const market = await Promise.resolve((exchange['market'] as Call).call(exchange, 'BTC/USDT'))
    expect(market).toMatchObject({
      id: 'BTCUSDT',
      spot: true,
      active: true,
      precision: { price: 0.01, amount: 0.00001 },
      limits: { amount: { min: 0.00001 }, cost: { min: 5 } },
    })
  })

  test('time, status, ticker, tickers, prices and book', async () => {
    expect(await run('fetchTime')).toBe(simulator.now())
    expect(await run('fetchStatus')).toMatchObject({ status: 'ok' })
    const ticker = await run('fetchTicker', 'BTC/USDT')
    expect(ticker['bid'] as number).toBeLessThan(ticker['ask'] as number)
    expect(ticker['high'] as number).toBeGreaterThanOrEqual(ticker['low'] as number)
    expect(await run('fetchTicker', 'BTC/USDT', { rolling: true })).toHaveProperty('last')
    expect(Object.keys(await run('fetchTickers'))).toEqual(['BTC/USDT', 'ETH/USDT', 'SOL/USDT'])
    expect(Object.keys(await run('fetchTickers', ['BTC/USDT', 'ETH/USDT']))).toHaveLength(2)
    expect(Object.keys(await run('fetchBidsAsks', ['SOL/USDT']))).toEqual(['SOL/USDT'])
    expect(Object.keys(await run('fetchLastPrices'))).toHaveLength(3)
    const book = await run('fetchOrderBook', 'BTC/USDT', 20)
    expect(book['bids']).toHaveLength(20)
    expect(book['asks']).toHaveLength(20)
  })

  test('trades and candles', async () => {
    const trades = (await run('fetchTrades', 'BTC/USDT', undefined, 5)) as unknown as unknown[]
    expect(trades).toHaveLength(5)
    const candles = await ohlcv('1m', undefined, 1_000)
    expect(candles).toHaveLength(1_000)
    expect(candles.at(-1)![0]).toBe(Date.UTC(2026, 10, 2, 12, 0))
    const since = Date.UTC(2026, 10, 1)
    expect((await ohlcv('1h', since, 24)).map(([time]) => time)).toEqual(
      Array.from({ length: 24 }, (_, hour) => since + hour * 3_600_000),
    )
  })

  async function ohlcv(timeframe: string, since: number | undefined, limit: number) {
    const rows = await run('fetchOHLCV', 'BTC/USDT', timeframe, since, limit)
    return rows as unknown as number[][]
  }

  test('fees', async () => {
    expect(await run('fetchTradingFee', 'BTC/USDT')).toMatchObject({ maker: 0.001, taker: 0.001 })
  })
})

describe('orders', () => {
  test('a market buy is filled, and its fee is taken from what it bought', async () => {
    const before = await freeOf('BTC')
    const order = await run('createOrder', 'BTC/USDT', 'market', 'buy', 0.01)
    expect(order).toMatchObject({ status: 'closed', filled: 0.01, remaining: 0 })
    expect(await freeOf('BTC')).toBeCloseTo((before as number) + 0.01 * 0.999, 10)
    const [trade] = (await run('fetchOrderTrades', order['id'], 'BTC/USDT')) as unknown as Record<
      string,
      unknown
    >[]
    expect(trade).toMatchObject({ fee: { cost: 0.00001, currency: 'BTC' }, takerOrMaker: 'taker' })
  })

  test('a market buy by cost spends no more than that', async () => {
    const order = await run('createMarketBuyOrderWithCost', 'BTC/USDT', 500)
    expect(order['cost'] as number).toBeLessThanOrEqual(500)
    expect(order['cost'] as number).toBeGreaterThan(499)
  })

  test('a limit order rests, is found by both ids, and is cancelled', async () => {
    const price = Math.floor((await lastPrice()) * 0.95)
    const order = await run('createOrder', 'BTC/USDT', 'limit', 'buy', 0.01, price, {
      clientOrderId: 'mine-1',
    })
    expect(order).toMatchObject({ status: 'open', filled: 0, clientOrderId: 'mine-1' })
    const found = await run('fetchOrder', order['id'], 'BTC/USDT')
    expect(found).toMatchObject({ price, amount: 0.01, status: 'open' })
    const byName = await run('fetchOrder', undefined, 'BTC/USDT', { clientOrderId: 'mine-1' })
    expect(byName['id']).toBe(order['id'])
    expect(await run('fetchOpenOrders', 'BTC/USDT')).toHaveLength(1)
    expect(await run('fetchOpenOrders')).toHaveLength(1)
    expect(await run('cancelOrder', order['id'], 'BTC/USDT')).toMatchObject({ status: 'canceled' })
    expect(await run('fetchOpenOrders', 'BTC/USDT')).toHaveLength(0)
  })

  test('post-only, IOC, stops and take-profits reach the engine as what they are', async () => {
    const price = await lastPrice()
    const low = Math.floor(price * 0.9)
    const high = Math.ceil(price * 1.1)
    const kinds: [object, string, string, number | undefined][] = [
      [{ postOnly: true }, 'limit', 'buy', low],
      [{ timeInForce: 'IOC' }, 'limit', 'buy', low],
      [{ stopLossPrice: low }, 'market', 'sell', undefined],
      [{ stopLossPrice: low }, 'limit', 'sell', low - 1],
      [{ takeProfitPrice: high }, 'market', 'sell', undefined],
      [{ takeProfitPrice: high }, 'limit', 'sell', high],
    ]
    const types: unknown[] = []
    for (const [parameters, type, side, limit] of kinds) {
      const order = await run('createOrder', 'BTC/USDT', type, side, 0.01, limit, parameters)
      types.push((order['info'] as Record<string, unknown>)['type'])
    }
    expect(types).toEqual([
      'LIMIT_MAKER',
      'LIMIT',
      'STOP_LOSS',
      'STOP_LOSS_LIMIT',
      'TAKE_PROFIT',
      'TAKE_PROFIT_LIMIT',
    ])
    expect(await run('cancelAllOrders', 'BTC/USDT')).toHaveLength(5)
  })

  test('a test order checks and does nothing', async () => {
    const before = (await run('fetchOrders', 'BTC/USDT')) as unknown as unknown[]
    await run('createOrder', 'BTC/USDT', 'market', 'buy', 0.01, undefined, { test: true })
    expect(await run('fetchOrders', 'BTC/USDT')).toHaveLength(before.length)
  })

  test.each(['privatePostOrderListOco', 'privatePostOrderOco'])('an OCO by %s', async (name) => {
    const price = await lastPrice()
    const above = String(Math.ceil(price * 1.05))
    const below = String(Math.floor(price * 0.95))
    const legs =
      name === 'privatePostOrderOco'
        ? { price: above, stopPrice: below }
        : {
            aboveType: 'LIMIT_MAKER',
            abovePrice: above,
            belowType: 'STOP_LOSS',
            belowStopPrice: below,
          }
    const list = await run(name, { symbol: 'BTCUSDT', side: 'SELL', quantity: '0.01', ...legs })
    expect(list).toMatchObject({ contingencyType: 'OCO', listOrderStatus: 'EXECUTING' })
    expect(await run('fetchOpenOrders', 'BTC/USDT')).toHaveLength(2)
    expect(await run('privateGetOpenOrderList')).toHaveLength(1)
    const orderListId = list['orderListId']
    expect(await run('privateGetOrderList', { orderListId })).toMatchObject({ orderListId })
    const done = await run('privateDeleteOrderList', { symbol: 'BTCUSDT', orderListId })
    expect(done).toMatchObject({ listOrderStatus: 'ALL_DONE' })
    expect(await run('fetchOpenOrders', 'BTC/USDT')).toHaveLength(0)
  })

  test('the past: orders by state, trades, limits, commission', async () => {
    expect(((await run('fetchClosedOrders', 'BTC/USDT')) as unknown as unknown[]).length).toBe(2)
    const cancelled = (await run('fetchCanceledOrders', 'BTC/USDT')) as unknown as unknown[]
    expect(cancelled.length).toBeGreaterThan(5)
    expect(((await run('fetchMyTrades', 'BTC/USDT')) as unknown as unknown[]).length).toBe(2)
    expect(await run('privateGetRateLimitOrder')).toHaveLength(2)
    expect(await run('privateGetAccountCommission', { symbol: 'BTCUSDT' })).toMatchObject({
      standardCommission: { maker: '0.00100000' },
    })
    expect(await run('privateGetAllOrderList')).toHaveLength(2)
  })
})

describe('refusals become the right class of error', () => {
  test.each([
    ['too little money', 'InsufficientFunds', ['limit', 'buy', 100, 60_000]],
    ['too small a quantity', 'InvalidOrder', ['market', 'buy', 0.000_001]],
    ['too little value', 'BadRequest', ['limit', 'buy', 0.000_01, 50_000]],
  ])('%s: %s', async (_what, error, [type, side, amount, price]) => {
    await expect(run('createOrder', 'BTC/USDT', type, side, amount, price)).rejects.toMatchObject({
      name: error,
    })
  })

  test('an order that does not exist: OrderNotFound', async () => {
    await expect(run('fetchOrder', '99999', 'BTC/USDT')).rejects.toMatchObject({
      name: 'OrderNotFound',
    })
    await expect(run('cancelOrder', '99999', 'BTC/USDT')).rejects.toMatchObject({
      name: 'OrderNotFound',
    })
  })

  test('a live client id again: InvalidOrder, and free once its order has ended', async () => {
    const price = Math.floor((await lastPrice()) * 0.95)
    const twice = () =>
      run('createOrder', 'BTC/USDT', 'limit', 'buy', 0.01, price, { clientOrderId: 'twice' })
    const first = await twice()
    await expect(twice()).rejects.toMatchObject({ name: 'InvalidOrder' })
    await run('cancelOrder', first['id'], 'BTC/USDT')
    const second = await twice()
    expect(second['id']).not.toBe(first['id'])
    await run('cancelOrder', second['id'], 'BTC/USDT')
  })

  test('a parameter that the venue does not read: BadRequest, never a plain order', async () => {
    const price = Math.floor((await lastPrice()) * 0.95)
    const attached = { stopLoss: { triggerPrice: 45_000 } }
    await expect(
      run('createOrder', 'BTC/USDT', 'limit', 'buy', 0.01, price, attached),
    ).rejects.toMatchObject({ name: 'BadRequest' })
  })

  test('a wrong secret: AuthenticationError', async () => {
    const { secret } = exchange
    exchange['secret'] = 'wrong'
    await expect(run('fetchBalance')).rejects.toMatchObject({ name: 'AuthenticationError' })
    exchange['secret'] = secret
  })
})

test('an order is edited: the old one goes, the new one comes', async () => {
  const price = (await lastPrice()) * 0.8
  const old = await run('createOrder', 'BTC/USDT', 'limit', 'buy', 0.01, price)
  const edited = await run('editOrder', old['id'], 'BTC/USDT', 'limit', 'buy', 0.02, price)
  expect(edited).toMatchObject({ status: 'open', amount: 0.02 })
  expect(await run('fetchOrder', old['id'], 'BTC/USDT')).toMatchObject({ status: 'canceled' })
  await run('cancelOrder', edited['id'], 'BTC/USDT')
})

test('nothing went elsewhere, and the ground truth adds up', async () => {
  const response = await fetch(`${simulator.controlUrl ?? ''}/__sim/ledger`)
  const ledger = (await response.json()) as {
    escapes: unknown[]
    requests: { arrival: number }[]
    balances: { asset: string; free: string; locked: string; house: string; fees: string }[]
  }
  expect(ledger.escapes).toEqual([])
  expect(ledger.requests.map(({ arrival }) => arrival)).toEqual(
    ledger.requests.map((_request, index) => index + 1),
  )
  const sums = ledger.balances.map(({ asset, free, locked, house, fees }) => [
    asset,
    [free, locked, house, fees].reduce((sum, text) => sum + BigInt(text.replace('.', '')), 0n),
  ])
  expect(Object.fromEntries(sums)).toEqual({
    USDT: 100_000_00000000n,
    BTC: 1_00000000n,
    ETH: 0n,
    SOL: 0n,
  })
})
