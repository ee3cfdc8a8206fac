import { createNames } from './client-names.ts'
import { noteLegEnd } from './legs.ts'
import { endOrder, marketOf } from './lifecycle.ts'
import { trade } from './matching.ts'
import type { OrderFile } from './order-file.ts'
import type { TradeFile } from './trade-file.ts'
import { settle, trigger } from './triggers.ts'
import { isLive, isStop, remainingOf, type Engine, type Market, type Order } from './types.ts'
import { smaller } from './units.ts'

/**
 * What can go wrong inside an exchange, as deeds: an order is filled when nobody expects it, ended by
 * the venue itself, or looked up where it has not arrived yet. Amounts stay conserved throughout.
 */
export type ForcedFill = { readonly order: Order; readonly quantity: bigint; readonly now: number }

/** A resting order trades at its own price; a waiting stop is triggered first. */
export function forceFill(engine: Engine, { order, quantity, now }: ForcedFill): void {
  const market = marketOf(engine, order.symbol)
  if (!isLive(order) || order.status === 'PENDING_NEW') return
  if (isStop(order.type) && order.workingAt < 0) trigger({ engine, market, order, now })
  else {
    const part = smaller(quantity, remainingOf(order))
    if (part <= 0n) return
    // The market has not gone to where this order stands, so nobody else's stop may see it there.
    const { lastPrice } = market
    trade({ engine, market, order, price: order.price, quantity: part, isMaker: true, now })
    market.lastPrice = lastPrice
  }
  settle(engine, market, now)
}

/** The venue ends orders of its own accord, as it does before it takes a symbol off. */
export function expireByVenue(engine: Engine, orders: readonly Order[], now: number): void {
  const live = orders.filter(isLive)
  for (const order of live) {
    endOrder(engine, order, { status: 'EXPIRED', reason: 'EXCHANGE_CANCELED', now })
  }
  for (const order of live) noteLegEnd(engine, order, now)
}

/** A copy that no later order, trade or cancel changes: what a database says that lags behind. */
export function freeze(engine: Engine): Engine {
  return withMarkets(engine, ({ orders }, trades) => orders.copy(trades))
}

/** The same engine as seen by somebody to whom some of its orders are not known yet. */
export function withoutOrders(engine: Engine, isHidden: (order: Order) => boolean): Engine {
  return withMarkets(engine, ({ orders }, trades) => orders.without(trades, isHidden))
}

type Seen = (market: Market, trades: TradeFile) => OrderFile

function withMarkets(engine: Engine, seen: Seen): Engine {
  const lists = engine.lists.map((list) => ({ ...list }))
  return {
    ...engine,
    recent: null,
    holdings: new Map([...engine.holdings].map(([asset, holding]) => [asset, { ...holding }])),
    markets: new Map(
      [...engine.markets].map(([symbol, market]) => [symbol, copyMarket(market, seen)]),
    ),
    lists,
    listsByClientId: new Map(lists.map((list) => [list.clientOrderId, list])),
  }
}

function copyMarket(market: Market, seen: Seen): Market {
  const trades = market.trades.copy()
  const orders = seen(market, trades)
  const { live } = orders
  return { ...market, orders, live, names: createNames(live), trades }
}
