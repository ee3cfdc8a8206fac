// The shapes of Binance's answers that this adapter relies on. They are loose: a venue may add fields any
// day. Amounts must be text: a number would have passed through a float already.
import { Decimal } from '@flotilla/money'
import { z } from 'zod'

export const decimal = z
  .string()
  .refine((text) => Decimal.isDecimal(text), { error: 'not a decimal' })
  .transform((text) => Decimal.from(text))

/** Ids are whole numbers on the wire, or text when they are too large for one. */
export const id = z.union([z.string().min(1), z.int()]).transform(String)
export const time = z.int()

export const timeAnswer = z.looseObject({ serverTime: time })

const filter = z.looseObject({
  filterType: z.string(),
  minPrice: decimal.optional(),
  maxPrice: decimal.optional(),
  tickSize: decimal.optional(),
  minQty: decimal.optional(),
  maxQty: decimal.optional(),
  stepSize: decimal.optional(),
  minNotional: decimal.optional(),
  maxNotional: decimal.optional(),
})
export type WireFilter = z.infer<typeof filter>

const symbolInfo = z.looseObject({
  symbol: z.string(),
  status: z.string(),
  baseAsset: z.string(),
  quoteAsset: z.string(),
  orderTypes: z.array(z.string()),
  ocoAllowed: z.boolean().optional(),
  opoAllowed: z.boolean().optional(),
  isSpotTradingAllowed: z.boolean().optional(),
  filters: z.array(filter),
})
export type WireSymbol = z.infer<typeof symbolInfo>
export const exchangeInfo = z.looseObject({ symbols: z.array(symbolInfo) })

/** Opening time, open, high, low, close, base volume, last millisecond, quote volume, and more. */
export const kline = z
  .tuple([time, decimal, decimal, decimal, decimal, decimal, time, decimal])
  .rest(z.unknown())
export const klines = z.array(kline)

export const ticker = z.looseObject({
  symbol: z.string(),
  lastPrice: decimal,
  bidPrice: decimal,
  askPrice: decimal,
  quoteVolume: decimal,
  closeTime: time,
})
export const tickers = z.array(ticker)

export const level = z.tuple([decimal, decimal]).rest(z.unknown())
export const depth = z.looseObject({ bids: z.array(level), asks: z.array(level) })

export const account = z.looseObject({
  balances: z.array(z.looseObject({ asset: z.string(), free: decimal, locked: decimal })),
  commissionRates: z.looseObject({ maker: decimal, taker: decimal }).optional(),
})

const embeddedFill = z.looseObject({
  price: decimal,
  qty: decimal,
  commission: decimal,
  commissionAsset: z.string(),
  tradeId: id,
})

export const order = z.looseObject({
  symbol: z.string(),
  orderId: id,
  orderListId: id.optional(),
  clientOrderId: z.string(),
  /** In answers to a cancel: the order's own id, `clientOrderId` being the cancel's. */
  origClientOrderId: z.string().optional(),
  side: z.enum(['BUY', 'SELL']),
  type: z.string(),
  timeInForce: z.string().optional(),
  status: z.string(),
  price: decimal,
  stopPrice: decimal.optional(),
  origQty: decimal,
  executedQty: decimal,
  cummulativeQuoteQty: decimal,
  expiryReason: z.string().optional(),
  updateTime: time.optional(),
  transactTime: time.optional(),
  time: time.optional(),
  fills: z.array(embeddedFill).optional(),
})
export type WireOrder = z.infer<typeof order>
export const orders = z.array(order)

const leg = z.looseObject({ symbol: z.string(), orderId: id, clientOrderId: z.string() })
export const orderList = z.looseObject({
  orderListId: id,
  listOrderStatus: z.string(),
  listClientOrderId: z.string(),
  symbol: z.string(),
  orders: z.array(leg).min(2).max(3),
  orderReports: orders.optional(),
})
export type WireOrderList = z.infer<typeof orderList>

const trade = z.looseObject({
  symbol: z.string(),
  id,
  orderId: id,
  price: decimal,
  qty: decimal,
  quoteQty: decimal,
  commission: decimal,
  commissionAsset: z.string(),
  time,
  isBuyer: z.boolean(),
})
export type WireTrade = z.infer<typeof trade>
export const trades = z.array(trade)

/** Without an id when the account has too little of the asset. */
export const convertQuote = z.looseObject({
  quoteId: id.nullish(),
  fromAmount: decimal,
  toAmount: decimal,
  validTimestamp: time,
})

export const convertAccepted = z.looseObject({ createTime: time, orderStatus: z.string() })

export const convertOrder = convertAccepted.extend({
  fromAsset: z.string(),
  fromAmount: decimal,
  toAsset: z.string(),
  toAmount: decimal,
})
