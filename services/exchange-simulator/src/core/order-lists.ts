import { checkFundsTogether, checkRelation, lockTogether, waitingPrice } from './activation.ts'
import {
  checkClientId,
  checkFunds,
  checkIceberg,
  checkImmediate,
  firstRefusal,
  openMarket,
  type NewOrder,
} from './checks.ts'
import { checkFilters, checkListCounts, checkPrices, checkSizes } from './filters.ts'
import { lockFor, sellsProceeds, takeLock } from './legs.ts'
import { marketOf, noteEvent, noteList, step } from './lifecycle.ts'
import { openOrder } from './orders.ts'
import { isRefusal, refusals, type Refusal } from './refusal.ts'
import { settle } from './triggers.ts'
import {
  isStop,
  type Engine,
  type ListKind,
  type Market,
  type Order,
  type OrderList,
} from './types.ts'
import { begin } from './working.ts'

/** Two legs on the same side and quantity; `above` is meant to be above the price, `below` below. */
export type NewOco = {
  readonly listClientOrderId: string
  readonly above: NewOrder
  readonly below: NewOrder
}

/** One order that works, and one or two that wait until it is filled; of two the first is above. */
export type NewPendingList = {
  readonly kind: Exclude<ListKind, 'OCO'>
  readonly listClientOrderId: string
  readonly working: NewOrder
  readonly pendings: readonly NewOrder[]
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
  const list = openList(engine, { ...request, kind: 'OCO' }, orders)
  lockTogether(engine, orders)
  for (const order of orders) {
    if (!isStop(order.type)) order.workingAt = now
    noteEvent(engine, step('NEW', order))
  }
  noteList(engine, list)
  for (const order of orders) begin({ engine, market, order, now })
  settle(engine, market, now)
  return { kind: 'accepted', list, orders }
}

/** The orders are those of the moment before the waiting ones could begin, as the venue answers. */
export function submitPendingList(
  engine: Engine,
  request: NewPendingList,
  now: number,
): ListSubmission {
  const refusal = checkPendingList(engine, request)
  if (refusal !== null) return refusal
  const market = marketOf(engine, request.working.symbol)
  const working = openOrder(engine, request.working, now)
  const pendings = request.pendings.map((leg) => openOrder(engine, leg, now))
  const orders = [working, ...pendings]
  const list = openList(engine, request, orders)
  takeLock(engine, working, lockFor(working))
  working.workingAt = now
  for (const pending of pendings) pending.status = 'PENDING_NEW'
  for (const order of orders) noteEvent(engine, step('NEW', order))
  noteList(engine, list)
  begin({ engine, market, order: working, now })
  const answered = { list: { ...list }, orders: orders.map((order) => ({ ...order })) }
  settle(engine, market, now)
  return { kind: 'accepted', ...answered }
}

function openList(
  engine: Engine,
  { kind, listClientOrderId }: Pick<NewPendingList, 'listClientOrderId'> & { kind: ListKind },
  orders: readonly Order[],
): OrderList {
  const [first] = orders
  const { symbol = '', createdAt: now = 0 } = first ?? {}
  const list: OrderList = {
    id: engine.lists.length + 1,
    kind,
    symbol,
    clientOrderId: listClientOrderId,
    orderIds: orders.map((order) => order.id),
    statusType: 'EXEC_STARTED',
    orderStatus: 'EXECUTING',
    createdAt: now,
    updatedAt: now,
  }
  engine.lists.push(list)
  engine.listsByClientId.set(list.clientOrderId, list)
  marketOf(engine, symbol).openLists += 1
  for (const order of orders) order.listId = list.id
  return list
}

function checkOco(engine: Engine, request: NewOco): Refusal | null {
  const legs = [request.above, request.below]
  const market = openMarket(engine, request.above.symbol)
  if (isRefusal(market)) return market
  return (
    firstRefusal(legs, (leg) => checkFilters(engine, market, leg)) ??
    checkListCounts(engine, market, legs) ??
    firstRefusal(legs, checkIceberg) ??
    checkIds(engine, market, { ...request, legs }) ??
    checkRelation(market, legs) ??
    firstRefusal(legs, (leg) => checkImmediate(market, leg)) ??
    checkFundsTogether(engine, market, legs)
  )
}

function checkPendingList(engine: Engine, request: NewPendingList): Refusal | null {
  const { working, pendings } = request
  const legs = [working, ...pendings]
  const market = openMarket(engine, working.symbol)
  if (isRefusal(market)) return market
  return (
    checkFilters(engine, market, working) ??
    checkPendings(market, request) ??
    checkListCounts(engine, market, legs) ??
    firstRefusal(sellsProceeds(request) ? [working] : legs, checkIceberg) ??
    checkIds(engine, market, { ...request, legs }) ??
    checkOrderOfPrices(pendings) ??
    checkImmediate(market, working) ??
    checkFunds(engine, market, working)
  )
}

/** What waits is looked at as far as it is known: its quantity may depend on what is bought. */
function checkPendings(market: Market, request: NewPendingList): Refusal | null {
  const prices = firstRefusal(request.pendings, (leg) => checkPrices(market, leg))
  if (prices !== null || sellsProceeds(request)) return prices
  return firstRefusal(request.pendings, (leg) => checkSizes(market, leg))
}

/** Where the market will be is not known yet, only that one leg must be above the other. */
function checkOrderOfPrices([above, below]: readonly NewOrder[]): Refusal | null {
  if (above === undefined || below === undefined) return null
  const high = waitingPrice(above)
  const low = waitingPrice(below)
  return high !== null && low !== null && high <= low ? refusals.priceRelation() : null
}

type Named = { readonly listClientOrderId: string; readonly legs: readonly NewOrder[] }

function checkIds(engine: Engine, market: Market, named: Named): Refusal | null {
  const known = engine.listsByClientId.get(named.listClientOrderId)
  if (known !== undefined && known.orderStatus === 'EXECUTING') return refusals.duplicateOrder()
  const names = named.legs.map(({ clientOrderId }) => clientOrderId)
  if (new Set(names).size < names.length) return refusals.duplicateOrder()
  return firstRefusal(named.legs, (leg) => checkClientId(market, leg.clientOrderId))
}
