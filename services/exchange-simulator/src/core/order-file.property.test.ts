import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OrderFile } from './order-file.ts'
import { TradeFile } from './trade-file.ts'
import {
  EXPIRY_REASONS,
  isLive,
  ORDER_STATUSES,
  ORDER_TYPES,
  SELF_TRADE_MODES,
  SIDES,
  TIMES_IN_FORCE,
  type Order,
  type Trade,
} from './types.ts'

/** Now and then more than 64 bits hold. */
const amount = fc.oneof(
  { weight: 20, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 2n ** 63n, max: 2n ** 70n }) },
)
const time = fc.integer({ min: -1, max: 2 ** 45 })
const count = fc.nat(10)
const number = fc.option(fc.integer())

const shape: fc.Arbitrary<Omit<Order, 'id' | 'trades'>> = fc.record({
  symbol: fc.constant('BTCUSDT'),
  side: fc.constantFrom(...SIDES),
  type: fc.constantFrom(...ORDER_TYPES),
  timeInForce: fc.constantFrom(...TIMES_IN_FORCE),
  price: amount,
  stopPrice: amount,
  trailingDelta: count,
  quantity: amount,
  quoteQuantity: amount,
  icebergQuantity: amount,
  clientOrderId: fc.string({ maxLength: 36 }),
  selfTradeMode: fc.constantFrom(...SELF_TRADE_MODES),
  strategyId: number,
  strategyType: number,
  listId: fc.integer({ min: -1, max: 9 }),
  status: fc.constantFrom(...ORDER_STATUSES),
  expiryReason: fc.option(fc.constantFrom(...EXPIRY_REASONS)),
  trailingAt: time,
  extreme: amount,
  visible: amount,
  executed: amount,
  executedQuote: amount,
  prevented: amount,
  preventedQuote: amount,
  preventedMatchId: number,
  lockPrice: amount,
  amends: count,
  rank: fc.constant(0),
  locked: fc.constant(0n),
  createdAt: time,
  updatedAt: time,
  workingAt: time,
})

const traded: fc.Arbitrary<Omit<Trade, 'id' | 'orderId'>> = fc.record({
  symbol: fc.constant('BTCUSDT'),
  listId: fc.integer({ min: -1, max: 9 }),
  price: amount,
  quantity: amount,
  quote: amount,
  commission: amount,
  commissionAsset: fc.constantFrom('BTC', 'USDT', 'BNB'),
  time,
  isBuyer: fc.boolean(),
  isMaker: fc.boolean(),
  isSelfTrade: fc.boolean(),
})

/** Trades of any of the orders, in any mixture; two may have the same id, as with oneself. */
const history = fc.record({
  shapes: fc.array(shape, { minLength: 1, maxLength: 12 }),
  deals: fc.array(fc.record({ by: fc.nat(11), deal: traded, isSame: fc.boolean() }), {
    maxLength: 20,
  }),
})

function filed({ shapes, deals }: typeof history extends fc.Arbitrary<infer Made> ? Made : never) {
  const trades = new TradeFile('BTCUSDT')
  const file = OrderFile.create('BTCUSDT', trades)
  const orders: Order[] = shapes.map((each) => ({ ...each, id: file.next(), trades: [] }))
  const made: Trade[] = []
  let id = 1_700_000_000_500
  for (const { by, deal, isSame } of deals) {
    const order = orders[by % orders.length]!
    // One order has each trade once, whoever is on the other side of it.
    if (!isSame || order.trades.at(-1)?.id === id) id += 1
    const trade = { ...deal, id, orderId: order.id }
    trades.add(trade)
    made.push(trade)
    order.trades.push(trade)
  }
  for (const order of orders) {
    if (isLive(order)) file.live.set(order.id, order)
    else file.end(order)
  }
  return { file, trades, orders, made }
}

test('what is filed is read as it was, with its trades', () => {
  fc.assert(
    fc.property(history, (past) => {
      const { file, trades, orders, made } = filed(past)
      expect(file.all()).toEqual(orders)
      expect(orders.map(({ id }) => file.get(id))).toEqual(orders)
      expect(orders.map(({ id }) => file.nameOf(id))).toEqual(
        orders.map(({ clientOrderId }) => clientOrderId),
      )
      expect(trades.all()).toEqual(made)
      expect([0, orders.length + 1, 0.5, NaN, -1].map((id) => file.get(id))).toEqual(
        Array(5).fill(undefined),
      )
    }),
    { numRuns: 200, seed: propertySeed },
  )
})

test('a window of time gives the first and the last of its orders', () => {
  fc.assert(
    fc.property(history, time, fc.integer({ min: 1, max: 5 }), (past, from, limit) => {
      const { file, orders } = filed(past)
      const within = (createdAt: number): boolean => createdAt >= from
      const wanted = orders.filter(({ createdAt }) => within(createdAt))
      expect(file.from(1, limit, within)).toEqual(wanted.slice(0, limit))
      expect(file.latest(limit, within)).toEqual(wanted.slice(-limit))
      expect(file.from(3, limit, () => true)).toEqual(orders.slice(2).slice(0, limit))
    }),
    { numRuns: 100, seed: propertySeed },
  )
})

test('a picture of the present does not hear of what comes later', () => {
  fc.assert(
    fc.property(history, shape, traded, (past, later, deal) => {
      const { file, trades, orders, made } = filed(past)
      const before = structuredClone(orders)
      const oldTrades = trades.copy()
      const picture = file.copy(oldTrades)
      const order: Order = { ...later, id: file.next(), status: 'FILLED', trades: [] }
      const trade: Trade = { ...deal, id: 2 ** 41, orderId: order.id }
      trades.add(trade)
      order.trades = [trade]
      file.end(order)
      for (const each of file.live.values()) {
        each.status = 'CANCELED'
        file.live.delete(each.id)
        file.end(each)
      }
      expect(picture.all()).toEqual(before)
      expect(oldTrades.all()).toEqual(made)
      // What is done to the picture is not done to the venue.
      const other: Order = { ...later, id: picture.next(), status: 'EXPIRED', trades: [] }
      picture.end(other)
      oldTrades.add({ ...trade, orderId: 1 })
      expect([file.get(order.id), picture.get(other.id)]).toEqual([order, other])
      expect(trades.all().at(-1)).toEqual(trade)
    }),
    { numRuns: 100, seed: propertySeed },
  )
})

test('an order that is hidden is found by nothing, and the others are', () => {
  fc.assert(
    fc.property(history, fc.nat(11), (past, which) => {
      const { file, trades, orders } = filed(past)
      const hidden = (which % orders.length) + 1
      const view = file.without(trades, ({ id }) => id === hidden)
      expect(view.all()).toEqual(orders.filter(({ id }) => id !== hidden))
      expect([view.get(hidden), view.nameOf(hidden), view.live.get(hidden)]).toEqual([
        undefined,
        null,
        undefined,
      ])
    }),
    { numRuns: 100, seed: propertySeed },
  )
})
