// Coinbase, MEXC and Alpaca on a scripted server: their lists of symbols, their time, and what they answer to
// an order, in the shapes of their documents.
import { Decimal } from '@flotilla/money'
import { openSpotVenue, type SpotVenueOptions } from '../ccxt/exchange-venue.ts'
import type { SpotKind } from '../ccxt/exchange-requests.ts'
import type { Venue } from '../port.ts'
import { startScriptedServer, type ScriptedServer } from './scripted-server.ts'
import { apiKey, marketNow, secret } from './wire-venue.ts'

export type SpotScene = {
  readonly venue: Venue
  readonly server: ScriptedServer
  readonly shapes: VenueShapes
}

type OrderTold = {
  readonly status: 'open' | 'filled' | 'canceled'
  readonly clientOrderId?: string
}

/** Where a venue takes and tells of orders, and in which words. */
type VenueShapes = {
  /** The symbol that the scripted venue lists. */
  readonly symbol: string
  readonly place: string
  readonly cancel: string
  /** Tells of the one order. */
  readonly tell: string
  readonly list: string
  readonly fills: string
  placed(clientOrderId: string): unknown
  canceled(): unknown
  told(order: OrderTold): unknown
  listed(orders: readonly OrderTold[]): unknown
  filled(tradeId: string, at: number): unknown
  fillsOf(fills: readonly unknown[]): unknown
}

export const orderId = 'venue-order-7'
const at = new Date(marketNow).toISOString()

const coinbaseStatus = { open: 'OPEN', filled: 'FILLED', canceled: 'CANCELLED' } as const
function coinbaseOrder({ status, clientOrderId = 'fl-1' }: OrderTold) {
  const filled = status === 'filled'
  const terms = { base_size: '0.01', limit_price: '50000' }
  return {
    order_id: orderId,
    product_id: 'BTC-USD',
    order_configuration: { limit_limit_gtc: { ...terms, post_only: false } },
    side: 'SELL',
    client_order_id: clientOrderId,
    status: coinbaseStatus[status],
    time_in_force: 'GOOD_UNTIL_CANCELLED',
    created_time: at,
    filled_size: filled ? '0.01' : '0',
    average_filled_price: filled ? '50000' : '0',
    filled_value: filled ? '500' : '0',
    total_fees: filled ? '3' : '0',
    order_type: 'LIMIT',
  }
}

const coinbase: VenueShapes = {
  symbol: 'BTC/USD',
  place: 'POST /api/v3/brokerage/orders',
  cancel: 'POST /api/v3/brokerage/orders/batch_cancel',
  tell: `GET /api/v3/brokerage/orders/historical/${orderId}`,
  list: 'GET /api/v3/brokerage/orders/historical/batch',
  fills: 'GET /api/v3/brokerage/orders/historical/fills',
  placed: (clientOrderId) => ({
    success: true,
    order_id: orderId,
    success_response: {
      order_id: orderId,
      product_id: 'BTC-USD',
      side: 'SELL',
      client_order_id: clientOrderId,
    },
  }),
  canceled: () => ({ results: [{ success: true, failure_reason: '', order_id: orderId }] }),
  told: (order) => ({ order: coinbaseOrder(order) }),
  listed: (orders) => ({ orders: orders.map(coinbaseOrder), has_next: false, cursor: '' }),
  filled: (tradeId, time) => ({
    entry_id: `entry-${tradeId}`,
    trade_id: tradeId,
    order_id: orderId,
    trade_time: new Date(time).toISOString(),
    trade_type: 'FILL',
    price: '50000',
    size: '0.01',
    commission: '3',
    product_id: 'BTC-USD',
    liquidity_indicator: 'TAKER',
    size_in_quote: false,
    side: 'SELL',
  }),
  fillsOf: (fills) => ({ fills, cursor: '' }),
}

const mexcStatus = { open: 'NEW', filled: 'FILLED', canceled: 'CANCELED' } as const
function mexcOrder({ status, clientOrderId = 'fl-1' }: OrderTold) {
  const filled = status === 'filled'
  return {
    symbol: 'BTCUSDT',
    orderId,
    clientOrderId,
    price: '50000',
    origQty: '0.01',
    executedQty: filled ? '0.01' : '0',
    cummulativeQuoteQty: filled ? '500' : '0',
    status: mexcStatus[status],
    timeInForce: null,
    type: 'LIMIT',
    side: 'SELL',
    time: marketNow,
    updateTime: marketNow,
  }
}

const mexc: VenueShapes = {
  symbol: 'BTC/USDT',
  place: 'POST /api/v3/order',
  cancel: 'DELETE /api/v3/order',
  tell: 'GET /api/v3/order',
  list: 'GET /api/v3/allOrders',
  fills: 'GET /api/v3/myTrades',
  placed: () => ({ symbol: 'BTCUSDT', orderId, orderListId: -1 }),
  canceled: () => mexcOrder({ status: 'canceled' }),
  told: mexcOrder,
  listed: (orders) => orders.map(mexcOrder),
  filled: (tradeId, time) => ({
    symbol: 'BTCUSDT',
    id: tradeId,
    orderId,
    price: '50000',
    qty: '0.01',
    quoteQty: '500',
    commission: '1',
    commissionAsset: 'USDT',
    time,
    isBuyer: false,
    isMaker: false,
  }),
  fillsOf: (fills) => fills,
}

