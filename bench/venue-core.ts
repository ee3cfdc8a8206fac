// The simulator's matching core in a process of its own: no wire, no disk, no clock. One account, of
// which so many orders rest all the while, sends orders of the kinds that a fleet sends, and after each
// the changes are taken out, as the wire does. What ends is kept, as in a venue that runs for days.
import {
  cancelOrder,
  drainChanges,
  isRefusal,
  movePrice,
  submitOrder,
  units,
  type Level,
  type Move,
  type NewOrder,
} from '../services/exchange-simulator/src/core/index.ts'
import {
  desktop,
  newOrder,
  rules,
  type OrderShape,
} from '../services/exchange-simulator/src/testing/builders.ts'

export type CoreAnswer = {
  /** By processor time: other processes on the machine are no matter of ours. */
  readonly perSecond: number
  readonly trades: number
}

/** As much as nobody can spend in a run. */
const plenty = 1e9
const price = 100
/** Resting orders stand on many prices, as they do in a book. */
const restingPrices = 40
/** The book is laid out anew after so many orders, as it is by time. */
const relaid = 64
const levels = {
  BUY: Array.from({ length: 20 }, (_, index) => level(price - 1 - index)),
  SELL: Array.from({ length: 20 }, (_, index) => level(price + 1 + index)),
}

const book: Omit<Move, 'now'> = {
  price: units(String(price)),
  levels: (side, index) => levels[side][index] ?? null,
}

const bench = open(Number(process.argv[2]))

/** So many orders are to be sent. */
process.on('message', (orders: number) => {
  const began = process.cpuUsage()
  const trades = bench.go(orders)
  const { user, system } = process.cpuUsage(began)
  const answer: CoreAnswer = { perSecond: (orders * 1e6) / (user + system), trades }
  process.send!(answer)
})
process.send!('ready')

function level(at: number): Level {
  return { price: units(String(at)), quantity: units('60') }
}

/** Of four orders one rests and is cancelled, and three trade. */
function open(resting: number) {
  const desk = desktop({ USDT: plenty, BTC: plenty }, { ...rules(), ordersMax: 1_000_000 })
  const { engine, market } = desk
  const shapes: readonly OrderShape[] = [
    { side: 'BUY', type: 'LIMIT', price: price - 30, quantity: 1 },
    { side: 'BUY', type: 'MARKET', quantity: 1 },
    { side: 'SELL', type: 'LIMIT', timeInForce: 'IOC', price: price - 5, quantity: 1 },
    { side: 'SELL', type: 'MARKET', quantity: 1 },
  ]
  const templates: readonly NewOrder[] = shapes.map((shape) => newOrder(shape))
  let sent = 0
  const send = (template: NewOrder): void => {
    sent += 1
    const order = { ...template, clientOrderId: `order-${sent}` }
    const outcome = submitOrder(engine, order, sent)
    if (isRefusal(outcome)) throw new Error(outcome.message)
    drainChanges(engine)
    if (template !== templates[0]) return
    const name = { symbol: order.symbol, orderId: outcome.order.id, clientOrderId: null }
    if (isRefusal(cancelOrder(engine, name, sent))) throw new Error('a cancel was refused')
    drainChanges(engine)
  }
  for (let index = 0; index < resting; index += 1) {
    sent += 1
    const away = units(String(1 + (index % restingPrices)))
    const order = { ...newOrder({ price: 50, quantity: 1 }), clientOrderId: `order-${sent}` }
    const outcome = submitOrder(engine, { ...order, price: order.price + away }, sent)
    if (isRefusal(outcome)) throw new Error(outcome.message)
    drainChanges(engine)
  }
  return {
    go: (orders: number): number => {
      const before = market.trades.length
      for (let index = 0; index < orders; index += 1) {
        if (index % relaid === 0) movePrice(engine, market, { ...book, now: sent })
        send(templates[index % templates.length]!)
      }
      return market.trades.length - before
    },
  }
}
