// Every answer and event has the fields of the exchange's documented samples, of the same kind, and no
// others. A name stands for its field; `#` is a number, `$` a decimal text, `?` yes or no, else a text.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Simulator } from '../index.ts'
import { startSimulatorByHand } from '../testing/started-simulator.ts'
import { markOf, sortedShape } from '../testing/shapes.ts'
import type { WireClient } from '../testing/wire-client.ts'

let simulator: Simulator
let client: WireClient
const placed: Record<string, Record<string, unknown>> = {}

const buy = { symbol: 'BTCUSDT', side: 'BUY', quantity: '0.01' }
const rest = { ...buy, type: 'LIMIT', timeInForce: 'GTC', price: '40000.00' }

beforeAll(async () => {
  ;({ simulator, client } = await startSimulatorByHand({ balances: { USDT: '100000', BTC: '2' } }))
  const post = async (name: string, path: string, fields: Record<string, string>) => {
    const { status, body } = await client.signed('POST', path, fields)
    expect([name, status]).toEqual([name, 200])
    placed[name] = body
  }
  await post('ack', 'order', { ...rest, newOrderRespType: 'ACK', newClientOrderId: 'one' })
  await post('result', 'order', { ...rest, newOrderRespType: 'RESULT', newClientOrderId: 'two' })
  await post('full', 'order', { ...buy, type: 'MARKET' })
  const { price } = (await client.public('ticker/price', 'symbol=BTCUSDT')).body
  const away = (share: number): string => (Math.floor(Number(price) * share) || 1).toFixed(2)
  await post('oco', 'orderList/oco', {
    symbol: 'BTCUSDT',
    side: 'SELL',
    quantity: '0.01',
    aboveType: 'LIMIT_MAKER',
    abovePrice: away(1.2),
    belowType: 'STOP_LOSS',
    belowStopPrice: away(0.8),
  })
  const cancel = { symbol: 'BTCUSDT', origClientOrderId: 'two' }
  placed['cancel'] = (await client.signed('DELETE', 'order', cancel)).body
})

afterAll(() => simulator.stop())

/** As the documents write it down; the order of the fields is of no matter. */
function sample(text: string): string {
  const fields = text.trim().split(/\s+(?![^{[]*[}\]])/)
  return `{${fields.toSorted().join(' ')}}`
}

const mini = `symbol openPrice$ highPrice$ lowPrice$ lastPrice$ volume$ quoteVolume$ openTime#
  closeTime# firstId# lastId# count#`
const rolling = `${mini} priceChange$ priceChangePercent$ weightedAvgPrice$`
const day = `${rolling} prevClosePrice$ lastQty$ bidPrice$ bidQty$ askPrice$ askQty$`
const trade = 'id# price$ qty$ quoteQty$ time# isBuyerMaker? isBestMatch?'

describe('market data', () => {
  test.each([
    ['time', '', 'serverTime#'],
    ['depth', 'symbol=BTCUSDT', 'lastUpdateId# bids[[$]] asks[[$]]'],
    ['avgPrice', 'symbol=BTCUSDT', 'mins# price$ closeTime#'],
    ['ticker/24hr', 'symbol=BTCUSDT', day],
    ['ticker/24hr', 'symbol=BTCUSDT&type=MINI', mini],
    ['ticker', 'symbol=BTCUSDT', rolling],
    ['ticker/tradingDay', 'symbol=BTCUSDT', rolling],
    ['ticker/price', 'symbol=BTCUSDT', 'symbol price$'],
    ['ticker/bookTicker', 'symbol=BTCUSDT', 'symbol bidPrice$ bidQty$ askPrice$ askQty$'],
    ['referencePrice', 'symbol=BTCUSDT', 'symbol referencePrice$ timestamp#'],
  ])('%s?%s', async (path, query, fields) => {
    expect(sortedShape((await client.public(path, query)).body)).toBe(sample(fields))
  })

  test.each([
    ['trades', '', trade],
    ['historicalTrades', '', trade],
    ['aggTrades', '', 'a# p$ q$ f# l# T# m? M?'],
  ])('%s', async (path, _query, fields) => {
    expect(sortedShape((await client.public(path, 'symbol=BTCUSDT')).body)).toBe(
      `[${sample(fields)}]`,
    )
  })

  test('a candle is a list of twelve', async () => {
    const { body } = await client.public('klines', 'symbol=BTCUSDT&interval=1m&limit=1')
    const [row] = body as unknown as unknown[][]
    expect(row!.map(markOf).join(',')).toBe('#,$,$,$,$,$,#,$,#,$,$,')
  })

  test('a symbol of exchangeInfo', async () => {
    const { body } = await client.public('exchangeInfo', 'symbol=BTCUSDT')
    expect(Object.keys(body).toSorted()).toEqual(
      ['exchangeFilters', 'rateLimits', 'serverTime', 'symbols', 'timezone'].toSorted(),
    )
    const [symbol] = body['symbols'] as Record<string, unknown>[]
    const documented = `symbol status baseAsset baseAssetPrecision quoteAsset quotePrecision
      quoteAssetPrecision baseCommissionPrecision quoteCommissionPrecision orderTypes icebergAllowed
      ocoAllowed otoAllowed opoAllowed quoteOrderQtyMarketAllowed allowTrailingStop
      cancelReplaceAllowed amendAllowed pegInstructionsAllowed isSpotTradingAllowed
      isMarginTradingAllowed filters permissions permissionSets defaultSelfTradePreventionMode
      allowedSelfTradePreventionModes`
    expect(Object.keys(symbol!).toSorted()).toEqual(documented.trim().split(/\s+/).toSorted())
  })
})

