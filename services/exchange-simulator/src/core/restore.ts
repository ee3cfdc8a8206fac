import { takeName } from './client-names.ts'
import { ordersOf } from './legs.ts'
import { place } from './stops.ts'
import { appended } from './touched.ts'
import {
  isLive,
  isStop,
  type Amendment,
  type Conversion,
  type Engine,
  type Holding,
  type Market,
  type Order,
  type OrderList,
  type PreventedMatch,
  type Trade,
} from './types.ts'

/** What a previous run wrote down. Orders and trades are in the order of their ids. */
export type Remembered = {
  readonly orders: readonly Order[]
  readonly trades: readonly Trade[]
  readonly lists: readonly OrderList[]
  readonly prevented: readonly PreventedMatch[]
  readonly amendments: readonly Amendment[]
  readonly conversions: readonly Conversion[]
  readonly holdings: ReadonlyMap<string, Holding>
  readonly lastExecutionId: number
}

export function restoreEngine(engine: Engine, remembered: Remembered): void {
  for (const [asset, holding] of remembered.holdings) engine.holdings.set(asset, { ...holding })
  engine.lastExecutionId = remembered.lastExecutionId
  engine.amendments.push(...remembered.amendments)
  engine.conversions.push(...remembered.conversions)
  const traded = new Map<string, Trade[]>()
  for (const trade of remembered.trades) restoreTrade(engine, trade, traded)
  for (const order of remembered.orders) restoreOrder(engine, order, traded)
  for (const written of remembered.lists) restoreList(engine, written)
  for (const match of remembered.prevented) engine.markets.get(match.symbol)?.prevented.push(match)
}

/** Trades of an order are known before it, since one that has ended is filed with all of them. */
function restoreTrade(engine: Engine, trade: Trade, traded: Map<string, Trade[]>): void {
  const market = engine.markets.get(trade.symbol)
  if (market === undefined) return
  market.trades.add(trade)
  market.lastTradeId = trade.id
  const key = orderKey(trade.symbol, trade.orderId)
  traded.set(key, appended(traded.get(key) ?? [], trade))
}

function orderKey(symbol: string, id: number): string {
  return `${symbol} ${id}`
}

function restoreList(engine: Engine, written: OrderList): void {
  // A folder of an earlier version knows one kind only.
  const list: OrderList = { ...written, kind: written.kind ?? 'OCO' }
  engine.lists[list.id - 1] = list
  engine.listsByClientId.set(list.clientOrderId, list)
  const market = engine.markets.get(list.symbol)
  if (market === undefined || list.orderStatus === 'ALL_DONE') return
  market.openLists += 1
  const [first, ...others] = ordersOf(engine, list)
  const isRipe = first?.status === 'FILLED' && others.some(({ status }) => status === 'PENDING_NEW')
  if (isRipe) market.ripe.push(list)
}

function restoreOrder(engine: Engine, written: Order, traded: ReadonlyMap<string, Trade[]>): void {
  const { symbol, id } = written
  const market = engine.markets.get(symbol)
  if (market === undefined) throw new Error(`an open folder holds orders of ${symbol}`)
  const order = { ...completed(written), trades: traded.get(orderKey(symbol, id)) ?? [] }
  market.orders.restore(order)
  if (!isLive(order)) return
  takeName(market, order)
  if (isStop(order.type)) market.algoOrders += 1
  if (order.icebergQuantity > 0n) market.icebergOrders += 1
  if (order.status !== 'PENDING_NEW') queueAgain(market, order)
}

/** Back to the place that it had. */
function queueAgain(market: Market, order: Order): void {
  if (order.rank === 0) order.rank = market.lastRank + 1
  market.lastRank = Math.max(market.lastRank, order.rank)
  place(market, order)
}

/** What orders of an earlier version could not have. */
function completed(written: Order): Order {
  const { price, stopPrice } = written
  return { ...absent, lockPrice: price > 0n ? price : stopPrice, ...(written as Written) }
}

/** Read from a file, so that what its version did not know is not there. */
type Written = Omit<Order, keyof typeof absent | 'lockPrice'> & Partial<Order>

const absent = {
  trailingDelta: 0,
  trailingAt: -1,
  extreme: 0n,
  icebergQuantity: 0n,
  visible: 0n,
  prevented: 0n,
  preventedQuote: 0n,
  preventedMatchId: null,
  amends: 0,
  rank: 0,
} as const
