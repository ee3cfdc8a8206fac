// The npm package `binance`, unmodified, as a judge: its REST client, its streams and its WebSocket API.
import { MainClient, WebsocketAPIClient, WebsocketClient, type NewSpotOrderParams } from 'binance'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createSimulator, type Simulator } from './index.ts'
import { guardLoopback, type LoopbackGuard } from './testing/loopback-guard.ts'

const keys = { api_key: 'flotillaSimulatorKey', api_secret: 'flotillaSimulatorSecret' }
const symbol = 'BTCUSDT'

const ignore = (): void => undefined
const quiet = { trace: ignore, info: ignore, error: ignore }

let simulator: Simulator
let guard: LoopbackGuard
let rest: MainClient
let price = 0
const sockets: { closeAll(force?: boolean): void }[] = []

beforeAll(async () => {
  guard = guardLoopback()
  simulator = createSimulator({
    config: { balances: { USDT: '100000', BTC: '2' }, control: { enabled: true } },
    folder: null,
  })
  await simulator.start()
  rest = new MainClient({ ...keys, baseUrl: simulator.url, disableTimeSync: true })
  price = Number((await rest.getAvgPrice({ symbol })).price)
})

afterAll(async () => {
  for (const socket of sockets) socket.closeAll(true)
  await simulator.stop()
  guard.lift()
})

const wsUrl = () => simulator.url.replace('http', 'ws')

/** Far enough below the market to rest. */
const low = (): number => Math.floor(price * 0.9)
/** The library asks for the prefix of its author, and warns without it. */
const named = (name: string): string => `x-U5D79M5B${name}`

/** Without Ed25519 keys the library leaves the time of a request to whoever calls it. */
const stamped = <Params extends object>(params: Params): Params & { timestamp: number } => ({
  ...params,
  timestamp: Date.now(),
})

const limitBuy = (name: string): NewSpotOrderParams => ({
  symbol,
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  quantity: 0.001,
  price: low(),
  newClientOrderId: named(name),
})