const ack = 'symbol orderId# orderListId# clientOrderId transactTime#'
const amounts = `price$ origQty$ executedQty$ origQuoteOrderQty$ cummulativeQuoteQty$ status
  timeInForce type side selfTradePreventionMode`
const working = 'workingTime#'
const listed = `orderListId# contingencyType listStatusType listOrderStatus listClientOrderId
  transactionTime# symbol`
const rates = '{buyer$ maker$ seller$ taker$}'

describe('orders and account', () => {
  test.each([
    ['ack', ack],
    ['result', `${ack} ${amounts} ${working}`],
    ['cancel', `${ack} ${amounts} origClientOrderId ${working}`],
  ])('%s', (name, fields) => {
    // What is told of a cancelled order may leave out when it began to work, as the samples do.
    const shape = sortedShape(placed[name]).replace(/ workingTime#/, '')
    expect(shape).toBe(sample(fields.replace(/ ?workingTime#/, '')))
  })

  test('a filled order tells its fills', () => {
    const { fills, ...order } = placed['full']!
    expect(sortedShape(order)).toBe(sample(`${ack} ${amounts} ${working}`))
    expect(sortedShape(fills)).toBe(
      `[${sample('price$ qty$ commission$ commissionAsset tradeId#')}]`,
    )
  })

  test('a list tells its orders, and reports on each', () => {
    const { orders, orderReports, ...list } = placed['oco']!
    expect(sortedShape(list)).toBe(sample(listed))
    expect(sortedShape(orders)).toBe(`[${sample('symbol orderId# clientOrderId')}]`)
    const report = `${ack} ${amounts} ${working}`
    const shapes = (orderReports as object[]).map((one) => sortedShape(one)).toSorted()
    expect(shapes).toEqual([sample(report), sample(`${report} stopPrice$`)].toSorted())
  })

  test.each([
    [
      'order',
      { symbol: 'BTCUSDT', origClientOrderId: 'one' },
      `symbol orderId# orderListId# clientOrderId ${amounts} stopPrice$ icebergQty$ time#
       updateTime# isWorking? ${working}`,
    ],
    [
      'account',
      {},
      `makerCommission# takerCommission# buyerCommission# sellerCommission#
       commissionRates${rates} canTrade? canWithdraw? canDeposit? brokered?
       requireSelfTradePrevention? preventSor? updateTime# accountType
       balances[{asset free$ locked$}] permissions[] uid#`,
    ],
    [
      'account/commission',
      { symbol: 'BTCUSDT' },
      `symbol standardCommission${rates} specialCommission${rates} taxCommission${rates}
       discount{discount$ discountAsset enabledForAccount? enabledForSymbol?}`,
    ],
  ])('%s', async (path, fields, documented) => {
    expect(sortedShape((await client.signed('GET', path, fields)).body)).toBe(sample(documented))
  })

  test('trades of the account, and its order counts', async () => {
    const trades = await client.signed('GET', 'myTrades', { symbol: 'BTCUSDT' })
    expect(sortedShape(trades.body)).toBe(
      `[${sample(`symbol id# orderId# orderListId# price$ qty$ quoteQty$ commission$ commissionAsset
        time# isBuyer? isMaker? isBestMatch?`)}]`,
    )
    const counts = await client.signed('GET', 'rateLimit/order')
    expect(sortedShape(counts.body)).toBe(
      `[${sample('rateLimitType interval intervalNum# limit# count#')}]`,
    )
  })
})

describe('lists, exchanges, amendments and what was prevented', () => {
  const send = async (method: string, path: string, fields: Record<string, string | number>) => {
    const { status, body } = await client.signed(method, path, { symbol: 'BTCUSDT', ...fields })
    expect([path, status]).toEqual([path, 200])
    return sortedShape(body)
  }
  const report = `${ack} ${amounts} ${working}`
  const gone = `${report} origClientOrderId`
  const legs = 'orders[{clientOrderId orderId# symbol}]'

  test('a list that is asked for, and one that is cancelled', async () => {
    const { orderListId } = placed['oco'] as { orderListId: number }
    const ask = await client.signed('GET', 'orderList', { orderListId })
    expect(sortedShape(ask.body)).toBe(sample(`${listed} ${legs}`))
    const open = await client.signed('GET', 'openOrderList')
    expect(sortedShape(open.body)).toBe(`[${sample(`${listed} ${legs}`)}]`)
    const end = await client.signed('DELETE', 'orderList', { symbol: 'BTCUSDT', orderListId })
    const { orders, orderReports, ...list } = end.body
    expect(sortedShape(list)).toBe(sample(listed))
    expect(sortedShape(orders)).toBe(`[${sample('symbol orderId# clientOrderId')}]`)
    const shapes = (orderReports as object[]).map((one) => sortedShape(one)).toSorted()
    expect(shapes).toEqual([sample(gone), sample(`${gone} stopPrice$`)].toSorted())
  })

  test('one order for another', async () => {
    const { orderId } = placed['ack'] as { orderId: number }
    const change = { ...rest, cancelReplaceMode: 'STOP_ON_FAILURE', cancelOrderId: orderId }
    const { body } = await client.signed('POST', 'order/cancelReplace', change)
    placed['new'] = body['newOrderResponse'] as Record<string, unknown>
    expect(sortedShape({ ...body, cancelResponse: 0, newOrderResponse: 0 })).toBe(
      sample('cancelResult newOrderResult cancelResponse# newOrderResponse#'),
    )
    expect(sortedShape(body['cancelResponse'])).toBe(sample(gone))
    expect(sortedShape(body['newOrderResponse'])).toBe(sample(`${report} fills[]`))
  })

  test('a smaller quantity, and what was amended', async () => {
    const { orderId } = placed['new'] as { orderId: number }
    const amended = `symbol orderId# orderListId# origClientOrderId clientOrderId price$ qty$
      executedQty$ preventedQty$ quoteOrderQty$ cumulativeQuoteQty$ status timeInForce type side
      workingTime# selfTradePreventionMode`
    expect(await send('PUT', 'order/amend/keepPriority', { orderId, newQty: '0.005' })).toBe(
      sample(`transactTime# executionId# amendedOrder${sample(amended)}`),
    )
    expect(await send('GET', 'order/amendments', { orderId })).toBe(
      `[${sample(`symbol orderId# executionId# origClientOrderId newClientOrderId origQty$ newQty$
        time#`)}]`,
    )
  })

  test('a prevented match', async () => {
    const { body: book } = await client.public('ticker/bookTicker', 'symbol=BTCUSDT')
    const price = ((Number(book['bidPrice']) + Number(book['askPrice'])) / 2).toFixed(2)
    await send('POST', 'order', { ...rest, price })
    const mode = { selfTradePreventionMode: 'EXPIRE_TAKER', newOrderRespType: 'FULL' }
    const fields = { ...rest, side: 'SELL', price, ...mode }
    const { body: taker } = await client.signed('POST', 'order', fields)
    const brief = 'preventedMatchId# makerSymbol makerOrderId# price$ takerPreventedQuantity$'
    expect(sortedShape(taker['preventedMatches'])).toBe(`[${sample(brief)}]`)
    expect(await send('GET', 'myPreventedMatches', { orderId: Number(taker['orderId']) })).toBe(
      `[${sample(`symbol preventedMatchId# takerOrderId# makerSymbol makerOrderId# tradeGroupId#
        selfTradePreventionMode price$ takerPreventedQuantity$ transactTime#`)}]`,
    )
  })

  test('a test that asks for its commission', async () => {
    const { symbol: _symbol, ...fields } = rest
    expect(await send('POST', 'order/test', fields)).toBe('{}')
    const pair = '{maker$ taker$}'
    expect(await send('POST', 'order/test', { ...fields, computeCommissionRates: 'true' })).toBe(
      sample(`standardCommissionForOrder${pair} specialCommissionForOrder${pair}
        taxCommissionForOrder${pair}
        discount{discount$ discountAsset enabledForAccount? enabledForSymbol?}`),
    )
  })
})

const ticker = 'e E# s p$ P$ w$ o$ h$ l$ c$ v$ q$ O# C# F# L# n#'

describe('events', () => {
  test.each([
    ['trade', 'e E# s t# p$ q$ T# m? M?'],
    ['aggTrade', 'e E# s a# p$ q$ f# l# T# m? M?'],
    ['miniTicker', 'e E# s c$ o$ h$ l$ v$ q$'],
    ['ticker', `${ticker} x$ Q$ b$ B$ a$ A$`],
    ['ticker_1h', ticker],
    ['bookTicker', 'u# s b$ B$ a$ A$'],
    ['avgPrice', 'e E# s i w$ T#'],
    ['referencePrice', 'e s r$ t#'],
    ['depth5', 'lastUpdateId# bids[[$]] asks[[$]]'],
    ['depth', 'e E# s U# u# b[[$]] a[[$]]'],
    ['kline_1m', 'e E# s k{B L# Q$ T# V$ c$ f# h$ i l$ n# o$ q$ s t# v$ x?}'],
  ])('%s', async (name, fields) => {
    const socket = new WebSocket(`${simulator.url.replace('http', 'ws')}/ws/btcusdt@${name}`)
    const first = new Promise((resolve) => socket.once('message', resolve))
    await new Promise((resolve) => socket.once('open', resolve))
    let isHeard = false
    void first.then(() => (isHeard = true))
    while (!isHeard) {
      simulator.advanceTo(simulator.now() + 1_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    socket.terminate()
    const event: unknown = JSON.parse(String(await first))
    expect(sortedShape(event)).toBe(sample(fields))
  })
})
