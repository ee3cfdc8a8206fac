import { afterEach, describe, expect, it } from 'vitest'

import { Decimal } from '@flotilla/money'
import { openWireVenue, orderAnswer, type WireVenue } from '../wire-test/wire-venue.ts'
import { RequestBudget, urgencyOf, weightOf } from './request-budget.ts'

const minute = 60_000

describe('the request budget', () => {
  function budget(options: { weightPerMinute?: number; share?: number } = {}) {
    const clock = { now: 10 * minute }
    const settings = { weightPerMinute: 100, share: 1, ...options, now: () => clock.now }
    return { clock, budget: new RequestBudget(settings) }
  }

  it('stops market data and entries first, then questions, and exits never', () => {
    const { budget: on, clock } = budget()
    on.hear(80)
    clock.now += 15_000
    expect(on.enter(1, 'market')).toBe(45_000)
    expect(on.enter(1, 'entry')).toBe(45_000)
    expect(on.enter(10, 'question')).toBe(0)
    expect(on.enter(1, 'question')).toBe(45_000)
    expect(on.enter(50, 'exit')).toBe(0)
  })

  it('counts what is on its way until it is answered, and believes the venue', () => {
    const { budget: on } = budget()
    expect(on.enter(60, 'market')).toBe(0)
    expect(on.enter(30, 'market')).toBeGreaterThan(0)
    on.hear(60)
    on.leave(60)
    expect(on.state).toEqual({ usedWeight: 60, weightAllowed: 100, weightWindowMs: 60_000 })
    // Another agent at our address has used it up.
    on.hear(95)
    expect(on.enter(1, 'question')).toBeGreaterThan(0)
  })

  it('begins anew with each minute', () => {
    const { budget: on, clock } = budget()
    on.hear(100)
    clock.now += minute
    expect(on.enter(80, 'market')).toBe(0)
  })

  it('leaves the other part to the others where it has a share only', () => {
    const { budget: on } = budget({ share: 0.5 })
    expect(on.enter(40, 'market')).toBe(0)
    on.hear(40)
    on.leave(40)
    expect(on.enter(1, 'market')).toBeGreaterThan(0)
    expect(on.enter(5, 'question')).toBe(0)
  })

  it('limits nothing where the venue does not', () => {
    const { budget: on } = budget({ weightPerMinute: 0 })
    on.hear(1_000_000)
    expect(on.enter(1, 'market')).toBe(0)
  })

  it.each([
    ['publicGetKlines', {}, 'market', 2],
    ['publicGetTicker24hr', { symbols: Array.from({ length: 20 }, () => 'A').join() }, 'market', 2],
    [
      'publicGetTicker24hr',
      { symbols: Array.from({ length: 21 }, () => 'A').join() },
      'market',
      40,
    ],
    ['publicGetDepth', { limit: 1_000 }, 'market', 50],
    ['privateGetOpenOrders', {}, 'question', 80],
    ['privateGetOpenOrders', { symbol: 'BTCUSDT' }, 'question', 6],
    ['privateGetMyTrades', { symbol: 'BTCUSDT' }, 'question', 20],
    ['privatePostOrder', { side: 'BUY' }, 'entry', 1],
    ['privatePostOrder', { side: 'SELL' }, 'exit', 1],
    ['privatePostOrderListOco', { side: 'SELL' }, 'exit', 1],
    ['privateDeleteOrder', { symbol: 'BTCUSDT' }, 'exit', 1],
  ] as const)('takes %s %j for %s of weight %i', (endpoint, parameters, urgency, weight) => {
    expect(urgencyOf(endpoint, parameters)).toBe(urgency)
    expect(weightOf(endpoint, parameters)).toBe(weight)
  })
})

describe('on the wire', () => {
  let open: WireVenue | null = null
  afterEach(async () => {
    await open?.venue.close()
    await open?.server.close()
    open = null
  })

  it('a minute that is nearly used up sends exits, and neither entries nor questions', async () => {
    open = await openWireVenue({ weightPerMinute: 1_000 })
    const { venue, server } = open
    const headers = { 'X-MBX-USED-WEIGHT-1M': '950' }
    const symbol = 'BTC/USDT'
    await venue.fetchRules([symbol])
    server.on('GET /api/v3/account', { json: { balances: [] }, headers })
    server.on('POST /api/v3/order', {
      json: orderAnswer({ side: 'SELL', type: 'MARKET' }),
      headers,
    })
    const order = {
      clientOrderId: 'fl-1',
      symbol,
      type: 'market',
      quantity: Decimal.from('0.01'),
    } as const
    // A minute that ends just now begins anew, and the venue says the same in the next one.
    let sent = 0
    const refusedOf = async () => {
      await venue.fetchBalances().catch(() => undefined)
      const before = server.requests.length
      const outcome = await venue.placeOrder({ ...order, side: 'buy' })
      sent = server.requests.length - before
      return outcome.kind === 'rejected' ? outcome : null
    }
    let refused = await refusedOf()
    while (refused === null) refused = await refusedOf()
    expect(refused).toMatchObject({ code: 'throttled' })
    expect(refused.retryAfterMs).toBeGreaterThan(0)
    expect(sent).toBe(0)
    expect((await venue.placeOrder({ ...order, side: 'sell' })).kind).toBe('accepted')
    expect(venue.health().weightAllowed).toBe(1_000)
  })
})
