// Each fault inside the exchange, over the wire: partial fills, races, rejections, gaps, halts, other rules.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { call, loadCcxt, type Exchange } from '../testing/ccxt-client.ts'
import { FAULTS_OF_THE_ENGINE, openFaultWorld, type FaultWorld } from '../testing/fault-world.ts'
import { restingBuy } from '../testing/started-simulator.ts'

let world: FaultWorld
let exchange: Exchange

beforeAll(async () => {
  world = await openFaultWorld()
  exchange = await loadCcxt(world.simulator)
})

afterAll(() => world.simulator.stop())

afterEach(async () => {
  await world.control('DELETE', 'faults')
})

async function price(): Promise<number> {
  return Number((await world.client.public('ticker/price', 'symbol=BTCUSDT')).body['price'])
}

async function protection(name: string) {
  const at = await price()
  return world.client.signed('POST', 'orderList/oco', {
    symbol: 'BTCUSDT',
    side: 'SELL',
    quantity: '0.01',
    listClientOrderId: name,
    aboveType: 'LIMIT_MAKER',
    abovePrice: (at * 1.2).toFixed(2),
    aboveClientOrderId: `${name}-t`,
    belowType: 'STOP_LOSS_LIMIT',
    belowStopPrice: (at * 0.95).toFixed(2),
    belowPrice: (at * 0.949).toFixed(2),
    belowTimeInForce: 'GTC',
    belowClientOrderId: `${name}-s`,
  })
}

const cancel = (name: string) =>
  world.client.signed('DELETE', 'order', { symbol: 'BTCUSDT', origClientOrderId: name })

