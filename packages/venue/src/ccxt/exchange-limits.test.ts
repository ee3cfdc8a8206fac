// The limits of Coinbase, MEXC and Alpaca, their pauses and their clocks, counted and measured at the wire.
import { Decimal } from '@flotilla/money'
import { afterEach, describe, expect, it } from 'vitest'
import { venueRows } from '../venue-rows.ts'
import { openTakingScene, type SpotScene } from '../wire-test/spot-venue.ts'
import { marketNow } from '../wire-test/wire-venue.ts'
import type { SpotKind } from './exchange-requests.ts'
import { RequestPace } from './request-pace.ts'
import { sortOf } from './request-sort.ts'

const scenes: SpotScene[] = []
async function open(
  kind: SpotKind,
  options: Parameters<typeof openTakingScene>[1] = {},
): Promise<SpotScene> {
  const scene = await openTakingScene(kind, options)
  scenes.push(scene)
  return scene
}
afterEach(async () => {
  for (const { venue, server } of scenes.splice(0)) {
    await venue.close()
    await server.close()
  }
})

const order = {
  clientOrderId: 'fl-1',
  type: 'limit',
  quantity: Decimal.from('0.01'),
  limitPrice: Decimal.from('50000'),
  timeInForce: 'gtc',
} as const

describe('a limit within any window', () => {
  function pace(options: { allowance?: number; share?: number } = {}) {
    const clock = { now: 0 }
    const settings = { allowance: 10, windowMs: 1_000, share: 1, now: () => clock.now, ...options }
    return { clock, on: new RequestPace(settings) }
  }

  it('lets market data and entries use four fifths of it, questions nine tenths, exits all', () => {
    const { on } = pace()
    expect(on.enter(8, 'market')).toBe(0)
    expect(on.enter(1, 'entry')).toBe(1_000)
    expect(on.enter(1, 'question')).toBe(0)
    expect(on.enter(1, 'question')).toBe(1_000)
    expect(on.enter(5, 'exit')).toBe(0)
    expect(on.state).toEqual({ usedWeight: 14, weightAllowed: 10, weightWindowMs: 1_000 })
  })

  it('frees each request one window after it was sent, and says how long that is', () => {
    const { on, clock } = pace()
    on.enter(4, 'market')
    clock.now = 400
    on.enter(4, 'market')
    clock.now = 900
    expect(on.enter(3, 'market')).toBe(100)
    clock.now = 1_000
    expect(on.enter(3, 'market')).toBe(0)
    expect(on.state.usedWeight).toBe(7)
  })

  it('believes the venue about what others have used, until its window ends', () => {
    const { on, clock } = pace()
    on.hear(9, 5_000)
    expect(on.enter(1, 'question')).toBe(5_000)
    expect(on.enter(1, 'exit')).toBe(0)
    expect(on.state.usedWeight).toBe(10)
    clock.now = 5_000
    expect(on.enter(1, 'question')).toBe(0)
  })

  it('leaves the rest to the others where it is shared', () => {
    const { on } = pace({ share: 0.5 })
    expect(on.enter(4, 'entry')).toBe(0)
    expect(on.enter(1, 'entry')).toBeGreaterThan(0)
    expect(on.enter(1, 'exit')).toBe(0)
  })

  it('lets a request pass that alone is more than its part, and everything where there is none', () => {
    expect(pace().on.enter(25, 'market')).toBe(0)
    const { on } = pace({ allowance: 0 })
    for (let times = 0; times < 100; times += 1) expect(on.enter(5, 'market')).toBe(0)
  })
})

