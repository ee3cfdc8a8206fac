import type { ById } from './by-id.ts'
import type { ClientNames } from './client-names.ts'
import type { OrderFile } from './order-file.ts'
import type { OrderQueue } from './order-queue.ts'
import type { Refusal } from './refusal.ts'
import type { Touched } from './touched.ts'
import type { TradeFile } from './trade-file.ts'

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

/** What happens when an order would meet another of the same account; the taker's mode decides. */
export const SELF_TRADE_MODES = [
  'NONE',
  'EXPIRE_TAKER',
  'EXPIRE_MAKER',
  'EXPIRE_BOTH',
  'DECREMENT',
  'TRANSFER',
] as const
export type SelfTradeMode = (typeof SELF_TRADE_MODES)[number]

export const ORDER_STATUSES = [
  'NEW',
  'PENDING_NEW',
  'PARTIALLY_FILLED',
  'FILLED',
  'CANCELED',
  'REJECTED',
  'EXPIRED',
  'EXPIRED_IN_MATCH',
] as const
export type OrderStatus = (typeof ORDER_STATUSES)[number]

export const EXPIRY_REASONS = [
  'INSUFFICIENT_LIQUIDITY',
  'UNFILLED_FOK_ORDER_EXPIRED',
  'UNFILLED_IOC_QUANTITY_EXPIRED',
  'OCO_TRIGGER',
  'OTO_PHASE_ONE_EXPIRED',
  'REJECTED',
  'EXCHANGE_CANCELED',
] as const
export type ExpiryReason = (typeof EXPIRY_REASONS)[number]

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
  /** How far the price must turn from its best to trigger, in basis points; 0 for a fixed stop. */
  readonly trailingDelta: number
  /** When it began to follow the price; -1 before that. */
  trailingAt: number
  /** The best price since then: the highest for a sale, the lowest for a purchase. */
  extreme: bigint
  quantity: bigint
  readonly quoteQuantity: bigint
  /** The most that the book shows of it at a time; zero for all. */
  readonly icebergQuantity: bigint
  /** What the book shows of it now, where it does not show all. */
  visible: bigint
  readonly selfTradeMode: SelfTradeMode
  readonly strategyId: number | null
  readonly strategyType: number | null
  listId: number
  status: OrderStatus
  expiryReason: ExpiryReason | null
  executed: bigint
  executedQuote: bigint
  /** What was taken off it because it would have met an order of its own account. */
  prevented: bigint
  preventedQuote: bigint
  preventedMatchId: number | null
  /** What a purchase holds for one unit of base. */
  lockPrice: bigint
  /** How often its quantity was amended. */
  amends: number
  /** Its place in time among orders of the same price. */
  rank: number
  /** What this order holds of the asset that it would pay with. */
  locked: bigint
  readonly createdAt: number
  updatedAt: number
  /** -1 while a stop has not been triggered. */
  workingAt: number
  trades: Trade[]
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
  /** Both sides are the account's own: there are two of these with one id. */
  readonly isSelfTrade: boolean
}

/** Two orders of the account that would have traded with each other. */
export type PreventedMatch = {
  readonly symbol: string
  readonly id: number
  readonly takerOrderId: number
  readonly makerOrderId: number
  readonly mode: SelfTradeMode
  readonly price: bigint
  /** Null for a side whose quantity the mode does not touch. */
  readonly takerPrevented: bigint | null
  readonly makerPrevented: bigint | null
  readonly time: number
}

/** A smaller quantity for an order that keeps its place. */
export type Amendment = {
  readonly symbol: string
  readonly orderId: number
  readonly executionId: number
  readonly oldClientOrderId: string
  readonly newClientOrderId: string
  readonly oldQuantity: bigint
  readonly newQuantity: bigint
  readonly time: number
}

/** A price that was given for an exchange of two assets, and the exchange when it was accepted. */
export type Conversion = {
  /** Number n is at index n - 1. */
  readonly id: number
  readonly from: string
  readonly to: string
  readonly fromAmount: bigint
  readonly toAmount: bigint
  readonly validUntil: number
  /** -1 while it was not accepted. */
  acceptedAt: number
}

/**
 * In all kinds but OCO the first order works at once and the others wait until it is filled. In OCO,
 * OTOCO and OPOCO the last two exclude each other; in OPO and OPOCO they sell what the first bought.
 */
export type ListKind = 'OCO' | 'OTO' | 'OTOCO' | 'OPO' | 'OPOCO'

