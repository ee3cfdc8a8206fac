import { describe, expect, test } from 'vitest'
import { accepted, desktop, type OrderShape } from '../testing/builders.ts'
import {
  cancelOrder,
  findByName,
  formatUnits,
  units,
  type Order,
  type SymbolRules,
} from './index.ts'

function summary(order: Order): string {
  const executed = Number(formatUnits(order.executed))
  return [order.status, executed, order.expiryReason].filter((part) => part !== null).join(' ')
}

const named = (clientOrderId: string) => ({ symbol: 'BTCUSDT', orderId: null, clientOrderId })

describe('a single order at 100, ten each at 101, 102, 103 and 99, 98, 97', () => {
  test.each<[string, OrderShape, string]>([
    ['a market order within the book is filled', { type: 'MARKET', quantity: 15 }, 'FILLED 15'],
    [
      'a market order beyond the book takes all and expires',
      { type: 'MARKET', quantity: 35 },
      'EXPIRED 30 INSUFFICIENT_LIQUIDITY',
    ],
    [
      'a market order by quote buys whole lots for no more',
      { type: 'MARKET', quoteQuantity: 250 },
      'FILLED 2',
    ],
    ['a limit that reaches the book is filled', { price: 101, quantity: 10 }, 'FILLED 10'],
    ['a limit takes what it may and rests', { price: 101, quantity: 12 }, 'PARTIALLY_FILLED 10'],
    ['a limit below the book rests', { price: 100, quantity: 5 }, 'NEW 0'],
    [
      'immediate-or-cancel keeps what it got',
      { price: 101, quantity: 12, timeInForce: 'IOC' },
      'EXPIRED 10 UNFILLED_IOC_QUANTITY_EXPIRED',
    ],
    [
      'fill-or-kill that cannot be filled gets nothing',
      { price: 101, quantity: 12, timeInForce: 'FOK' },
      'EXPIRED 0 UNFILLED_FOK_ORDER_EXPIRED',
    ],
    [
      'fill-or-kill that can be filled is filled',
      { price: 102, quantity: 12, timeInForce: 'FOK' },
      'FILLED 12',
    ],
    [
      'a maker that does not cross rests',
      { type: 'LIMIT_MAKER', price: 100, quantity: 1 },
      'NEW 0',
    ],
    ['a stop waits', { type: 'STOP_LOSS', stopPrice: 105, quantity: 1 }, 'NEW 0'],
  ])('%s', (_name, shape, expected) => {
    expect(summary(accepted(desktop().send(shape)))).toBe(expected)
  })

  test.each<[string, OrderShape, number, string, Partial<SymbolRules>?]>([
    ['off the tick', { price: 100.5, quantity: 1 }, -1013, 'Filter failure: PRICE_FILTER'],
    [
      'under the lowest price',
      { price: 40, quantity: 1 },
      -1013,
      'Filter failure: PRICE_FILTER',
      { priceMin: units('60') },
    ],
    [
      'a stop off the tick',
      { type: 'STOP_LOSS', stopPrice: 105.5, quantity: 1 },
      -1013,
      'Filter failure: PRICE_FILTER',
    ],
    [
      'too far above the average',
      { price: 201, quantity: 1 },
      -1013,
      'Filter failure: PERCENT_PRICE_BY_SIDE',
    ],
    [
      'too far below the average',
      { price: 49, quantity: 1 },
      -1013,
      'Filter failure: PERCENT_PRICE_BY_SIDE',
    ],
    ['off the lot', { price: 100, quantity: 1.5 }, -1013, 'Filter failure: LOT_SIZE'],
    ['nothing', { price: 100, quantity: 0 }, -1013, 'Filter failure: LOT_SIZE'],
    ['more than the largest lot', { price: 100, quantity: 61 }, -1013, 'Filter failure: LOT_SIZE'],
    [
      'more than a market order may be',
      { type: 'MARKET', quantity: 41 },
      -1013,
      'Filter failure: MARKET_LOT_SIZE',
    ],
    [
      'a limit of too little value',
      { price: 50, quantity: 1 },
      -1013,
      'Filter failure: NOTIONAL',
      { notionalMin: units('51') },
    ],
    [
      'a market order of too little value',
      { type: 'MARKET', quantity: 1 },
      -1013,
      'Filter failure: NOTIONAL',
      { notionalMin: units('101') },
    ],
    [
      'a quote amount of too little value',
      { type: 'MARKET', quoteQuantity: 4 },
      -1013,
      'Filter failure: NOTIONAL',
    ],
    ['a limit of too much value', { price: 100, quantity: 51 }, -1013, 'Filter failure: NOTIONAL'],
    [
      'a quote amount that buys no lot',
      { type: 'MARKET', quoteQuantity: 60 },
      -1013,
      'Filter failure: LOT_SIZE',
    ],
    [
      'one order too many',
      { price: 100, quantity: 1 },
      -1013,
      'Filter failure: MAX_NUM_ORDERS',
      { ordersMax: 0 },
    ],
    [
      'one stop too many',
      { type: 'STOP_LOSS', stopPrice: 105, quantity: 1 },
      -1013,
      'Filter failure: MAX_NUM_ALGO_ORDERS',
      { algoOrdersMax: 0 },
    ],
    [
      'more money than there is',
      { price: 100, quantity: 50 },
      -2010,
      'Account has insufficient balance for requested action.',
    ],
    [
      'more coins than there are',
      { side: 'SELL', price: 100, quantity: 21 },
      -2010,
      'Account has insufficient balance for requested action.',
    ],
    [
      'a market sale of more than there is',
      { side: 'SELL', type: 'MARKET', quantity: 21 },
      -2010,
      'Account has insufficient balance for requested action.',
    ],
    [
      'a maker that would take',
      { type: 'LIMIT_MAKER', price: 101, quantity: 1 },
      -2010,
      'Order would immediately match and take.',
    ],
    [
      'a buy stop below the price',
      { type: 'STOP_LOSS', stopPrice: 100, quantity: 1 },
      -2010,
      'Stop price would trigger immediately.',
    ],
    [
      'a sell stop above the price',
      { side: 'SELL', type: 'STOP_LOSS', stopPrice: 101, quantity: 1 },
      -2010,
      'Stop price would trigger immediately.',
    ],
    [
      'a sell take-profit below the price',
      { side: 'SELL', type: 'TAKE_PROFIT', stopPrice: 99, quantity: 1 },
      -2010,
      'Stop price would trigger immediately.',
    ],
  ])('%s is refused', (_name, shape, code, message, changed) => {
    const desk = desktop({ USDT: 4_000, BTC: 20 }, changed)
    expect(desk.send(shape)).toMatchObject({ kind: 'refused', code, message })
    expect([desk.balance('USDT').locked, desk.balance('BTC').locked]).toEqual(['0', '0'])
  })

  test('a closed market takes no orders but lets them go', () => {
    const desk = desktop()
    accepted(desk.send({ price: 90, quantity: 1, clientOrderId: 'x' }))
    desk.market.status = 'BREAK'
    expect(desk.send({ price: 90, quantity: 1 })).toMatchObject({ message: 'Market is closed.' })
    expect(cancelOrder(desk.engine, named('x'), 1)).toMatchObject({ kind: 'order-cancelled' })
  })
})

