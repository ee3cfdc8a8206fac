// What an order would cost, and under which conditions one takes the place of another.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Simulator } from '../index.ts'
import { restingBuy, startSimulator, startSimulatorByHand } from '../testing/started-simulator.ts'
import type { WireClient } from '../testing/wire-client.ts'

let simulator: Simulator
let client: WireClient

beforeAll(async () => {
  ;({ simulator, client } = await startSimulatorByHand())
})

afterAll(() => simulator.stop())

type Row = Record<string, unknown>

async function lastPrice(): Promise<number> {
  const { body } = await client.public('ticker/price', 'symbol=BTCUSDT')
  return Math.round(Number(body['price']))
}

describe('what else may be said', () => {
  test('a test of an order tells what it would cost', async () => {
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01' }
    const test = await client.signed('POST', 'order/test', {
      ...order,
      computeCommissionRates: 'true',
    })
    expect(test.body).toMatchObject({
      standardCommissionForOrder: { maker: '0.00100000', taker: '0.00100000' },
      discount: { enabledForAccount: false, discountAsset: 'BNB', discount: '0.75000000' },
    })
  })

  test.each([
    ['ONLY_NEW', 200, undefined, undefined],
    ['ONLY_PARTIALLY_FILLED', 409, -2021, 'FAILURE'],
    ['NEVER', 400, -1145, undefined],
  ])(
    'an order is replaced only where %s allows it',
    async (cancelRestrictions, status, code, result) => {
      const limit = { ...restingBuy, price: (await lastPrice()) - 2_000 }
      await client.signed('POST', 'order', { ...limit, newClientOrderId: 'restricted' })
      const answer = await client.signed('POST', 'order/cancelReplace', {
        ...limit,
        cancelReplaceMode: 'ALLOW_FAILURE',
        cancelOrigClientOrderId: 'restricted',
        cancelRestrictions,
      })
      const data = answer.body['data'] as Row | undefined
      expect([answer.status, answer.body.code, data?.['cancelResult']]).toEqual([
        status,
        code,
        result,
      ])
    },
  )

  test.each([
    ['order', { ...restingBuy, pegPriceType: 'PRIMARY_PEG' }],
    ['order/test', { ...restingBuy, pegPriceType: 'MARKET_PEG', pegOffsetType: 'PRICE_LEVEL' }],
    [
      'orderList/oco',
      {
        symbol: 'BTCUSDT',
        side: 'SELL',
        quantity: '0.01',
        aboveType: 'TAKE_PROFIT_LIMIT',
        abovePegPriceType: 'PRIMARY_PEG',
        belowType: 'STOP_LOSS',
        belowStopPrice: '40000',
      },
    ],
  ])('%s says that no price follows the book here', async (path, fields) => {
    const answer = await client.signed('POST', path, fields)
    const msg = 'Pegged orders are not supported for this symbol.'
    expect(answer).toMatchObject({ status: 400, body: { code: -2010, msg } })
  })

  test.each(['myTrades', 'allOrders'])('%s understands moments in microseconds', async (path) => {
    const now = simulator.now()
    await client.signed('POST', 'order', {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'MARKET',
      quantity: '0.001',
    })
    const range = { startTime: now * 1_000, endTime: (now + 60_000) * 1_000 }
    const { status, body } = await client.signed('GET', path, { symbol: 'BTCUSDT', ...range })
    expect(status).toBe(200)
    expect((body as unknown as unknown[]).length).toBeGreaterThan(0)
  })

  test('with all orders used up one may still be taken away', async () => {
    const { simulator: strict, client: busy } = await startSimulator({
      limits: { ordersPerDay: 1 },
    })
    const at = Number((await busy.public('ticker/price', 'symbol=BTCUSDT')).body['price']) * 0.9
    const order = { ...restingBuy, quantity: '0.001', price: Math.floor(at) }
    await busy.signed('POST', 'order', { ...order, newClientOrderId: 'old' })
    const replace = (orderRateLimitExceededMode: string) =>
      busy.signed('POST', 'order/cancelReplace', {
        ...order,
        cancelReplaceMode: 'STOP_ON_FAILURE',
        cancelOrigClientOrderId: 'old',
        orderRateLimitExceededMode,
      })
    expect((await replace('DO_NOTHING')).status).toBe(429)
    const { status, body } = await replace('CANCEL_ONLY')
    expect([status, body]).toMatchObject([
      409,
      {
        data: {
          cancelResult: 'SUCCESS',
          newOrderResult: 'FAILURE',
          newOrderResponse: { code: -1015 },
        },
      },
    ])
    await strict.stop()
  })
})
