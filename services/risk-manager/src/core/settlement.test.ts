import { describe, expect, it } from 'vitest'
import { book, decimal, orderMessage, reservation, testNow, type BookOptions } from '../testing.ts'
import type { OrderOptions } from '../testing.ts'
import { applyAll, fundsOf, type Book } from './book.ts'
import { positionOf } from './position.ts'
import { nextState, remainingOf } from './reservation.ts'
import { takeOrder } from './take.ts'

const money = reservation({ amount: decimal('60') })
const { reservationId } = money
const withMoney: BookOptions = { funds: { USDT: '100' }, reservations: [money] }
const inventory = (amount: string, name = 'a') =>
  reservation({ asset: 'BTC', amount: decimal(amount), reservationId: name, intentId: name })
const withInventory: BookOptions = {
  funds: { USDT: '0', BTC: '1' },
  positions: { 'BTC/USDT': '1' },
  reservations: [inventory('1')],
}

/** `USDT 40.0/0 BTC 0.001/0 position 0.001`: total and reserved of each, then the position. */
function shown(made: Book): string {
  const funds = ['USDT', 'BTC'].map((asset) => {
    const { total, reserved } = fundsOf(made, asset)
    return `${asset} ${total.toString()}/${reserved.toString()}`
  })
  return [...funds, `position ${positionOf(made, 'BTC/USDT').toString()}`].join(' ')
}

function after(start: BookOptions, ...orders: readonly OrderOptions[]): Book {
  const made = book(start)
  for (const each of orders) applyAll(made, takeOrder(made, orderMessage(each)).changes)
  return made
}

const partBuy: OrderOptions = { kind: 'partially-filled', reservationId, quantity: '0.0004' }
const stopSale: OrderOptions = { side: 'sell', reservationId: null, price: '40000' }

const rows: { title: string; start: BookOptions; orders: OrderOptions[]; becomes: string }[] = [
  {
    title: 'a whole buy moves money and inventory, and releases what it did not need',
    start: withMoney,
    orders: [{ reservationId, quantity: '0.001' }],
    becomes: 'USDT 50/0 BTC 0.001/0 position 0.001',
  },
  {
    title: 'a fee in the base asset is never owned',
    start: withMoney,
    orders: [{ reservationId, quantity: '0.001', fee: '0.000001', feeAsset: 'BTC' }],
    becomes: 'USDT 50/0 BTC 0.000999/0 position 0.000999',
  },
  {
    title: 'a fee in the quote asset is paid out of the reservation',
    start: withMoney,
    orders: [{ ...partBuy, fee: '0.02' }],
    becomes: 'USDT 79.98/39.98 BTC 0.0004/0 position 0.0004',
  },
  {
    title: 'a price that is a quotient moves the money that was really exchanged',
    start: { ...withInventory, reservations: [] },
    orders: [{ ...stopSale, quantity: '0.7', price: '41000.142857142857142857142857142857142857' }],
    becomes: 'USDT 28700.1/0 BTC 0.3/0 position 0.3',
  },
  {
    title: 'a part of a buy leaves the rest set aside',
    start: withMoney,
    orders: [partBuy],
    becomes: 'USDT 80/40 BTC 0.0004/0 position 0.0004',
  },
  {
    title: 'a cancel after a part releases the rest',
    start: withMoney,
    orders: [
      partBuy,
      { kind: 'canceled', reservationId, filledQuantity: '0.0004', filledQuote: '20' },
    ],
    becomes: 'USDT 80/0 BTC 0.0004/0 position 0.0004',
  },
  {
    title: 'a second cancel finds nothing to release',
    start: withMoney,
    orders: [
      { kind: 'canceled', reservationId },
      { kind: 'canceled', reservationId, tradeId: '2' },
    ],
    becomes: 'USDT 100/0 BTC 0/0 position 0',
  },
  {
    title: 'an order that ends without ending the reservation keeps it for the next attempt',
    start: withMoney,
    orders: [{ kind: 'canceled', reservationId, endsReservation: false }],
    becomes: 'USDT 100/60 BTC 0/0 position 0',
  },
  {
    title: 'a cancel that is ahead of a fill keeps what the fill will need',
    start: withMoney,
    orders: [{ kind: 'canceled', reservationId, filledQuantity: '0.0004', filledQuote: '20' }],
    becomes: 'USDT 100/20 BTC 0/0 position 0',
  },
  {
    title: 'and the fill ends it',
    start: withMoney,
    orders: [
      { kind: 'canceled', reservationId, filledQuantity: '0.0004', filledQuote: '20' },
      partBuy,
    ],
    becomes: 'USDT 80/0 BTC 0.0004/0 position 0.0004',
  },
  {
    title: 'a fill after the end moves what it moves, and needs no reservation',
    start: withMoney,
    orders: [{ kind: 'canceled', reservationId }, partBuy],
    becomes: 'USDT 80/0 BTC 0.0004/0 position 0.0004',
  },
  {
    title: 'a sale brings money less its fee',
    start: withInventory,
    orders: [{ side: 'sell', reservationId: 'a', quantity: '1', fee: '50' }],
    becomes: 'USDT 49950/0 BTC 0/0 position 0',
  },
  {
    title: 'a stop that sold a part shrinks the exit that reserved all of it',
    start: withInventory,
    orders: [{ ...stopSale, quantity: '0.4' }],
    becomes: 'USDT 16000/0 BTC 0.6/0.6 position 0.6',
  },
  {
    title: 'a stop that sold all of it ends the exit',
    start: withInventory,
    orders: [{ ...stopSale, quantity: '1' }],
    becomes: 'USDT 40000/0 BTC 0/0 position 0',
  },
  {
    title: 'a sale beside what is reserved shrinks nothing',
    start: { ...withInventory, reservations: [inventory('0.5')] },
    orders: [{ ...stopSale, quantity: '0.5' }],
    becomes: 'USDT 20000/0 BTC 0.5/0.5 position 0.5',
  },
]

