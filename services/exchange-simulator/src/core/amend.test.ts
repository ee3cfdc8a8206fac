import { describe, expect, test } from 'vitest'
import { accepted, desktop, type Desktop } from '../testing/builders.ts'
import {
  amendOrder,
  cancelOrder,
  drainChanges,
  findByName,
  formatUnits,
  units,
  type Order,
} from './index.ts'

const left = (order: Order): number => Number(formatUnits(order.quantity - order.executed))

function amend(desk: Desktop, orderId: number, quantity: number, clientOrderId = 'new') {
  const name = { symbol: 'BTCUSDT', orderId, clientOrderId: null }
  return amendOrder(desk.engine, { name, quantity: units(String(quantity)), clientOrderId }, 5_000)
}

test('a smaller order keeps its place, frees what it need not hold, and has a new name', () => {
  const desk = desktop({ USDT: 1_000, BTC: 0 })
  const orders = [1, 2].map(() => accepted(desk.send({ price: 98, quantity: 5 })))
  const amended = amend(desk, 1, 3)
  expect(amended.kind).toBe('amended')
  expect(desk.balance('USDT').locked).toBe(String(98 * 8))
  expect([findByName(desk.market, 'new'), orders[0]?.clientOrderId]).toEqual([orders[0], 'new'])
  desk.move(97, [4])
  expect(orders.map(left)).toEqual([0, 4])
  expect(orders[0]?.status).toBe('FILLED')
})

test('a name taken from a later order that has ended is that of the live one', () => {
  const desk = desktop()
  const [first, later] = ['old', 'new'].map((clientOrderId) =>
    accepted(desk.send({ price: 98, quantity: 5, clientOrderId })),
  )
  const name = { symbol: 'BTCUSDT', orderId: null, clientOrderId: 'new' }
  expect(cancelOrder(desk.engine, name, 5_000)).toMatchObject({ order: later })
  amend(desk, 1, 3)
  expect(cancelOrder(desk.engine, name, 5_000)).toMatchObject({ order: first })
  expect([first, later].map((order) => order?.status)).toEqual(['CANCELED', 'CANCELED'])
})

test('it is told as replaced, under both names', () => {
  const desk = desktop()
  accepted(desk.send({ price: 98, quantity: 5, clientOrderId: 'old' }))
  amend(desk, 1, 3)
  const event = drainChanges(desk.engine)?.events.at(-1)
  expect(event).toMatchObject({
    kind: 'REPLACED',
    replacedId: 'old',
    order: { clientOrderId: 'new' },
  })
})

test('of two that exclude each other both shrink, and the list hears of the name', () => {
  const desk = desktop({ USDT: 0, BTC: 5 })
  const [stop, profit] = [
    { side: 'SELL', type: 'STOP_LOSS', stopPrice: 95, quantity: 5 },
    { side: 'SELL', type: 'LIMIT_MAKER', price: 105, quantity: 5 },
  ] as const
  desk.oco(profit, stop)
  amend(desk, 2, 2)
  expect(desk.market.orders.all().map(left)).toEqual([2, 2])
  expect(desk.balance('BTC')).toEqual({ free: '3', locked: '2' })
  expect(drainChanges(desk.engine)?.events.at(-1)).toMatchObject({
    kind: 'LIST',
    statusType: 'UPDATED',
  })
})

test('an iceberg shows less only when less is left than it shows', () => {
  const desk = desktop()
  const order = accepted(desk.send({ price: 98, quantity: 9, icebergQuantity: 3 }))
  amend(desk, 1, 5)
  expect(order.visible).toBe(units('3'))
  amend(desk, 1, 2)
  expect(order.visible).toBe(units('2'))
})

