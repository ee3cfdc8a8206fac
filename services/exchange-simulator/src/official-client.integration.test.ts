// The venue's own client, as it comes: REST, WebSocket API, streams of the market and of the account. It is typed by the
// venue's own description of its interface, so that what it has is what the venue has.
import { Spot } from '@binance/spot'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Simulator } from './index.ts'
import { guardLoopback, type LoopbackGuard } from './testing/loopback-guard.ts'
import { startSimulatorByHand } from './testing/started-simulator.ts'

vi.hoisted(() => {
  // It tells the console of each connection unless it is told not to.
  process.env['LOG_LEVEL'] = 'error'
})

type Fields = Readonly<Record<string, unknown>>
type Call = readonly [name: string, method: string, fields: Fields]

const symbol = 'BTCUSDT'
const withinMs = 60_000

let simulator: Simulator
let guard: LoopbackGuard
let spot: Spot
let api: Awaited<ReturnType<Spot['websocketAPI']['connect']>>

beforeAll(async () => {
  guard = guardLoopback()
  ;({ simulator } = await startSimulatorByHand({
    balances: { USDT: '1000000', BTC: '50' },
    limits: { ordersPerTenSeconds: 10_000, weightPerMinute: 100_000 },
  }))
  // By itself it waits for a second only, and asks again.
  const patience = { timeout: withinMs }
  const keys = { apiKey: 'flotillaSimulatorKey', apiSecret: 'flotillaSimulatorSecret', ...patience }
  const wsURL = simulator.url.replace('http', 'ws')
  spot = new Spot({
    configurationRestAPI: { ...keys, basePath: simulator.url },
    configurationWebsocketAPI: { ...keys, wsURL: `${wsURL}/ws-api/v3` },
    configurationWebsocketStreams: { wsURL },
  })
  api = await spot.websocketAPI.connect()
}, withinMs)

afterAll(async () => {
  await api.disconnect()
  await simulator.stop()
  guard.lift()
})

async function make(client: object, method: string, fields: Fields): Promise<unknown> {
  const found: unknown = Reflect.get(client, method)
  if (typeof found !== 'function') throw new Error(`the client has no ${method}`)
  const answer: unknown = await Reflect.apply(found, client, [fields])
  const { data } = answer as { readonly data: unknown }
  return typeof data === 'function' ? (Reflect.apply(data, answer, []) as unknown) : data
}

/** Far enough to rest, and within what the venue lets one ask. */
async function around(): Promise<{ readonly low: number; readonly high: number }> {
  const { price } = (await make(spot.restAPI, 'tickerPrice', { symbol })) as { price: string }
  return { low: Math.floor(Number(price) * 0.9), high: Math.ceil(Number(price) * 1.1) }
}

const market: readonly Call[] = [
  ['ping', 'ping', {}],
  ['time', 'time', {}],
  ['exchange information', 'exchangeInfo', { symbols: [symbol, 'ETHUSDT'] }],
  ['execution rules', 'executionRules', { symbol }],
  ['depth', 'depth', { symbol, limit: 5 }],
  ['candles', 'klines', { symbol, interval: '1m', limit: 2 }],
  ['candles for charts', 'uiKlines', { symbol, interval: '1m', limit: 2 }],
  ['mean price', 'avgPrice', { symbol }],
  ['reference price', 'referencePrice', { symbol }],
  ['statistics', 'ticker', { symbols: [symbol, 'ETHUSDT'] }],
  ['a trading day', 'tickerTradingDay', { symbol }],
  ['prices', 'tickerPrice', {}],
  ['own orders', 'allOrders', { symbol }],
  ['own trades', 'myTrades', { symbol }],
  ['prevented matches', 'myPreventedMatches', { symbol, orderId: 1 }],
  ['allocations', 'myAllocations', { symbol }],
  ['filters', 'myFilters', { symbol }],
  ['commission', 'accountCommission', { symbol }],
]

