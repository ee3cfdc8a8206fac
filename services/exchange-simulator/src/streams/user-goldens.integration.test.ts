// Every event of the account, field by field in the order of the exchange's samples, with its kinds. A name
// stands for its field; `#` is a number, `$` a decimal text, `?` yes or no, `-` nothing, else a text.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Simulator } from '../index.ts'
import { startSimulatorByHand } from '../testing/started-simulator.ts'
import { orderedShape } from '../testing/shapes.ts'
import {
  openTalk,
  PATIENCE,
  signParameters,
  type Message,
  type Talk,
} from '../testing/socket-client.ts'
import type { WireClient } from '../testing/wire-client.ts'

let simulator: Simulator
let client: WireClient
let socket: Talk

beforeAll(async () => {
  ;({ simulator, client } = await startSimulatorByHand({
    balances: { USDT: '1000000', BTC: '5' },
    control: { enabled: true },
  }))
})

beforeEach(async () => {
  socket = await openTalk(simulator.url, '/ws-api/v3')
  const params = signParameters({ timestamp: simulator.now() })
  await socket.ask({ method: 'userDataStream.subscribe.signature', params })
})

afterEach(async () => {
  socket.socket.terminate()
  await control('DELETE', 'faults')
  await client.signed('DELETE', 'openOrders', { symbol: 'BTCUSDT' })
})

afterAll(() => simulator.stop())