describe('a request at the wire', () => {
  const at = (path: string) => `https://venue.test${path}`
  const side = (word: string) => JSON.stringify({ side: word })
  it.each([
    ['coinbase', 'GET', '/api/v3/brokerage/market/products', '', 'public', 1, 'market'],
    ['coinbase', 'GET', '/api/v3/brokerage/time', '', 'public', 1, 'market'],
    ['coinbase', 'GET', '/api/v3/brokerage/orders/historical/fills', '', 'signed', 1, 'question'],
    ['coinbase', 'POST', '/api/v3/brokerage/orders', side('BUY'), 'signed', 1, 'entry'],
    ['coinbase', 'POST', '/api/v3/brokerage/orders', side('SELL'), 'signed', 1, 'exit'],
    ['coinbase', 'POST', '/api/v3/brokerage/orders/batch_cancel', '{}', 'signed', 1, 'exit'],
    ['mexc', 'GET', '/api/v3/exchangeInfo', '', 'public', 25, 'market'],
    ['mexc', 'GET', '/api/v3/account?signature=a', '', 'signed', 10, 'question'],
    ['mexc', 'POST', '/api/v3/order?side=BUY&signature=a', '', 'signed', 1, 'entry'],
    ['mexc', 'POST', '/api/v3/order?side=SELL&signature=a', '', 'signed', 1, 'exit'],
    ['mexc', 'DELETE', '/api/v3/order?signature=a', '', 'signed', 1, 'exit'],
    ['mexc', 'POST', '/api/v3/userDataStream?signature=a', '', 'signed', 1, 'question'],
    ['alpaca', 'GET', '/v1beta3/crypto/us/bars', '', 'public', 1, 'market'],
    ['alpaca', 'GET', '/v2/account', '', 'signed', 1, 'question'],
    ['alpaca', 'POST', '/v2/orders', side('buy'), 'signed', 1, 'entry'],
    ['alpaca', 'DELETE', '/v2/orders/7', '', 'signed', 1, 'exit'],
  ] as const)('of %s, %s %s %s, is %s, weighs %i, and is %s', (kind, method, path, body, ...is) => {
    const { limit, weight, urgency, isSigned } = sortOf(kind, [at(path), method, {}, body])
    expect([limit, weight, urgency]).toEqual(is)
    expect(isSigned).toBe(limit === 'signed')
  })
})

describe('limits', () => {
  it.each<SpotKind>(['coinbase', 'mexc', 'alpaca'])('of %s are counted and shown', async (kind) => {
    const { venue } = await open(kind, { rateLimited: true })
    const { signed, public: open_ } = venueRows[kind].rateLimits
    expect(`${signed.source} ${open_.source}`.length).toBeGreaterThan(20)
    expect(venue.health()).toMatchObject({ usedWeight: 0, weightAllowed: signed.allowance })
    await venue.fetchRules()
    const { usedWeight, weightWindowMs } = venue.health()
    expect(usedWeight).toBeGreaterThan(0)
    expect([signed.windowMs, open_.windowMs]).toContain(weightWindowMs)
  })

  it('that are nearly used up send exits, and neither entries nor questions', async () => {
    const { venue, server, shapes } = await open('alpaca', { rateLimited: true })
    await venue.fetchRules()
    const resetAt = String(Math.ceil(Date.now() / 1_000) + 50)
    const headers = { 'X-Ratelimit-Limit': '200', 'X-Ratelimit-Reset': resetAt }
    server.on(shapes.tell, {
      json: shapes.told({ status: 'open' }),
      headers: { ...headers, 'X-Ratelimit-Remaining': '12' },
    })
    const { symbol } = shapes
    expect((await venue.placeOrder({ ...order, symbol, side: 'sell' })).kind).toBe('accepted')
    expect(venue.health().usedWeight).toBe(188)
    const entry = await venue.placeOrder({ ...order, symbol, side: 'buy' })
    expect(entry).toMatchObject({ kind: 'rejected', code: 'throttled' })
    const asked = server.requests.length
    await expect(venue.fetchOpenOrders(symbol)).rejects.toMatchObject({ code: 'throttled' })
    expect(server.requests).toHaveLength(asked)
    expect((await venue.placeOrder({ ...order, symbol, side: 'sell' })).kind).toBe('accepted')
    expect(server.sent(shapes.place)).toHaveLength(2)
  })
})