const restOnly: readonly Call[] = [
  ['a day', 'ticker24hr', { symbol }],
  ['best prices', 'tickerBookTicker', {}],
  ['trades', 'getTrades', { symbol, limit: 2 }],
  ['old trades', 'historicalTrades', { symbol, limit: 2 }],
  ['block trades', 'historicalBlockTrades', { symbol, fromId: 1 }],
  ['aggregate trades', 'aggTrades', { symbol, limit: 2 }],
  ['account', 'getAccount', { omitZeroBalances: true }],
  ['open orders', 'getOpenOrders', { symbol }],
  ['lists', 'allOrderList', {}],
  ['open lists', 'openOrderList', {}],
  ['order counts', 'rateLimitOrder', {}],
]

const apiOnly: readonly Call[] = [
  ['a day', 'ticker24hr', { symbols: [symbol] }],
  ['best prices', 'tickerBook', { symbol }],
  ['trades', 'tradesRecent', { symbol, limit: 2 }],
  ['old trades', 'tradesHistorical', { symbol, limit: 2 }],
  ['block trades', 'blockTradesHistorical', { symbol, fromId: 1 }],
  ['aggregate trades', 'tradesAggregate', { symbol, limit: 2 }],
  ['account', 'accountStatus', {}],
  ['open orders', 'openOrdersStatus', { symbol }],
  ['lists', 'allOrderLists', {}],
  ['open lists', 'openOrderListsStatus', {}],
  ['order counts', 'accountRateLimitsOrders', {}],
  ['session', 'sessionStatus', {}],
]

test.each([...market, ...restOnly])('%s over REST', async (_name, method, fields) => {
  expect(await make(spot.restAPI, method, fields)).toBeDefined()
})

test.each([...market, ...apiOnly])('%s over the WebSocket API', async (_name, method, fields) => {
  expect(await make(api, method, fields)).toBeDefined()
})

/** How each way calls its methods; the fields are the same. */
const ways = {
  REST: {
    client: () => spot.restAPI as object,
    names: {
      test: 'orderTest',
      place: 'newOrder',
      ask: 'getOrder',
      replace: 'orderCancelReplace',
      cancel: 'deleteOrder',
      oco: 'orderListOco',
      oto: 'orderListOto',
      otoco: 'orderListOtoco',
      opo: 'orderListOpo',
      opoco: 'orderListOpoco',
      end: 'deleteOrderList',
      clear: 'deleteOpenOrders',
    },
  },
  'the WebSocket API': {
    client: () => api as object,
    names: {
      test: 'orderTest',
      place: 'orderPlace',
      ask: 'orderStatus',
      replace: 'orderCancelReplace',
      cancel: 'orderCancel',
      oco: 'orderListPlaceOco',
      oto: 'orderListPlaceOto',
      otoco: 'orderListPlaceOtoco',
      opo: 'orderListPlaceOpo',
      opoco: 'orderListPlaceOpoco',
      end: 'orderListCancel',
      clear: 'openOrdersCancelAll',
    },
  },
} as const

