import { describe, expect, test } from 'vitest'
import { desktop, type Desktop, type OrderShape } from '../testing/builders.ts'
import {
  cancelOrder,
  drainChanges,
  formatUnits,
  units,
  type ListSubmission,
  type NewPendingList,
  type Order,
  type SymbolRules,
} from './index.ts'

/** Each order's status, what was traded of how much, and why it expired. */
function summary({ market }: Desktop): string[] {
  return market.orders.all().map((order: Order) => {
    const [executed, quantity] = [order.executed, order.quantity].map((amount) =>
      Number(formatUnits(amount)),
    )
    return [`${order.status} ${executed}/${quantity}`, order.expiryReason ?? ''].join(' ').trim()
  })
}

type Kind = NewPendingList['kind']

const rich = { USDT: 10_000, BTC: 0 }
const entry = { price: 100, quantity: 10 } as const
const profit = { side: 'SELL', type: 'LIMIT_MAKER', price: 106, quantity: 9 } as const
const loss = { side: 'SELL', type: 'STOP_LOSS', stopPrice: 95, quantity: 9 } as const
const lists: readonly (readonly [Kind, OrderShape[], number])[] = [
  ['OTO', [loss], 2],
  ['OTOCO', [profit, loss], 3],
  ['OPO', [{ ...loss, quantity: 0 }], 2],
  ['OPOCO', [profit, loss].map((leg) => ({ ...leg, quantity: 0 })), 3],
]

function placed(kind: Kind, pendings: readonly OrderShape[], working: OrderShape = entry) {
  const desk = desktop(rich)
  const submission = desk.pending(kind, working, ...pendings)
  if (submission.kind === 'refused') throw new Error(submission.message)
  return { desk, submission, list: desk.engine.lists[0]! }
}

describe.each(lists)('%s', (kind, pendings, count) => {
  const isPair = pendings.length > 1
  const isSized = kind === 'OTO' || kind === 'OTOCO'
  const waiting = `PENDING_NEW 0/${isSized ? 9 : 0}`
  const other = isPair ? [waiting] : []

  test('only the first order works and holds money; all of them count', () => {
    const { desk, submission } = placed(kind, pendings)
    expect(summary(desk)).toEqual(['NEW 0/10', waiting, ...other])
    expect(submission.orders.map(({ status }) => status)).toEqual(
      desk.market.orders.all().map(({ status }) => status),
    )
    expect(desk.market.live.size).toBe(count)
    expect(desk.balance('USDT').locked).toBe('1000')
    expect(desk.balance('BTC').locked).toBe('0')
  })

  test('the answer to one that is filled at once still shows the others waiting', () => {
    const { desk, submission } = placed(kind, pendings, { ...entry, price: 101 })
    expect(submission.orders.map(({ status }) => status)).toEqual(
      ['FILLED', 'PENDING_NEW', 'PENDING_NEW'].slice(0, count),
    )
    expect(desk.market.orders.get(2)?.status).toBe('NEW')
  })

  test('a part of the first order wakes nobody, all of it does', () => {
    const { desk, list } = placed(kind, pendings)
    desk.move(98, [4])
    expect(summary(desk)).toEqual(['PARTIALLY_FILLED 4/10', waiting, ...other])
    desk.move(98, [20])
    // A thousandth is the maker's fee: nine whole lots are left of ten.
    expect(summary(desk)).toEqual(['FILLED 10/10', 'NEW 0/9', ...(isPair ? ['NEW 0/9'] : [])])
    expect(desk.balance('BTC')).toEqual({ free: '0.99', locked: '9' })
    expect(list.orderStatus).toBe('EXECUTING')
    desk.move(95)
    expect(desk.market.orders.all().at(-1)?.status).toBe('FILLED')
    expect(list.orderStatus).toBe('ALL_DONE')
  })

  test.each<[string, OrderShape, string]>([
    ['fill-or-kill', { ...entry, quantity: 40, price: 103, timeInForce: 'FOK' }, 'EXPIRED 0/40'],
    [
      'immediate-or-cancel',
      { ...entry, quantity: 40, price: 103, timeInForce: 'IOC' },
      'EXPIRED 30/40',
    ],
  ])('%s that is not filled ends the whole list', (_name, working, first) => {
    const { desk, list } = placed(kind, pendings, working)
    const [head, ...tail] = summary(desk)
    expect(head).toMatch(first)
    expect(tail).toEqual(tail.map(() => `EXPIRED 0/${isSized ? 9 : 0} OTO_PHASE_ONE_EXPIRED`))
    expect(list.orderStatus).toBe('ALL_DONE')
    expect(desk.balance('BTC').locked).toBe('0')
  })

  test.each([0, 1])('cancelling order %i cancels all of them', (index) => {
    const { desk, list } = placed(kind, pendings)
    desk.move(98, [4])
    const name = { symbol: 'BTCUSDT', orderId: index + 1, clientOrderId: null }
    expect(cancelOrder(desk.engine, name, 1).kind).toBe('list-cancelled')
    expect(desk.market.orders.all().map(({ status }) => status)).toEqual(
      desk.market.orders.all().map(() => 'CANCELED'),
    )
    expect(list.orderStatus).toBe('ALL_DONE')
    expect(desk.balance('BTC').locked).toBe('0')
    expect(desk.balance('USDT').locked).toBe('0')
  })

  test('an order that cannot begin any more is rejected, and what was bought is free', () => {
    const { desk, list } = placed(kind, pendings)
    desk.move(94, [20])
    expect(summary(desk).slice(1)).toEqual(pendings.map(() => 'EXPIRED 0/9 REJECTED'))
    expect(list.orderStatus).toBe('ALL_DONE')
    expect(desk.balance('BTC').locked).toBe('0')
  })
})

