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
  for (const order of remembered.orders) restoreOrder(engine, order)
  for (const written of remembered.lists) restoreList(engine, written)
  for (const trade of remembered.trades) restoreTrade(engine, trade)
  for (const match of remembered.prevented) engine.markets.get(match.symbol)?.prevented.push(match)
}

function restoreTrade(engine: Engine, trade: Trade): void {
  const market = engine.markets.get(trade.symbol)
  if (market === undefined) return
  market.trades.push(trade)
  market.lastTradeId = trade.id
  const order = market.orders[trade.orderId - 1]
  if (order !== undefined) order.trades = appended(order.trades, trade)
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

function restoreOrder(engine: Engine, written: Order): void {
  const market = engine.markets.get(written.symbol)
  if (market === undefined) throw new Error(`an open folder holds orders of ${written.symbol}`)
  const order = completed(written)
  market.orders[order.id - 1] = order
  if (!isLive(order)) return
  market.live.set(order.id, order)
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