describe.each(Object.entries(ways))('over %s', (_way, { client, names }) => {
  test('an order is tried, placed, asked about, changed, replaced and canceled', async () => {
    const { low } = await around()
    const order = { symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: 0.001 }
    await make(client(), names.test, { ...order, price: low })
    const placed = (await make(client(), names.place, { ...order, price: low })) as Fields
    const { orderId } = placed
    const told = await make(client(), names.ask, { symbol, orderId })
    expect(told).toMatchObject({ status: 'NEW', clientOrderId: placed['clientOrderId'] })
    await make(client(), 'orderAmendKeepPriority', { symbol, orderId, newQty: 0.0009 })
    const amended = await make(client(), 'orderAmendments', { symbol, orderId })
    expect(amended).toMatchObject([{ newQty: '0.00090000' }])
    const replace = { cancelReplaceMode: 'STOP_ON_FAILURE', cancelOrderId: orderId }
    const replaced = await make(client(), names.replace, { ...order, price: low, ...replace })
    const next = (replaced as { newOrderResponse: { orderId: number } }).newOrderResponse
    const gone = await make(client(), names.cancel, { symbol, orderId: next.orderId })
    expect(gone).toMatchObject({ status: 'CANCELED' })
  })

  test('lists of orders of every kind are placed and taken away', async () => {
    const { low, high } = await around()
    const working = {
      workingType: 'LIMIT',
      workingSide: 'BUY',
      workingTimeInForce: 'GTC',
      workingPrice: low,
      workingQuantity: 0.001,
      pendingSide: 'SELL',
    }
    const sized = { ...working, pendingQuantity: 0.001 }
    const pair = {
      pendingAboveType: 'LIMIT_MAKER',
      pendingAbovePrice: high,
      pendingBelowType: 'STOP_LOSS',
      pendingBelowStopPrice: low - 100,
    }
    const legs = { aboveType: 'LIMIT_MAKER', abovePrice: high, belowType: 'STOP_LOSS' }
    const lists = [
      [names.oco, { side: 'SELL', quantity: 0.001, ...legs, belowStopPrice: low }],
      [names.oto, { ...sized, pendingType: 'MARKET' }],
      [names.otoco, { ...sized, ...pair }],
      [names.opo, { ...working, pendingType: 'MARKET' }],
      [names.opoco, { ...working, ...pair }],
    ] as const
    for (const [method, fields] of lists) {
      const list = (await make(client(), method, { symbol, ...fields })) as Fields
      expect(list).toMatchObject({ listStatusType: 'EXEC_STARTED' })
      const { orderListId } = list
      const ended = await make(client(), names.end, { symbol, orderListId })
      expect(ended).toMatchObject({ listOrderStatus: 'ALL_DONE' })
    }
  })

  test('a purchase is filled, and all that rests is taken away at once', async () => {
    const { low } = await around()
    const buy = { symbol, side: 'BUY', type: 'MARKET', quoteOrderQty: 100 }
    const bought = await make(client(), names.place, buy)
    expect(bought).toMatchObject({ status: 'FILLED' })
    const rest = { symbol, side: 'BUY', type: 'LIMIT_MAKER', quantity: 0.001, price: low }
    await make(client(), names.place, rest)
    expect(await make(client(), names.clear, { symbol })).toMatchObject([{ status: 'CANCELED' }])
  })
})

test('its streams hear the market', { timeout: 2 * withinMs }, async () => {
  const streams = await spot.websocketStreams.connect()
  const heard = new Set<unknown>()
  const hear = (stream: { on(event: 'message', take: (told: unknown) => void): void }) =>
    stream.on('message', (told) => void heard.add(kindOf(Array.isArray(told) ? told[0] : told)))
  hear(streams.trade({ symbol }))
  hear(streams.aggTrade({ symbol }))
  hear(streams.ticker({ symbol }))
  hear(streams.allMiniTicker({}))
  hear(streams.diffBookDepth({ symbol }))
  try {
    const kinds = ['trade', 'aggTrade', '24hrTicker', '24hrMiniTicker', 'depthUpdate']
    const hasAll = (): boolean => {
      simulator.advanceTo(simulator.now() + 1_000)
      return kinds.every((kind) => heard.has(kind))
    }
    await expect.poll(hasAll, { timeout: withinMs, interval: 20 }).toBe(true)
  } finally {
    await streams.disconnect()
  }
})

function kindOf(event: unknown): unknown {
  return (event as Fields)['e']
}

test('its account stream hears of an order', { timeout: withinMs }, async () => {
  const { stream } = await api.userDataStreamSubscribeSignature()
  const events: unknown[] = []
  stream.on('message', (event: unknown) => void events.push(kindOf(event)))
  const buy = { symbol, side: 'BUY', type: 'MARKET', quantity: 0.001 }
  await make(spot.restAPI, 'newOrder', buy)
  const wanted = ['executionReport', 'executionReport', 'outboundAccountPosition']
  await expect.poll(() => events, { timeout: withinMs }).toEqual(wanted)
  expect(guard.attempts).toEqual([])
})