describe('money', () => {
  test('a buy limit locks its worst price and gets the difference back with each fill', () => {
    const desk = desktop({ USDT: 2_000, BTC: 0 })
    accepted(desk.send({ price: 102, quantity: 15 }))
    expect(desk.balance('USDT')).toEqual({ free: String(2_000 - 1_010 - 510), locked: '0' })
    expect(desk.balance('BTC').free).toBe(String(15 * 0.998))
    accepted(desk.send({ price: 90, quantity: 5 }))
    expect(desk.balance('USDT')).toEqual({ free: '30', locked: '450' })
  })

  test('a seller is paid net of the fee, and the maker rate holds for who rested', () => {
    const desk = desktop({ USDT: 0, BTC: 10 })
    accepted(desk.send({ side: 'SELL', price: 105, quantity: 4 }))
    expect(desk.balance('BTC')).toEqual({ free: '6', locked: '4' })
    desk.move(107)
    expect(desk.balance('BTC')).toEqual({ free: '6', locked: '0' })
    expect(desk.balance('USDT').free).toBe(String(420 * 0.999))
    expect(desk.market.trades.all()).toMatchObject([{ isMaker: true, price: units('105') }])
  })

  test('a cancelled order gives back what it did not spend', () => {
    const desk = desktop({ USDT: 2_000, BTC: 0 })
    accepted(desk.send({ price: 101, quantity: 12, clientOrderId: 'x' }))
    expect(desk.balance('USDT').locked).toBe('202')
    cancelOrder(desk.engine, named('x'), 1)
    expect(desk.balance('USDT')).toEqual({ free: '990', locked: '0' })
  })
})

