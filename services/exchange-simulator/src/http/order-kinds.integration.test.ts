// Lists that wait, trailing stops, icebergs, self-trade prevention and amendments, over the wire.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import type { Simulator } from '../index.ts'
import { startSimulatorByHand } from '../testing/started-simulator.ts'
import { openTalk, PATIENCE, signParameters, type Message } from '../testing/socket-client.ts'
import type { WireClient } from '../testing/wire-client.ts'

let simulator: Simulator
let client: WireClient
let folder = ''
const open: WebSocket[] = []

async function start(): Promise<void> {
  ;({ simulator, client } = await startSimulatorByHand(
    {
      balances: { USDT: '1000000', BTC: '5' },
      control: { enabled: true },
    },
    folder,
  ))
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flotilla-order-kinds-'))
  await start()
})

afterEach(async () => {
  for (const socket of open.splice(0)) socket.terminate()
  await client.signed('DELETE', 'openOrders', { symbol: 'BTCUSDT' })
})

afterAll(async () => {
  await simulator.stop()
  rmSync(folder, { recursive: true, force: true })
})

type Fields = Record<string, string | number>
type Row = Record<string, unknown>

async function lastPrice(): Promise<number> {
  return Math.round(Number((await client.public('ticker/price', 'symbol=BTCUSDT')).body['price']))
}

async function order(clientOrderId: string): Promise<Row> {
  const name = { symbol: 'BTCUSDT', origClientOrderId: clientOrderId }
  return (await client.signed('GET', 'order', name)).body
}

async function working(change: Fields = {}): Promise<Fields> {
  return {
    symbol: 'BTCUSDT',
    workingType: 'LIMIT',
    workingSide: 'BUY',
    workingTimeInForce: 'FOK',
    workingPrice: (await lastPrice()) + 100,
    workingQuantity: '0.01',
    pendingSide: 'SELL',
    ...change,
  }
}

/** What waits in each kind of list, far enough from the price to go on waiting. */
async function pendings(kind: string, name: string): Promise<Fields> {
  const price = await lastPrice()
  const size: Fields = kind.startsWith('oto') ? { pendingQuantity: '0.009' } : {}
  const stop = { Type: 'STOP_LOSS', StopPrice: price - 5_000, ClientOrderId: `${name}-s` }
  const target = { Type: 'LIMIT_MAKER', Price: price + 5_000, ClientOrderId: `${name}-t` }
  const prefixed = (prefix: string, fields: object): Fields =>
    Object.fromEntries(Object.entries(fields).map(([field, value]) => [prefix + field, value]))
  if (!kind.endsWith('oco')) return { ...size, ...prefixed('pending', stop) }
  return { ...size, ...prefixed('pendingAbove', target), ...prefixed('pendingBelow', stop) }
}

