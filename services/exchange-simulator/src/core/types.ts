import type { OrderQueue } from './order-queue.ts'

export const SIDES = ['BUY', 'SELL'] as const
export type Side = (typeof SIDES)[number]

export const ORDER_TYPES = [
  'LIMIT',
  'LIMIT_MAKER',
  'MARKET',
  'STOP_LOSS',
  'STOP_LOSS_LIMIT',
  'TAKE_PROFIT',
  'TAKE_PROFIT_LIMIT',
] as const
export type OrderType = (typeof ORDER_TYPES)[number]

export const TIMES_IN_FORCE = ['GTC', 'IOC', 'FOK'] as const
export type TimeInForce = (typeof TIMES_IN_FORCE)[number]

export const SELF_TRADE_MODES = ['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH'] as const
export type SelfTradeMode = (typeof SELF_TRADE_MODES)[number]

export type OrderStatus =
  | 'NEW'
  | 'PARTIALLY_FILLED'
  | 'FILLED'
  | 'CANCELED'
  | 'EXPIRED'
  | 'EXPIRED_IN_MATCH'

export type ExpiryReason =
  | 'INSUFFICIENT_LIQUIDITY'
  | 'UNFILLED_FOK_ORDER_EXPIRED'
  | 'UNFILLED_IOC_QUANTITY_EXPIRED'
  | 'OCO_TRIGGER'
  | 'REJECTED'
  | 'EXCHANGE_CANCELED'

/** Everything is in units of 1e-8 of the asset; zero where the venue has no such value. */
export type Order = {
  readonly symbol: string
  readonly id: number
  clientOrderId: string
  readonly side: Side
  readonly type: OrderType
  readonly timeInForce: TimeInForce
  readonly price: bigint
  readonly stopPrice: bigint
  quantity: bigint
  readonly quoteQuantity: bigint
  readonly selfTradeMode: SelfTradeMode
  readonly strategyId: number | null
  readonly strategyType: number | null
  listId: number
  status: OrderStatus
  expiryReason: ExpiryReason | null
  executed: bigint
  executedQuote: bigint
  /** What this order holds of the asset that it would pay with. */
  locked: bigint
  readonly createdAt: number
  updatedAt: number
  /** -1 while a stop has not been triggered. */
  workingAt: number
  readonly trades: Trade[]
}

export type Trade = {
  readonly symbol: string
  readonly id: number
  readonly orderId: number
  readonly listId: number
  readonly price: bigint
  readonly quantity: bigint
  readonly quote: bigint
  readonly commission: bigint
  readonly commissionAsset: string
  readonly time: number
  readonly isBuyer: boolean
  readonly isMaker: boolean
}

export type OrderList = {
  readonly id: number
  readonly symbol: string
  clientOrderId: string
  readonly orderIds: readonly number[]
  statusType: 'EXEC_STARTED' | 'ALL_DONE'
  orderStatus: 'EXECUTING' | 'ALL_DONE'
  readonly createdAt: number
  updatedAt: number
}

/** `house` is the other side of every trade; with `fees` it keeps the sum of an asset constant. */
export type Holding = { free: bigint; locked: bigint; house: bigint; fees: bigint }

export type Level = { readonly price: bigint; readonly quantity: bigint }

/** The i-th best price of the synthetic book, never empty; `side` is that of whoever rests there. */
export type LevelSource = (side: Side, index: number) => Level | null

/** How far into the synthetic book takers have eaten since the price last moved. */
type Depletion = { index: number; taken: bigint }

export const HALTS = ['BREAK', 'HALT', 'CANCEL_ONLY'] as const
type MarketStatus = 'TRADING' | (typeof HALTS)[number]

export type SymbolRules = {
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly tick: bigint
  readonly priceMin: bigint
  readonly priceMax: bigint
  readonly step: bigint
  readonly quantityMin: bigint
  readonly quantityMax: bigint
  readonly marketStep: bigint
  readonly marketQuantityMin: bigint
  readonly marketQuantityMax: bigint
  readonly notionalMin: bigint
  readonly notionalMax: bigint
  /** Multipliers of the average price, in units. */
  readonly percentUp: bigint
  readonly percentDown: bigint
  readonly ordersMax: number
  readonly algoOrdersMax: number
  readonly orderListsMax: number
}

export type Market = {
  rules: SymbolRules
  status: MarketStatus
  /** Closed by hand: nothing trades, and only CANCEL_ONLY lets orders be cancelled. */
  halted: (typeof HALTS)[number] | null
  lastPrice: bigint
  /** Mean price of the last five minutes: the reference of the percent and notional filters. */
  averagePrice: bigint
  /** The second since 1970 whose book is laid out. */
  epoch: number
  /** How often orders have changed the book in this second. */
  touches: number
  levels: LevelSource
  readonly depletion: { readonly BUY: Depletion; readonly SELL: Depletion }
  /** How much the synthetic book still gives on a side, whatever its levels say; null is no end. */
  readonly supply: { BUY: bigint | null; SELL: bigint | null }
  readonly bids: OrderQueue
  readonly asks: OrderQueue
  /** Stops that wait for the price to rise to them, and to fall to them. */
  readonly rising: OrderQueue
  readonly falling: OrderQueue
  /** Order n is at index n - 1. */
  readonly orders: Order[]
  readonly live: Map<number, Order>
  /** The latest order of each client id: an id may be used again once its order has ended. */
  readonly byClientId: Map<string, Order>
  readonly trades: Trade[]
  algoOrders: number
  lastTradeId: number
}

export type Changes = {
  readonly orders: Set<Order>
  readonly lists: Set<OrderList>
  readonly assets: Set<string>
  trades: Trade[]
  events: OrderEvent[]
}

/** One step in an order's life, with the order as it was right after it. */
export type OrderEvent = {
  readonly kind: 'NEW' | 'TRADE' | 'CANCELED' | 'EXPIRED' | 'TRADE_PREVENTION'
  readonly order: Order
  readonly trade: Trade | null
  /** The cancel's own client id. */
  readonly cancelId: string | null
}

/** Fees taken from another asset than what is received, at a part of the rate. */
type FeeDiscount = {
  readonly asset: string
  /** Units of the quote asset for one of the fee's asset. */
  readonly price: bigint
  readonly share: bigint
}

export type Engine = {
  makerFee: bigint
  takerFee: bigint
  feeDiscount: FeeDiscount | null
  /** False: the order ends as rejected when it is triggered or activated. */
  activates: (order: Order) => boolean
  readonly holdings: Map<string, Holding>
  readonly markets: Map<string, Market>
  readonly lists: OrderList[]
  readonly listsByClientId: Map<string, OrderList>
  readonly changes: Changes
}

/** What the market says about itself. */
export function statusOf(market: Market): MarketStatus {
  return market.halted ?? market.status
}

export function isLive(order: Order): boolean {
  return order.status === 'NEW' || order.status === 'PARTIALLY_FILLED'
}

export function remainingOf(order: Order): bigint {
  return order.quantity - order.executed
}

export function isStop(type: OrderType): boolean {
  return type !== 'LIMIT' && type !== 'LIMIT_MAKER' && type !== 'MARKET'
}

/** Has a limit price once it works. */
export function isLimit(type: OrderType): boolean {
  return type !== 'MARKET' && type !== 'STOP_LOSS' && type !== 'TAKE_PROFIT'
}

/** A buy stop and a sell take-profit wait for a rise; the other two for a fall. */
export function waitsForRise(type: OrderType, side: Side): boolean {
  const isStopLoss = type === 'STOP_LOSS' || type === 'STOP_LOSS_LIMIT'
  return isStopLoss === (side === 'BUY')
}
