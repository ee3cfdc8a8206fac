import {
  checkClientId,
  checkFunds,
  checkIceberg,
  checkImmediate,
  openMarket,
  type NewOrder,
} from './checks.ts'
import { findByName, takeName } from './client-names.ts'
import { checkFilters } from './filters.ts'
import { finishList, listOf, lockFor, lockPriceOf, ordersOf, takeLock } from './legs.ts'
import { endOrder, knownMarket, marketOf, noteEvent, step } from './lifecycle.ts'
import { openedOrder } from './opened-order.ts'
import { isRefusal, refusals, type Refusal } from './refusal.ts'
import { settle } from './triggers.ts'
import {
  isLive,
  isStop,
  type Engine,
  type Market,
  type Order,
  type OrderList,
  type PreventedMatch,
  type Trade,
} from './types.ts'
import { begin } from './working.ts'

export type Submission =
  | {
      readonly kind: 'accepted'
      readonly order: Order
      /** What happened to it at once. */
      readonly trades: readonly Trade[]
      readonly prevented: readonly PreventedMatch[]
    }
  | Refusal

const NONE: readonly PreventedMatch[] = []

export function submitOrder(engine: Engine, request: NewOrder, now: number): Submission {
  const refusal = checkOrder(engine, request)
  if (refusal !== null) return refusal
  const market = marketOf(engine, request.symbol)
  const known = market.prevented.length
  const order = createOrder(engine, request, now)
  if (order.type !== 'MARKET') takeLock(engine, order, lockFor(order))
  if (!isStop(order.type)) order.workingAt = now
  noteEvent(engine, step('NEW', order))
  begin({ engine, market, order, now })
  // Most orders are over by now, and nobody looks for a live one before this.
  if (isLive(order)) enlist(market, order)
  const trades = isLive(order) ? order.trades.slice() : order.trades
  const prevented = market.prevented.length === known ? NONE : market.prevented.slice(known)
  settle(engine, market, now)
  return { kind: 'accepted', order, trades, prevented }
}

/** All that can be said against an order before it exists; `order/test` asks no more than this. */
export function checkOrder(engine: Engine, request: NewOrder): Refusal | null {
  const market = openMarket(engine, request.symbol)
  if (isRefusal(market)) return market
  return (
    checkFilters(engine, market, request) ??
    engine.barred ??
    checkIceberg(request) ??
    checkClientId(market, request.clientOrderId) ??
    checkImmediate(market, request) ??
    checkFunds(engine, market, request)
  )
}

/** Names the order and files it; funds and book come afterwards. */
export function openOrder(engine: Engine, request: NewOrder, now: number): Order {
  const order = createOrder(engine, request, now)
  enlist(marketOf(engine, request.symbol), order)
  return order
}

/** It can be found among the live ones, and its client id is taken. */
function enlist(market: Market, order: Order): void {
  market.live.set(order.id, order)
  takeName(market, order)
}

function createOrder(engine: Engine, request: NewOrder, now: number): Order {
  const market = marketOf(engine, request.symbol)
  const lockPrice = lockPriceOf(request, market.lastPrice)
  const order = openedOrder(request, {
    symbol: market.rules.symbol,
    id: market.orders.next(),
    lockPrice,
    now,
  })
  if (isStop(order.type)) market.algoOrders += 1
  if (order.icebergQuantity > 0n) market.icebergOrders += 1
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
  const market = knownMarket(engine, name.symbol)
  if (market === undefined) return refusals.invalidSymbol()
  const { orderId, clientOrderId } = name
  const order =
    orderId === null ? findByName(market, clientOrderId ?? '') : market.orders.get(orderId)
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

export const CANCEL_RESTRICTIONS = ['ONLY_NEW', 'ONLY_PARTIALLY_FILLED'] as const
export type CancelRestriction = (typeof CANCEL_RESTRICTIONS)[number]

/** Null where the order may go, or is not there at all. */
export function checkRestriction(
  engine: Engine,
  name: OrderName,
  restriction: CancelRestriction | null,
): Refusal | null {
  const order = findOrder(engine, name)
  if (restriction === null || 'kind' in order || !isLive(order)) return null
  const isNew = order.status !== 'PARTIALLY_FILLED'
  return isNew === (restriction === 'ONLY_NEW') ? null : refusals.cancelRestricted()
}

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
  const { cancelId } = cancel
  endOrder(engine, order, { status: 'CANCELED', reason: null, now, cancelId })
  return { kind: 'order-cancelled', order }
}

export function cancelList(engine: Engine, list: OrderList, cancel: Cancel): Cancellation {
  const market = marketOf(engine, list.symbol)
  if (isShut(market)) return refusals.marketClosed()
  const legs = ordersOf(engine, list)
  const live = legs.filter(isLive)
  if (live.length === 0) return refusals.unknownOrder()
  for (const leg of live) {
    endOrder(engine, leg, { status: 'CANCELED', reason: null, ...cancel })
  }
  finishList(engine, list, cancel.now)
  return { kind: 'list-cancelled', list, orders: legs }
}

/** A market that is halted by hand lets nothing through, unless it says that it takes cancels. */
function isShut(market: Market): boolean {
  return market.halted !== null && market.halted !== 'CANCEL_ONLY'
}