export type OrderList = {
  readonly id: number
  readonly kind: ListKind
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
  readonly percent: Readonly<Record<Side, { readonly up: bigint; readonly down: bigint }>>
  /** Basis points. */
  readonly trailingMin: number
  readonly trailingMax: number
  readonly icebergPartsMax: number
  readonly ordersMax: number
  readonly algoOrdersMax: number
  readonly icebergOrdersMax: number
  readonly orderListsMax: number
  readonly amendsMax: number
  /** The most of the base asset that may be owned or under purchase; zero for no limit. */
  readonly positionMax: bigint
}

export type Market = {
  rules: SymbolRules
  status: MarketStatus
  /** Closed by hand: nothing trades, and only CANCEL_ONLY lets orders be cancelled. */
  halted: (typeof HALTS)[number] | null
  lastPrice: bigint
  /** Mean price of the last five minutes: the reference of the percent and notional filters. */
  averagePrice: bigint
  /** What the venue takes as the price of the moment; 0 where nobody says. */
  referencePrice: () => bigint
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
  /** Stops that follow the price. */
  readonly trailing: Set<Order>
  /** Lists whose first order is filled, so that the others may begin. */
  readonly ripe: OrderList[]
  readonly orders: OrderFile
  readonly live: ById<Order>
  readonly names: ClientNames
  readonly trades: TradeFile
  readonly prevented: PreventedMatch[]
  algoOrders: number
  icebergOrders: number
  openLists: number
  lastTradeId: number
  lastRank: number
}

export type Changes = {
  readonly orders: Touched<Order>
  readonly lists: Touched<OrderList>
  readonly assets: Touched<string>
  trades: Trade[]
  prevented: PreventedMatch[]
  amendments: Amendment[]
  conversions: Conversion[]
  events: (OrderEvent | ListEvent | FundsEvent)[]
}

type OrderEventKind =
  | 'NEW'
  | 'TRADE'
  | 'CANCELED'
  | 'EXPIRED'
  | 'TRADE_PREVENTION'
  | 'REPLACED'
  | 'REJECTED'

/** One step in an order's life, with the order as it was right after it. */
export type OrderEvent = {
  readonly kind: OrderEventKind
  readonly executionId: number
  readonly order: Order
  readonly trade: Trade | null
  readonly prevention: Prevention | null
  /** The client id that the order had before a cancel or an amendment came under another one. */
  readonly replacedId: string | null
  /** The cancel's own client id. */
  readonly cancelId: string | null
  /** Why it was rejected, where its refusal is told as an event too. */
  readonly rejection?: Refusal
}

/** What one prevented match did to one of its two orders. */
export type Prevention = {
  readonly match: PreventedMatch
  readonly counterOrderId: number
  readonly quantity: bigint
}

export type ListEvent = {
  readonly kind: 'LIST'
  readonly list: OrderList
  readonly statusType: OrderList['statusType'] | 'UPDATED'
}

/** Money that moved without an order. */
export type FundsEvent = {
  /** A deposit or withdrawal; or a lock that another system of the exchange sets or takes away. */
  readonly kind: 'TRANSFER' | 'OUTSIDE_LOCK'
  readonly asset: string
  readonly delta: bigint
  readonly time: number
}

/** Fees taken from another asset than what is received, at a part of the rate. */
type FeeDiscount = {
  readonly asset: string
  /** Units of the quote asset for one of the fee's asset; null for what its own market says. */
  readonly price: bigint | null
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
  readonly amendments: Amendment[]
  readonly conversions: Conversion[]
  /** Why no new order may come, whatever it is; null when it may. */
  barred: Refusal | null
  /** The most orders that may be open on all symbols together; null for no limit. */
  ordersMax: number | null
  lastExecutionId: number
  /** Where the last order was, which is mostly where the next one is. */
  recent: Market | null
  /** What has been touched since it was last taken out. */
  changes: Changes
}

/** Asked by name, since a key that is known only at run time is looked up in a table each time. */
export function ofSide<Kind>(sides: Readonly<Record<Side, Kind>>, side: Side): Kind {
  return side === 'BUY' ? sides.BUY : sides.SELL
}

/** What the market says about itself. */
export function statusOf(market: Market): MarketStatus {
  return market.halted ?? market.status
}

export function isLive({ status }: Pick<Order, 'status'>): boolean {
  return status === 'NEW' || status === 'PARTIALLY_FILLED' || status === 'PENDING_NEW'
}

export function remainingOf(order: Order): bigint {
  return order.quantity - order.executed - order.prevented
}

/** What others see of it in the book. */
export function visibleOf(order: Order): bigint {
  return order.icebergQuantity === 0n ? remainingOf(order) : order.visible
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