describe('client ids', () => {
  test('a live id is refused, an ended one may be used again and names the latest', () => {
    const desk = desktop()
    const first = accepted(desk.send({ price: 90, quantity: 1, clientOrderId: 'x' }))
    expect(desk.send({ price: 90, quantity: 1, clientOrderId: 'x' })).toMatchObject({
      code: -2010,
      message: 'Duplicate order sent.',
    })
    cancelOrder(desk.engine, named('x'), 1)
    const second = accepted(desk.send({ price: 90, quantity: 1, clientOrderId: 'x' }))
    expect(second.id).toBe(first.id + 1)
    expect(findByName(desk.market, 'x')).toBe(second)
  })
})

describe('price-time priority', () => {
  test('the best price first, then the oldest, as far as the other side reaches', () => {
    const desk = desktop()
    const orders = [98, 99, 99, 97].map((price) => accepted(desk.send({ price, quantity: 4 })))
    desk.move(96, [6])
    expect(orders.map(summary)).toEqual(['NEW 0', 'FILLED 4', 'PARTIALLY_FILLED 2', 'NEW 0'])
  })
})

describe('stops', () => {
  test('one stop can pull the price down to the next', () => {
    const desk = desktop()
    const [near, far] = [98, 97].map((stopPrice) =>
      accepted(desk.send({ side: 'SELL', type: 'STOP_LOSS', stopPrice, quantity: 10 })),
    )
    desk.move(98, [10, 10, 10])
    expect([near, far].map((order) => summary(order!))).toEqual(['FILLED 10', 'FILLED 10'])
    expect(desk.market.trades.all().map(({ price }) => formatUnits(price))).toEqual([
      '97.00000000',
      '96.00000000',
    ])
  })

  test('a stop-limit is gapped through and rests at its limit', () => {
    const desk = desktop()
    const stop = accepted(
      desk.send({ side: 'SELL', type: 'STOP_LOSS_LIMIT', stopPrice: 98, price: 97, quantity: 5 }),
    )
    desk.move(90)
    expect(summary(stop)).toBe('NEW 0')
    expect(stop.workingAt).toBeGreaterThan(0)
    desk.move(99)
    expect(summary(stop)).toBe('FILLED 5')
  })

  test('a buy stop whose money is gone by then expires', () => {
    const desk = desktop({ USDT: 1_060, BTC: 0 })
    const stop = accepted(desk.send({ type: 'STOP_LOSS', stopPrice: 105, quantity: 10 }))
    desk.move(107)
    expect(summary(stop)).toBe('EXPIRED 0 REJECTED')
    expect(desk.balance('USDT')).toEqual({ free: '1060', locked: '0' })
  })
})