describe('a venue that asks for a pause', () => {
  it.each<readonly [SpotKind, object]>([
    ['coinbase', { errors: [{ id: 'rate_limit_exceeded', message: 'Too many requests' }] }],
    ['mexc', { code: 429, msg: 'Too many requests' }],
    ['alpaca', { code: 42910000, message: 'rate limit exceeded' }],
  ])('%s is left alone as long as it said, and no other', async (kind, json) => {
    const paused = await open(kind)
    const other = await open(kind === 'mexc' ? 'alpaca' : 'mexc')
    const { venue, server, shapes } = paused
    await venue.fetchRules()
    await venue.measureClock()
    server.on(shapes.place, { status: 429, json, headers: { 'Retry-After': '40' } })
    const first = await venue.placeOrder({ ...order, symbol: shapes.symbol, side: 'sell' })
    expect(first).toMatchObject({ kind: 'rejected', code: 'throttled', retryAfterMs: 40_000 })
    expect(venue.health().pausedForMs).toBeGreaterThan(30_000)
    const asked = server.requests.length
    const next = await venue.placeOrder({ ...order, symbol: shapes.symbol, side: 'sell' })
    expect(next).toMatchObject({ kind: 'rejected', code: 'throttled' })
    await expect(venue.fetchTickers([shapes.symbol])).rejects.toMatchObject({ code: 'throttled' })
    expect(server.requests).toHaveLength(asked)

    const { symbol } = other.shapes
    expect((await other.venue.placeOrder({ ...order, symbol, side: 'sell' })).kind).toBe('accepted')
    expect(other.venue.health().pausedForMs).toBe(0)
  })

  it('by the end of its window is left alone until then', async () => {
    const { venue, server, shapes } = await open('alpaca')
    await venue.fetchRules()
    const resetAt = String(Math.ceil(Date.now() / 1_000) + 30)
    const headers = { 'X-Ratelimit-Reset': resetAt }
    const json = { code: 42910000, message: 'rate limit exceeded' }
    server.on(shapes.place, { status: 429, json, headers })
    await venue.placeOrder({ ...order, symbol: shapes.symbol, side: 'sell' })
    expect(venue.health().pausedForMs).toBeGreaterThan(20_000)
    expect(venue.health().pausedForMs).toBeLessThanOrEqual(31_000)
  })

  it('without a time is left alone for longer each time that it asks again', async () => {
    const { venue, server, shapes } = await open('coinbase')
    await venue.fetchRules()
    await venue.measureClock()
    server.on(shapes.place, { status: 429, json: { errors: [{ id: 'rate_limit_exceeded' }] } })
    const place = () => venue.placeOrder({ ...order, symbol: shapes.symbol, side: 'sell' })
    await place()
    const first = venue.health().pausedForMs
    expect(first).toBeLessThanOrEqual(1_000)
    while (venue.health().pausedForMs > 0) await new Promise((done) => setTimeout(done, 20))
    await place()
    expect(venue.health().pausedForMs).toBeGreaterThan(first)
  })

  it('in words of its own is understood as well', async () => {
    const { venue, server, shapes } = await open('mexc')
    await venue.fetchRules()
    server.on(shapes.place, { status: 403, json: { code: 510, msg: 'Excessive frequency' } })
    const outcome = await venue.placeOrder({ ...order, symbol: shapes.symbol, side: 'sell' })
    expect(outcome).toMatchObject({ kind: 'rejected', code: 'throttled' })
    expect(venue.health().pausedForMs).toBeGreaterThan(0)
  })
})

describe('clocks', () => {
  const ahead = 5_000
  const times: Readonly<Record<SpotKind, readonly [string, object]>> = {
    coinbase: [
      'GET /api/v3/brokerage/time',
      { iso: 'x', epochSeconds: '1', epochMillis: String(marketNow + ahead) },
    ],
    mexc: ['GET /api/v3/time', { serverTime: marketNow + ahead }],
    // As it writes them: New York's offset, and nanoseconds.
    alpaca: ['GET /v2/clock', { timestamp: '2024-08-05T08:00:05.000152169-04:00' }],
  }

  it.each<SpotKind>(['coinbase', 'mexc', 'alpaca'])(
    'of %s are compared to the millisecond, and told',
    async (kind) => {
      const { venue, server } = await open(kind)
      const [route, json] = times[kind]
      server.on(route, { json })
      await venue.measureClock()
      expect(venue.health().clock).toEqual({ aheadMs: ahead, uncertaintyMs: 0 })
    },
  )

  it('stamp the requests of MEXC with its own time', async () => {
    const { venue, server, shapes } = await open('mexc')
    server.on(times.mexc[0], { json: times.mexc[1] })
    await venue.placeOrder({ ...order, symbol: shapes.symbol, side: 'sell' })
    const [sent] = server.sent(shapes.place)
    expect(sent?.parameters['timestamp']).toBe(String(marketNow + ahead))
  })

  it('that have parted are compared anew, and the order is sent once more', async () => {
    const { venue, server, shapes } = await open('mexc')
    await venue.fetchRules()
    await venue.measureClock()
    let refused = 0
    server.on(shapes.place, ({ parameters }) => {
      if (parameters['timestamp'] === String(marketNow + ahead)) {
        return { json: shapes.placed('fl-1') }
      }
      refused += 1
      server.on(times.mexc[0], { json: times.mexc[1] })
      const msg = 'Timestamp for this request is outside of the recvWindow.'
      return { status: 400, json: { code: 700003, msg } }
    })
    const outcome = await venue.placeOrder({ ...order, symbol: shapes.symbol, side: 'sell' })
    expect(outcome.kind).toBe('accepted')
    expect(refused).toBe(1)
    expect(server.sent(shapes.place)).toHaveLength(2)
  })
})