describe('inside the engine', () => {
  test('half a fill, then nothing more until the book comes back', async () => {
    await world.set({ kind: 'F17', args: { fraction: 0.5 }, count: 1 })
    const high = ((await price()) * 1.01).toFixed(2)
    const answer = await world.client.signed('POST', 'order', {
      ...restingBuy,
      price: high,
      newClientOrderId: 'half',
    })
    expect(answer.body).toMatchObject({ status: 'PARTIALLY_FILLED', executedQty: '0.00500000' })
    world.simulator.advanceTo(world.simulator.now() + 5_000)
    expect(await world.inLedger('half')).toMatchObject({ executedQty: '0.00500000' })
    await world.control('DELETE', 'faults')
    world.simulator.advanceTo(world.simulator.now() + 1_000)
    expect(await world.inLedger('half')).toMatchObject({ status: 'FILLED' })
    expect(await world.hitsOf('F17')).toBe(1)
  })

  test('a market order in a thin book expires with what it got', async () => {
    await world.set({ kind: 'F17', args: { fraction: 0.3, stallMs: 1_000 }, count: 1 })
    const market = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01' }
    const answer = await world.client.signed('POST', 'order', market)
    expect(answer.body).toMatchObject({
      status: 'EXPIRED',
      executedQty: '0.00300000',
      expiryReason: 'INSUFFICIENT_LIQUIDITY',
    })
    world.simulator.advanceTo(world.simulator.now() + 1_000)
    expect((await world.client.signed('POST', 'order', market)).body).toMatchObject({
      status: 'FILLED',
    })
  })

  test('a cancel comes too late', async () => {
    await world.client.signed('POST', 'order', { ...restingBuy, newClientOrderId: 'raced' })
    await world.set({ kind: 'F18', count: 1 })
    expect((await cancel('raced')).body).toMatchObject({ code: -2011, msg: 'Unknown order sent.' })
    expect(await world.inLedger('raced')).toMatchObject({ status: 'FILLED' })
  })

  test('a cancel that comes nearly too late leaves a part behind', async () => {
    await world.client.signed('POST', 'order', { ...restingBuy, newClientOrderId: 'nearly' })
    await world.set({ kind: 'F18', args: { fraction: 0.4 }, count: 1 })
    expect((await cancel('nearly')).body).toMatchObject({
      status: 'CANCELED',
      executedQty: '0.00400000',
    })
    expect(await world.hitsOf('F18')).toBe(2)
  })

  test('a cancel of a list finds one leg filled and the other gone', async () => {
    await protection('raced-list')
    await world.set({ kind: 'F18', count: 1 })
    const answer = await world.client.signed('DELETE', 'orderList', {
      symbol: 'BTCUSDT',
      listClientOrderId: 'raced-list',
    })
    expect(answer.body.code).toBe(-2011)
    expect(await world.inLedger('raced-list-t')).toMatchObject({ status: 'FILLED' })
    expect(await world.inLedger('raced-list-s')).toMatchObject({ status: 'EXPIRED' })
  })

  test('a protection is refused without need, an entry is not', async () => {
    await world.set({ kind: 'F19' })
    expect((await protection('refused')).body).toMatchObject({ code: -2010 })
    const entry = await world.client.signed('POST', 'order', {
      ...restingBuy,
      newClientOrderId: world.nextName(),
    })
    expect(entry.status).toBe(200)
    await expect(
      call(exchange, 'createOrder', 'BTC/USDT', 'market', 'sell', 0.01, undefined, {
        stopLossPrice: 30_000,
      }),
    ).rejects.toMatchObject({ name: 'OrderImmediatelyFillable' })
    expect(await world.hitsOf('F19')).toBe(2)
  })

  test('the venue ends a protection by itself', async () => {
    await world.set({ kind: 'F20', args: { afterMs: 2_000 }, count: 1 })
    expect((await protection('dropped')).status).toBe(200)
    expect(await world.inLedger('dropped-s')).toMatchObject({ status: 'NEW' })
    world.simulator.advanceTo(world.simulator.now() + 2_000)
    for (const leg of ['dropped-s', 'dropped-t']) {
      expect(await world.inLedger(leg)).toMatchObject({
        status: 'EXPIRED',
        expiryReason: 'EXCHANGE_CANCELED',
      })
    }
    expect(await world.hitsOf('F20')).toBe(1)
  })

  test('a stop is rejected when it is triggered', async () => {
    await world.set({ kind: 'F21', count: 1 })
    await protection('barred')
    await world.control('POST', 'market', { symbol: 'BTCUSDT', percent: -8, minutes: 1 })
    world.simulator.advanceTo(world.simulator.now() + 120_000)
    expect(await world.inLedger('barred-s')).toMatchObject({
      status: 'EXPIRED',
      expiryReason: 'REJECTED',
    })
    expect(await world.inLedger('barred-t')).toMatchObject({ status: 'EXPIRED' })
    expect(await world.hitsOf('F21')).toBe(1)
  })

  test('the price jumps over a stop-limit, and candles, ticker and book jump with it', async () => {
    await protection('jumped')
    const before = await price()
    await world.set({
      kind: 'F22',
      args: { percent: -10, minutes: 3 },
      match: { symbol: 'BTCUSDT' },
    })
    world.simulator.advanceTo(world.simulator.now() + 60_000)
    expect(await price()).toBeLessThan(before * 0.93)
    const candles = (await world.client.public('klines', 'symbol=BTCUSDT&interval=1m&limit=1'))
      .body as unknown as string[][]
    expect(Number(candles[0]![1])).toBeLessThan(before * 0.93)
    const stop = await world.inLedger('jumped-s')
    expect(stop).toMatchObject({ status: 'NEW', executedQty: '0.00000000' })
    world.simulator.advanceTo(world.simulator.now() + 180_000)
    expect(await world.inLedger('jumped-s')).toMatchObject({ status: 'FILLED' })
    expect(await world.hitsOf('F22')).toBe(1)
  })

  test.each([
    ['HALT', -1013],
    ['BREAK', -1013],
    ['CANCEL_ONLY', undefined],
  ])('a market that is %s', async (status, code) => {
    const name = world.nextName()
    await world.client.signed('POST', 'order', { ...restingBuy, newClientOrderId: name })
    await world.set({ kind: 'F23', args: { status }, match: { symbol: 'BTCUSDT' } })
    const entry = await world.client.signed('POST', 'order', {
      ...restingBuy,
      newClientOrderId: world.nextName(),
    })
    expect(entry.body).toEqual({ code: -1013, msg: 'Market is closed.' })
    const info = await world.client.public('exchangeInfo', 'symbol=BTCUSDT')
    expect(info.body['symbols']).toMatchObject([{ status }])
    expect((await cancel(name)).body.code).toBe(code)
    const other = {
      ...restingBuy,
      symbol: 'ETHUSDT',
      price: '2000',
      newClientOrderId: world.nextName(),
    }
    expect((await world.client.signed('POST', 'order', other)).status).toBe(200)
    await world.control('DELETE', 'faults')
    expect(
      (await world.client.public('exchangeInfo', 'symbol=BTCUSDT')).body['symbols'],
    ).toMatchObject([{ status: 'TRADING' }])
    await world.hitsOf('F23')
  })

  test('fees and filters change in the middle', async () => {
    const buy = async () =>
      (
        await world.client.signed('POST', 'order', {
          symbol: 'ETHUSDT',
          side: 'BUY',
          type: 'MARKET',
          quantity: '0.1',
        })
      ).body['fills']
    await world.set({ kind: 'F28', args: { takerFee: '0.005' } })
    expect(await buy()).toMatchObject([{ commission: '0.00050000', commissionAsset: 'ETH' }])
    await world.set({ kind: 'F28', args: { feeAsset: 'BNB', feeAssetPrice: '600' } })
    expect(await buy()).toMatchObject([{ commissionAsset: 'BNB' }])
    await world.set({ kind: 'F28', args: { step: '0.5', tick: '1' }, match: { symbol: 'ETHUSDT' } })
    const info = await world.client.public('exchangeInfo', 'symbol=ETHUSDT')
    expect(JSON.stringify(info.body)).toContain('"stepSize":"0.50000000"')
    expect(
      (
        await world.client.signed('POST', 'order', {
          symbol: 'ETHUSDT',
          side: 'BUY',
          type: 'MARKET',
          quantity: '0.1',
        })
      ).body.msg,
    ).toBe('Filter failure: LOT_SIZE')
    expect(await world.hitsOf('F28')).toBe(3)
  })
})

test('nothing is created or lost by all of this', async () => {
  for (const { asset, sum, owned } of await world.sums()) {
    expect([asset, sum]).toEqual([asset, expect.closeTo(owned, 6)])
  }
})

test('every kind of the engine has struck', () => {
  expect([...world.tested].toSorted()).toEqual(FAULTS_OF_THE_ENGINE.toSorted())
})