test('what is bought for those that sell it is kept from everybody else', () => {
  const { desk } = placed('OPO', [{ ...loss, quantity: 0 }])
  desk.move(98, [4])
  expect(desk.balance('BTC')).toEqual({ free: '0', locked: '3.996' })
  const sale = desk.send({ side: 'SELL', type: 'MARKET', quantity: 1 })
  expect(sale).toMatchObject({ message: 'Account has insufficient balance for requested action.' })
})

test('too little to be sold is rejected when its time comes', () => {
  const { desk } = placed('OPO', [{ ...loss, quantity: 0 }], { price: 100, quantity: 1 })
  desk.move(98)
  expect(summary(desk)).toEqual(['FILLED 1/1', 'EXPIRED 0/0 REJECTED'])
  expect(desk.balance('BTC')).toEqual({ free: '0.999', locked: '0' })
})

test('the fee that is taken from another asset leaves all of what was bought', () => {
  const desk = desktop({ ...rich, BNB: 1 })
  desk.engine.feeDiscount = { asset: 'BNB', price: units('500'), share: units('0.75') }
  desk.pending('OPOCO', { ...entry, price: 101 }, profit, loss)
  expect(summary(desk)).toEqual(['FILLED 10/10', 'NEW 0/10', 'NEW 0/10'])
  expect(desk.market.trades.all()).toMatchObject([
    { commissionAsset: 'BNB', commission: units('0.00303') },
  ])
})

test('a pending order may take at once, or trade at any price', () => {
  const taken = placed('OTO', [{ side: 'SELL', price: 97, quantity: 9 }], { ...entry, price: 101 })
  expect(summary(taken.desk)).toEqual(['FILLED 10/10', 'FILLED 9/9'])
  const sold = placed('OPO', [{ side: 'SELL', type: 'MARKET' }], { ...entry, price: 101 })
  expect(summary(sold.desk)).toEqual(['FILLED 10/10', 'FILLED 9/9'])
})

test('of two that are filled in one go, who waited for the first begins first', () => {
  const desk = desktop(rich)
  const sale = { side: 'SELL', type: 'MARKET' } as const
  desk.pending('OPO', { price: 100, quantity: 10 }, sale)
  desk.pending('OPO', { price: 99, quantity: 10 }, sale)
  desk.move(96, [40])
  expect(desk.market.trades.all().map(({ orderId }) => orderId)).toEqual([1, 3, 2, 4])
})

describe('what is refused', () => {
  test.each<[string, Kind, OrderShape[], OrderShape, string, Partial<SymbolRules>?]>([
    [
      'a first order beyond its means',
      'OTO',
      [loss],
      { side: 'SELL', price: 105, quantity: 1 },
      'insufficient',
    ],
    ['a first order off the tick', 'OTO', [loss], { ...entry, price: 99.5 }, 'PRICE_FILTER'],
    ['a pending order off the tick', 'OTO', [{ ...loss, stopPrice: 95.5 }], entry, 'PRICE_FILTER'],
    ['a pending order off the lot', 'OTO', [{ ...loss, quantity: 1.5 }], entry, 'LOT_SIZE'],
    ['too many orders', 'OTOCO', [profit, loss], entry, 'MAX_NUM_ORDERS', { ordersMax: 2 }],
    ['too many stops', 'OTOCO', [profit, loss], entry, 'MAX_NUM_ALGO_ORDERS', { algoOrdersMax: 0 }],
    ['too many lists', 'OPO', [loss], entry, 'MAX_NUM_ORDER_LISTS', { orderListsMax: 0 }],
    ['legs the wrong way round', 'OTOCO', [loss, profit], entry, 'relationship of the prices'],
    [
      'a maker that would take',
      'OTO',
      [loss],
      { ...entry, type: 'LIMIT_MAKER', price: 101 },
      'match',
    ],
    [
      'two of one name',
      'OTO',
      [{ ...loss, clientOrderId: 'x' }],
      { ...entry, clientOrderId: 'x' },
      'Dup',
    ],
  ])('%s', (_name, kind, pendings, working, message, changed = {}) => {
    const done: ListSubmission = desktop(rich, changed).pending(kind, working, ...pendings)
    expect(done.kind === 'refused' ? done.message : 'none').toMatch(message)
  })
})

test('steps are told in order: orders, then the list, then what becomes of both', () => {
  const { desk } = placed('OTOCO', [profit, loss], { ...entry, price: 101 })
  desk.move(95)
  const told = drainChanges(desk.engine)?.events.map((event) =>
    'order' in event
      ? `${event.order.id} ${event.kind} ${event.order.status}`
      : `list ${event.kind === 'LIST' ? event.statusType : event.kind}`,
  )
  expect(told).toEqual([
    '1 NEW NEW',
    '2 NEW PENDING_NEW',
    '3 NEW PENDING_NEW',
    'list EXEC_STARTED',
    '1 TRADE FILLED',
    '2 NEW NEW',
    '3 NEW NEW',
    '2 EXPIRED EXPIRED',
    '3 NEW NEW',
    '3 TRADE FILLED',
    'list ALL_DONE',
  ])
})
