// Each fault over the wire: what ccxt makes of it, and whether the order landed all the same.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '../index.ts'
import { call, loadCcxt, type Exchange } from '../testing/ccxt-client.ts'
import { wireClient, type WireClient } from '../testing/wire-client.ts'
import { FAULT_KINDS } from './fault-kinds.ts'

const START = Date.UTC(2026, 10, 2, 12, 0, 30)

let simulator: Simulator
let client: WireClient
let exchange: Exchange

beforeAll(async () => {
  simulator = createSimulator({
    config: {
      clock: 'manual',
      startAt: START,
      balances: { USDT: '1000000', BTC: '5', BNB: '10' },
      control: { enabled: true },
    },
    folder: null,
  })
  await simulator.start()
  client = wireClient({ url: simulator.url, now: () => simulator.now() })
  exchange = await loadCcxt(simulator)
})

afterAll(() => simulator.stop())

afterEach(async () => {
  await control('DELETE', 'faults')
})

type Control = Record<string, unknown> & { hits: Record<string, number> }

async function control(method: string, path: string, body?: object): Promise<Control> {
  const response = await fetch(`${simulator.controlUrl ?? ''}/__sim/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return (await response.json()) as Control
}

const set = (fault: object) => control('POST', 'faults', fault)
const tested = new Set<string>()

async function hitsOf(kind: string): Promise<number> {
  const { hits } = await control('GET', 'faults')
  if (hits[kind]! > 0) tested.add(kind)
  return hits[kind]!
}

type LedgerOrder = { clientOrderId: string; status: string; executedQty: string }

async function inLedger(clientOrderId: string): Promise<LedgerOrder | undefined> {
  const { orders } = await control('GET', 'ledger')
  return (orders as LedgerOrder[]).findLast((order) => order.clientOrderId === clientOrderId)
}

const limit = {
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  quantity: '0.01',
  price: '40000',
}

let unnamed = 0
const nextName = () => `f-${(unnamed += 1)}`

describe('an order that meets a fault', () => {
  test.each([
    ['dropped with a reset', 'F1', {}, 'NetworkError', false],
    ['dropped in silence', 'F1', { fate: 'hang' }, 'RequestTimeout', false],
    ['landed, then reset', 'F2', {}, 'NetworkError', true],
    ['landed, then silence', 'F3', {}, 'RequestTimeout', true],
    ['landed, then a page', 'F4', {}, 'ExchangeNotAvailable', true],
    ['landed, then a page of 504', 'F4', { status: 504 }, 'RequestTimeout', true],
    ['landed, then unknown', 'F5', {}, 'RequestTimeout', true],
    ['landed, then a gateway that gave up', 'F5', { isPage: true }, 'RequestTimeout', true],
    ['landed, then half an answer', 'F6', {}, 'TypeError', true],
    ['landed, then nothing', 'F6', { body: 'empty' }, 'TypeError', true],
    ['landed, then a page that says 200', 'F6', { body: 'page' }, 'TypeError', true],
    ['too many requests', 'F9', { retryAfterSeconds: 3 }, 'DDoSProtection', false],
    ['a ban', 'F10', {}, 'DDoSProtection', false],
    ['a firewall', 'F11', {}, 'ExchangeNotAvailable', false],
    ['500', 'F12', { status: 500 }, 'ExchangeNotAvailable', false],
    ['502', 'F12', { status: 502 }, 'ExchangeNotAvailable', false],
    ['503', 'F12', { status: 503 }, 'ExchangeNotAvailable', false],
    ['503 after landing', 'F12', { status: 503, lands: true }, 'ExchangeNotAvailable', true],
    ['-1000', 'F13', { code: -1000 }, 'OperationFailed', false],
    ['-1001', 'F13', { code: -1001 }, 'OperationFailed', false],
    ['-1006', 'F13', { code: -1006 }, 'OperationFailed', false],
    ['-1008', 'F13', { code: -1008 }, 'OperationFailed', false],
    ['-1001 after landing', 'F13', { lands: true }, 'OperationFailed', true],
    ['a clock behind', 'F14', { offsetMs: -2_000 }, 'InvalidNonce', false],
    ['a clock ahead', 'F14', { offsetMs: 60_000 }, 'InvalidNonce', false],
  ])('%s', async (_name, kind, args, error, lands) => {
    const name = nextName()
    const before = await hitsOf(kind)
    await set({ kind, args, count: 1, match: { method: 'POST', path: 'order', cidPrefix: name } })
    exchange.timeout = args.hasOwnProperty('fate') || kind === 'F3' ? 700 : 20_000
    const failure = await call(exchange, 'createOrder', 'BTC/USDT', 'limit', 'buy', 0.01, 40_000, {
      clientOrderId: name,
    }).then(
      () => null,
      (reason: unknown) => (reason as object).constructor.name,
    )
    expect(failure).toBe(error)
    expect((await inLedger(name))?.status ?? null).toBe(lands ? 'NEW' : null)
    expect(await hitsOf(kind)).toBe(before + 1)
  })

  test('429 says when to come again', async () => {
    await set({ kind: 'F9', args: { retryAfterSeconds: 7 }, match: { path: 'ping' } })
    const answer = await client.public('ping')
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7'])
  })

  test('a ban holds for everything until it is lifted', async () => {
    await set({ kind: 'F10', count: 1, match: { path: 'ping' } })
    expect([(await client.public('ping')).status, (await client.public('time')).status]).toEqual([
      418, 418,
    ])
    await control('DELETE', 'faults')
    expect((await client.public('time')).status).toBe(200)
  })
})

describe('late', () => {
  test('a request lands when its time has come, unless its window has closed', async () => {
    await set({ kind: 'F7', args: { ms: 3_000 }, match: { path: 'order', cidPrefix: 'in-' } })
    await set({ kind: 'F7', args: { ms: 6_000 }, match: { path: 'order', cidPrefix: 'out-' } })
    const inside = client.signed('POST', 'order', { ...limit, newClientOrderId: 'in-time' })
    const outside = client.signed('POST', 'order', { ...limit, newClientOrderId: 'out-of-time' })
    await expect.poll(() => hitsOf('F7'), { timeout: 20_000 }).toBe(2)
    expect(await inLedger('in-time')).toBeUndefined()
    simulator.advanceTo(simulator.now() + 3_000)
    expect((await inside).body).toMatchObject({ clientOrderId: 'in-time' })
    simulator.advanceTo(simulator.now() + 3_000)
    expect((await outside).body.code).toBe(-1021)
    expect(await inLedger('out-of-time')).toBeUndefined()
  })

  test('an answer comes late, the order did not', async () => {
    await set({ kind: 'F8', args: { ms: 5_000 }, match: { path: 'order' } })
    const answer = client.signed('POST', 'order', { ...limit, newClientOrderId: 'late' })
    await expect.poll(() => hitsOf('F8'), { timeout: 20_000 }).toBe(1)
    expect(await inLedger('late')).toMatchObject({ status: 'NEW' })
    simulator.advanceTo(simulator.now() + 5_000)
    expect((await answer).body).toMatchObject({ clientOrderId: 'late' })
  })
})

describe('a database behind the engine', () => {
  test('a live order is not found', async () => {
    await client.signed('POST', 'order', { ...limit, newClientOrderId: 'unseen' })
    const ask = () =>
      client.signed('GET', 'order', { symbol: 'BTCUSDT', origClientOrderId: 'unseen' })
    await set({ kind: 'F15', count: 2 })
    expect((await ask()).body.code).toBe(-2013)
    expect((await ask()).body.code).toBe(-2013)
    expect((await ask()).body).toMatchObject({ clientOrderId: 'unseen' })
    expect(await hitsOf('F15')).toBe(2)
  })

  test('account, open orders and trades show the past', async () => {
    const seen = async () => [
      (await client.signed('GET', 'account')).body['balances'],
      (await client.signed('GET', 'openOrders', { symbol: 'BTCUSDT' })).body,
      (await client.signed('GET', 'myTrades', { symbol: 'BTCUSDT' })).body,
    ]
    const past = await seen()
    await set({ kind: 'F16' })
    await client.signed('POST', 'order', { ...limit, newClientOrderId: nextName() })
    const market = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01' }
    await client.signed('POST', 'order', market)
    expect(await seen()).toEqual(past)
    await control('DELETE', 'faults')
    const present = await seen()
    for (const [index, part] of present.entries()) expect(part).not.toEqual(past[index])
    expect(await hitsOf('F16')).toBe(3)
  })

  test('a lag has an end', async () => {
    await set({ kind: 'F16', args: { lagMs: 2_000 } })
    const open = async () =>
      ((await client.signed('GET', 'openOrders', { symbol: 'BTCUSDT' })).body as unknown as [])
        .length
    const before = await open()
    await client.signed('POST', 'order', { ...limit, newClientOrderId: nextName() })
    expect(await open()).toBe(before)
    simulator.advanceTo(simulator.now() + 2_000)
    expect(await open()).toBe(before + 1)
  })
})

async function price(): Promise<number> {
  return Number((await client.public('ticker/price', 'symbol=BTCUSDT')).body['price'])
}

async function protection(name: string) {
  const at = await price()
  return client.signed('POST', 'orderList/oco', {
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
  client.signed('DELETE', 'order', { symbol: 'BTCUSDT', origClientOrderId: name })

describe('inside the engine', () => {
  test('half a fill, then nothing more until the book comes back', async () => {
    await set({ kind: 'F17', args: { fraction: 0.5 }, count: 1 })
    const high = ((await price()) * 1.01).toFixed(2)
    const answer = await client.signed('POST', 'order', {
      ...limit,
      price: high,
      newClientOrderId: 'half',
    })
    expect(answer.body).toMatchObject({ status: 'PARTIALLY_FILLED', executedQty: '0.00500000' })
    simulator.advanceTo(simulator.now() + 5_000)
    expect(await inLedger('half')).toMatchObject({ executedQty: '0.00500000' })
    await control('DELETE', 'faults')
    simulator.advanceTo(simulator.now() + 1_000)
    expect(await inLedger('half')).toMatchObject({ status: 'FILLED' })
    expect(await hitsOf('F17')).toBe(1)
  })

  test('a market order in a thin book expires with what it got', async () => {
    await set({ kind: 'F17', args: { fraction: 0.3, stallMs: 1_000 }, count: 1 })
    const market = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01' }
    const answer = await client.signed('POST', 'order', market)
    expect(answer.body).toMatchObject({
      status: 'EXPIRED',
      executedQty: '0.00300000',
      expiryReason: 'INSUFFICIENT_LIQUIDITY',
    })
    simulator.advanceTo(simulator.now() + 1_000)
    expect((await client.signed('POST', 'order', market)).body).toMatchObject({ status: 'FILLED' })
  })

  test('a cancel comes too late', async () => {
    await client.signed('POST', 'order', { ...limit, newClientOrderId: 'raced' })
    await set({ kind: 'F18', count: 1 })
    expect((await cancel('raced')).body).toMatchObject({ code: -2011, msg: 'Unknown order sent.' })
    expect(await inLedger('raced')).toMatchObject({ status: 'FILLED' })
  })

  test('a cancel that comes nearly too late leaves a part behind', async () => {
    await client.signed('POST', 'order', { ...limit, newClientOrderId: 'nearly' })
    await set({ kind: 'F18', args: { fraction: 0.4 }, count: 1 })
    expect((await cancel('nearly')).body).toMatchObject({
      status: 'CANCELED',
      executedQty: '0.00400000',
    })
    expect(await hitsOf('F18')).toBe(2)
  })

  test('a cancel of a list finds one leg filled and the other gone', async () => {
    await protection('raced-list')
    await set({ kind: 'F18', count: 1 })
    const answer = await client.signed('DELETE', 'orderList', {
      symbol: 'BTCUSDT',
      listClientOrderId: 'raced-list',
    })
    expect(answer.body.code).toBe(-2011)
    expect(await inLedger('raced-list-t')).toMatchObject({ status: 'FILLED' })
    expect(await inLedger('raced-list-s')).toMatchObject({ status: 'EXPIRED' })
  })

  test('a protection is refused without need, an entry is not', async () => {
    await set({ kind: 'F19' })
    expect((await protection('refused')).body).toMatchObject({ code: -2010 })
    const entry = await client.signed('POST', 'order', { ...limit, newClientOrderId: nextName() })
    expect(entry.status).toBe(200)
    await expect(
      call(exchange, 'createOrder', 'BTC/USDT', 'market', 'sell', 0.01, undefined, {
        stopLossPrice: 30_000,
      }),
    ).rejects.toMatchObject({ name: 'OrderImmediatelyFillable' })
    expect(await hitsOf('F19')).toBe(2)
  })

  test('the venue ends a protection by itself', async () => {
    await set({ kind: 'F20', args: { afterMs: 2_000 }, count: 1 })
    expect((await protection('dropped')).status).toBe(200)
    expect(await inLedger('dropped-s')).toMatchObject({ status: 'NEW' })
    simulator.advanceTo(simulator.now() + 2_000)
    for (const leg of ['dropped-s', 'dropped-t']) {
      expect(await inLedger(leg)).toMatchObject({
        status: 'EXPIRED',
        expiryReason: 'EXCHANGE_CANCELED',
      })
    }
    expect(await hitsOf('F20')).toBe(1)
  })

  test('a stop is rejected when it is triggered', async () => {
    await set({ kind: 'F21', count: 1 })
    await protection('barred')
    await control('POST', 'market', { symbol: 'BTCUSDT', percent: -8, minutes: 1 })
    simulator.advanceTo(simulator.now() + 120_000)
    expect(await inLedger('barred-s')).toMatchObject({
      status: 'EXPIRED',
      expiryReason: 'REJECTED',
    })
    expect(await inLedger('barred-t')).toMatchObject({ status: 'EXPIRED' })
    expect(await hitsOf('F21')).toBe(1)
  })

  test('the price jumps over a stop-limit, and candles, ticker and book jump with it', async () => {
    await protection('jumped')
    const before = await price()
    await set({ kind: 'F22', args: { percent: -10, minutes: 3 }, match: { symbol: 'BTCUSDT' } })
    simulator.advanceTo(simulator.now() + 60_000)
    expect(await price()).toBeLessThan(before * 0.93)
    const candles = (await client.public('klines', 'symbol=BTCUSDT&interval=1m&limit=1'))
      .body as unknown as string[][]
    expect(Number(candles[0]![1])).toBeLessThan(before * 0.93)
    const stop = await inLedger('jumped-s')
    expect(stop).toMatchObject({ status: 'NEW', executedQty: '0.00000000' })
    simulator.advanceTo(simulator.now() + 180_000)
    expect(await inLedger('jumped-s')).toMatchObject({ status: 'FILLED' })
    expect(await hitsOf('F22')).toBe(1)
  })

  test.each([
    ['HALT', -1013],
    ['BREAK', -1013],
    ['CANCEL_ONLY', undefined],
  ])('a market that is %s', async (status, code) => {
    const name = nextName()
    await client.signed('POST', 'order', { ...limit, newClientOrderId: name })
    await set({ kind: 'F23', args: { status }, match: { symbol: 'BTCUSDT' } })
    const entry = await client.signed('POST', 'order', { ...limit, newClientOrderId: nextName() })
    expect(entry.body).toEqual({ code: -1013, msg: 'Market is closed.' })
    const info = await client.public('exchangeInfo', 'symbol=BTCUSDT')
    expect(info.body['symbols']).toMatchObject([{ status }])
    expect((await cancel(name)).body.code).toBe(code)
    const other = { ...limit, symbol: 'ETHUSDT', price: '2000', newClientOrderId: nextName() }
    expect((await client.signed('POST', 'order', other)).status).toBe(200)
    await control('DELETE', 'faults')
    expect((await client.public('exchangeInfo', 'symbol=BTCUSDT')).body['symbols']).toMatchObject([
      { status: 'TRADING' },
    ])
    await hitsOf('F23')
  })

  test('fees and filters change in the middle', async () => {
    const buy = async () =>
      (
        await client.signed('POST', 'order', {
          symbol: 'ETHUSDT',
          side: 'BUY',
          type: 'MARKET',
          quantity: '0.1',
        })
      ).body['fills']
    await set({ kind: 'F28', args: { takerFee: '0.005' } })
    expect(await buy()).toMatchObject([{ commission: '0.00050000', commissionAsset: 'ETH' }])
    await set({ kind: 'F28', args: { feeAsset: 'BNB', feeAssetPrice: '600' } })
    expect(await buy()).toMatchObject([{ commissionAsset: 'BNB' }])
    await set({ kind: 'F28', args: { step: '0.5', tick: '1' }, match: { symbol: 'ETHUSDT' } })
    const info = await client.public('exchangeInfo', 'symbol=ETHUSDT')
    expect(JSON.stringify(info.body)).toContain('"stepSize":"0.50000000"')
    expect(
      (
        await client.signed('POST', 'order', {
          symbol: 'ETHUSDT',
          side: 'BUY',
          type: 'MARKET',
          quantity: '0.1',
        })
      ).body.msg,
    ).toBe('Filter failure: LOT_SIZE')
    expect(await hitsOf('F28')).toBe(3)
  })
})

describe('the control plane', () => {
  test('the n-th request only, and between two moments only', async () => {
    const { id } = await set({ kind: 'F11', match: { path: 'ping', nth: 2 } })
    const statuses = async (count: number) => {
      const seen: number[] = []
      for (let index = 0; index < count; index += 1) seen.push((await client.public('ping')).status)
      return seen
    }
    expect(await statuses(3)).toEqual([200, 403, 200])
    await control('DELETE', `faults?id=${String(id)}`)
    const from = simulator.now() + 1_000
    await set({ kind: 'F11', match: { path: 'ping', from, to: from + 1_000 } })
    const seen = await statuses(1)
    simulator.advanceTo(from)
    seen.push(...(await statuses(1)))
    simulator.advanceTo(from + 1_000)
    expect([...seen, ...(await statuses(1))]).toEqual([200, 403, 200])
  })

  test('chance is the same for the same seed, and another for another', async () => {
    const run = async (seed: number) => {
      await set({ kind: 'F11', seed, match: { path: 'ping', probability: 0.5 } })
      let seen = ''
      for (let index = 0; index < 24; index += 1) {
        seen += (await client.public('ping')).status === 200 ? '.' : 'x'
      }
      await control('DELETE', 'faults')
      return seen
    }
    const first = await run(7)
    expect(first).toMatch(/\..*x|x.*\./)
    expect(await run(7)).toBe(first)
    expect(await run(8)).not.toBe(first)
  })

  test('what makes no sense is refused with the reason', async () => {
    for (const [wish, reason] of [
      [{ kind: 'F99' }, /kind/],
      [{ kind: 'F7' }, /ms/],
      [{ kind: 'F1', args: { fat: 1 } }, /fat/],
      [{ kind: 'F1', mach: {} }, /mach/],
    ] as const) {
      expect((await set(wish))['error']).toMatch(reason)
    }
  })

  test('is not there when the control port is off', async () => {
    const plain = createSimulator({ config: { clock: 'manual', startAt: START }, folder: null })
    await plain.start()
    expect(plain.controlUrl).toBeNull()
    expect((await fetch(`${plain.url}/__sim/faults`)).status).toBe(404)
    await plain.stop()
  })

  test('nothing is created or lost by all of this', async () => {
    const { balances } = await control('GET', 'ledger')
    const sums = (balances as Record<string, string>[]).map((row) => [
      row['asset'],
      ['free', 'locked', 'house', 'fees'].reduce((sum, part) => sum + Number(row[part]), 0),
    ])
    const start = new Map([
      ['USDT', 1_000_000],
      ['BTC', 5],
      ['BNB', 10],
    ])
    for (const [asset, sum] of sums as [string, number][]) {
      expect([asset, sum]).toEqual([asset, expect.closeTo(start.get(asset) ?? 0, 6)])
    }
  })

  test('every kind has struck at least once here', () => {
    // Those of streams strike in the tests of streams.
    const ofStreams = ['F24', 'F25', 'F26', 'F27']
    expect([...tested, ...ofStreams].sort()).toEqual([...FAULT_KINDS].sort())
  })
})