describe('a fact about an order', () => {
  it.each(rows)('$title', ({ start, orders, becomes }) => {
    expect(shown(after(start, ...orders))).toBe(becomes)
  })

  it('makes the newest reservation give way first', () => {
    const start = { ...withInventory, reservations: [inventory('0.6', 'a'), inventory('0.4', 'b')] }
    const made = after(start, { ...stopSale, quantity: '0.5' })
    const left = [...made.reservations.values()]
    expect(left.map((each) => [each.reservationId, remainingOf(each).toString()])).toEqual([
      ['a', '0.5'],
    ])
  })

  it('names what was missing when more is sold than is there, and goes no lower than nothing', () => {
    const made = book({ funds: { USDT: '0', BTC: '0.1' } })
    const work = takeOrder(made, orderMessage({ ...stopSale, quantity: '0.3' }))
    expect(work.shortfalls).toEqual([{ asset: 'BTC', amount: decimal('0.2') }])
    applyAll(made, work.changes)
    expect(shown(made)).toBe('USDT 12000/0 BTC 0/0 position 0')
  })

  it('says why a reservation ended, and when', () => {
    const made = book(withMoney)
    const { changes } = takeOrder(made, orderMessage({ kind: 'canceled', reservationId }))
    expect(changes).toEqual([
      {
        kind: 'reservation-ended',
        reservationId,
        account: 'main',
        asset: 'USDT',
        amount: decimal('60'),
        state: 'released',
        endedAt: testNow,
        endReason: 'order canceled: requested',
      },
    ])
  })
})

describe('the life of a reservation', () => {
  it.each(['settle', 'shrink', 'exhaust', 'release'] as const)('lets what is held %s', (event) => {
    expect(nextState('held', event)).toBeDefined()
  })

  it.each([
    ['settled', 'release'],
    ['settled', 'settle'],
    ['released', 'release'],
    ['released', 'exhaust'],
  ] as const)('lets what is %s not %s', (state, event) => {
    expect(() => nextState(state, event)).toThrow(`a reservation that is ${state} cannot ${event}`)
  })
})

describe('the book', () => {
  it('refuses to reserve more than there is', () => {
    const made = book({ funds: { USDT: '10' } })
    const held = { kind: 'reservation-held', reservation: money } as const
    expect(() => applyAll(made, [held])).toThrow('USDT: reserved 60 of 10')
  })

  it('refuses to release more than is left', () => {
    const made = book(withMoney)
    const step = { reservationId, account: 'main', asset: 'USDT', amount: decimal('60.01') }
    expect(() => applyAll(made, [{ kind: 'reservation-shrunk', ...step }])).toThrow('rest 60')
  })
})
