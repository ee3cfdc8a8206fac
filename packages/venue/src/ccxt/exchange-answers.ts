// What ccxt makes of the answers of Coinbase, MEXC and Alpaca, as values of the port. Answers that lack what
// an order needs are malformed: to guess could release money that it still holds.
import { Decimal } from '@flotilla/money'
import { z } from 'zod'
import type {
  OrderRequest,
  OrderType,
  SymbolRules,
  SymbolStatus,
  TimeInForce,
  VenueFill,
  VenueOrder,
  VenueOrderStatus,
} from '../port.ts'
import { orderTypesOf, venueRows, type VenueKind } from '../venue-rows.ts'

/** Twelve places: more than any increment that the venues list. */
const PLACES = 12

export const decimal = z
  .union([z.string(), z.number().transform(String)])
  .transform((text) => (/e/i.test(text) ? Number(text).toFixed(PLACES) : text))
  .refine((text) => Decimal.isDecimal(text))
  .transform((text) => Decimal.from(text))
const maybe = decimal.nullish().transform((value) => value ?? null)
const limits = z.looseObject({ min: maybe, max: maybe }).prefault({})

const market = z.looseObject({
  id: z.string(),
  symbol: z.string(),
  base: z.string(),
  quote: z.string(),
  spot: z.boolean().nullish(),
  active: z.boolean().nullish(),
  /** As the venue sent it. */
  info: z.unknown(),
  precision: z.looseObject({ amount: maybe, price: maybe }),
  limits: z.looseObject({ amount: limits, price: limits, cost: limits }),
  maker: maybe,
  taker: maybe,
})
export const markets = z.record(z.string(), market)
export type Market = z.infer<typeof market>

/** By our form of the symbol. */
export function rulesFromMarkets(
  kind: VenueKind,
  listed: Readonly<Record<string, Market>>,
): Map<string, SymbolRules> {
  const all = Object.values(listed)
  const believed =
    venueRows[kind].closedMark === 'believed' || all.some(({ active }) => active !== false)
  const isOpen = (one: Market) => (believed ? one.active !== false : hasOpenStatus(one))
  return new Map(
    all.map((one) => [one.symbol, rulesFromMarket(kind, one, isOpen(one) ? 'trading' : 'halted')]),
  )
}

const ownStatus = z.looseObject({ status: z.string() })

/** MEXC: 1 is online (once it was the word), 2 a pause, 3 offline. */
function hasOpenStatus({ info }: Market): boolean {
  const told = ownStatus.safeParse(info)
  return told.success && ['1', 'ENABLED'].includes(told.data.status)
}

function rulesFromMarket(kind: VenueKind, one: Market, status: SymbolStatus): SymbolRules {
  const { amount, price, cost } = one.limits
  return {
    symbol: one.symbol,
    base: one.base,
    quote: one.quote,
    status,
    priceTick: one.precision.price ?? Decimal.zero,
    priceMin: positive(price.min),
    priceMax: positive(price.max),
    quantityStep: one.precision.amount ?? Decimal.zero,
    quantityMin: amount.min ?? Decimal.zero,
    quantityMax: positive(amount.max),
    marketQuantityMax: null,
    // Where only buys have a least cost it is checked with them: a sale must not wait for it.
    notionalMin: kind === 'alpaca' ? Decimal.zero : (cost.min ?? Decimal.zero),
    notionalMax: positive(cost.max),
    orderTypes: orderTypesOf(kind),
    ocoAllowed: false,
    opoAllowed: false,
    makerFeeRate: one.maker ?? Decimal.zero,
    takerFeeRate: one.taker ?? Decimal.zero,
  }
}

function positive(limit: Decimal | null): Decimal | null {
  return limit?.isPositive() === true ? limit : null
}

export const order = z.looseObject({
  id: z.union([z.string(), z.number().transform(String)]),
  clientOrderId: z.string().nullish(),
  symbol: z.string(),
  type: z.string().nullish(),
  side: z.enum(['buy', 'sell']),
  status: z.string(),
  timeInForce: z.string().nullish(),
  postOnly: z.boolean().nullish(),
  price: maybe,
  triggerPrice: maybe,
  amount: maybe,
  filled: maybe,
  cost: maybe,
  average: maybe,
  timestamp: z.number().nullish(),
  lastTradeTimestamp: z.number().nullish(),
  lastUpdateTimestamp: z.number().nullish(),
})
export const orders = z.array(order)
export type UnifiedOrder = z.infer<typeof order>

export function orderFromUnified(told: UnifiedOrder, now: number): VenueOrder {
  const filledQuantity = told.filled ?? Decimal.zero
  const quantity = told.amount ?? filledQuantity
  return {
    symbol: told.symbol,
    clientOrderId: told.clientOrderId ?? told.id,
    venueOrderId: told.id,
    venueProtectionId: null,
    side: told.side,
    type: typeOf(told),
    timeInForce: timeInForceOf(told),
    status: statusOf(told.status, { quantity, filledQuantity }),
    quantity,
    limitPrice: told.type === 'market' ? null : told.price,
    stopPrice: told.triggerPrice,
    filledQuantity,
    filledNotional: told.cost ?? filledQuantity.times(told.average ?? Decimal.zero),
    fills: null,
    updatedAt: timeOf(told) ?? now,
    endReason: null,
  }
}

