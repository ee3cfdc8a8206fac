import { giveUpName } from './client-names.ts'
import { lock } from './holdings.ts'
import { leave } from './order-queue.ts'
import { appended } from './touched.ts'
import {
  isLive,
  isStop,
  waitsForRise,
  type Changes,
  type Engine,
  type ExpiryReason,
  type ListEvent,
  type Market,
  type Order,
  type OrderEvent,
  type OrderList,
  type OrderStatus,
  type Prevention,
  type Trade,
} from './types.ts'

export type Ending = {
  readonly status: OrderStatus
  readonly reason: ExpiryReason | null
  readonly now: number
  readonly cancelId?: string | null
  readonly prevention?: Prevention | null
}

export function marketOf(engine: Engine, symbol: string): Market {
  const market = knownMarket(engine, symbol)
  if (market === undefined) throw new Error(`no market ${symbol}`)
  return market
}

/** The same of a symbol that may be unknown. */
export function knownMarket(engine: Engine, symbol: string): Market | undefined {
  const { recent } = engine
  if (recent !== null && recent.rules.symbol === symbol) return recent
  const market = engine.markets.get(symbol)
  if (market !== undefined) engine.recent = market
  return market
}

/** What the order pays with. */
export function payAsset(market: Market, order: Pick<Order, 'side'>): string {
  return order.side === 'BUY' ? market.rules.quote : market.rules.base
}

/** Gives back a part of what the order holds. */
export function release(engine: Engine, order: Order, amount: bigint): void {
  if (amount === 0n) return
  order.locked = order.locked === amount ? 0n : order.locked - amount
  lock(engine, payAsset(marketOf(engine, order.symbol), order), -amount)
}

/** The one way out: nothing stays locked, and the client id is free again. */
export function endOrder(engine: Engine, order: Order, ending: Ending): void {
  const market = marketOf(engine, order.symbol)
  order.status = ending.status
  order.expiryReason = ending.reason
  order.updatedAt = ending.now
  release(engine, order, order.locked)
  // One that ends at once was never among the live ones.
  if (market.live.delete(order.id)) giveUpName(market, order)
  if (isStop(order.type)) market.algoOrders -= 1
  if (order.icebergQuantity > 0n) market.icebergOrders -= 1
  leaveQueue(market, order)
  market.orders.end(order)
  engine.changes.orders.add(order)
  const kind = endEventOf(ending.status)
  if (kind === null) return
  const { cancelId = null, prevention = null } = ending
  noteEvent(engine, { kind, order, trade: null, prevention, replacedId: null, cancelId })
}

/** Null for a fill, which is told by its trade. */
function endEventOf(status: OrderStatus): OrderEvent['kind'] | null {
  if (status === 'CANCELED' || status === 'EXPIRED') return status
  return status === 'EXPIRED_IN_MATCH' ? 'TRADE_PREVENTION' : null
}

/** To be told once it is written down. */
export function tell({ changes }: Engine, event: Changes['events'][number]): void {
  changes.events = appended(changes.events, event)
}

/** An event that has no number yet. */
type Step = Omit<OrderEvent, 'executionId' | 'rejection'>

/** One about which there is no more to say; always with all properties, so that all have one shape. */
export function step(kind: OrderEvent['kind'], order: Order, trade: Trade | null = null): Step {
  return { kind, order, trade, prevention: null, replacedId: null, cancelId: null }
}

/** What the owner of the account is told, step by step; returns the number of the step. */
export function noteEvent(engine: Engine, event: Step): number {
  const { kind, order, trade, prevention, replacedId, cancelId } = event
  marketOf(engine, order.symbol).touches += 1
  engine.lastExecutionId += 1
  tell(engine, {
    kind,
    executionId: engine.lastExecutionId,
    // What has ended does not change any more: the event may show the order itself.
    order: isLive(order) ? { ...order } : order,
    trade,
    prevention,
    replacedId,
    cancelId,
  })
  return engine.lastExecutionId
}

export function noteList(
  engine: Engine,
  list: OrderList,
  statusType: ListEvent['statusType'] = list.statusType,
): void {
  engine.changes.lists.add(list)
  tell(engine, { kind: 'LIST', list: { ...list }, statusType })
}

/** It stands in no queue any more: neither in the book nor among those that wait. */
export function leaveQueue(market: Market, order: Order): void {
  if (order.rank === 0) return
  order.rank = 0
  if (order.workingAt >= 0) leave(order.side === 'BUY' ? market.bids : market.asks, order)
  else if (order.trailingDelta > 0) market.trailing.delete(order)
  else leave(waitsForRise(order.type, order.side) ? market.rising : market.falling, order)
}
