import { checkFilters } from './filters.ts'
import { holdingOf } from './holdings.ts'
import { listOf, lockFor, noteLegEnd, takeLock } from './legs.ts'
import { endOrder, marketOf, noteEvent } from './lifecycle.ts'
import { accepts, bestOf, opposite, ownBest, planMatch, type Plan } from './matching.ts'
import { refusals, type Refusal } from './refusal.ts'
import { rest, runTriggers } from './triggers.ts'
import {
  isLive,
  isStop,
  statusOf,
  waitsForRise,
  type Engine,
  type Market,
  type Order,
  type OrderList,
  type OrderType,
  type SelfTradeMode,
  type Side,
  type TimeInForce,
  type Trade,
} from './types.ts'
import { barrierOf, execute } from './working.ts'

export type NewOrder = {
  readonly symbol: string
  readonly side: Side
  readonly type: OrderType
  readonly timeInForce: TimeInForce
  readonly price: bigint
  readonly stopPrice: bigint
  readonly quantity: bigint
  readonly quoteQuantity: bigint
  readonly clientOrderId: string
  readonly selfTradeMode: SelfTradeMode
  readonly strategyId: number | null
  readonly strategyType: number | null
}

export type Submission =
  | { readonly kind: 'accepted'; readonly order: Order; readonly trades: readonly Trade[] }
  | Refusal

export function submitOrder(engine: Engine, request: NewOrder, now: number): Submission {
  const refusal = checkOrder(engine, request)
  if (refusal !== null) return refusal
  const market = marketOf(engine, request.symbol)
  const order = openOrder(engine, request, now)
  if (order.type !== 'MARKET') takeLock(engine, order, lockFor(order))
  if (isStop(order.type)) {
    noteEvent(engine, { kind: 'NEW', order })
    rest(market, order)
  } else {
    order.workingAt = now
    noteEvent(engine, { kind: 'NEW', order })
    execute({ engine, market, order, now })
  }
  const trades = [...order.trades]
  runTriggers(engine, market, now)
  return { kind: 'accepted', order, trades }
}

/** All that can be said against an order before it exists; `order/test` asks no more than this. */
export function checkOrder(engine: Engine, request: NewOrder): Refusal | null {
  const market = engine.markets.get(request.symbol)
  if (market === undefined) return refusals.invalidSymbol()
  if (statusOf(market) !== 'TRADING') return refusals.marketClosed()
  return (
    checkFilters(market, request) ??
    checkClientId(market, request.clientOrderId) ??
    checkImmediate(market, request) ??
    checkFunds(engine, market, request)
  )
}

export function checkClientId(market: Market, clientOrderId: string): Refusal | null {
  const known = market.byClientId.get(clientOrderId)
  return known !== undefined && isLive(known) ? refusals.duplicateOrder() : null
}

/** A stop that is already through, and a maker that would take. */
export function checkImmediate(
  market: Market,
  request: Pick<NewOrder, 'side' | 'type' | 'price' | 'stopPrice'>,
): Refusal | null {
  const { side, type } = request
  if (isStop(type)) {
    const isThrough = waitsForRise(type, side)
      ? market.lastPrice >= request.stopPrice
      : market.lastPrice <= request.stopPrice
    return isThrough ? refusals.wouldTrigger() : null
  }
  if (type !== 'LIMIT_MAKER') return null
  return crosses(market, side, request.price) ? refusals.wouldTake() : null
}

function crosses(market: Market, side: Side, price: bigint): boolean {
  const house = bestOf(market, opposite(side))
  const own = ownBest(market, opposite(side))
  return (
    (house !== null && accepts(side, price, house.price)) ||
    (own !== null && accepts(side, price, own.price))
  )
}

function checkFunds(engine: Engine, market: Market, request: NewOrder): Refusal | null {
  const { rules } = market
  const isBuy = request.side === 'BUY'
  const { free } = holdingOf(engine, isBuy ? rules.quote : rules.base)
  if (request.type !== 'MARKET') {
    const needed = lockFor({ ...request, executed: 0n } as Order)
    return needed > free ? refusals.insufficientBalance() : null
  }
  const plan = planMarket(market, request)
  if (request.quoteQuantity > 0n && plan.complete && plan.base === 0n) {
    return refusals.filter('LOT_SIZE')
  }
  const needed = isBuy ? buyNeed(plan, request) : sellNeed(plan, request)
  return needed > free ? refusals.insufficientBalance() : null
}

