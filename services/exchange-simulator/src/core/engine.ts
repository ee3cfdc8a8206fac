import { createQueue, enqueue } from './order-queue.ts'
import { rest } from './triggers.ts'
import {
  isLive,
  isStop,
  type Changes,
  type Engine,
  type Holding,
  type Market,
  type Order,
  type OrderList,
  type SymbolRules,
  type Trade,
} from './types.ts'

export type EngineOptions = {
  readonly rules: readonly SymbolRules[]
  readonly makerFee: bigint
  readonly takerFee: bigint
  readonly balances: ReadonlyMap<string, bigint>
}

export function createEngine(options: EngineOptions): Engine {
  const markets = new Map(options.rules.map((rules) => [rules.symbol, createMarket(rules)]))
  const holdings = new Map<string, Holding>()
  for (const { base, quote } of options.rules) {
    for (const asset of [base, quote]) holdings.set(asset, emptyHolding(0n))
  }
  for (const [asset, amount] of options.balances) holdings.set(asset, emptyHolding(amount))
  return {
    makerFee: options.makerFee,
    takerFee: options.takerFee,
    feeDiscount: null,
    activates: () => true,
    holdings,
    markets,
    lists: [],
    listsByClientId: new Map(),
    changes: { orders: new Set(), lists: new Set(), assets: new Set(), trades: [], events: [] },
  }
}

function emptyHolding(free: bigint): Holding {
  return { free, locked: 0n, house: 0n, fees: 0n }
}

function createMarket(rules: SymbolRules): Market {
  const price = (order: Order): bigint => order.price
  const stop = (order: Order): bigint => order.stopPrice
  const isBooked = (order: Order): boolean => isLive(order) && order.workingAt >= 0
  const isWaiting = (order: Order): boolean => isLive(order) && order.workingAt < 0
  return {
    rules,
    status: 'TRADING',
    halted: null,
    lastPrice: 0n,
    averagePrice: 0n,
    epoch: -1,
    levels: () => null,
    depletion: { BUY: { index: 0, taken: 0n }, SELL: { index: 0, taken: 0n } },
    supply: { BUY: null, SELL: null },
    bids: createQueue({ best: 'highest', priceOf: price, belongs: isBooked }),
    asks: createQueue({ best: 'lowest', priceOf: price, belongs: isBooked }),
    rising: createQueue({ best: 'lowest', priceOf: stop, belongs: isWaiting }),
    falling: createQueue({ best: 'highest', priceOf: stop, belongs: isWaiting }),
    orders: [],
    touches: 0,
    live: new Map(),
    byClientId: new Map(),
    trades: [],
    algoOrders: 0,
    lastTradeId: 0,
  }
}

/** What has been touched since the last call, to be written down before anyone is answered. */
export function drainChanges(engine: Engine): Changes | null {
  const { orders, lists, assets, trades, events } = engine.changes
  if (orders.size + lists.size + assets.size + trades.length === 0) return null
  const drained = {
    orders: new Set(orders),
    lists: new Set(lists),
    assets: new Set(assets),
    trades,
    events,
  }
  orders.clear()
  lists.clear()
  assets.clear()
  engine.changes.trades = []
  engine.changes.events = []
  return drained
}

/** What a previous run wrote down. Orders and trades are in the order of their ids. */
export type Remembered = {
  readonly orders: readonly Order[]
  readonly trades: readonly Trade[]
  readonly lists: readonly OrderList[]
  readonly holdings: ReadonlyMap<string, Holding>
}

export function restoreEngine(engine: Engine, remembered: Remembered): void {
  for (const [asset, holding] of remembered.holdings) engine.holdings.set(asset, { ...holding })
  for (const list of remembered.lists) {
    engine.lists[list.id - 1] = list
    engine.listsByClientId.set(list.clientOrderId, list)
  }
  for (const order of remembered.orders) restoreOrder(engine, order)
  for (const trade of remembered.trades) {
    const market = engine.markets.get(trade.symbol)
    if (market === undefined) continue
    market.trades.push(trade)
    market.lastTradeId = trade.id
    market.orders[trade.orderId - 1]?.trades.push(trade)
  }
}

function restoreOrder(engine: Engine, order: Order): void {
  const market = engine.markets.get(order.symbol)
  if (market === undefined) throw new Error(`an open folder holds orders of ${order.symbol}`)
  market.orders[order.id - 1] = order
  market.byClientId.set(order.clientOrderId, order)
  if (!isLive(order)) return
  market.live.set(order.id, order)
  if (isStop(order.type)) market.algoOrders += 1
  if (order.workingAt < 0) rest(market, order)
  else enqueue(order.side === 'BUY' ? market.bids : market.asks, order)
}
