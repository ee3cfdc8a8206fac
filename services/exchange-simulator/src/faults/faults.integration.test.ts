// Each fault of a request over the wire: what ccxt makes of it, and whether the order landed all the same.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createSimulator } from '../index.ts'
import { call, loadCcxt, type Exchange } from '../testing/ccxt-client.ts'
import {
  FAULTS_OF_REQUESTS,
  FAULTS_OF_STREAMS,
  FAULTS_OF_THE_ENGINE,
  openFaultWorld,
  type FaultWorld,
} from '../testing/fault-world.ts'
import { restingBuy } from '../testing/started-simulator.ts'
import { FAULT_KINDS } from './fault-kinds.ts'

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
    const name = world.nextName()
    const before = await world.hitsOf(kind)
    await world.set({
      kind,
      args,
      count: 1,
      match: { method: 'POST', path: 'order', cidPrefix: name },
    })
    exchange.timeout = args.hasOwnProperty('fate') || kind === 'F3' ? 1_500 : 20_000
    const failure = await call(exchange, 'createOrder', 'BTC/USDT', 'limit', 'buy', 0.01, 40_000, {
      clientOrderId: name,
    }).then(
      () => null,
      (reason: unknown) => (reason as object).constructor.name,
    )
    expect(failure).toBe(error)
    expect((await world.inLedger(name))?.status ?? null).toBe(lands ? 'NEW' : null)
    expect(await world.hitsOf(kind)).toBe(before + 1)
  })

  test('429 says when to come again', async () => {
    await world.set({ kind: 'F9', args: { retryAfterSeconds: 7 }, match: { path: 'ping' } })
    const answer = await world.client.public('ping')
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7'])
  })

  test('a ban holds for everything until it is lifted', async () => {
    await world.set({ kind: 'F10', count: 1, match: { path: 'ping' } })
    expect([
      (await world.client.public('ping')).status,
      (await world.client.public('time')).status,
    ]).toEqual([418, 418])
    await world.control('DELETE', 'faults')
    expect((await world.client.public('time')).status).toBe(200)
  })
})

describe('late', () => {
  test('a request lands when its time has come, unless its window has closed', async () => {
    await world.set({ kind: 'F7', args: { ms: 3_000 }, match: { path: 'order', cidPrefix: 'in-' } })
    await world.set({
      kind: 'F7',
      args: { ms: 6_000 },
      match: { path: 'order', cidPrefix: 'out-' },
    })
    const inside = world.client.signed('POST', 'order', {
      ...restingBuy,
      newClientOrderId: 'in-time',
    })
    const outside = world.client.signed('POST', 'order', {
      ...restingBuy,
      newClientOrderId: 'out-of-time',
    })
    await expect.poll(() => world.hitsOf('F7'), { timeout: 20_000 }).toBe(2)
    expect(await world.inLedger('in-time')).toBeUndefined()
    world.simulator.advanceTo(world.simulator.now() + 3_000)
    expect((await inside).body).toMatchObject({ clientOrderId: 'in-time' })
    world.simulator.advanceTo(world.simulator.now() + 3_000)
    expect((await outside).body.code).toBe(-1021)
    expect(await world.inLedger('out-of-time')).toBeUndefined()
  })

  test('an answer comes late, the order did not', async () => {
    await world.set({ kind: 'F8', args: { ms: 5_000 }, match: { path: 'order' } })
    const answer = world.client.signed('POST', 'order', { ...restingBuy, newClientOrderId: 'late' })
    await expect.poll(() => world.hitsOf('F8'), { timeout: 20_000 }).toBe(1)
    expect(await world.inLedger('late')).toMatchObject({ status: 'NEW' })
    world.simulator.advanceTo(world.simulator.now() + 5_000)
    expect((await answer).body).toMatchObject({ clientOrderId: 'late' })
  })
})

