// What each request puts on the wire, parameter by parameter, and that nothing invalid gets there.
import { Decimal } from '@flotilla/money'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import type { OrderRequest, ProtectionRequest } from '../port.ts'
import {
  apiKey,
  bitcoin,
  listAnswer,
  openWireVenue,
  orderAnswer,
  type WireVenue,
} from '../wire-test/wire-venue.ts'

const common = {
  clientOrderId: 'fl-1',
  symbol: 'BTC/USDT',
  side: 'sell',
  quantity: Decimal.from('0.01'),
} as const
const price = Decimal.from('52000.5')
const stop = Decimal.from('49000')

const onTheWire: readonly (readonly [OrderRequest, Record<string, string>])[] = [
  [{ ...common, type: 'market' }, { type: 'MARKET' }],
  [
    { ...common, type: 'limit', limitPrice: price, timeInForce: 'gtc' },
    { type: 'LIMIT', price: '52000.5', timeInForce: 'GTC' },
  ],
  [
    { ...common, type: 'limit', limitPrice: price, timeInForce: 'ioc' },
    { type: 'LIMIT', price: '52000.5', timeInForce: 'IOC' },
  ],
  [
    { ...common, type: 'limit-maker', limitPrice: price },
    { type: 'LIMIT_MAKER', price: '52000.5' },
  ],
  [
    { ...common, type: 'stop-loss', stopPrice: stop },
    { type: 'STOP_LOSS', stopPrice: '49000' },
  ],
  [
    { ...common, type: 'take-profit', stopPrice: price },
    { type: 'TAKE_PROFIT', stopPrice: '52000.5' },
  ],
  [
    {
      ...common,
      type: 'stop-loss-limit',
      stopPrice: stop,
      limitPrice: Decimal.from('48900'),
      timeInForce: 'gtc',
    },
    { type: 'STOP_LOSS_LIMIT', stopPrice: '49000', price: '48900', timeInForce: 'GTC' },
  ],
]

const protection: ProtectionRequest = {
  clientProtectionId: 'fl-1-p',
  symbol: 'BTC/USDT',
  side: 'sell',
  quantity: Decimal.from('0.01'),
  stop: { clientOrderId: 'fl-1-s', stopPrice: stop },
  takeProfit: { clientOrderId: 'fl-1-t', limitPrice: Decimal.from('52000') },
}