describe('lists in which orders wait', () => {
  test.each([
    ['oto', 2, '0.00900000', '0.00900000'],
    ['otoco', 3, '0.00900000', '0.00900000'],
    ['opo', 2, '0.00000000', '0.00999000'],
    ['opoco', 3, '0.00000000', '0.00999000'],
  ])('%s: placed, filled at once, and then at work', async (kind, count, asked, sized) => {
    const name = `filled-${kind}`
    const fields = { ...(await working({ workingClientOrderId: `${name}-e` })) }
    const { status, body } = await client.signed('POST', `orderList/${kind}`, {
      ...fields,
      ...(await pendings(kind, name)),
      listClientOrderId: name,
    })
    expect([status, body]).toMatchObject([
      200,
      {
        contingencyType: 'OTO',
        listStatusType: 'EXEC_STARTED',
        listOrderStatus: 'EXECUTING',
        listClientOrderId: name,
        symbol: 'BTCUSDT',
      },
    ])
    const reports = body['orderReports'] as Row[]
    expect(reports).toHaveLength(count)
    expect(body['orders']).toHaveLength(count)
    expect(reports.map((report) => report['status'])).toEqual(
      ['FILLED', 'PENDING_NEW', 'PENDING_NEW'].slice(0, count),
    )
    expect(reports[1]).toMatchObject({ origQty: asked, workingTime: -1, side: 'SELL' })
    expect(await order(`${name}-s`)).toMatchObject({ status: 'NEW', origQty: sized })
    const listed = await client.signed('GET', 'openOrderList')
    expect(listed.body).toMatchObject([{ contingencyType: 'OTO', listClientOrderId: name }])
    const list = { symbol: 'BTCUSDT', listClientOrderId: name }
    expect((await client.signed('DELETE', 'orderList', list)).body).toMatchObject({
      listOrderStatus: 'ALL_DONE',
    })
  })

  test('the answer is as short as it is asked to be', async () => {
    const fields = { ...(await working()), ...(await pendings('oto', 'short')) }
    const answer = await client.signed('POST', 'orderList/oto', {
      ...fields,
      newOrderRespType: 'ACK',
    })
    for (const report of answer.body['orderReports'] as Row[]) {
      expect(Object.keys(report)).toHaveLength(5)
    }
  })

  test.each<[string, string, Fields, number]>([
    ['a first order at any price', 'oto', { workingType: 'MARKET' }, -1159],
    ['a first order that is a stop', 'otoco', { workingType: 'STOP_LOSS' }, -1159],
    ['an own size for what sells the proceeds', 'opo', { pendingQuantity: '0.01' }, -1104],
    ['proceeds of a sale', 'opo', { workingSide: 'SELL', pendingSide: 'BUY' }, -1117],
    ['a limit order in a pair', 'otoco', { pendingAboveType: 'LIMIT' }, -1158],
    ['a stop price for a limit maker', 'opoco', { pendingAboveStopPrice: '1' }, -1106],
    ['a stop-loss above in a sale', 'opoco', { pendingAboveType: 'STOP_LOSS' }, -1197],
    ['a take-profit below in a sale', 'opoco', { pendingBelowType: 'TAKE_PROFIT' }, -1199],
    ['an unknown side', 'oto', { pendingSide: 'HOLD' }, -1117],
    ['a strategy type that is too small', 'oto', { workingStrategyType: '9' }, -1134],
  ])('%s is refused', async (_name, kind, change, code) => {
    const fields = { ...(await working()), ...(await pendings(kind, 'refused')), ...change }
    const answer = await client.signed('POST', `orderList/${kind}`, fields)
    expect([answer.status, answer.body.code]).toEqual([400, code])
  })

  test.each([
    ['BUY', 'STOP_LOSS', 'LIMIT', -1158],
    ['BUY', 'LIMIT_MAKER', 'LIMIT_MAKER', -1168],
    ['BUY', 'LIMIT_MAKER', 'STOP_LOSS', -1196],
    ['BUY', 'LIMIT_MAKER', 'TAKE_PROFIT', -1165],
    ['BUY', 'TAKE_PROFIT', 'LIMIT_MAKER', -1198],
    ['SELL', 'STOP_LOSS', 'LIMIT_MAKER', -1197],
    ['SELL', 'TAKE_PROFIT', 'LIMIT_MAKER', -1166],
    ['SELL', 'LIMIT_MAKER', 'TAKE_PROFIT', -1199],
  ])('a %s of %s above and %s below is refused', async (side, aboveType, belowType, code) => {
    const pair = { symbol: 'BTCUSDT', side, quantity: '0.01', aboveType, belowType }
    expect((await client.signed('POST', 'orderList/oco', pair)).body.code).toBe(code)
  })

  test('who waits is rejected where the venue says so, at the very moment of beginning', async () => {
    await control('POST', { kind: 'F21', count: 1 })
    const fields = { ...(await working()), ...(await pendings('opoco', 'barred')) }
    expect((await client.signed('POST', 'orderList/opoco', fields)).status).toBe(200)
    await control('DELETE')
    for (const leg of ['barred-s', 'barred-t']) {
      expect(await order(leg)).toMatchObject({ status: 'EXPIRED', expiryReason: 'REJECTED' })
    }
  })
})

async function control(method: string, body?: object): Promise<void> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  await fetch(`${simulator.controlUrl ?? ''}/__sim/faults`, { method, ...sent })
}

