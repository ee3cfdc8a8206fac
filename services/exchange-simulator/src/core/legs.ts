import { lock } from './holdings.ts'
import { endOrder, marketOf, payAsset, release } from './lifecycle.ts'
import { isLimit, isLive, remainingOf, type Engine, type Order, type OrderList } from './types.ts'
import { multiply } from './units.ts'

/** One cancels the other: the rules that tie the two orders of a list together. */
export function listOf(engine: Engine, order: Order): OrderList | null {
  return order.listId < 0 ? null : (engine.lists[order.listId - 1] ?? null)
}

function siblingOf(engine: Engine, order: Order): Order | null {
  const list = listOf(engine, order)
  const id = list?.orderIds.find((orderId) => orderId !== order.id)
  if (id === undefined) return null
  return marketOf(engine, order.symbol).orders[id - 1] ?? null
}

/** The leg begins to trade or is triggered: the other one ends and hands over what both held. */
export function expireSibling(engine: Engine, order: Order, now: number): void {
  const sibling = siblingOf(engine, order)
  if (sibling === null || !isLive(sibling)) return
  order.locked += sibling.locked
  sibling.locked = 0n
  endOrder(engine, sibling, { status: 'EXPIRED', reason: 'OCO_TRIGGER', now })
  release(engine, order, order.locked - lockFor(order))
}

/** A leg has ended: the other cannot stay alone, and the list is over. */
export function noteLegEnd(engine: Engine, order: Order, now: number): void {
  const list = listOf(engine, order)
  if (list === null) return
  const sibling = siblingOf(engine, order)
  if (sibling !== null && isLive(sibling)) {
    endOrder(engine, sibling, { status: 'EXPIRED', reason: 'OCO_TRIGGER', now })
  }
  list.statusType = 'ALL_DONE'
  list.orderStatus = 'ALL_DONE'
  list.updatedAt = now
  engine.changes.lists.add(list)
}

/** What an order must hold for what is left of it; a market order holds nothing. */
export function lockFor(order: Order): bigint {
  if (order.type === 'MARKET') return 0n
  const remaining = remainingOf(order)
  if (order.side === 'SELL') return remaining
  return multiply(isLimit(order.type) ? order.price : order.stopPrice, remaining)
}

export function takeLock(engine: Engine, order: Order, amount: bigint): void {
  order.locked += amount
  lock(engine, payAsset(marketOf(engine, order.symbol), order), amount)
}