/** Milliseconds; Coinbase tells them in several forms, Alpaca as a date with an offset and nanoseconds. */
export const time = z.union([
  z.number(),
  z.looseObject({ epochMillis: z.coerce.number() }).transform(({ epochMillis }) => epochMillis),
  z.looseObject({ iso: z.iso.datetime() }).transform(({ iso }) => Date.parse(iso)),
  z
    .looseObject({ timestamp: z.iso.datetime({ offset: true }) })
    .transform(({ timestamp }) => Date.parse(timestamp)),
])

function timeInForceOf({ timeInForce }: UnifiedOrder): TimeInForce | null {
  const told = timeInForce?.toLowerCase()
  return (['gtc', 'ioc', 'fok'] as const).find((one) => one === told) ?? null
}

function timeOf(told: UnifiedOrder): number | null {
  return told.lastUpdateTimestamp ?? told.lastTradeTimestamp ?? told.timestamp ?? null
}

function typeOf({ type, postOnly, triggerPrice }: UnifiedOrder): OrderType {
  if (triggerPrice !== null) return 'stop-loss-limit'
  if (type === 'market') return 'market'
  return postOnly === true ? 'limit-maker' : 'limit'
}

type Amounts = { readonly quantity: Decimal; readonly filledQuantity: Decimal }

function statusOf(told: string, { quantity, filledQuantity }: Amounts): VenueOrderStatus {
  if (liveWords.has(told)) return filledQuantity.isPositive() ? 'partially-filled' : 'open'
  // Some venues say so of an order whose rest expired, too.
  if (told === 'closed') return filledQuantity.lessThan(quantity) ? 'expired' : 'filled'
  const ended = (['canceled', 'expired', 'rejected'] as const).find((one) => one === told)
  if (ended === undefined) throw new Error(`unknown order status ${told}`)
  return ended
}

/** ccxt's, and those of Coinbase for orders on their way in, out, or to other terms, which ccxt lets through. */
const liveWords: ReadonlySet<string> = new Set([
  'open',
  'canceling',
  'PENDING',
  'QUEUED',
  'CANCEL_QUEUED',
  'EDIT_QUEUED',
])

/** An order that the venue took and has told nothing more about. */
export function acceptedOrder(
  request: OrderRequest,
  { venueOrderId, now }: { readonly venueOrderId: string; readonly now: number },
): VenueOrder {
  return {
    symbol: request.symbol,
    clientOrderId: request.clientOrderId,
    venueOrderId,
    venueProtectionId: null,
    side: request.side,
    type: request.type,
    timeInForce: 'timeInForce' in request ? request.timeInForce : null,
    status: 'open',
    quantity: request.quantity,
    limitPrice: 'limitPrice' in request ? request.limitPrice : null,
    stopPrice: 'stopPrice' in request ? request.stopPrice : null,
    filledQuantity: Decimal.zero,
    filledNotional: Decimal.zero,
    fills: null,
    updatedAt: now,
    endReason: null,
  }
}

export const trade = z.looseObject({
  id: z.union([z.string(), z.number().transform(String)]),
  order: z.union([z.string(), z.number().transform(String)]),
  symbol: z.string(),
  side: z.enum(['buy', 'sell']),
  price: decimal,
  amount: decimal,
  cost: maybe,
  timestamp: z.number(),
  fee: z.looseObject({ cost: maybe, currency: z.string().nullish() }).nullish(),
})
export const trades = z.array(trade)

/** A fee that the venue does not tell is reckoned from its rate, in what was received. */
export function fillFromUnified(
  told: z.infer<typeof trade>,
  rules: SymbolRules,
  isFeeTold: boolean,
): VenueFill {
  const notional = told.cost ?? told.price.times(told.amount)
  const received = told.side === 'buy' ? rules.base : rules.quote
  const reckoned = (told.side === 'buy' ? told.amount : notional).times(rules.takerFeeRate)
  return {
    symbol: told.symbol,
    tradeId: told.id,
    venueOrderId: told.order,
    clientOrderId: null,
    side: told.side,
    price: told.price,
    quantity: told.amount,
    notional,
    fee: isFeeTold ? (told.fee?.cost ?? Decimal.zero) : reckoned,
    feeAsset: isFeeTold ? (told.fee?.currency ?? received) : received,
    executedAt: told.timestamp,
  }
}

const ticker = z.looseObject({
  symbol: z.string(),
  last: decimal,
  bid: maybe,
  ask: maybe,
  timestamp: z.number().nullish(),
  info: z.unknown(),
})
export const tickers = z.record(z.string(), ticker)

const level = z.tuple([decimal, decimal]).rest(z.unknown())
export const book = z.looseObject({ bids: z.array(level), asks: z.array(level) })
export const candles = z.array(z.tuple([z.number(), decimal, decimal, decimal, decimal, decimal]))
const amounts = z.record(z.string(), maybe)
export const balances = z.looseObject({ free: amounts, used: amounts, total: amounts })
