import { checkFunds, checkImmediate, firstRefusal, needOf } from './checks.ts'
import { checkPrices, checkSizes } from './filters.ts'
import { holdingOf } from './holdings.ts'
import {
  finishList,
  lockFor,
  lockPriceOf,
  lotsOf,
  pendingsOf,
  sellsProceeds,
  takeLock,
} from './legs.ts'
import { endOrder, noteEvent, payAsset, release, step } from './lifecycle.ts'
import { refusals, type Refusal } from './refusal.ts'
import {
  isLive,
  isStop,
  statusOf,
  type Engine,
  type Market,
  type Order,
  type OrderList,
} from './types.ts'
import { larger } from './units.ts'
import { begin } from './working.ts'

type Activation = {
  readonly engine: Engine
  readonly market: Market
  readonly now: number
}

/** The first order of a list is filled: those that waited for it begin, or expire as rejected. */
export function activate(activation: Activation, list: OrderList): void {
  const { engine, market, now } = activation
  const orders = pendingsOf(engine, list).filter(isLive)
  if (orders.length === 0) return
  if (sellsProceeds(list)) takeProceeds(engine, orders)
  for (const order of orders) order.lockPrice = lockPriceOf(order, market.lastPrice)
  const isRefused =
    checkStart(engine, market, orders) !== null || !orders.every((one) => engine.activates(one))
  if (isRefused) return reject(activation, list, orders)
  lockTogether(engine, orders)
  for (const order of orders) {
    order.status = 'NEW'
    order.updatedAt = now
    if (!isStop(order.type)) order.workingAt = now
    engine.changes.orders.add(order)
    noteEvent(engine, step('NEW', order))
  }
  for (const order of orders) {
    if (isLive(order)) begin({ engine, market, order, now })
  }
}

function reject({ engine, now }: Activation, list: OrderList, orders: readonly Order[]): void {
  for (const order of orders) {
    endOrder(engine, order, { status: 'EXPIRED', reason: 'REJECTED', now })
  }
  finishList(engine, list, now)
}

/** What was bought, net of its fee, in whole lots; the rest is free. */
function takeProceeds(engine: Engine, orders: readonly Order[]): void {
  const [holder] = orders
  if (holder === undefined) return
  const received = holder.locked
  release(engine, holder, received)
  for (const order of orders) order.quantity = lotsOf(engine, order, received)
}

/** The same that a new order is asked, as far as time may have changed the answer. */
function checkStart(engine: Engine, market: Market, orders: readonly Order[]): Refusal | null {
  if (statusOf(market) !== 'TRADING') return refusals.marketClosed()
  const refusal = firstRefusal(
    orders,
    (order) =>
      checkPrices(market, order) ??
      checkSizes(market, order) ??
      checkImmediate(market, order) ??
      checkFunds(engine, market, order),
  )
  return refusal ?? checkRelation(market, orders)
}

/** Whatever a leg waits for, its price lies on its own side of the last price: the first above. */
export function checkRelation(
  { lastPrice }: Pick<Market, 'lastPrice'>,
  [above, below]: readonly Waiting[],
): Refusal | null {
  if (above === undefined || below === undefined) return null
  const high = waitingPrice(above)
  const low = waitingPrice(below)
  const isRight = (high === null || high > lastPrice) && (low === null || low < lastPrice)
  return isRight ? null : refusals.priceRelation()
}

type Waiting = Pick<Order, 'type' | 'price' | 'stopPrice'>

/** Null for one that follows the price from where it is. */
export function waitingPrice(leg: Waiting): bigint | null {
  if (!isStop(leg.type)) return leg.price
  return leg.stopPrice > 0n ? leg.stopPrice : null
}

/** Of two that exclude each other only one can be paid for: the first holds what either may need. */
export function lockTogether(engine: Engine, orders: readonly Order[]): void {
  const [holder] = orders
  if (holder !== undefined) takeLock(engine, holder, orders.map(lockFor).reduce(larger, 0n))
}

export function checkFundsTogether(
  engine: Engine,
  market: Market,
  orders: readonly Parameters<typeof needOf>[1][],
): Refusal | null {
  const [first] = orders
  if (first === undefined) return null
  const { free } = holdingOf(engine, payAsset(market, first))
  const needed = orders.map((order) => needOf(market, order)).reduce(larger, 0n)
  return needed > free ? refusals.insufficientBalance() : null
}
