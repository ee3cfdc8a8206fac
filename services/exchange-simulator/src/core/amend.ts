import { checkClientId } from './checks.ts'
import { changeName } from './client-names.ts'
import { checkSizes } from './filters.ts'
import { listOf, lockFor, sellsProceeds, siblingOf } from './legs.ts'
import { marketOf, noteEvent, noteList, release, step } from './lifecycle.ts'
import { findOrder, type OrderName } from './orders.ts'
import { refusals, type Refusal } from './refusal.ts'
import { appended } from './touched.ts'
import {
  isLive,
  statusOf,
  type Amendment,
  type Engine,
  type Market,
  type Order,
  type OrderList,
} from './types.ts'
import { larger, smaller } from './units.ts'

/** A smaller quantity for an order that keeps its place in the book. */
export type Amend = {
  readonly name: OrderName
  readonly quantity: bigint
  /** May be the one that it has already. */
  readonly clientOrderId: string
}

export type Amended = {
  readonly kind: 'amended'
  readonly order: Order
  readonly amendment: Amendment
  readonly list: OrderList | null
}

/** The rules are those of the venue's FAQ "Order Amend Keep Priority". */
export function amendOrder(engine: Engine, amend: Amend, now: number): Amended | Refusal {
  const order = findOrder(engine, amend.name)
  if ('kind' in order) return order.code === -2013 ? refusals.amendUnknown() : order
  const market = marketOf(engine, order.symbol)
  const refusal = checkAmend(engine, market, { ...amend, order })
  if (refusal !== null) return refusal
  const { clientOrderId: oldClientOrderId, quantity: oldQuantity } = order
  const sibling = siblingOf(engine, order)
  const pair = sibling !== null && isLive(sibling) ? [order, sibling] : [order]
  for (const one of pair) shrink(one, amend.quantity, now)
  freeSurplus(engine, pair)
  changeName(market, order, amend.clientOrderId)
  const executionIds = pair.map((one) => {
    engine.changes.orders.add(one)
    const replacedId = one === order ? oldClientOrderId : one.clientOrderId
    return noteEvent(engine, { ...step('REPLACED', one), replacedId })
  })
  const amendment: Amendment = {
    symbol: order.symbol,
    orderId: order.id,
    executionId: executionIds[0] ?? 0,
    oldClientOrderId,
    newClientOrderId: order.clientOrderId,
    oldQuantity,
    newQuantity: amend.quantity,
    time: now,
  }
  engine.amendments.push(amendment)
  engine.changes.amendments = appended(engine.changes.amendments, amendment)
  const list = listOf(engine, order)
  if (list !== null && oldClientOrderId !== order.clientOrderId) noteList(engine, list, 'UPDATED')
  return { kind: 'amended', order, amendment, list }
}

type Proposal = Amend & { readonly order: Order }

function checkAmend(engine: Engine, market: Market, proposal: Proposal): Refusal | null {
  const { order, clientOrderId } = proposal
  if (statusOf(market) !== 'TRADING') return refusals.marketClosed()
  if (!isLive(order)) return refusals.amendUnknown()
  const list = listOf(engine, order)
  if (order.status === 'PENDING_NEW' && list !== null && sellsProceeds(list)) {
    return refusals.amendPendingOpo()
  }
  const refusal = checkQuantity(market, proposal)
  if (refusal !== null || clientOrderId === order.clientOrderId) return refusal
  return checkClientId(market, clientOrderId) === null ? null : refusals.amendDuplicate()
}

function checkQuantity(market: Market, { order, quantity }: Proposal): Refusal | null {
  if (quantity > order.quantity) return refusals.amendIncrease()
  if (quantity === order.quantity) return refusals.amendNothing()
  if (order.amends >= market.rules.amendsMax) return refusals.amendTooOften()
  if (quantity <= order.executed + order.prevented) return refusals.filter('LOT_SIZE')
  const icebergQuantity = smaller(order.icebergQuantity, quantity)
  return checkSizes(market, { ...order, quantity, icebergQuantity })
}

function shrink(order: Order, quantity: bigint, now: number): void {
  order.quantity = quantity
  order.amends += 1
  order.updatedAt = now
  order.visible = smaller(order.visible, quantity - order.executed - order.prevented)
}

/** Of two that exclude each other one holds for both. */
function freeSurplus(engine: Engine, pair: readonly Order[]): void {
  const holder = pair.find(({ locked }) => locked > 0n)
  if (holder === undefined) return
  const need = pair.map(lockFor).reduce(larger, 0n)
  if (holder.locked > need) release(engine, holder, holder.locked - need)
}