/** What Alpaca tells of the one order, whatever has become of it. */
export const alpacaTerms = {
  id: orderId,
  created_at: at,
  updated_at: at,
  submitted_at: at,
  symbol: 'BTC/USD',
  asset_class: 'crypto',
  notional: null,
  qty: '0.01',
  order_type: 'limit',
  type: 'limit',
  side: 'sell',
  time_in_force: 'gtc',
  limit_price: '50000',
  stop_price: null,
}

const alpacaStatus = { open: 'new', filled: 'filled', canceled: 'canceled' } as const
function alpacaOrder({ status, clientOrderId = 'fl-1' }: OrderTold) {
  const filled = status === 'filled'
  return {
    ...alpacaTerms,
    client_order_id: clientOrderId,
    filled_qty: filled ? '0.01' : '0',
    filled_avg_price: filled ? '50000' : null,
    status: alpacaStatus[status],
  }
}

const alpaca: VenueShapes = {
  symbol: 'BTC/USD',
  place: 'POST /v2/orders',
  cancel: `DELETE /v2/orders/${orderId}`,
  tell: `GET /v2/orders/${orderId}`,
  list: 'GET /v2/orders',
  fills: 'GET /v2/account/activities/FILL',
  placed: (clientOrderId) => alpacaOrder({ status: 'open', clientOrderId }),
  canceled: () => ({}),
  told: alpacaOrder,
  listed: (orders) => orders.map(alpacaOrder),
  filled: (tradeId, time) => ({
    id: tradeId,
    activity_type: 'FILL',
    transaction_time: new Date(time).toISOString(),
    type: 'fill',
    price: '50000',
    qty: '0.01',
    side: 'sell',
    symbol: 'BTC/USD',
    order_id: orderId,
    cum_qty: '0.01',
    leaves_qty: '0',
    order_status: 'filled',
  }),
  fillsOf: (fills) => fills,
}

const shapesOf: Readonly<Record<SpotKind, VenueShapes>> = { coinbase, mexc, alpaca }

const product = {
  product_id: 'BTC-USD',
  product_type: 'SPOT',
  base_currency_id: 'BTC',
  quote_currency_id: 'USD',
  base_increment: '0.00000001',
  quote_increment: '0.01',
  price_increment: '0.01',
  base_min_size: '0.00001',
  base_max_size: '3400',
  quote_min_size: '1',
  quote_max_size: '150000000',
  trading_disabled: false,
  price: '50000',
  volume_24h: '18680.00001',
  approximate_quote_24h_volume: '934000000.5',
}

export const mexcSymbol = {
  symbol: 'BTCUSDT',
  status: '1',
  baseAsset: 'BTC',
  baseAssetPrecision: '6',
  quoteAsset: 'USDT',
  quotePrecision: '2',
  quoteAssetPrecision: '2',
  orderTypes: ['LIMIT', 'MARKET', 'LIMIT_MAKER'],
  isSpotTradingAllowed: true,
  quoteAmountPrecision: '1',
  baseSizePrecision: '0.000001',
  maxQuoteAmount: '2000000',
  makerCommission: '0',
  takerCommission: '0.0005',
}

const asset = {
  id: 'asset-1',
  class: 'crypto',
  symbol: 'BTC/USD',
  status: 'active',
  tradable: true,
  min_order_size: '0.0001',
  min_trade_increment: '0.0001',
  price_increment: '0.1',
}

export async function openSpotScene(
  kind: SpotKind,
  options: Partial<SpotVenueOptions> = {},
): Promise<SpotScene> {
  const server = await startScriptedServer()
  const seconds = String(Math.floor(marketNow / 1_000))
  server.on('GET /v2/time', { json: { data: { iso: at, epoch: Number(seconds) } } })
  server.on('GET /api/v3/brokerage/time', { json: { iso: at, epochSeconds: seconds } })
  server.on('GET /api/v3/time', { json: { serverTime: marketNow } })
  server.on('GET /v2/clock', { json: { timestamp: at, is_open: true } })
  server.on('GET /api/v3/brokerage/market/products', { json: { products: [product] } })
  const tier = { taker_fee_rate: '0.006', maker_fee_rate: '0.004' }
  server.on('GET /api/v3/brokerage/transaction_summary', { json: { fee_tier: tier } })
  server.on('GET /api/v3/exchangeInfo', { json: { symbols: [mexcSymbol] } })
  server.on('GET /v2/assets', { json: [asset] })
  const keys = { apiKey, secret }
  const clock = { now: () => marketNow }
  const common = { kind, name: kind, baseUrl: server.url, clock, rateLimited: false }
  const venue = await openSpotVenue({ ...common, ...keys, ...options })
  return { venue, server, shapes: shapesOf[kind] }
}

/** The order that the shapes tell of. */
export const restingSale = {
  clientOrderId: 'fl-1',
  side: 'sell',
  type: 'limit',
  quantity: Decimal.from('0.01'),
  limitPrice: Decimal.from('50000'),
  timeInForce: 'gtc',
} as const

/** A venue that takes the one order and tells that it rests. */
export async function openTakingScene(
  kind: SpotKind,
  options: Partial<SpotVenueOptions> = {},
): Promise<SpotScene> {
  const scene = await openSpotScene(kind, options)
  const { server, shapes } = scene
  server.on(shapes.place, { json: shapes.placed('fl-1') })
  server.on(shapes.tell, { json: shapes.told({ status: 'open' }) })
  return scene
}