function buyNeed(plan: Plan, request: NewOrder): bigint {
  return request.quoteQuantity > 0n ? request.quoteQuantity : plan.quote
}

function sellNeed(plan: Plan, request: NewOrder): bigint {
  return request.quoteQuantity > 0n ? plan.base : request.quantity
}

function planMarket(market: Market, request: NewOrder): Plan {
  return planMatch(market, {
    side: request.side,
    limit: null,
    quantity: request.quoteQuantity > 0n ? null : request.quantity,
    quote: request.quoteQuantity,
    barrier: barrierOf(market, request),
  })
}

/** Names the order and files it; funds and book come afterwards. */
export function openOrder(engine: Engine, request: NewOrder, now: number): Order {
  const market = marketOf(engine, request.symbol)
  const order: Order = {
    ...request,
    id: market.orders.length + 1,
    listId: -1,
    status: 'NEW',
    expiryReason: null,
    executed: 0n,
    executedQuote: 0n,
    locked: 0n,
    createdAt: now,
    updatedAt: now,
    workingAt: -1,
    trades: [],
  }
  market.orders.push(order)
  market.live.set(order.id, order)
  market.byClientId.set(order.clientOrderId, order)
  if (isStop(order.type)) market.algoOrders += 1
  engine.changes.orders.add(order)
  return order
}

export type OrderName = {
  readonly symbol: string
  readonly orderId: number | null
  readonly clientOrderId: string | null
  /** What the cancel itself is called. */
  readonly cancelId?: string
}

/** By id, or by client id the latest order that used it. */
export function findOrder(engine: Engine, name: OrderName): Order | Refusal {
  const market = engine.markets.get(name.symbol)
  if (market === undefined) return refusals.invalidSymbol()
  const { orderId, clientOrderId } = name
  const order =
    orderId === null ? market.byClientId.get(clientOrderId ?? '') : market.orders[orderId - 1]
  if (order === undefined) return refusals.noSuchOrder()
  if (orderId !== null && clientOrderId !== null && order.clientOrderId !== clientOrderId) {
    return refusals.idMismatch()
  }
  return order
}

export type Cancellation =
  | { readonly kind: 'order-cancelled'; readonly order: Order }
  | { readonly kind: 'list-cancelled'; readonly list: OrderList; readonly orders: readonly Order[] }
  | Refusal

type Cancel = { readonly now: number; readonly cancelId: string | null }

/** Cancelling one leg cancels the list: neither can stay alone. */
export function cancelOrder(engine: Engine, name: OrderName, now: number): Cancellation {
  const order = findOrder(engine, name)
  if ('kind' in order) return order.code === -2013 ? refusals.unknownOrder() : order
  if (isShut(marketOf(engine, order.symbol))) return refusals.marketClosed()
  if (!isLive(order)) return refusals.unknownOrder()
  const list = listOf(engine, order)
  const cancel = { now, cancelId: name.cancelId ?? null }
  if (list !== null) return cancelList(engine, list, cancel)
  endOrder(engine, order, { status: 'CANCELED', reason: null, ...cancel })
  return { kind: 'order-cancelled', order }
}

export function cancelList(engine: Engine, list: OrderList, cancel: Cancel): Cancellation {
  const market = marketOf(engine, list.symbol)
  if (isShut(market)) return refusals.marketClosed()
  const legs = list.orderIds.flatMap((id) => market.orders[id - 1] ?? [])
  const live = legs.filter(isLive)
  if (live.length === 0) return refusals.unknownOrder()
  for (const leg of live) {
    endOrder(engine, leg, { status: 'CANCELED', reason: null, ...cancel })
  }
  for (const leg of live.slice(0, 1)) noteLegEnd(engine, leg, cancel.now)
  return { kind: 'list-cancelled', list, orders: legs }
}

/** A market that is halted by hand lets nothing through, unless it says that it takes cancels. */
function isShut(market: Market): boolean {
  return market.halted !== null && market.halted !== 'CANCEL_ONLY'
}
