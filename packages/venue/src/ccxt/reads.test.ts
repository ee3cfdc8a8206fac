// What is read from the venue: exact, complete, and in our words.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import type { VenueErrorCode } from '../errors.ts'
import type { ScriptedAnswer } from '../wire-test/scripted-server.ts'
import {
  bitcoin,
  listAnswer,
  marketNow,
  openWireVenue,
  orderAnswer,
  patienceFor,
  type WireVenue,
} from '../wire-test/wire-venue.ts'

const html = '<html>'
const minuteMs = 60_000

describe('reads', () => {
  let wire: WireVenue

  beforeEach(async () => {
    wire = await openWireVenue()
  })
  afterEach(async () => {
    await wire.venue.close()
    await wire.server.close()
  })

  it('reads the rules of a symbol; a limit of zero is none', async () => {
    wire.server.on('GET /api/v3/account', {
      json: { balances: [], commissionRates: { maker: '0.00080000', taker: '0.00100000' } },
    })
    const [rules] = await wire.venue.fetchRules(['BTC/USDT'])
    expect(JSON.parse(JSON.stringify(rules))).toEqual({
      symbol: 'BTC/USDT',
      base: 'BTC',
      quote: 'USDT',
      status: 'trading',
      priceTick: '0.01',
      priceMin: '0.01',
      priceMax: '1000000',
      quantityStep: '0.00001',
      quantityMin: '0.00001',
      quantityMax: '9000',
      marketQuantityMax: '107.93',
      notionalMin: '5',
      notionalMax: '9000000',
      orderTypes: [
        'limit',
        'limit-maker',
        'market',
        'stop-loss',
        'stop-loss-limit',
        'take-profit',
        'take-profit-limit',
      ],
      ocoAllowed: true,
      opoAllowed: false,
      makerFeeRate: '0.0008',
      takerFeeRate: '0.001',
    })
  })

  it('marks a symbol that is not traded', async () => {
    wire.server.on('GET /api/v3/exchangeInfo', {
      json: { symbols: [{ ...bitcoin, status: 'BREAK' }] },
    })
    expect((await wire.venue.fetchRules(['BTC/USDT']))[0]?.status).toBe('halted')
  })

  it("marks a candle closed only when the venue's clock is past its end", async () => {
    const row = (openTime: number) => [
      openTime,
      '58000.10',
      '58100.00',
      '57900.00',
      '58050.123456789',
      '12.5',
      openTime + minuteMs - 1,
      '725000.25',
      300,
      '6',
      '350000',
      '0',
    ]
    const times = [marketNow - 2 * minuteMs, marketNow - minuteMs, marketNow]
    wire.server.on('GET /api/v3/klines', { json: times.map(row) })
    const candles = await wire.venue.fetchCandles({
      symbol: 'BTC/USDT',
      timeframe: '1m',
      since: marketNow - 2 * minuteMs,
      limit: 3,
    })
    expect(candles.map((candle) => candle.closed)).toEqual([true, true, false])
    expect(candles[1]).toMatchObject({ openTime: times[1], closeTime: marketNow })
    expect(candles[1]?.close.toString()).toBe('58050.123456789')
    expect(candles[1]?.quoteVolume.toString()).toBe('725000.25')
    expect(wire.server.sent('GET /api/v3/klines')[0]?.parameters).toEqual({
      symbol: 'BTCUSDT',
      interval: '1m',
      limit: '3',
      startTime: String(marketNow - 2 * minuteMs),
    })
  })

  it('reads volume in quote currency, and no price where there is none', async () => {
    wire.server.on('GET /api/v3/ticker/24hr', {
      json: [
        {
          symbol: 'BTCUSDT',
          lastPrice: '58000.10000000',
          bidPrice: '58000.00000000',
          askPrice: '0.00000000',
          volume: '5928.00000000',
          quoteVolume: '343824592.80000000',
          closeTime: marketNow,
        },
      ],
    })
    const [ticker] = await wire.venue.fetchTickers(['BTC/USDT'])
    expect(JSON.parse(JSON.stringify(ticker))).toEqual({
      symbol: 'BTC/USDT',
      last: '58000.1',
      bid: '58000',
      ask: null,
      quoteVolume24h: '343824592.8',
      observedAt: marketNow,
    })
    expect(wire.server.sent('GET /api/v3/ticker/24hr')[0]?.parameters).toEqual({
      symbols: '["BTCUSDT"]',
    })
  })

  it('keeps the order of the book that the venue gave, whatever the length of its numbers', async () => {
    const bids = [
      ['10000.00', '1'],
      ['9999.99', '2'],
      ['999.00', '3'],
    ]
    wire.server.on('GET /api/v3/depth', {
      json: { lastUpdateId: 1, bids, asks: [['10001.00', '4']] },
    })
    const book = await wire.venue.fetchOrderBook('BTC/USDT', 5)
    expect(book.bids.map((level) => level.price.toString())).toEqual(['10000', '9999.99', '999'])
  })

  it('reads balances to the last digit and leaves out what is empty', async () => {
    wire.server.on('GET /api/v3/account', {
      json: {
        balances: [
          { asset: 'BTC', free: '0.10000001', locked: '123456789.12345678' },
          { asset: 'DOGE', free: '0.00000000', locked: '0.00000000' },
        ],
      },
    })
    const balances = await wire.venue.fetchBalances()
    expect(JSON.parse(JSON.stringify(balances))).toEqual([
      {
        asset: 'BTC',
        free: '0.10000001',
        locked: '123456789.12345678',
        total: '123456789.22345679',
      },
    ])
  })

  it('refuses an amount that came as a number: it has been through a float', async () => {
    wire.server.on('GET /api/v3/account', {
      json: { balances: [{ asset: 'BTC', free: 0.1, locked: '0' }] },
    })
    await expect(wire.venue.fetchBalances()).rejects.toMatchObject({ code: 'malformed_answer' })
  })

  it('reads an order with its fills', async () => {
    wire.server.on('GET /api/v3/order', {
      json: orderAnswer({
        status: 'EXPIRED',
        expiryReason: 'UNFILLED_IOC_QUANTITY_EXPIRED',
        executedQty: '0.00400000',
        cummulativeQuoteQty: '200.00000000',
        updateTime: marketNow + 5,
        timeInForce: 'IOC',
      }),
    })
    const order = await wire.venue.queryOrder({ symbol: 'BTC/USDT', clientOrderId: 'fl-1' })
    expect(order).toMatchObject({
      venueOrderId: '28',
      venueProtectionId: null,
      status: 'expired',
      type: 'limit',
      timeInForce: 'ioc',
      endReason: 'UNFILLED_IOC_QUANTITY_EXPIRED',
      updatedAt: marketNow + 5,
    })
    expect(order?.filledQuantity.toString()).toBe('0.004')
  })

  it('answers null for an order that the venue does not have', async () => {
    wire.server.on('GET /api/v3/order', {
      status: 400,
      json: { code: -2013, msg: 'Order does not exist.' },
    })
    wire.server.on('GET /api/v3/orderList', {
      status: 400,
      json: { code: -2018, msg: 'Order list does not exist.' },
    })
    expect(await wire.venue.queryOrder({ symbol: 'BTC/USDT', clientOrderId: 'no' })).toBeNull()
    expect(
      await wire.venue.queryProtection({ symbol: 'BTC/USDT', clientProtectionId: 'no' }),
    ).toBeNull()
  })

  it("finds an order by the venue's id when its name is not known there any more", async () => {
    wire.server.on('GET /api/v3/order', ({ parameters }) =>
      parameters['orderId'] === '28'
        ? { json: orderAnswer({ clientOrderId: 'released' }) }
        : { status: 400, json: { code: -2013, msg: 'Order does not exist.' } },
    )
    const known = { symbol: 'BTC/USDT', clientOrderId: 'fl-1', venueOrderId: '28' }
    const found = { clientOrderId: 'fl-1', venueOrderId: '28' }
    expect(await wire.venue.queryOrder(known)).toMatchObject(found)
    expect(await wire.venue.queryOrder({ ...known, venueOrderId: '29' })).toBeNull()
  })

  it('asks for both legs of a protection, which the venue only names', async () => {
    const { orderReports, ...list } = listAnswer({ listOrderStatus: 'ALL_DONE' })
    const reports = new Map(orderReports.map((report) => [String(report.orderId), report]))
    wire.server.on('GET /api/v3/orderList', { json: list })
    wire.server.on('GET /api/v3/order', (sent) => ({
      json: reports.get(sent.parameters['orderId'] ?? ''),
    }))
    const found = await wire.venue.queryProtection({
      symbol: 'BTC/USDT',
      clientProtectionId: 'fl-1-p',
    })
    expect(found).toMatchObject({
      status: 'done',
      venueProtectionId: '7',
      stop: { venueOrderId: '30' },
      takeProfit: { venueOrderId: '31' },
    })
  })

  it('reads fills without a gap over days and pages', async () => {
    const trade = (id: number) => ({
      symbol: 'BTCUSDT',
      id,
      orderId: 28,
      price: '50000.00',
      qty: '0.00400000',
      quoteQty: '200.00000000',
      commission: '0.00000400',
      commissionAsset: 'BTC',
      time: marketNow - 86_400_000 + id,
      isBuyer: true,
      isMaker: false,
    })
    const all = Array.from({ length: 2_500 }, (_, index) => trade(index + 1))
    wire.server.on('GET /api/v3/myTrades', ({ parameters }) => {
      const { fromId, startTime, endTime } = parameters
      const matching = all.filter((one) =>
        fromId === undefined
          ? one.time >= Number(startTime) && one.time <= Number(endTime)
          : one.id >= Number(fromId),
      )
      return { json: matching.slice(0, 1_000) }
    })
    const since = marketNow - 3 * 86_400_000
    const fills = await wire.venue.fetchFills('BTC/USDT', { since })
    expect(fills.map((fill) => fill.tradeId)).toEqual(all.map((one) => String(one.id)))
    expect(fills[0]).toMatchObject({ side: 'buy', venueOrderId: '28', feeAsset: 'BTC' })
    for (const { parameters } of wire.server.sent('GET /api/v3/myTrades')) {
      const window = Number(parameters['endTime'] ?? 0) - Number(parameters['startTime'] ?? 0)
      expect(window).toBeLessThan(86_400_000)
    }
    const longAgo = await wire.venue.fetchFills('BTC/USDT', { since: 1_000 })
    expect(longAgo).toHaveLength(2_500)
    expect(wire.server.sent('GET /api/v3/myTrades').length).toBeLessThan(12)
    const later = await wire.venue.fetchFills('BTC/USDT', { fromId: '2400' })
    expect(later.map((fill) => fill.tradeId)[0]).toBe('2400')
    expect(later).toHaveLength(101)
  })

  const failures: readonly (readonly [string, ScriptedAnswer, VenueErrorCode, boolean])[] = [
    ['a cut connection', { fault: 'reset' }, 'unreachable', true],
    ['no answer', { fault: 'hang' }, 'timeout', true],
    ['half an answer', { fault: 'stall' }, 'timeout', true],
    ['503', { status: 503, text: html }, 'unavailable', true],
    ['html instead of JSON', { text: html }, 'malformed_answer', true],
    [
      'an invalid key',
      { status: 401, json: { code: -2015, msg: 'Invalid API-key.' } },
      'unauthorized',
      false,
    ],
    ['a refusal by a proxy', { status: 401, text: html }, 'unauthorized', false],
    [
      'a key that is not known',
      { status: 400, json: { msg: 'Unknown API Key' } },
      'unauthorized',
      false,
    ],
    ['a firewall', { status: 403, text: html }, 'blocked', false],
    ['a ban', { status: 418, json: { code: -1003, msg: 'banned' } }, 'banned', false],
    ['too many requests', { status: 429, json: { code: -1003, msg: 'slow' } }, 'throttled', true],
    [
      'a bad parameter',
      { status: 400, json: { code: -1102, msg: 'bad' } },
      'invalid_request',
      false,
    ],
  ]
  it.each(failures)('throws a typed error for %s', async (_title, answer, code, retryable) => {
    const { venue, server } = await openWireVenue(patienceFor(answer))
    server.on('GET /api/v3/openOrders', answer)
    await expect(venue.fetchOpenOrders()).rejects.toMatchObject({ code, retryable })
    await venue.close()
    await server.close()
  })

  it('takes an invalid key for one even after it was valid before', async () => {
    await wire.venue.fetchBalances()
    wire.server.on('GET /api/v3/account', {
      status: 401,
      json: { code: -2015, msg: 'Invalid API-key.' },
    })
    await expect(wire.venue.fetchBalances()).rejects.toMatchObject({ code: 'unauthorized' })
  })

  it('says that keys are missing instead of sending without them', async () => {
    const keyless = await openWireVenue({ apiKey: undefined, secret: undefined })
    await expect(keyless.venue.fetchBalances()).rejects.toMatchObject({ code: 'unauthorized' })
    expect(keyless.server.sent('GET /api/v3/account')).toEqual([])
    await keyless.venue.close()
    await keyless.server.close()
  })
})
