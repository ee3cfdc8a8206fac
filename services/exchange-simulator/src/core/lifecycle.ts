import { lock } from './holdings.ts'
import { forget } from './order-queue.ts'
import {
  isStop,
  type Engine,
  type ExpiryReason,
  type Market,
  type Order,
  type OrderStatus,
} from './types.ts'

export type Ending = {
  readonly status: OrderStatus
  readonly reason: ExpiryReason | null
  readonly now: number
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
}

function noteGone(market: Market, order: Order): void {
  if (order.workingAt >= 0) forget(order.side === 'BUY' ? market.bids : market.asks)
  else if (isStop(order.type)) {
    forget(market.rising)
    forget(market.falling)
  }
}
