import { expect, test } from 'vitest'
import { applyTerms } from './account-terms.ts'
import { SimulatorConfigSchema } from './config.ts'
import { findOrder, units } from './core/index.ts'
import { accepted, desktop } from './testing/builders.ts'

test('fees in another asset cost what its market says, and fall back when it runs out', () => {
  const desk = desktop({ USDT: 10_000, BTC: 0, BNB: 0.004 })
  applyTerms(desk.engine, SimulatorConfigSchema.parse({ fees: { discount: {} } }))
  const bnb = { ...desk.market, rules: { ...desk.market.rules, symbol: 'BNBUSDT' } }
  desk.engine.markets.set('BNBUSDT', { ...bnb, lastPrice: units('500') })
  const fees = [10, 10].map((quantity) => {
    const order = accepted(desk.send({ type: 'MARKET', quantity }))
    return order.trades.map(({ commissionAsset, commission }) => [commissionAsset, commission])
  })
  // 1010 USDT, two thousandths of it, three quarters of that, at 500.
  expect(fees).toEqual([[['BNB', units('0.00303')]], [['BTC', units('0.02')]]])
  expect(desk.balance('BNB').free).toBe('0.00097')
})

test('what an order pays with is never touched by its fee', () => {
  const desk = desktop()
  applyTerms(desk.engine, SimulatorConfigSchema.parse({ fees: { discount: { asset: 'USDT' } } }))
  const bought = accepted(desk.send({ type: 'MARKET', quantity: 1 }))
  const sold = accepted(desk.send({ side: 'SELL', type: 'MARKET', quantity: 1 }))
  expect([bought, sold].map(({ trades }) => trades[0]?.commissionAsset)).toEqual(['BTC', 'USDT'])
})

test('there may be only so many open orders on all symbols, and so much of an asset', () => {
  const desk = desktop({ USDT: 10_000, BTC: 0 })
  const rules = { openOrders: 1, positions: { 'BTC/USDT': '9' } }
  applyTerms(desk.engine, SimulatorConfigSchema.parse({ rules }))
  expect(desk.send({ price: 98, quantity: 10 })).toMatchObject({
    message: 'Filter failure: MAX_POSITION',
  })
  accepted(desk.send({ price: 98, quantity: 2 }))
  expect(desk.send({ price: 98, quantity: 2 })).toMatchObject({
    message: 'Filter failure: EXCHANGE_MAX_NUM_ORDERS',
  })
})

test('a limit for a symbol that is not traded is a mistake', () => {
  const config = SimulatorConfigSchema.parse({ rules: { positions: { 'LTC/USDT': '9' } } })
  expect(() => applyTerms(desktop().engine, config)).toThrow(/LTC\/USDT, which is not traded/)
})

test('of orders that have ended the latest answers to an id, or the first where it is so agreed', () => {
  for (const reusedNames of ['latest', 'first'] as const) {
    const desk = desktop()
    applyTerms(desk.engine, SimulatorConfigSchema.parse({ rules: { reusedNames } }))
    const send = () => accepted(desk.send({ type: 'MARKET', quantity: 1, clientOrderId: 'again' }))
    const [first, second] = [send(), send()]
    const name = { symbol: first.symbol, orderId: null, clientOrderId: 'again' }
    const found = findOrder(desk.engine, name)
    expect(found).toMatchObject({ id: reusedNames === 'latest' ? second.id : first.id })
    // One that is still alive comes before all that have ended.
    const live = accepted(desk.send({ quantity: 1, price: 50, clientOrderId: 'again' }))
    expect(findOrder(desk.engine, name)).toMatchObject({ id: live.id })
  }
})