describe('REST', () => {
  test('market data', async () => {
    expect(await rest.testConnectivity()).toEqual({})
    const info = await rest.getExchangeInfo({ symbols: [symbol, 'ETHUSDT'] })
    expect(info.symbols.map((each) => each.symbol)).toEqual([symbol, 'ETHUSDT'])
    expect((await rest.getOrderBook({ symbol, limit: 20 })).bids).toHaveLength(20)
    expect(await rest.getRecentTrades({ symbol, limit: 3 })).toHaveLength(3)
    expect(await rest.getHistoricalTrades({ symbol, limit: 3 })).toHaveLength(3)
    expect(await rest.getAggregateTrades({ symbol, limit: 3 })).toHaveLength(3)
    expect(await rest.getKlines({ symbol, interval: '5m', limit: 7 })).toHaveLength(7)
    expect(await rest.getUIKlines({ symbol, interval: '1h', limit: 2 })).toHaveLength(2)
    expect(price).toBeGreaterThan(0)
  })

  test('tickers, one and several', async () => {
    expect(await rest.get24hrChangeStatistics({ symbol })).toMatchObject({ symbol })
    const several = await rest.get24hrChangeStatistics({ symbols: [symbol, 'SOLUSDT'] })
    expect(several).toHaveLength(2)
    expect(await rest.getSymbolPriceTicker({ symbol })).toMatchObject({ symbol })
    expect(await rest.getSymbolOrderBookTicker()).toHaveLength(3)
    const rolling = await rest.getRollingWindowTicker({ symbol, windowSize: '2h' })
    expect(rolling).toMatchObject({ symbol })
    expect(await rest.getTradingDayTicker({ symbol })).toMatchObject({ symbol })
  })

  test('account, commission and limits', async () => {
    const account = await rest.getAccountInformation({ omitZeroBalances: true })
    expect(account.balances.map(({ asset }) => asset).toSorted()).toEqual(['BTC', 'USDT'])
    expect(await rest.getCommissionRates({ symbol })).toMatchObject({ symbol })
    expect(await rest.getOrderRateLimit()).toHaveLength(2)
    expect(await rest.getAllocations({ symbol })).toEqual([])
  })

  test('an order from its birth to its end', async () => {
    expect(await rest.testNewOrder(limitBuy('test'))).toEqual({})
    const placed = await rest.submitNewOrder(limitBuy('one'))
    expect(placed).toMatchObject({ status: 'NEW', clientOrderId: named('one') })
    const { orderId } = placed
    expect(await rest.getOrder({ symbol, orderId })).toMatchObject({ isWorking: true })
    expect(await rest.getOpenOrders({ symbol })).toHaveLength(1)
    const replaced = await rest.replaceOrder({
      ...limitBuy('two'),
      cancelReplaceMode: 'STOP_ON_FAILURE',
      cancelOrderId: orderId,
    })
    expect(replaced).toMatchObject({ cancelResult: 'SUCCESS', newOrderResult: 'SUCCESS' })
    const cancelled = await rest.cancelOrder({ symbol, origClientOrderId: named('two') })
    expect(cancelled).toMatchObject({ status: 'CANCELED', origClientOrderId: named('two') })
    const market = await rest.submitNewOrder({
      symbol,
      side: 'BUY',
      type: 'MARKET',
      quoteOrderQty: 100,
      newOrderRespType: 'FULL',
      newClientOrderId: named('three'),
    })
    expect(market).toMatchObject({ status: 'FILLED' })
    expect((await rest.getAllOrders({ symbol })).length).toBe(3)
    expect((await rest.getAccountTradeList({ symbol })).length).toBeGreaterThan(0)
  })

  test('an OCO, looked up and cancelled', async () => {
    const list = await rest.submitNewOrderList({
      symbol,
      side: 'SELL',
      quantity: 0.001,
      aboveType: 'LIMIT_MAKER',
      abovePrice: Math.floor(price * 1.1),
      belowType: 'STOP_LOSS',
      belowStopPrice: low(),
      aboveClientOrderId: named('above'),
      belowClientOrderId: named('below'),
      listClientOrderId: named('list'),
    })
    expect(list).toMatchObject({ contingencyType: 'OCO', listOrderStatus: 'EXECUTING' })
    const { orderListId } = list
    expect(await rest.getOCO({ orderListId })).toMatchObject({ orderListId })
    expect(await rest.getAllOpenOCO()).toHaveLength(1)
    expect(await rest.getAllOCO()).toHaveLength(1)
    const gone = await rest.cancelOCO({ symbol, orderListId })
    expect(gone).toMatchObject({ listOrderStatus: 'ALL_DONE' })
    await rest.submitNewOrder(limitBuy('last'))
    expect(await rest.cancelAllSymbolOrders({ symbol })).toHaveLength(1)
  })

  test('a refusal carries code and message', async () => {
    const unknown = rest.cancelOrder({ symbol, orderId: 999_999 })
    await expect(unknown).rejects.toMatchObject({ code: -2011, message: 'Unknown order sent.' })
    const wrong = new MainClient({
      ...keys,
      api_secret: 'wrong',
      baseUrl: simulator.url,
      disableTimeSync: true,
    })
    await expect(wrong.getAccountInformation()).rejects.toMatchObject({ code: -1022 })
  })
})

describe('streams', () => {
  test('every stream that the library names brings its events', async () => {
    const client = new WebsocketClient({ wsUrl: wsUrl(), beautify: false }, quiet)
    sockets.push(client)
    const seen = new Set<string>()
    client.on('message', (message: unknown) => {
      const [event] = [message].flat() as { streamName?: string }[]
      if (event?.streamName !== undefined) seen.add(event.streamName)
    })
    client.on('exception', () => undefined)
    const names = [
      'btcusdt@trade',
      'btcusdt@aggTrade',
      'btcusdt@kline_1m',
      'btcusdt@miniTicker',
      'btcusdt@ticker',
      'btcusdt@ticker_1h',
      'btcusdt@bookTicker',
      'btcusdt@avgPrice',
      'btcusdt@depth@100ms',
      'btcusdt@depth5',
      'btcusdt@referencePrice',
      '!miniTicker@arr',
      '!ticker_4h@arr',
    ]
    await client.subscribe(names, 'main')
    await vi.waitFor(() => expect([...seen].toSorted()).toEqual(names.toSorted()), 30_000)
    await client.unsubscribe(names, 'main')
  })
})