describe('one cancels the other', () => {
  const profit = { side: 'SELL', type: 'LIMIT_MAKER', price: 105, quantity: 5 } as const
  const loss = { side: 'SELL', type: 'STOP_LOSS', stopPrice: 95, quantity: 5 } as const

  function placed() {
    const desk = desktop({ USDT: 0, BTC: 5 })
    const submission = desk.oco(profit, loss)
    const orders = submission.kind === 'refused' ? [] : submission.orders
    const list = submission.kind === 'refused' ? null : submission.list
    return { desk, list, stop: orders[0]!, limit: orders[1]! }
  }

  test('both legs share one lock', () => {
    expect(placed().desk.balance('BTC')).toEqual({ free: '0', locked: '5' })
  })

  test('the target is reached: the stop expires', () => {
    const { desk, list, stop, limit } = placed()
    desk.move(107)
    expect([stop, limit].map(summary)).toEqual(['EXPIRED 0 OCO_TRIGGER', 'FILLED 5'])
    expect(list?.orderStatus).toBe('ALL_DONE')
    expect(desk.balance('BTC')).toEqual({ free: '0', locked: '0' })
  })

  test('a part of the target is enough to end the stop', () => {
    const { desk, list, stop, limit } = placed()
    desk.move(106, [2])
    expect([stop, limit].map(summary)).toEqual(['EXPIRED 0 OCO_TRIGGER', 'PARTIALLY_FILLED 2'])
    expect(list?.orderStatus).toBe('EXECUTING')
    expect(desk.balance('BTC')).toEqual({ free: '0', locked: '3' })
  })

  test('the stop is reached: the target expires and the market takes the rest', () => {
    const { desk, stop, limit } = placed()
    desk.move(95)
    expect([stop, limit].map(summary)).toEqual(['FILLED 5', 'EXPIRED 0 OCO_TRIGGER'])
    expect(desk.balance('BTC')).toEqual({ free: '0', locked: '0' })
  })

  test('cancelling one leg cancels both', () => {
    const { desk, list, stop, limit } = placed()
    const cancelled = cancelOrder(desk.engine, named(stop.clientOrderId), 1)
    expect(cancelled.kind).toBe('list-cancelled')
    expect([stop, limit].map(summary)).toEqual(['CANCELED 0', 'CANCELED 0'])
    expect(list?.orderStatus).toBe('ALL_DONE')
    expect(desk.balance('BTC')).toEqual({ free: '5', locked: '0' })
  })

  test.each<[string, OrderShape, OrderShape, string]>([
    [
      'a target under the price',
      { ...profit, price: 99 },
      loss,
      'The relationship of the prices for the orders is not correct.',
    ],
    [
      'a stop over the price',
      profit,
      { ...loss, stopPrice: 101 },
      'The relationship of the prices for the orders is not correct.',
    ],
    ['a target that would take', { ...profit, price: 101 }, loss, 'none'],
    [
      'more than there is',
      { ...profit, quantity: 6 },
      { ...loss, quantity: 6 },
      'Account has insufficient balance for requested action.',
    ],
    [
      'an id for both legs',
      { ...profit, clientOrderId: 'x' },
      { ...loss, clientOrderId: 'x' },
      'Duplicate order sent.',
    ],
  ])('%s', (_name, above, below, message) => {
    const done = desktop({ USDT: 0, BTC: 5 }).oco(above, below)
    expect(done.kind === 'refused' ? done.message : 'none').toBe(message)
  })

  test('there may be only so many lists', () => {
    const desk = desktop({ USDT: 0, BTC: 50 })
    const [first, second, third] = [1, 2, 3].map(() => desk.oco(profit, loss))
    expect([first?.kind, second?.kind]).toEqual(['accepted', 'accepted'])
    expect(third).toMatchObject({ message: 'Filter failure: MAX_NUM_ORDER_LISTS' })
  })
})

describe('own orders on both sides', () => {
  test.each([
    ['EXPIRE_MAKER', 'EXPIRED_IN_MATCH 0', 'FILLED 15'],
    ['EXPIRE_TAKER', 'NEW 0', 'EXPIRED_IN_MATCH 10'],
    ['EXPIRE_BOTH', 'EXPIRED_IN_MATCH 0', 'EXPIRED_IN_MATCH 10'],
  ] as const)('%s', (selfTradeMode, resting, taking) => {
    const desk = desktop()
    const maker = accepted(desk.send({ side: 'SELL', price: 101, quantity: 3 }))
    const taker = accepted(desk.send({ price: 102, quantity: 15, selfTradeMode }))
    expect([summary(maker), summary(taker)]).toEqual([resting, taking])
  })
})
