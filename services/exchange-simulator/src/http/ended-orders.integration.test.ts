import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { START, startSimulatorByHand } from '../testing/started-simulator.ts'
import type { WireClient } from '../testing/wire-client.ts'

const MINUTE_MS = 60_000
const symbol = 'BTCUSDT'
/** More than are kept together in memory. */
const orders = 264

type Row = Readonly<Record<string, unknown>>

/** What becomes of an order in turn: three trade, one is cancelled, one waits for ever. */
async function place(client: WireClient, index: number, price: number): Promise<Row> {
  const name = `order-${index}`
  const kind = index % 5
  const side = kind === 1 ? 'SELL' : 'BUY'
  const rest = {
    type: 'LIMIT',
    timeInForce: 'GTC',
    price: Math.floor(price * 0.9),
    quantity: 0.001,
  }
  const shapes = [
    { type: 'MARKET', quantity: 0.0003 },
    { type: 'MARKET', quantity: 0.0001, strategyId: 7, strategyType: 1_000_001 },
    { type: 'LIMIT', timeInForce: 'IOC', price: Math.floor(price * 1.1), quantity: 0.0002 },
    rest,
    { ...rest, quantity: 0.0002, icebergQty: 0.0001 },
  ] as const
  const request = { symbol, side, newClientOrderId: name, ...shapes[kind]! }
  const placed = await client.signed('POST', 'order', { ...request, newOrderRespType: 'FULL' })
  expect(placed.body).toMatchObject({ orderId: index + 1 })
  if (kind !== 3) return placed.body
  const gone = await client.signed('DELETE', 'order', { symbol, origClientOrderId: name })
  return { ...gone.body, fills: [], clientOrderId: name }
}

async function rowsOf(client: WireClient, path: string, wish: Row = {}): Promise<readonly Row[]> {
  const parameters = { symbol, ...wish } as Readonly<Record<string, string | number>>
  return (await client.signed('GET', path, parameters)).body as unknown as readonly Row[]
}

/** Everything that can be asked about the past. */
async function past(client: WireClient) {
  const one = async (wish: Row): Promise<unknown> => rowsOf(client, 'order', wish)
  const named = [1, 4, 5, 255, 256, 257, orders]
  return {
    all: await rowsOf(client, 'allOrders', { orderId: 1, limit: 1_000 }),
    latest: await rowsOf(client, 'allOrders', { limit: 7 }),
    page: await rowsOf(client, 'allOrders', { orderId: 250, limit: 12 }),
    window: await rowsOf(client, 'allOrders', {
      startTime: START + MINUTE_MS,
      endTime: START + 3 * MINUTE_MS,
    }),
    until: await rowsOf(client, 'allOrders', { endTime: START + 2 * MINUTE_MS, limit: 9 }),
    byId: await Promise.all(named.map((orderId) => one({ orderId }))),
    byName: await Promise.all(
      named.map((orderId) => one({ origClientOrderId: `order-${orderId - 1}` })),
    ),
    trades: await rowsOf(client, 'myTrades', { limit: 1_000 }),
    tradesOf: await Promise.all(named.map((orderId) => rowsOf(client, 'myTrades', { orderId }))),
  }
}

test('orders and trades that are over answer as when they ended, also after a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-ended-'))
  const { simulator: first, client } = await startSimulatorByHand({}, folder)
  const ticker = await client.public('ticker/price', `symbol=${symbol}`)
  const told: Row[] = []
  for (let index = 0; index < orders; index += 1) {
    if (index % 66 === 65) first.advanceTo(first.now() + MINUTE_MS)
    told.push(await place(client, index, Number(ticker.body['price'])))
  }
  const before = await past(client)
  const { all, trades } = before
  expect(all.map(({ orderId }) => orderId)).toEqual(told.map((_row, index) => index + 1))
  for (const [index, { status, executedQty, cummulativeQuoteQty }] of told.entries()) {
    expect(all[index]).toMatchObject({ status, executedQty, cummulativeQuoteQty })
    expect(all[index]).toMatchObject({ clientOrderId: `order-${index}` })
  }
  expect(new Set(all.map(({ status }) => status))).toEqual(new Set(['FILLED', 'CANCELED', 'NEW']))
  expect(trades.map(({ id, qty, price }) => [id, qty, price])).toEqual(
    told
      .flatMap(({ fills }) => fills as readonly Row[])
      .map((fill) => [fill['tradeId'], fill['qty'], fill['price']]),
  )
  const time = (row: Row): number => Number(row['time'])
  expect(before.latest).toEqual(all.slice(-7))
  expect(before.page).toEqual(all.slice(249, 261))
  expect(before.window).toEqual(
    all.filter((row) => time(row) >= START + MINUTE_MS && time(row) <= START + 3 * MINUTE_MS),
  )
  expect(before.until).toEqual(all.filter((row) => time(row) <= START + 2 * MINUTE_MS).slice(-9))
  expect(before.byName).toEqual(before.byId)
  expect(before.byId).toEqual([1, 4, 5, 255, 256, 257, orders].map((id) => all[id - 1]))
  expect(before.tradesOf).toEqual(
    before.byId.map((row) => trades.filter(({ orderId }) => orderId === (row as Row)['orderId'])),
  )
  await first.stop()
  const second = await startSimulatorByHand({}, folder)
  expect(await past(second.client)).toEqual(before)
  await second.simulator.stop()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)
