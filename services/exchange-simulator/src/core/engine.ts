import { createNames } from './client-names.ts'
import { OrderFile } from './order-file.ts'
import { createQueue } from './order-queue.ts'
import { Touched } from './touched.ts'
import { TradeFile } from './trade-file.ts'
import type { Changes, Engine, Holding, Market, Order, SymbolRules } from './types.ts'

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
    amendments: [],
    conversions: [],
    barred: null,
    ordersMax: null,
    lastExecutionId: 0,
    recent: null,
    changes: noChanges(),
  }
}

function emptyHolding(free: bigint): Holding {
  return { free, locked: 0n, house: 0n, fees: 0n }
}

function createMarket(rules: SymbolRules): Market {
  const price = (order: Order): bigint => order.price
  const stop = (order: Order): bigint => order.stopPrice
  const trades = new TradeFile(rules.symbol)
  const orders = OrderFile.create(rules.symbol, trades)
  return {
    rules,
    status: 'TRADING',
    halted: null,
    lastPrice: 0n,
    averagePrice: 0n,
    referencePrice: () => 0n,
    epoch: -1,
    levels: () => null,
    depletion: { BUY: { index: 0, taken: 0n }, SELL: { index: 0, taken: 0n } },
    supply: { BUY: null, SELL: null },
    bids: createQueue({ best: 'highest', priceOf: price }),
    asks: createQueue({ best: 'lowest', priceOf: price }),
    rising: createQueue({ best: 'lowest', priceOf: stop }),
    falling: createQueue({ best: 'highest', priceOf: stop }),
    orders,
    touches: 0,
    live: orders.live,
    names: createNames(orders.live),
    trades,
    prevented: [],
    trailing: new Set(),
    ripe: [],
    algoOrders: 0,
    icebergOrders: 0,
    openLists: 0,
    lastTradeId: 0,
    lastRank: 0,
  }
}

/** What has been touched since the last call, to be written down before anyone is answered. */
export function drainChanges(engine: Engine): Changes | null {
  const drained = engine.changes
  const { orders, lists, assets, conversions, trades } = drained
  const exchanged = trades.length + conversions.length
  if (orders.size + lists.size + assets.size + exchanged === 0) return null
  engine.changes = noChanges()
  return drained
}

function noChanges(): Changes {
  return {
    orders: new Touched(),
    lists: new Touched(),
    assets: new Touched(),
    trades: NONE,
    prevented: NONE,
    amendments: NONE,
    conversions: NONE,
    events: NONE,
  }
}

/** Of most lists nothing is needed; what comes first makes a list of its own. */
const NONE = Object.freeze([]) as readonly never[] as never[]