describe('requests on the wire', () => {
  let wire: WireVenue

  beforeEach(async () => {
    wire = await openWireVenue()
    wire.server.on('POST /api/v3/order', (request) => ({
      json: orderAnswer({ clientOrderId: request.parameters['newClientOrderId'] }),
    }))
    wire.server.on('POST /api/v3/orderList/oco', { json: listAnswer() })
  })
  afterEach(async () => {
    await wire.venue.close()
    await wire.server.close()
  })

  /** The parameters of the only request to this route, without what every signed request carries. */
  function sentTo(route: string): Record<string, string> {
    const sent = wire.server.sent(route)
    expect(sent).toHaveLength(1)
    const { timestamp, signature, recvWindow, ...rest } = sent[0]?.parameters ?? {}
    expect(timestamp).toMatch(/^\d{13}$/)
    expect(signature).toMatch(/^[0-9a-f]{64}$/)
    expect(recvWindow).toBe('5000')
    expect(sent[0]?.headers['x-mbx-apikey']).toBe(apiKey)
    return rest
  }

  it.each(onTheWire)(
    'sends exactly the parameters of an order: $type $timeInForce',
    async (request, terms) => {
      const outcome = await wire.venue.placeOrder(request)
      expect(outcome.kind).toBe('accepted')
      expect(sentTo('POST /api/v3/order')).toEqual({
        symbol: 'BTCUSDT',
        side: 'SELL',
        quantity: '0.01',
        newClientOrderId: 'fl-1',
        newOrderRespType: 'FULL',
        ...terms,
      })
    },
  )

  it('sends a protection of a long with the stop below and the target above', async () => {
    const outcome = await wire.venue.placeProtection(protection)
    expect(outcome).toMatchObject({
      kind: 'accepted',
      protection: {
        status: 'open',
        stop: { clientOrderId: 'fl-1-s', type: 'stop-loss', limitPrice: null },
        takeProfit: { clientOrderId: 'fl-1-t', type: 'limit-maker', stopPrice: null },
      },
    })
    expect(sentTo('POST /api/v3/orderList/oco')).toEqual({
      symbol: 'BTCUSDT',
      listClientOrderId: 'fl-1-p',
      side: 'SELL',
      quantity: '0.01',
      aboveType: 'LIMIT_MAKER',
      abovePrice: '52000',
      aboveClientOrderId: 'fl-1-t',
      belowType: 'STOP_LOSS',
      belowStopPrice: '49000',
      belowClientOrderId: 'fl-1-s',
      newOrderRespType: 'RESULT',
    })
  })

  it('sends an entry that brings its exits along, whose quantity the venue counts', async () => {
    wire.server.on('GET /api/v3/exchangeInfo', {
      json: { symbols: [{ ...bitcoin, opoAllowed: true }] },
    })
    wire.server.on('POST /api/v3/orderList/opoco', { json: listAnswer() })
    const entry = { clientOrderId: 'fl-1-e', quantity: common.quantity, limitPrice: price }
    await wire.venue.placeProtection({ ...protection, entry })
    expect(sentTo('POST /api/v3/orderList/opoco')).toEqual({
      symbol: 'BTCUSDT',
      listClientOrderId: 'fl-1-p',
      workingType: 'LIMIT',
      workingSide: 'BUY',
      workingPrice: '52000.5',
      workingQuantity: '0.01',
      workingTimeInForce: 'FOK',
      workingClientOrderId: 'fl-1-e',
      pendingSide: 'SELL',
      pendingAboveType: 'LIMIT_MAKER',
      pendingAbovePrice: '52000',
      pendingAboveClientOrderId: 'fl-1-t',
      pendingBelowType: 'STOP_LOSS',
      pendingBelowStopPrice: '49000',
      pendingBelowClientOrderId: 'fl-1-s',
      newOrderRespType: 'FULL',
    })
  })

  it('keeps an entry with exits at home where the symbol does not take it', async () => {
    const entry = { clientOrderId: 'fl-1-e', quantity: common.quantity, limitPrice: price }
    const outcome = await wire.venue.placeProtection({ ...protection, entry })
    expect(outcome).toMatchObject({ code: 'rule_broken', rule: { name: 'opo_allowed' } })
  })

  it('turns the sides around for a protection that buys back, and sends the limit of its stop', async () => {
    await wire.venue.placeProtection({
      ...protection,
      side: 'buy',
      stop: {
        clientOrderId: 'fl-1-s',
        stopPrice: Decimal.from('53000'),
        limitPrice: Decimal.from('53100'),
      },
    })
    expect(sentTo('POST /api/v3/orderList/oco')).toMatchObject({
      side: 'BUY',
      aboveType: 'STOP_LOSS_LIMIT',
      aboveStopPrice: '53000',
      abovePrice: '53100',
      aboveTimeInForce: 'GTC',
      belowType: 'LIMIT_MAKER',
      belowPrice: '52000',
    })
  })

  it('cancels by our own ids', async () => {
    wire.server.on('DELETE /api/v3/order', {
      json: orderAnswer({ origClientOrderId: 'fl-1', clientOrderId: 'x', status: 'CANCELED' }),
    })
    wire.server.on('DELETE /api/v3/orderList', {
      json: listAnswer({ listOrderStatus: 'ALL_DONE' }),
    })
    const order = await wire.venue.cancelOrder({ symbol: 'BTC/USDT', clientOrderId: 'fl-1' })
    expect(order).toMatchObject({
      kind: 'accepted',
      order: { clientOrderId: 'fl-1', status: 'canceled' },
    })
    expect(sentTo('DELETE /api/v3/order')).toEqual({ symbol: 'BTCUSDT', origClientOrderId: 'fl-1' })
    const reference = { symbol: 'BTC/USDT', clientProtectionId: 'fl-1-p' }
    const list = await wire.venue.cancelProtection(reference)
    expect(list).toMatchObject({ kind: 'accepted', protection: { status: 'done' } })
    expect(sentTo('DELETE /api/v3/orderList')).toEqual({
      symbol: 'BTCUSDT',
      listClientOrderId: 'fl-1-p',
    })
  })

  it('reads the leg that was meant when the venue answers a cancel with the whole list', async () => {
    wire.server.on('DELETE /api/v3/order', { json: listAnswer({ listOrderStatus: 'ALL_DONE' }) })
    const outcome = await wire.venue.cancelOrder({ symbol: 'BTC/USDT', clientOrderId: 'fl-1-t' })
    expect(outcome).toMatchObject({ kind: 'accepted', order: { clientOrderId: 'fl-1-t' } })
  })

  const invalid: readonly (readonly [string, OrderRequest, string])[] = [
    ['a quantity of zero', { ...common, type: 'market', quantity: Decimal.zero }, 'quantity'],
    [
      'a negative quantity',
      { ...common, type: 'market', quantity: Decimal.from('-1') },
      'quantity',
    ],
    [
      'a quantity off its step',
      { ...common, type: 'market', quantity: Decimal.from('0.010001') },
      'quantity_step',
    ],
    [
      'a quantity below the minimum',
      { ...common, type: 'market', quantity: Decimal.from('0.000001') },
      'quantity_min',
    ],
    [
      'a market order above its own maximum',
      { ...common, type: 'market', quantity: Decimal.from('108') },
      'market_quantity_max',
    ],
    [
      'a price off its tick',
      { ...common, type: 'limit-maker', limitPrice: Decimal.from('50000.001') },
      'price_tick',
    ],
    [
      'a value below the minimum',
      { ...common, type: 'limit-maker', limitPrice: Decimal.from('499.99') },
      'notional_min',
    ],
  ]
  it.each(invalid)('refuses %s before anything is sent', async (_title, request, name) => {
    const outcome = await wire.venue.placeOrder(request)
    expect(outcome).toMatchObject({ kind: 'rejected', code: 'rule_broken', rule: { name } })
    expect(wire.server.sent('POST /api/v3/order')).toEqual([])
  })

  it('refuses a client order id that the venue would not take', async () => {
    const outcome = await wire.venue.placeOrder({
      ...common,
      type: 'market',
      clientOrderId: 'a'.repeat(37),
    })
    expect(outcome).toMatchObject({ kind: 'rejected', code: 'invalid_request' })
    expect(wire.server.sent('POST /api/v3/order')).toEqual([])
  })

  it('names both forms of a symbol that the venue does not list', async () => {
    wire.server.on('GET /api/v3/exchangeInfo', {
      status: 400,
      json: { code: -1121, msg: 'Invalid symbol.' },
    })
    const outcome = await wire.venue.placeOrder({ ...common, type: 'market', symbol: 'FOO/USDT' })
    expect(outcome).toEqual({
      kind: 'rejected',
      code: 'unknown_symbol',
      reason: 'binance does not list FOO/USDT (in its form FOOUSDT)',
    })
  })
})
