import { checkFilters } from './filters.ts'
import { holdingOf } from './holdings.ts'
import { lockFor, takeLock } from './legs.ts'
import { marketOf, noteEvent } from './lifecycle.ts'
import { checkClientId, checkImmediate, openOrder, type NewOrder } from './orders.ts'
import { refusals, type Refusal } from './refusal.ts'
import { rest, runTriggers } from './triggers.ts'
import { isStop, statusOf, type Engine, type Market, type Order, type OrderList } from './types.ts'
import { larger } from './units.ts'
import { execute } from './working.ts'

/** Two legs on the same side and quantity; `above` is meant to be above the price, `below` below. */
export type NewOco = {
  readonly listClientOrderId: string
  readonly above: NewOrder
  readonly below: NewOrder
}

export type ListSubmission =
  | { readonly kind: 'accepted'; readonly list: OrderList; readonly orders: readonly Order[] }
  | Refusal

export function submitOco(engine: Engine, request: NewOco, now: number): ListSubmission {
  const refusal = checkOco(engine, request)
  if (refusal !== null) return refusal
  const market = marketOf(engine, request.above.symbol)
  // The waiting leg is named first and holds what both legs need; it is locked only once.
  const requests = [request.above, request.below].sort(
    (left, right) => Number(isStop(right.type)) - Number(isStop(left.type)),
  )
  const orders = requests.map((leg) => openOrder(engine, leg, now))
  const list = openList(engine, request, orders)
  const [holder] = orders
  if (holder !== undefined) takeLock(engine, holder, ocoLock(orders))
  for (const order of orders) {
    if (!isStop(order.type)) order.workingAt = now
    noteEvent(engine, { kind: 'NEW', order })
  }
  for (const order of orders) {
    if (isStop(order.type)) rest(market, order)
    else execute({ engine, market, order, now })
  }
  runTriggers(engine, market, now)
  return { kind: 'accepted', list, orders }
}

function openList(engine: Engine, request: NewOco, orders: readonly Order[]): OrderList {
  const [first] = orders
  const now = first?.createdAt ?? 0
  const list: OrderList = {
    id: engine.lists.length + 1,
    symbol: request.above.symbol,
    clientOrderId: request.listClientOrderId,
    orderIds: orders.map((order) => order.id),
    statusType: 'EXEC_STARTED',
    orderStatus: 'EXECUTING',
    createdAt: now,
    updatedAt: now,
  }
  engine.lists.push(list)
  engine.listsByClientId.set(list.clientOrderId, list)
  engine.changes.lists.add(list)
  for (const order of orders) order.listId = list.id
  return list
}

function checkOco(engine: Engine, request: NewOco): Refusal | null {
  const market = engine.markets.get(request.above.symbol)
  if (market === undefined) return refusals.invalidSymbol()
  if (statusOf(market) !== 'TRADING') return refusals.marketClosed()
  return (
    checkFilters(market, request.above) ??
    checkFilters(market, request.below) ??
    checkCounts(market, request) ??
    checkIds(engine, market, request) ??
    checkPrices(market, request) ??
    checkImmediate(market, request.above) ??
    checkImmediate(market, request.below) ??
    checkFunds(engine, market, request)
  )
}

function checkCounts(market: Market, request: NewOco): Refusal | null {
  const { rules, live } = market
  if (live.size + 2 > rules.ordersMax) return refusals.filter('MAX_NUM_ORDERS')
  const stops = [request.above, request.below].filter((leg) => isStop(leg.type)).length
  if (market.algoOrders + stops > rules.algoOrdersMax) return refusals.filter('MAX_NUM_ALGO_ORDERS')
  const open = new Set([...live.values()].map((order) => order.listId).filter((id) => id >= 0))
  return open.size >= rules.orderListsMax ? refusals.filter('MAX_NUM_ORDER_LISTS') : null
}

function checkIds(engine: Engine, market: Market, request: NewOco): Refusal | null {
  const known = engine.listsByClientId.get(request.listClientOrderId)
  if (known !== undefined && known.orderStatus === 'EXECUTING') return refusals.duplicateOrder()
  if (request.above.clientOrderId === request.below.clientOrderId) return refusals.duplicateOrder()
  return (
    checkClientId(market, request.above.clientOrderId) ??
    checkClientId(market, request.below.clientOrderId)
  )
}

/** Whatever a leg waits for, its price lies on its own side of the last price. */
function checkPrices(market: Market, request: NewOco): Refusal | null {
  const isRight =
    waitingPrice(request.above) > market.lastPrice && waitingPrice(request.below) < market.lastPrice
  return isRight ? null : refusals.priceRelation()
}

function waitingPrice(leg: NewOrder): bigint {
  return isStop(leg.type) ? leg.stopPrice : leg.price
}

function checkFunds(engine: Engine, market: Market, request: NewOco): Refusal | null {
  const { base, quote } = market.rules
  const { free } = holdingOf(engine, request.above.side === 'BUY' ? quote : base)
  const legs = [request.above, request.below].map((leg) => ({ ...leg, executed: 0n }) as Order)
  return ocoLock(legs) > free ? refusals.insufficientBalance() : null
}

function ocoLock(legs: readonly Order[]): bigint {
  return legs.map(lockFor).reduce(larger, 0n)
}