describe('WebSocket API', () => {
  let api: WebsocketAPIClient
  type Event = { readonly e?: string; readonly x?: string }
  const events: Event[] = []

  beforeAll(() => {
    api = new WebsocketAPIClient(
      {
        ...keys,
        wsUrl: wsUrl(),
        attachEventListeners: false,
        muteLatencyWarning: true,
        beautify: false,
      },
      quiet,
    )
    const socket = api.getWSClient()
    sockets.push(socket)
    socket.on('message', (message: unknown) => {
      const { event } = message as { event?: Event }
      events.push(event ?? (message as Event))
    })
    socket.on('exception', () => undefined)
    socket.on('reconnecting', () => undefined)
  })

  test('market data', async () => {
    expect((await api.testSpotConnectivity()).result).toEqual({})
    const { serverTime } = (await api.getSpotServerTime()).result
    expect(Math.abs(serverTime - simulator.now())).toBeLessThan(60_000)
    expect((await api.getSpotExchangeInfo({ symbol })).result.symbols).toHaveLength(1)
    expect((await api.getSpotOrderBook({ symbol, limit: 5 })).result.asks).toHaveLength(5)
    expect((await api.getSpotRecentTrades({ symbol, limit: 2 })).result).toHaveLength(2)
    expect((await api.getSpotHistoricalTrades({ symbol, limit: 2 })).result).toHaveLength(2)
    expect((await api.getSpotAggregateTrades({ symbol, limit: 2 })).result).toHaveLength(2)
    const candles = await api.getSpotKlines({ symbol, interval: '1m', limit: 4 })
    expect(candles.result).toHaveLength(4)
    expect((await api.getSpotAveragePrice({ symbol })).result.mins).toBe(5)
    expect((await api.getSpot24hrTicker({ symbol })).result).toMatchObject({ symbol })
    expect((await api.getSpotTicker({ symbol, windowSize: '1h' })).result).toMatchObject({ symbol })
    expect((await api.getSpotTradingDayTicker({ symbol })).result).toMatchObject({ symbol })
    expect((await api.getSpotSymbolPriceTicker({ symbol })).result).toMatchObject({ symbol })
    expect((await api.getSpotSymbolOrderBookTicker({ symbol })).result).toMatchObject({ symbol })
    expect((await api.getSpotReferencePrice({ symbol })).result).toMatchObject({ symbol })
  })

  test('orders, and the account hears of them', async () => {
    await api.subscribeUserDataStream('mainWSAPI')
    expect((await api.testSpotOrder(stamped(limitBuy('t')))).status).toBe(200)
    const placed = await api.submitNewSpotOrder(stamped(limitBuy('ws')))
    const { orderId } = placed.result
    const asked = await api.getSpotOrderStatus(stamped({ symbol, orderId }))
    expect(asked.result).toMatchObject({ status: 'NEW' })
    expect((await api.getSpotOpenOrders(stamped({ symbol }))).result).toHaveLength(1)
    const gone = await api.cancelSpotOrder(stamped({ symbol, orderId }))
    expect(gone.result).toMatchObject({ status: 'CANCELED' })
    const sale = { symbol, side: 'SELL', type: 'MARKET', quantity: 0.001 } as const
    await api.submitNewSpotOrder(stamped({ ...sale, newClientOrderId: named('sold') }))
    expect((await api.getSpotAccountInformation(stamped({}))).result).toMatchObject({
      accountType: 'SPOT',
    })
    const trades = (await api.getSpotMyTrades(stamped({ symbol }))).result
    expect(trades.at(-1)).toMatchObject({ isBuyer: false })
    await vi.waitFor(() => {
      const kinds = events.map(({ e, x }) => (x === undefined ? e : `${e ?? ''} ${x}`))
      expect(kinds).toEqual(
        expect.arrayContaining([
          'executionReport NEW',
          'executionReport CANCELED',
          'executionReport TRADE',
          'outboundAccountPosition',
        ]),
      )
    }, 30_000)
  })
})

test('what the library would send elsewhere is seen, and nothing else was', async () => {
  const ledger = await fetch(`${simulator.controlUrl}/__sim/escapes`)
  expect(await ledger.json()).toEqual([])
  expect(guard.attempts).toEqual([])
  // It asks the exchange itself for the time, whatever address it was given.
  await expect(rest.getServerTime()).rejects.toBeDefined()
  expect(guard.attempts).toHaveLength(1)
  expect(guard.attempts[0]).toMatch(/binance\.com:443$/)
})
