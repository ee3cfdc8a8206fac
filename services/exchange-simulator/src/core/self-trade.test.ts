import { describe, expect, test } from 'vitest'
import { accepted, desktop, type Desktop } from '../testing/builders.ts'
import { formatUnits, type Order, type SelfTradeMode, units } from './index.ts'

/** Status, what was traded, and what was taken off. */
function summary(order: Order): string {
  const [executed, prevented] = [order.executed, order.prevented].map((amount) =>
    Number(formatUnits(amount)),
  )
  return `${order.status} ${executed} -${prevented}`
}

/** Ten each at 101, 102, 103 to sell; an own sale of three stands between them, at 101.5. */
function withMaker(mode: SelfTradeMode = 'NONE'): { desk: Desktop; maker: Order } {
  const desk = desktop(undefined, { tick: units('0.5') })
  const request = { side: 'SELL', price: 101.5, quantity: 3, selfTradeMode: mode } as const
  return { desk, maker: accepted(desk.send(request)) }
}

describe('a purchase of fifteen up to 102 that meets an own sale of three', () => {
  test.each<[SelfTradeMode, string, string]>([
    ['NONE', 'FILLED 3 -0', 'FILLED 15 -0'],
    ['EXPIRE_TAKER', 'NEW 0 -0', 'EXPIRED_IN_MATCH 10 -5'],
    ['EXPIRE_MAKER', 'EXPIRED_IN_MATCH 0 -3', 'FILLED 15 -0'],
    ['EXPIRE_BOTH', 'EXPIRED_IN_MATCH 0 -3', 'EXPIRED_IN_MATCH 10 -5'],
    ['DECREMENT', 'EXPIRED_IN_MATCH 0 -3', 'FILLED 12 -3'],
    ['TRANSFER', 'EXPIRED_IN_MATCH 0 -3', 'FILLED 12 -3'],
  ])('%s', (selfTradeMode, resting, taking) => {
    const { desk, maker } = withMaker()
    const taker = accepted(desk.send({ price: 102, quantity: 15, selfTradeMode }))
    expect([summary(maker), summary(taker)]).toEqual([resting, taking])
    expect(desk.balance('USDT').locked).toBe('0')
  })

  test.each<[SelfTradeMode, SelfTradeMode, bigint | null, bigint | null]>([
    ['EXPIRE_TAKER', 'NONE', units('5'), null],
    ['EXPIRE_MAKER', 'NONE', null, units('3')],
    ['EXPIRE_BOTH', 'NONE', units('5'), units('3')],
    ['DECREMENT', 'NONE', units('3'), units('3')],
    ['TRANSFER', 'TRANSFER', units('3'), units('3')],
  ])('%s is remembered as a match that did not take place', (mode, makerMode, taken, made) => {
    const { desk, maker } = withMaker(makerMode)
    const taker = accepted(desk.send({ price: 102, quantity: 15, selfTradeMode: mode }))
    expect(desk.market.prevented).toEqual([
      {
        symbol: 'BTCUSDT',
        id: 0,
        takerOrderId: taker.id,
        makerOrderId: maker.id,
        mode,
        price: units('101.5'),
        takerPrevented: taken,
        makerPrevented: made,
        time: 2_000,
      },
    ])
  })
})

test('a transfer needs two who want it; one alone decrements', () => {
  const { desk } = withMaker('EXPIRE_MAKER')
  accepted(desk.send({ price: 102, quantity: 15, selfTradeMode: 'TRANSFER' }))
  expect(desk.market.prevented.map(({ mode }) => mode)).toEqual(['DECREMENT'])
})

test('the larger of two orders lives on with what is left of it', () => {
  const { desk, maker } = withMaker()
  desk.move(103)
  const other = accepted(desk.send({ side: 'SELL', price: 103, quantity: 6 }))
  const taker = accepted(desk.send({ price: 103, quantity: 2, selfTradeMode: 'DECREMENT' }))
  expect(maker.status).toBe('FILLED')
  expect([summary(other), summary(taker)]).toEqual(['NEW 0 -2', 'EXPIRED_IN_MATCH 0 -2'])
  expect(desk.balance('BTC').locked).toBe('4')
})

test('a trade with oneself is one trade, told twice, and costs both fees', () => {
  const { desk, maker } = withMaker()
  const before = desk.balance('BTC')
  const taker = accepted(desk.send({ type: 'MARKET', quantity: 12, selfTradeMode: 'NONE' }))
  const own = desk.market.trades.all().filter(({ isSelfTrade }) => isSelfTrade)
  expect(own).toMatchObject([
    { orderId: taker.id, isMaker: false, isBuyer: true, commissionAsset: 'BTC' },
    { orderId: maker.id, isMaker: true, isBuyer: false, commissionAsset: 'USDT' },
  ])
  expect(own[0]?.id).toBe(own[1]?.id)
  // Ten from the house and two from oneself, less two thousandths of all twelve.
  expect(Number(desk.balance('BTC').free)).toBeCloseTo(Number(before.free) + 12 * 0.998, 8)
})

test('a market order that only meets itself ends as the venue says', () => {
  const desk = desktop()
  desk.move(100, [0])
  const maker = accepted(desk.send({ side: 'SELL', price: 100, quantity: 1 }))
  const taker = accepted(desk.send({ type: 'MARKET', quantity: 1, selfTradeMode: 'EXPIRE_MAKER' }))
  expect([summary(maker), summary(taker)]).toEqual(['EXPIRED_IN_MATCH 0 -1', 'EXPIRED 0 -0'])
  expect(taker.expiryReason).toBe('INSUFFICIENT_LIQUIDITY')
})

test('fill-or-kill counts what is prevented as not filled', () => {
  const { desk, maker } = withMaker()
  const request = { price: 102, quantity: 15, timeInForce: 'FOK' } as const
  const killed = accepted(desk.send({ ...request, selfTradeMode: 'DECREMENT' }))
  expect([summary(maker), summary(killed)]).toEqual(['NEW 0 -0', 'EXPIRED 0 -0'])
  const filled = accepted(desk.send({ ...request, selfTradeMode: 'NONE' }))
  expect(summary(filled)).toBe('FILLED 15 -0')
})
