// One order for another, in one request.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Simulator } from '../index.ts'
import { startSimulatorByHand, restingBuy } from '../testing/started-simulator.ts'
import type { WireClient } from '../testing/wire-client.ts'

let simulator: Simulator
let client: WireClient

beforeAll(async () => {
  ;({ simulator, client } = await startSimulatorByHand({ balances: { USDT: '100000', BTC: '1' } }))
})

afterAll(() => simulator.stop())

describe('one order for another', () => {
  afterAll(() => client.signed('DELETE', 'openOrders', { symbol: 'BTCUSDT' }))

  const replace = (changes: Record<string, string>) =>
    client.signed('POST', 'order/cancelReplace', {
      ...restingBuy,
      cancelReplaceMode: 'STOP_ON_FAILURE',
      ...changes,
    })
  const place = (newClientOrderId: string) =>
    client.signed('POST', 'order', { ...restingBuy, newClientOrderId })
  const tooMuch = { quantity: '20', price: '60000' }

  test('both go well, and the name can stay the same', async () => {
    await place('same')
    const names = { cancelOrigClientOrderId: 'same', newClientOrderId: 'same' }
    const { status, body } = await replace({ ...names, quantity: '0.02' })
    expect([status, body]).toMatchObject([
      200,
      {
        cancelResult: 'SUCCESS',
        newOrderResult: 'SUCCESS',
        cancelResponse: { origClientOrderId: 'same', status: 'CANCELED' },
        newOrderResponse: { clientOrderId: 'same', status: 'NEW', origQty: '0.02000000' },
      },
    ])
  })

  test.each([
    ['nothing to cancel', 'STOP_ON_FAILURE', 'unknown', {}, 400, -2022, 'FAILURE', 'NOT_ATTEMPTED'],
    ['nothing to cancel, go on', 'ALLOW_FAILURE', 'unknown', {}, 409, -2021, 'FAILURE', 'SUCCESS'],
    ['no money', 'STOP_ON_FAILURE', 'live', tooMuch, 409, -2021, 'SUCCESS', 'FAILURE'],
    ['neither', 'ALLOW_FAILURE', 'unknown', tooMuch, 400, -2022, 'FAILURE', 'FAILURE'],
  ])('%s', async (_name, mode, old, changes, status, code, cancelResult, newOrderResult) => {
    if (old === 'live') await place('live')
    const names = { cancelReplaceMode: mode, cancelOrigClientOrderId: old }
    const answer = await replace({ ...names, ...changes })
    expect([answer.status, answer.body]).toMatchObject([
      status,
      { code, data: { cancelResult, newOrderResult } },
    ])
  })

  test('what a filter refuses cancels nothing', async () => {
    await place('kept')
    const answer = await replace({ cancelOrigClientOrderId: 'kept', price: '40000.001' })
    expect(answer.body.msg).toBe('Filter failure: PRICE_FILTER')
    const name = { symbol: 'BTCUSDT', origClientOrderId: 'kept' }
    expect((await client.signed('GET', 'order', name)).body['status']).toBe('NEW')
  })

  test('the mode and the old order must be named', async () => {
    expect((await replace({ cancelReplaceMode: '' })).body.code).toBe(-1102)
    expect((await replace({})).body.code).toBe(-1102)
  })
})