async function control(method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${simulator.controlUrl ?? ''}/__sim/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

const heard = (): Message[] =>
  socket.heard.flatMap((one) => (one['event'] === undefined ? [] : [one['event'] as Message]))

const ok = async (method: string, path: string, fields: Record<string, string>) => {
  const answer = await client.signed(method, path, { symbol: 'BTCUSDT', ...fields })
  expect([path, answer.status, answer.body]).toMatchObject([path, 200, {}])
  return answer.body
}

const price = async (): Promise<number> =>
  Number((await client.public('ticker/price', 'symbol=BTCUSDT')).body['price'])
const away = async (share: number): Promise<string> => ((await price()) * share).toFixed(2)

const buy = { side: 'BUY', quantity: '0.01' }
const resting = { ...buy, type: 'LIMIT', timeInForce: 'GTC', price: '40000.00' }
const place = (fields: Record<string, string>) => ok('POST', 'order', fields)
const pass = (ms: number) => simulator.advanceTo(simulator.now() + ms)

const before = 'e E# s c S o f q$ p$ P$ F$ g# C x X r i# l$ z$ L$'
const after = 'T# t# I# w? m? M? O# Z$ Y$ Q$'
const idle = `${before} n N- ${after}`
const traded = `${before} n$ N ${after}`
/** It stands in the book, or has begun to work. */
const W = 'W# V'
const money = 'e E# u# B[{a f$ l$}]'
const list = 'e E# s g# c l L r C T# O[{s i# c}]'
const funds = 'e E# a d$ T#'

type Told = readonly [kind: string, shape: string]

/** Kinds in words, so that a row says what is told of. */
const kindOf = ({ e, x, X, l, L }: Message): string => {
  const name = e as unknown as string
  if (name === 'executionReport') return `${String(x)} ${String(X)}`
  return name === 'listStatus' ? `list ${String(l)} ${String(L)}` : name
}

async function tells(expected: readonly Told[]): Promise<Message[]> {
  await expect.poll(() => heard().length, PATIENCE).toBeGreaterThanOrEqual(expected.length)
  const told = heard()
  expect(told.map((event) => [kindOf(event), orderedShape(event)])).toEqual(
    expected.map(([kind, shape]) => [kind, `{${shape}}`]),
  )
  return told
}

describe('executionReport', () => {
  test('a new order in the book, whole or in parts', async () => {
    await place(resting)
    await place({ ...resting, icebergQty: '0.005' })
    const [first] = await tells([
      ['NEW NEW', `${idle} ${W}`],
      ['outboundAccountPosition', money],
      ['NEW NEW', `${idle} ${W}`],
      ['outboundAccountPosition', money],
    ])
    expect(first).toMatchObject({ r: 'NONE', n: '0', N: null, t: -1, w: true, m: false, C: '' })
  })

  test('a stop that waits has not begun to work; one that trails says by how much', async () => {
    await place({ ...buy, side: 'SELL', type: 'STOP_LOSS', stopPrice: await away(0.9) })
    const strategy = { strategyId: '7', strategyType: '1000000' }
    await place({ ...buy, side: 'SELL', type: 'STOP_LOSS', trailingDelta: '500', ...strategy })
    const [stop, , trailing] = await tells([
      ['NEW NEW', `${idle} V`],
      ['outboundAccountPosition', money],
      ['NEW NEW', `${idle} V d# D# j# J#`],
      ['outboundAccountPosition', money],
    ])
    expect(stop).toMatchObject({ w: false })
    expect(trailing).toMatchObject({ d: 500, j: 7, J: 1_000_000 })
  })

  test('a fill as the taker, a part of one as the maker', async () => {
    await place({ ...buy, type: 'MARKET' })
    await place({ ...resting, newClientOrderId: 'part' })
    await control('POST', 'faults', { kind: 'F18', args: { fraction: 0.4 }, count: 1 })
    await ok('DELETE', 'order', { origClientOrderId: 'part' })
    const told = await tells([
      ['NEW NEW', `${idle} ${W}`],
      ['TRADE FILLED', `${traded} ${W}`],
      ['outboundAccountPosition', money],
      ['NEW NEW', `${idle} ${W}`],
      ['outboundAccountPosition', money],
      ['TRADE PARTIALLY_FILLED', `${traded} ${W}`],
      ['outboundAccountPosition', money],
      ['CANCELED CANCELED', `${idle} ${W}`],
      ['outboundAccountPosition', money],
    ])
    expect(told[1]).toMatchObject({ m: false, w: false })
    expect(told[5]).toMatchObject({ m: true, w: true, l: '0.00400000', z: '0.00400000' })
  })

  test('a cancel, an exchange for another order, and a smaller quantity', async () => {
    await place({ ...resting, newClientOrderId: 'old' })
    const change = { cancelReplaceMode: 'STOP_ON_FAILURE', cancelOrigClientOrderId: 'old' }
    await ok('POST', 'order/cancelReplace', { ...resting, ...change, newClientOrderId: 'new' })
    const smaller = { origClientOrderId: 'new', newQty: '0.005', newClientOrderId: 'less' }
    await ok('PUT', 'order/amend/keepPriority', smaller)
    await ok('DELETE', 'order', { origClientOrderId: 'less', newClientOrderId: 'end' })
    const told = await tells([
      ['NEW NEW', `${idle} ${W}`],
      ['outboundAccountPosition', money],
      ['CANCELED CANCELED', `${idle} ${W}`],
      ['NEW NEW', `${idle} ${W}`],
      ['outboundAccountPosition', money],
      ['REPLACED NEW', `${idle} ${W}`],
      ['outboundAccountPosition', money],
      ['CANCELED CANCELED', `${idle} ${W}`],
      ['outboundAccountPosition', money],
    ])
    expect(told[2]).toMatchObject({ C: 'old' })
    expect(told[5]).toMatchObject({ c: 'less', C: 'new', q: '0.00500000' })
    expect(told[7]).toMatchObject({ c: 'end', C: 'less' })
  })

  test('a new order that is rejected once the old one has gone', async () => {
    await place({ ...resting, newClientOrderId: 'old' })
    const answer = await client.signed('POST', 'order/cancelReplace', {
      symbol: 'BTCUSDT',
      ...resting,
      quantity: '40',
      cancelReplaceMode: 'STOP_ON_FAILURE',
      cancelOrigClientOrderId: 'old',
      newClientOrderId: 'dear',
    })
    expect(answer.status).toBe(409)
    const told = await tells([
      ['NEW NEW', `${idle} ${W}`],
      ['outboundAccountPosition', money],
      ['CANCELED CANCELED', `${idle} ${W}`],
      ['REJECTED REJECTED', `${idle} V`],
      ['outboundAccountPosition', money],
    ])
    expect(told[3]).toMatchObject({ c: 'dear', r: 'INSUFFICIENT_BALANCES', w: false })
  })

  test.each([
    ['IOC', 'UNFILLED_IOC_QUANTITY_EXPIRED'],
    ['FOK', 'UNFILLED_FOK_ORDER_EXPIRED'],
  ])('%s expires with its reason', async (timeInForce, eR) => {
    await place({ ...resting, timeInForce })
    const [, expired] = await tells([
      ['NEW NEW', `${idle} ${W}`],
      ['EXPIRED EXPIRED', `${idle} ${W} eR`],
      ['outboundAccountPosition', money],
    ])
    expect(expired).toMatchObject({ eR, w: false })
  })

  test('a market order that empties the book expires with the rest', async () => {
    await control('POST', 'faults', { kind: 'F17', args: { fraction: 0.3 }, count: 1 })
    await place({ ...buy, type: 'MARKET' })
    const told = await tells([
      ['NEW NEW', `${idle} ${W}`],
      ['TRADE PARTIALLY_FILLED', `${traded} ${W}`],
      ['EXPIRED EXPIRED', `${idle} ${W} eR`],
      ['outboundAccountPosition', money],
    ])
    expect(told[2]).toMatchObject({ eR: 'INSUFFICIENT_LIQUIDITY' })
  })

  /** Between the best prices, so that an order of the other side meets this one first. */
  async function inside(): Promise<string> {
    const { body } = await client.public('ticker/bookTicker', 'symbol=BTCUSDT')
    return ((Number(body['bidPrice']) + Number(body['askPrice'])) / 2).toFixed(2)
  }

  test.each([
    ['EXPIRE_MAKER', 'TRADE_PREVENTION EXPIRED_IN_MATCH'],
    ['DECREMENT', 'TRADE_PREVENTION NEW'],
  ])('own orders that would meet: %s', async (selfTradePreventionMode, kind) => {
    const at = await inside()
    await place({ ...resting, price: at, quantity: '0.02' })
    await place({ ...resting, side: 'SELL', price: at, selfTradePreventionMode })
    const prevented = `v# A$ B$ u# U# Cs pl$ pL$ pY$`
    await expect.poll(() => heard().map(kindOf), PATIENCE).toContain(kind)
    const maker = heard().find((event) => kindOf(event) === kind)
    expect(orderedShape(maker)).toBe(`{${idle} ${W} ${prevented}}`)
    expect(maker).toMatchObject({ S: 'BUY', Cs: 'BTCUSDT', pL: `${at}000000` })
  })
})

describe('lists', () => {
  const pair = async () => ({
    side: 'SELL',
    quantity: '0.01',
    aboveType: 'LIMIT_MAKER',
    abovePrice: await away(1.2),
    belowType: 'STOP_LOSS',
    belowStopPrice: await away(0.95),
  })

  test('an OCO that is placed and cancelled', async () => {
    const { orderListId } = await ok('POST', 'orderList/oco', await pair())
    await ok('DELETE', 'orderList', { orderListId: String(orderListId) })
    await expect.poll(() => heard().length, PATIENCE).toBeGreaterThanOrEqual(8)
    const told = heard().map((event) => [kindOf(event), orderedShape(event)])
    const legs = told.slice(0, 2).map((leg) => leg.join(' '))
    expect(legs.toSorted()).toEqual([`NEW NEW {${idle} V}`, `NEW NEW {${idle} ${W}}`])
    expect(told.slice(2, 4)).toEqual([
      ['list EXEC_STARTED EXECUTING', `{${list}}`],
      ['outboundAccountPosition', `{${money}}`],
    ])
    expect(told.slice(4, 6).map(([kind]) => kind)).toEqual(Array(2).fill('CANCELED CANCELED'))
    expect(told.slice(6)).toEqual([
      ['list ALL_DONE ALL_DONE', `{${list}}`],
      ['outboundAccountPosition', `{${money}}`],
    ])
    expect(heard()[2]).toMatchObject({ c: 'OCO', r: 'NONE', g: orderListId })
    expect(heard()[2]!['O']).toHaveLength(2)
  })

  test('a stop that is reached ends its sibling, begins to work, and trades', async () => {
    await ok('POST', 'orderList/oco', await pair())
    const jump = { percent: -7, minutes: 1 }
    await control('POST', 'faults', { kind: 'F22', args: jump, match: { symbol: 'BTCUSDT' } })
    pass(60_000)
    await expect.poll(() => heard().map(kindOf), PATIENCE).toContain('list ALL_DONE ALL_DONE')
    const told = heard().slice(4)
    expect(told.map((event) => [kindOf(event), orderedShape(event)])).toEqual([
      ['EXPIRED EXPIRED', `{${idle} ${W} eR}`],
      ['NEW NEW', `{${idle} ${W}}`],
      ['TRADE FILLED', `{${traded} ${W}}`],
      ['list ALL_DONE ALL_DONE', `{${list}}`],
      ['outboundAccountPosition', `{${money}}`],
    ])
    expect(told[0]).toMatchObject({ eR: 'OCO_TRIGGER' })
    pass(60_000)
  })

  test('what waits for another order is pending, and ends with it', async () => {
    const { orderListId } = await ok('POST', 'orderList/oto', {
      workingType: 'LIMIT',
      workingSide: 'BUY',
      workingQuantity: '0.01',
      workingPrice: '40000.00',
      workingTimeInForce: 'IOC',
      pendingType: 'MARKET',
      pendingSide: 'SELL',
      pendingQuantity: '0.01',
    })
    expect(orderListId).toBeGreaterThan(0)
    const told = await tells([
      ['NEW NEW', `${idle} ${W}`],
      ['NEW PENDING_NEW', `${idle} V`],
      ['list EXEC_STARTED EXECUTING', list],
      ['EXPIRED EXPIRED', `${idle} ${W} eR`],
      ['EXPIRED EXPIRED', `${idle} V eR`],
      ['list ALL_DONE ALL_DONE', list],
      ['outboundAccountPosition', money],
    ])
    expect(told[4]).toMatchObject({ eR: 'OTO_PHASE_ONE_EXPIRED' })
    expect(told[2]).toMatchObject({ c: 'OTO' })
  })

  test('the second order begins when the first is filled, and the list is told so', async () => {
    await ok('POST', 'orderList/oto', {
      workingType: 'LIMIT',
      workingSide: 'BUY',
      workingQuantity: '0.01',
      workingPrice: await away(1.01),
      workingTimeInForce: 'GTC',
      pendingType: 'LIMIT_MAKER',
      pendingSide: 'SELL',
      pendingQuantity: '0.01',
      pendingPrice: await away(1.2),
    })
    await tells([
      ['NEW NEW', `${idle} ${W}`],
      ['NEW PENDING_NEW', `${idle} V`],
      ['list EXEC_STARTED EXECUTING', list],
      ['TRADE FILLED', `${traded} ${W}`],
      ['NEW NEW', `${idle} ${W}`],
      ['outboundAccountPosition', money],
    ])
  })
})

describe('money and the stream itself', () => {
  const move = (body: object) => control('POST', 'balances', body)

  test('a deposit and a withdrawal', async () => {
    expect((await move({ asset: 'USDT', deposit: '100.5' })).status).toBe(200)
    expect((await move({ asset: 'USDT', withdraw: '0.5' })).status).toBe(200)
    const told = await tells([
      ['balanceUpdate', funds],
      ['outboundAccountPosition', money],
      ['balanceUpdate', funds],
      ['outboundAccountPosition', money],
    ])
    expect(told[0]).toMatchObject({ a: 'USDT', d: '100.50000000', T: simulator.now() })
    expect(told[2]).toMatchObject({ a: 'USDT', d: '-0.50000000' })
  })

  test('a lock from outside, and its end', async () => {
    await move({ asset: 'BTC', lock: '1' })
    expect(await (await move({ asset: 'BTC', unlock: '1.5' })).json()).toEqual({
      error: 'unlock is 1.5, but at most 1.00000000 BTC can be',
    })
    await move({ asset: 'BTC', unlock: '1' })
    const told = await tells([
      ['externalLockUpdate', funds],
      ['outboundAccountPosition', money],
      ['externalLockUpdate', funds],
      ['outboundAccountPosition', money],
    ])
    expect(told[1]!['B']).toMatchObject([{ a: 'BTC', l: '1.00000000' }])
    expect(told[2]).toMatchObject({ a: 'BTC', d: '-1.00000000' })
    expect(told[3]!['B']).toMatchObject([{ a: 'BTC', l: '0.00000000' }])
  })

  test.each([
    [{ asset: 'USDT', withdraw: '999999999' }, /at most/],
    [{ asset: 'BTC', lock: '999' }, /at most/],
    [{ asset: 'BTC' }, /one of deposit/],
    [{ asset: 'BTC', deposit: '1', lock: '1' }, /one of deposit/],
    [{ asset: 'BTC', deposit: '-1' }, /plain decimal/],
    [{ asset: 'BTC', deposit: '0' }, /more than 0/],
    [{ asset: 'bitcoin', deposit: '1' }, /not an asset/],
  ])('%o is refused, and nothing is told', async (wish, reason) => {
    const answer = await move(wish)
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
      400,
      expect.stringMatching(reason),
    ])
    expect(heard()).toEqual([])
  })

  test('the end of a subscription is its last event', async () => {
    await socket.ask({ method: 'userDataStream.unsubscribe', params: {} })
    await tells([['eventStreamTerminated', 'e E#']])
    const last = socket.heard.find((one) => one['event'] !== undefined)!
    expect(orderedShape(last)).toBe('{subscriptionId# event{e E#}}')
    await place(resting)
    expect(heard()).toHaveLength(1)
  })

  test('a shutdown is told to the whole connection', async () => {
    await control('POST', 'faults', { kind: 'F27', args: { how: 'shutdown' } })
    await tells([['serverShutdown', 'e E#']])
    expect(orderedShape(socket.heard.at(-1))).toBe('{event{e E#}}')
  })
})
