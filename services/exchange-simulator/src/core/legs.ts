import { lock } from './holdings.ts'
import { endOrder, marketOf, noteList, payAsset, release } from './lifecycle.ts'
import { isLimit, isLive, remainingOf, type Engine, type Order, type OrderList } from './types.ts'
import { floorToStep, multiply, plus } from './units.ts'

/** What ties the orders of a list together: one begins after another, or one excludes another. */
export function listOf(engine: Engine, order: Order): OrderList | null {
  return order.listId < 0 ? null : (engine.lists[order.listId - 1] ?? null)
}

export function ordersOf(engine: Engine, list: OrderList): Order[] {
  const { orders } = marketOf(engine, list.symbol)
  return list.orderIds.flatMap((id) => orders.get(id) ?? [])
}

/** The orders that wait for the first one; none in a plain OCO. */
export function pendingsOf(engine: Engine, list: OrderList): Order[] {
  return list.kind === 'OCO' ? [] : ordersOf(engine, list).slice(1)
}

function isWorkingLeg(list: OrderList, order: Order): boolean {
  return list.kind !== 'OCO' && list.orderIds[0] === order.id
}

/** Sells what its first order buys, however much that is. */
export function sellsProceeds({ kind }: Pick<OrderList, 'kind'>): boolean {
  return kind === 'OPO' || kind === 'OPOCO'
}

/** The other one of two that exclude each other. */
export function siblingOf(engine: Engine, order: Order): Order | null {
  const list = listOf(engine, order)
  if (list === null) return null
  const pair = list.kind === 'OCO' ? list.orderIds : list.orderIds.slice(1)
  if (pair.length < 2 || !pair.includes(order.id)) return null
  const id = pair.find((orderId) => orderId !== order.id) ?? 0
  return marketOf(engine, order.symbol).orders.get(id) ?? null
}

/** The leg begins to trade or is triggered: the other one ends and hands over what both held. */
export function expireSibling(engine: Engine, order: Order, now: number): void {
  if (order.listId < 0) return
  const sibling = siblingOf(engine, order)
  if (sibling === null || !isLive(sibling)) return
  order.locked += sibling.locked
  sibling.locked = 0n
  endOrder(engine, sibling, { status: 'EXPIRED', reason: 'OCO_TRIGGER', now })
  release(engine, order, order.locked - lockFor(order))
}

/** A leg has ended: what that means for the others, and for the list. */
export function noteLegEnd(engine: Engine, order: Order, now: number): void {
  const list = listOf(engine, order)
  if (list === null) return
  if (isWorkingLeg(list, order)) {
    if (order.status === 'FILLED') return void marketOf(engine, order.symbol).ripe.push(list)
    endAll(engine, pendingsOf(engine, list), { reason: 'OTO_PHASE_ONE_EXPIRED', now })
  } else {
    endAll(engine, [siblingOf(engine, order)], { reason: 'OCO_TRIGGER', now })
    // One that waited and is gone leaves its first order nothing to wait with.
    const first = list.kind === 'OCO' ? null : (ordersOf(engine, list)[0] ?? null)
    endAll(engine, [first], { reason: order.expiryReason, now })
  }
  finishList(engine, list, now)
}

function endAll(
  engine: Engine,
  orders: readonly (Order | null)[],
  { reason, now }: { readonly reason: Order['expiryReason']; readonly now: number },
): void {
  for (const order of orders) {
    if (order !== null && isLive(order)) endOrder(engine, order, { status: 'EXPIRED', reason, now })
  }
}

/** When none of its orders lives any more. */
export function finishList(engine: Engine, list: OrderList, now: number): void {
  if (list.orderStatus === 'ALL_DONE' || ordersOf(engine, list).some(isLive)) return
  list.statusType = 'ALL_DONE'
  list.orderStatus = 'ALL_DONE'
  list.updatedAt = now
  marketOf(engine, list.symbol).openLists -= 1
  noteList(engine, list)
}

/** What an order must hold for what is left of it; a market order holds nothing. */
export function lockFor(order: Order): bigint {
  return holdFor(order, remainingOf(order), order.lockPrice)
}

/** The same for any quantity; `lockPrice` is what a purchase holds for one unit of base. */
export function holdFor(
  { type, side }: Pick<Order, 'type' | 'side'>,
  quantity: bigint,
  lockPrice: bigint,
): bigint {
  if (type === 'MARKET') return 0n
  return side === 'SELL' ? quantity : multiply(lockPrice, quantity)
}

/** What a purchase holds for one unit: its limit, its stop, or for want of both the last price. */
export function lockPriceOf(
  order: Pick<Order, 'type' | 'price' | 'stopPrice'>,
  lastPrice: bigint,
): bigint {
  if (isLimit(order.type)) return order.price
  return order.stopPrice > 0n ? order.stopPrice : lastPrice
}

export function takeLock(engine: Engine, order: Order, amount: bigint): void {
  order.locked = plus(order.locked, amount)
  lock(engine, payAsset(marketOf(engine, order.symbol), order), amount)
}

/** What the first order has bought is kept for the ones that will sell it. */
export function lockProceeds(engine: Engine, order: Order, received: bigint): void {
  const list = listOf(engine, order)
  if (list === null || !sellsProceeds(list) || !isWorkingLeg(list, order)) return
  const [holder] = pendingsOf(engine, list)
  if (holder !== undefined && isLive(holder)) takeLock(engine, holder, received)
}

/** The part of the proceeds that can be sold: whole lots. */
export function lotsOf(engine: Engine, order: Order, amount: bigint): bigint {
  const { rules } = marketOf(engine, order.symbol)
  const capped = amount > rules.quantityMax ? rules.quantityMax : amount
  return isLimit(order.type)
    ? floorToStep(capped, rules.step)
    : floorToStep(floorToStep(capped, rules.step), rules.marketStep)
}
