import { lock } from './holdings.ts'
import { forget } from './order-queue.ts'
import {
  isStop,
  type Engine,
  type ExpiryReason,
  type Market,
  type Order,
  type OrderEvent,
  type OrderStatus,
} from './types.ts'

export type Ending = {
  readonly status: OrderStatus
  readonly reason: ExpiryReason | null
  readonly now: number
  readonly cancelId?: string | null
}

export function marketOf(engine: Engine, symbol: string): Market {
  const market = engine.markets.get(symbol)
  if (market === undefined) throw new Error(`no market ${symbol}`)
  return market
}

/** What the order pays with. */
export function payAsset(market: Market, order: Order): string {
  return order.side === 'BUY' ? market.rules.quote : market.rules.base
}

/** Gives back a part of what the order holds. */
export function release(engine: Engine, order: Order, amount: bigint): void {
  if (amount === 0n) return
  order.locked -= amount
  lock(engine, payAsset(marketOf(engine, order.symbol), order), -amount)
}

/** The one way out: nothing stays locked, and the client id is free again. */
export function endOrder(engine: Engine, order: Order, ending: Ending): void {
  const market = marketOf(engine, order.symbol)
  order.status = ending.status
  order.expiryReason = ending.reason
  order.updatedAt = ending.now
  release(engine, order, order.locked)
  market.live.delete(order.id)
  if (isStop(order.type)) market.algoOrders -= 1
  noteGone(market, order)
  engine.changes.orders.add(order)
  const kind = endEvents[ending.status]
  if (kind !== undefined) noteEvent(engine, { kind, order, cancelId: ending.cancelId ?? null })
}

/** A fill is told by its trade. */
const endEvents: Readonly<Partial<Record<OrderStatus, OrderEvent['kind']>>> = {
  CANCELED: 'CANCELED',
  EXPIRED: 'EXPIRED',
  EXPIRED_IN_MATCH: 'TRADE_PREVENTION',
}

/** What the owner of the account is told, step by step. */
export function noteEvent(
  engine: Engine,
  event: Pick<OrderEvent, 'kind' | 'order'> & Partial<OrderEvent>,
): void {
  const { order } = event
  marketOf(engine, order.symbol).touches += 1
  engine.changes.events.push({ trade: null, cancelId: null, ...event, order: { ...order } })
}

function noteGone(market: Market, order: Order): void {
  if (order.workingAt >= 0) forget(order.side === 'BUY' ? market.bids : market.asks)
  else if (isStop(order.type)) {
    forget(market.rising)
    forget(market.falling)
  }
}
