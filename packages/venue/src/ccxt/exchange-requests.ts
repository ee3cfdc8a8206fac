// An order of ours as the parameters of Coinbase, MEXC and Alpaca, and the endpoint that takes them. Prices and
// quantities go as they are: they were rounded in the right direction before, and ccxt would round them half up.
import type { OrderRequest } from '../port.ts'
import { allowedParameters, venueSymbol, type VenueKind } from '../venue-rows.ts'

/** Venues with this adapter; Binance has one of its own. */
export type SpotKind = Exclude<VenueKind, 'binance'>

export type WireOrderCall = {
  /** In ccxt's naming of endpoints. */
  readonly method: string
  readonly parameters: Readonly<Record<string, unknown>>
}

const builders: Readonly<Record<SpotKind, (request: OrderRequest) => Record<string, unknown>>> = {
  coinbase: coinbaseOrder,
  mexc: mexcOrder,
  alpaca: alpacaOrder,
}

const orderMethods: Readonly<Record<SpotKind, string>> = {
  coinbase: 'v3PrivatePostBrokerageOrders',
  mexc: 'spotPrivatePostOrder',
  alpaca: 'traderPrivatePostV2Orders',
}

/** ccxt's own method reads whole seconds at Coinbase, and at Alpaca mistakes seconds for hours in UTC. */
export const timeMethods: Readonly<Record<SpotKind, string>> = {
  coinbase: 'v3PublicGetBrokerageTime',
  mexc: 'fetchTime',
  alpaca: 'traderPrivateGetV2Clock',
}

/** @throws RangeError for a type of order that the venue does not have */
export function orderCall(kind: SpotKind, request: OrderRequest): WireOrderCall {
  const parameters = allowedParameters(kind, request.type, builders[kind](request))
  return { method: orderMethods[kind], parameters }
}

function coinbaseOrder(request: OrderRequest): Record<string, unknown> {
  return {
    client_order_id: request.clientOrderId,
    product_id: venueSymbol('coinbase', request.symbol),
    side: request.side.toUpperCase(),
    order_configuration: coinbaseTerms(request),
  }
}

const coinbaseLimits = {
  gtc: 'limit_limit_gtc',
  ioc: 'sor_limit_ioc',
  fok: 'limit_limit_fok',
} as const

function coinbaseTerms(request: OrderRequest): Record<string, Record<string, unknown>> {
  const base_size = request.quantity.toString()
  if (request.type === 'market') {
    const { cost } = request
    const size = cost === undefined ? { base_size } : { quote_size: cost.toString() }
    return { market_market_ioc: size }
  }
  if (!('limitPrice' in request)) throw unsupported('coinbase', request)
  const limit_price = request.limitPrice.toString()
  if (request.type === 'limit') {
    return { [coinbaseLimits[request.timeInForce]]: { base_size, limit_price } }
  }
  if (request.type === 'limit-maker') {
    return { limit_limit_gtc: { base_size, limit_price, post_only: true } }
  }
  if (request.type !== 'stop-loss-limit') throw unsupported('coinbase', request)
  if (request.timeInForce !== 'gtc') {
    throw new RangeError('coinbase takes stop-loss-limit orders until they are canceled (gtc) only')
  }
  // A stop of a sale waits for the price to fall. The other direction would be a take-profit.
  const falls = request.side === 'sell'
  const stop_direction = falls ? 'STOP_DIRECTION_STOP_DOWN' : 'STOP_DIRECTION_STOP_UP'
  const stop_price = request.stopPrice.toString()
  return { stop_limit_stop_limit_gtc: { base_size, limit_price, stop_price, stop_direction } }
}

const mexcLimits = { gtc: 'LIMIT', ioc: 'IMMEDIATE_OR_CANCEL', fok: 'FILL_OR_KILL' } as const

function mexcOrder(request: OrderRequest): Record<string, unknown> {
  const common = {
    symbol: venueSymbol('mexc', request.symbol),
    side: request.side.toUpperCase(),
    newClientOrderId: request.clientOrderId,
  }
  const quantity = request.quantity.toString()
  switch (request.type) {
    case 'market': {
      const { cost } = request
      const size = cost === undefined ? { quantity } : { quoteOrderQty: cost.toString() }
      return { ...common, type: 'MARKET', ...size }
    }
    case 'limit': {
      const price = request.limitPrice.toString()
      return { ...common, type: mexcLimits[request.timeInForce], quantity, price }
    }
    case 'limit-maker':
      return { ...common, type: 'LIMIT_MAKER', quantity, price: request.limitPrice.toString() }
    case 'stop-loss':
    case 'stop-loss-limit':
    case 'take-profit':
    case 'take-profit-limit':
      throw unsupported('mexc', request)
  }
}

function alpacaOrder(request: OrderRequest): Record<string, unknown> {
  const common = {
    symbol: venueSymbol('alpaca', request.symbol),
    side: request.side,
    client_order_id: request.clientOrderId,
  }
  const qty = request.quantity.toString()
  if (request.type === 'market') {
    const { cost } = request
    const size = cost === undefined ? { qty } : { notional: cost.toString() }
    return { ...common, type: 'market', time_in_force: 'ioc', ...size }
  }
  if (!('timeInForce' in request)) throw unsupported('alpaca', request)
  const limit_price = request.limitPrice.toString()
  const limited = { ...common, qty, limit_price, time_in_force: request.timeInForce }
  if (request.type === 'limit') return { ...limited, type: 'limit' }
  if (request.type !== 'stop-loss-limit') throw unsupported('alpaca', request)
  return { ...limited, type: 'stop_limit', stop_price: request.stopPrice.toString() }
}

function unsupported(kind: SpotKind, { type }: OrderRequest): RangeError {
  return new RangeError(`${kind} has no ${type} orders`)
}