describe('a database behind the engine', () => {
  test('a live order is not found', async () => {
    await world.client.signed('POST', 'order', { ...restingBuy, newClientOrderId: 'unseen' })
    const ask = () =>
      world.client.signed('GET', 'order', { symbol: 'BTCUSDT', origClientOrderId: 'unseen' })
    await world.set({ kind: 'F15', count: 2 })
    expect((await ask()).body.code).toBe(-2013)
    expect((await ask()).body.code).toBe(-2013)
    expect((await ask()).body).toMatchObject({ clientOrderId: 'unseen' })
    expect(await world.hitsOf('F15')).toBe(2)
  })

  test('an order is found after a time that is another for each order', async () => {
    const names: string[] = []
    for (let count = 0; count < 8; count += 1) {
      names.push(world.nextName())
      await world.client.signed('POST', 'order', {
        ...restingBuy,
        newClientOrderId: names[count] ?? '',
      })
    }
    await world.set({ kind: 'F15', args: { ms: 2_000, isRandom: true } })
    const found = async () => {
      const codes = []
      for (const origClientOrderId of names) {
        const { body } = await world.client.signed('GET', 'order', {
          symbol: 'BTCUSDT',
          origClientOrderId,
        })
        codes.push(body.code ?? 0)
      }
      return codes.filter((code) => code === 0).length
    }
    const counts: number[] = []
    for (const ms of [1, 999, 1_000]) {
      world.simulator.advanceTo(world.simulator.now() + ms)
      counts.push(await found())
    }
    expect(counts[0]).toBeLessThan(8)
    expect(counts[1]).toBeGreaterThan(counts[0]!)
    expect(counts[2]).toBe(8)
  })

  test('account, open orders and trades show the past', async () => {
    const seen = async () => [
      (await world.client.signed('GET', 'account')).body['balances'],
      (await world.client.signed('GET', 'openOrders', { symbol: 'BTCUSDT' })).body,
      (await world.client.signed('GET', 'myTrades', { symbol: 'BTCUSDT' })).body,
    ]
    const past = await seen()
    await world.set({ kind: 'F16' })
    await world.client.signed('POST', 'order', {
      ...restingBuy,
      newClientOrderId: world.nextName(),
    })
    const market = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01' }
    await world.client.signed('POST', 'order', market)
    expect(await seen()).toEqual(past)
    await world.control('DELETE', 'faults')
    const present = await seen()
    for (const [index, part] of present.entries()) expect(part).not.toEqual(past[index])
    expect(await world.hitsOf('F16')).toBe(3)
  })

  test('a lag has an end', async () => {
    await world.set({ kind: 'F16', args: { lagMs: 2_000 } })
    const open = async () =>
      (
        (await world.client.signed('GET', 'openOrders', { symbol: 'BTCUSDT' }))
          .body as unknown as []
      ).length
    const before = await open()
    await world.client.signed('POST', 'order', {
      ...restingBuy,
      newClientOrderId: world.nextName(),
    })
    expect(await open()).toBe(before)
    world.simulator.advanceTo(world.simulator.now() + 2_000)
    expect(await open()).toBe(before + 1)
  })
})

describe('the control plane', () => {
  test('the n-th request only, and between two moments only', async () => {
    const { id } = await world.set({ kind: 'F11', match: { path: 'ping', nth: 2 } })
    const statuses = async (count: number) => {
      const seen: number[] = []
      for (let index = 0; index < count; index += 1)
        seen.push((await world.client.public('ping')).status)
      return seen
    }
    expect(await statuses(3)).toEqual([200, 403, 200])
    await world.control('DELETE', `faults?id=${String(id)}`)
    const from = world.simulator.now() + 1_000
    await world.set({ kind: 'F11', match: { path: 'ping', from, to: from + 1_000 } })
    const seen = await statuses(1)
    world.simulator.advanceTo(from)
    seen.push(...(await statuses(1)))
    world.simulator.advanceTo(from + 1_000)
    expect([...seen, ...(await statuses(1))]).toEqual([200, 403, 200])
  })

  test('chance is the same for the same seed, and another for another', async () => {
    const run = async (seed: number) => {
      await world.set({ kind: 'F11', seed, match: { path: 'ping', probability: 0.5 } })
      let seen = ''
      for (let index = 0; index < 24; index += 1) {
        seen += (await world.client.public('ping')).status === 200 ? '.' : 'x'
      }
      await world.control('DELETE', 'faults')
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
      expect((await world.set(wish))['error']).toMatch(reason)
    }
  })

  test('is not there when the control port is off', async () => {
    const plain = createSimulator({ config: { clock: 'manual' }, folder: null })
    await plain.start()
    expect(plain.controlUrl).toBeNull()
    expect((await fetch(`${plain.url}/__sim/faults`)).status).toBe(404)
    await plain.stop()
  })
})

test('nothing is created or lost by all of this', async () => {
  for (const { asset, sum, owned } of await world.sums()) {
    expect([asset, sum]).toEqual([asset, expect.closeTo(owned, 6)])
  }
})

test('every kind of a request has struck, and the other files know of all others', () => {
  expect([...world.tested].toSorted()).toEqual(FAULTS_OF_REQUESTS.toSorted())
  const all = [...FAULTS_OF_REQUESTS, ...FAULTS_OF_THE_ENGINE, ...FAULTS_OF_STREAMS]
  expect(all.toSorted()).toEqual(FAULT_KINDS.toSorted())
})