describe('what is refused, and changes nothing', () => {
  test.each<[string, number, number, number, string, string?]>([
    ['an unknown order', 9, 3, -2038, 'Unknown order sent.'],
    ['more', 1, 6, -2038, 'Order amend (quantity increase) is not supported.'],
    ['the same', 1, 5, -2038, 'The requested action would change no state; rejecting.'],
    ['nothing', 1, 0, -1013, 'Filter failure: LOT_SIZE'],
    ['off the lot', 1, 2.5, -1013, 'Filter failure: LOT_SIZE'],
    ['a name that lives', 1, 3, -2038, 'Duplicate order sent.', 'taken'],
  ])('%s', (_name, id, quantity, code, message, clientOrderId) => {
    const desk = desktop()
    const order = accepted(desk.send({ price: 98, quantity: 5 }))
    accepted(desk.send({ price: 98, quantity: 5, clientOrderId: 'taken' }))
    expect(amend(desk, id, quantity, clientOrderId)).toMatchObject({ code, message })
    expect(order.quantity).toBe(units('5'))
  })

  test('less than is traded already', () => {
    const desk = desktop()
    accepted(desk.send({ price: 98, quantity: 5 }))
    desk.move(97, [3])
    expect(amend(desk, 1, 3)).toMatchObject({ code: -1013, message: 'Filter failure: LOT_SIZE' })
  })

  test('too little value', () => {
    const desk = desktop(undefined, { notionalMin: units('300') })
    accepted(desk.send({ price: 98, quantity: 5 }))
    expect(amend(desk, 1, 3)).toMatchObject({ message: 'Filter failure: NOTIONAL' })
  })

  test('the third time', () => {
    const desk = desktop()
    accepted(desk.send({ price: 98, quantity: 5 }))
    const answers = [4, 3, 2].map((quantity) => amend(desk, 1, quantity))
    expect(answers.map(({ kind }) => kind)).toEqual(['amended', 'amended', 'refused'])
    expect(answers[2]).toMatchObject({
      code: -2038,
      message: 'Filter failure: MAX_NUM_ORDER_AMENDS',
    })
  })

  test('what waits for the proceeds of another', () => {
    const desk = desktop()
    const pending = { side: 'SELL', type: 'STOP_LOSS', stopPrice: 95 } as const
    desk.pending('OPO', { price: 98, quantity: 5 }, pending)
    expect(amend(desk, 2, 3)).toMatchObject({
      code: -2038,
      message: 'Order amend (pending OPO order) is not supported.',
    })
    expect(amend(desk, 1, 3).kind).toBe('amended')
  })

  test('anything while the market is closed', () => {
    const desk = desktop()
    accepted(desk.send({ price: 98, quantity: 5 }))
    desk.market.halted = 'HALT'
    expect(amend(desk, 1, 3)).toMatchObject({ code: -1013, message: 'Market is closed.' })
  })
})

describe('icebergs', () => {
  test('what is shown goes first, then the order stands behind those of its price', () => {
    const desk = desktop()
    const iceberg = accepted(desk.send({ price: 98, quantity: 9, icebergQuantity: 3 }))
    const plain = accepted(desk.send({ price: 98, quantity: 5 }))
    desk.move(97, [7])
    expect([iceberg, plain].map(left)).toEqual([6, 1])
    desk.move(97, [5])
    expect([iceberg, plain].map(left)).toEqual([2, 0])
    expect(iceberg.visible).toBe(units('2'))
  })

  test.each([
    [
      'more parts than allowed',
      { quantity: 11, icebergQuantity: 1 },
      -1013,
      'Filter failure: ICEBERG_PARTS',
    ],
    [
      'a part off the lot',
      { quantity: 5, icebergQuantity: 1.5 },
      -1013,
      'Filter failure: LOT_SIZE',
    ],
    [
      'a part larger than the whole',
      { quantity: 5, icebergQuantity: 6 },
      -2010,
      'IcebergQty exceeds QTY.',
    ],
  ])('%s', (_name, sizes, code, message) => {
    expect(desktop().send({ price: 98, ...sizes })).toMatchObject({ code, message })
  })

  test('there may be only so many', () => {
    const desk = desktop()
    const kinds = [1, 2, 3].map(() => desk.send({ price: 98, quantity: 4, icebergQuantity: 2 }))
    expect(kinds.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'refused'])
    expect(kinds[2]).toMatchObject({ message: 'Filter failure: MAX_NUM_ICEBERG_ORDERS' })
  })
})

test('nobody may own and order more than the position allows', () => {
  const desk = desktop({ USDT: 10_000, BTC: 5 }, { positionMax: units('12') })
  accepted(desk.send({ price: 98, quantity: 4 }))
  expect(desk.send({ price: 98, quantity: 4 })).toMatchObject({
    code: -1013,
    message: 'Filter failure: MAX_POSITION',
  })
  accepted(desk.send({ price: 98, quantity: 3 }))
  accepted(desk.send({ side: 'SELL', price: 105, quantity: 4 }))
})