describe('stops that follow and orders that hide', () => {
  test('a trailing stop says how far and since when', async () => {
    const stop = { symbol: 'BTCUSDT', side: 'SELL', type: 'STOP_LOSS', quantity: '0.01' }
    const names = { newClientOrderId: 'trailing', newOrderRespType: 'RESULT' }
    const { body } = await client.signed('POST', 'order', { ...stop, trailingDelta: 500, ...names })
    expect(body).toMatchObject({ trailingDelta: 500, trailingTime: simulator.now() })
    const refused = await client.signed('POST', 'order', { ...stop, trailingDelta: 5 })
    expect(refused.body).toEqual({ code: -1013, msg: 'Filter failure: TRAILING_DELTA' })
    expect((await client.signed('POST', 'order', stop)).body.code).toBe(-1102)
  })

  test('the deprecated pair may trail too', async () => {
    const { status, body } = await client.signed('POST', 'order/oco', {
      symbol: 'BTCUSDT',
      side: 'SELL',
      quantity: '0.01',
      price: (await lastPrice()) + 5_000,
      trailingDelta: 300,
    })
    expect([status, body['contingencyType']]).toEqual([200, 'OCO'])
  })

  test('the book shows no more of an iceberg than it is meant to', async () => {
    const price = (await lastPrice()) - 3
    const fields = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', quantity: '1', price }
    const depth = async () => {
      const { body } = await client.public('depth', 'symbol=BTCUSDT&limit=50')
      const level = (body['bids'] as string[][]).find(([at]) => Number(at) === price)
      return Number(level?.[1] ?? 0)
    }
    const before = await depth()
    const iceberg = { ...fields, timeInForce: 'GTC', icebergQty: '0.1' }
    expect((await client.signed('POST', 'order', iceberg)).status).toBe(200)
    expect((await depth()) - before).toBeCloseTo(0.1, 8)
    const hasty = { ...iceberg, timeInForce: 'IOC' }
    expect((await client.signed('POST', 'order', hasty)).body.code).toBe(-1014)
  })
})

describe('an order that would meet another of its account', () => {
  test('what was prevented is in the answer, in the order and in a list of its own', async () => {
    const price = (await lastPrice()) - 2
    const limit = { symbol: 'BTCUSDT', type: 'LIMIT', timeInForce: 'GTC', price }
    const maker = await client.signed('POST', 'order', {
      ...limit,
      price: (await lastPrice()) - 1,
      side: 'BUY',
      quantity: '0.5',
    })
    const taker = await client.signed('POST', 'order', {
      ...limit,
      side: 'SELL',
      quantity: '0.2',
      selfTradePreventionMode: 'DECREMENT',
    })
    const { makerOrderId, takerOrderId } = {
      makerOrderId: maker.body['orderId'],
      takerOrderId: taker.body['orderId'],
    }
    const matches = taker.body['preventedMatches'] as Row[] | undefined
    expect(taker.body).toMatchObject({
      status: 'EXPIRED_IN_MATCH',
      preventedQuantity: '0.20000000',
    })
    expect(matches).toMatchObject([
      { makerOrderId, takerPreventedQuantity: '0.20000000', makerPreventedQuantity: '0.20000000' },
    ])
    const query = { symbol: 'BTCUSDT', orderId: takerOrderId as number }
    const { body } = await client.signed('GET', 'myPreventedMatches', query)
    expect(body).toMatchObject([
      { takerOrderId, makerOrderId, selfTradePreventionMode: 'DECREMENT', tradeGroupId: -1 },
    ])
    const both = { ...query, preventedMatchId: 0 }
    expect((await client.signed('GET', 'myPreventedMatches', both)).body.code).toBe(-1128)
  })
})

describe('a smaller quantity', () => {
  const limit = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' }

  test('over REST, with what was amended before', async () => {
    const price = (await lastPrice()) - 2_000
    const placed = await client.signed('POST', 'order', {
      ...limit,
      price,
      quantity: '0.5',
      newClientOrderId: 'before',
    })
    const name = { symbol: 'BTCUSDT', origClientOrderId: 'before', newQty: '0.3' }
    const { status, body } = await client.signed('PUT', 'order/amend/keepPriority', {
      ...name,
      newClientOrderId: 'after',
    })
    expect([status, body]).toMatchObject([
      200,
      {
        executionId: expect.any(Number) as unknown,
        amendedOrder: {
          orderId: placed.body['orderId'],
          origClientOrderId: 'before',
          clientOrderId: 'after',
          qty: '0.30000000',
          preventedQty: '0.00000000',
          cumulativeQuoteQty: '0.00000000',
        },
      },
    ])
    const past = { symbol: 'BTCUSDT', orderId: placed.body['orderId'] as number }
    expect((await client.signed('GET', 'order/amendments', past)).body).toMatchObject([
      { origQty: '0.50000000', newQty: '0.30000000', newClientOrderId: 'after' },
    ])
    expect((await client.signed('PUT', 'order/amend/keepPriority', name)).body).toEqual({
      code: -2038,
      msg: 'Unknown order sent.',
    })
    const unnamed = { symbol: 'BTCUSDT', newQty: '0.1' }
    expect((await client.signed('PUT', 'order/amend/keepPriority', unnamed)).body.code).toBe(-1102)
  })

  test('over the socket, where the account hears of it', async () => {
    const talk = await openTalk(simulator.url, '/ws-api/v3')
    open.push(talk.socket)
    const say = (method: string, fields: Fields = {}) =>
      talk.ask({ method, params: signParameters({ timestamp: simulator.now(), ...fields }) })
    await say('userDataStream.subscribe.signature')
    const fields = {
      ...(await working({ workingTimeInForce: 'GTC' })),
      ...(await pendings('opoco', 'heard')),
      workingPrice: (await lastPrice()) - 2_000,
      workingClientOrderId: 'heard-e',
    }
    expect(await say('orderList.place.opoco', fields)).toMatchObject({ status: 200 })
    const change = { symbol: 'BTCUSDT', origClientOrderId: 'heard-e', newQty: '0.008' }
    expect(
      await say('order.amend.keepPriority', { ...change, newClientOrderId: 'heard-f' }),
    ).toMatchObject({ status: 200, result: { listStatus: { contingencyType: 'OTO' } } })
    const pending = { symbol: 'BTCUSDT', origClientOrderId: 'heard-s', newQty: '0.001' }
    expect(await say('order.amend.keepPriority', pending)).toMatchObject({
      error: { code: -2038, msg: 'Order amend (pending OPO order) is not supported.' },
    })
    const events = (): Message[] =>
      talk.heard.flatMap((one) => (one['event'] === undefined ? [] : [one['event'] as Message]))
    await expect.poll(() => events().length, PATIENCE).toBeGreaterThanOrEqual(8)
    expect(events().map(({ e, x, X, l, c, C }) => [e, x ?? l, X ?? c, C])).toEqual([
      ['executionReport', 'NEW', 'NEW', ''],
      ['executionReport', 'NEW', 'PENDING_NEW', ''],
      ['executionReport', 'NEW', 'PENDING_NEW', ''],
      ['listStatus', 'EXEC_STARTED', 'OTO', expect.any(String)],
      ['outboundAccountPosition', undefined, undefined, undefined],
      ['executionReport', 'REPLACED', 'NEW', 'heard-e'],
      ['listStatus', 'UPDATED', 'OTO', expect.any(String)],
      ['outboundAccountPosition', undefined, undefined, undefined],
    ])
  })
})

test('a restart forgets nothing of any of them', async () => {
  const price = await lastPrice()
  const sale = { symbol: 'BTCUSDT', side: 'SELL', quantity: '0.01' }
  await client.signed('POST', 'order', {
    ...sale,
    type: 'STOP_LOSS',
    trailingDelta: 900,
    newClientOrderId: 'kept-trailing',
  })
  await client.signed('POST', 'order', {
    ...sale,
    type: 'LIMIT',
    timeInForce: 'GTC',
    price: price + 4_000,
    icebergQty: '0.002',
    newClientOrderId: 'kept-iceberg',
  })
  await client.signed('POST', 'orderList/opoco', {
    ...(await working({ workingTimeInForce: 'GTC', workingPrice: price - 3_000 })),
    ...(await pendings('opoco', 'kept')),
    workingClientOrderId: 'kept-e',
  })
  const kept = ['kept-trailing', 'kept-iceberg', 'kept-e', 'kept-s', 'kept-t']
  const facts = () => Promise.all([...kept.map(order), prevented(), lists()])
  const before = await facts()
  await simulator.stop()
  await start()
  expect(await facts()).toEqual(before)
  expect((await order('kept-s'))['status']).toBe('PENDING_NEW')
  const list = { symbol: 'BTCUSDT', origClientOrderId: 'kept-s' }
  const cancelled = await client.signed('DELETE', 'order', list)
  expect(cancelled.body).toMatchObject({ contingencyType: 'OTO', listOrderStatus: 'ALL_DONE' })
})

const prevented = async () =>
  (await client.signed('GET', 'myPreventedMatches', { symbol: 'BTCUSDT', preventedMatchId: 0 }))
    .body
const lists = async () => (await client.signed('GET', 'allOrderList')).body
