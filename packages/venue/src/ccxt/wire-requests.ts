// Our requests as the venue's parameters. Each kind of order lists the parameters it sends: nothing else can
// get on the wire, because a venue that ignores a parameter it does not know turns a stop into a sale.
import type { OrderRequest, ProtectionRequest, TimeInForce } from '../port.ts'
import { allowedParameters } from '../venue-rows.ts'
import type { Parameters } from './client.ts'
import { wireOrderType, wireSymbol } from './wire-forms.ts'

export function orderParameters(request: OrderRequest): Parameters {
  return allowedParameters('binance', request.type, {
    symbol: wireSymbol(request.symbol),
    side: request.side.toUpperCase(),
    type: wireOrderType(request.type),
    ...termsOf(request),
    ...sizeOf(request),
    newClientOrderId: request.clientOrderId,
    newOrderRespType: 'FULL',
  })
}

/** A market buy may be given by what it costs. */
function sizeOf(request: OrderRequest): Parameters {
  const cost = request.type === 'market' ? request.cost : undefined
  if (cost !== undefined) return { quoteOrderQty: cost.toString() }
  return { quantity: request.quantity.toString() }
}

function termsOf(request: OrderRequest): Parameters {
  switch (request.type) {
    // Never a price: it would turn the quantity into an amount of quote currency.
    case 'market':
      return {}
    case 'limit':
      return { price: request.limitPrice.toString(), timeInForce: wireTime(request.timeInForce) }
    case 'limit-maker':
      return { price: request.limitPrice.toString() }
    case 'stop-loss':
    case 'take-profit':
      return { stopPrice: request.stopPrice.toString() }
    case 'stop-loss-limit':
    case 'take-profit-limit':
      return {
        price: request.limitPrice.toString(),
        stopPrice: request.stopPrice.toString(),
        timeInForce: wireTime(request.timeInForce),
      }
  }
}

/** The venue speaks of the order above the market and the one below it; which is which depends on the side. */
export function protectionParameters(request: ProtectionRequest): Parameters {
  const stopIs = request.side === 'sell' ? 'below' : 'above'
  const targetIs = request.side === 'sell' ? 'above' : 'below'
  const { stop, takeProfit } = request
  const limited = stop.limitPrice
  return {
    symbol: wireSymbol(request.symbol),
    listClientOrderId: request.clientProtectionId,
    side: request.side.toUpperCase(),
    quantity: request.quantity.toString(),
    [`${targetIs}Type`]: 'LIMIT_MAKER',
    [`${targetIs}Price`]: takeProfit.limitPrice.toString(),
    [`${targetIs}ClientOrderId`]: takeProfit.clientOrderId,
    [`${stopIs}Type`]: limited === undefined ? 'STOP_LOSS' : 'STOP_LOSS_LIMIT',
    [`${stopIs}StopPrice`]: stop.stopPrice.toString(),
    [`${stopIs}ClientOrderId`]: stop.clientOrderId,
    ...(limited === undefined
      ? {}
      : { [`${stopIs}Price`]: limited.toString(), [`${stopIs}TimeInForce`]: 'GTC' }),
    newOrderRespType: 'RESULT',
  }
}

/** The same exits behind an entry: the venue counts what it received, so their quantity is not sent. */
export function bracketParameters(
  request: ProtectionRequest,
  entry: NonNullable<ProtectionRequest['entry']>,
): Parameters {
  const { symbol, listClientOrderId, ...exits } = protectionParameters(request)
  const legs = Object.entries(exits).filter(([name]) => /^(above|below)/.test(name))
  const pending = legs.map(([name, value]) => [
    `pending${name[0]?.toUpperCase()}${name.slice(1)}`,
    value,
  ])
  return {
    symbol: symbol ?? '',
    listClientOrderId: listClientOrderId ?? '',
    workingType: 'LIMIT',
    workingSide: request.side === 'sell' ? 'BUY' : 'SELL',
    workingPrice: entry.limitPrice.toString(),
    workingQuantity: entry.quantity.toString(),
    workingTimeInForce: 'FOK',
    workingClientOrderId: entry.clientOrderId,
    pendingSide: request.side.toUpperCase(),
    ...Object.fromEntries(pending),
    newOrderRespType: 'FULL',
  }
}

function wireTime(timeInForce: TimeInForce): string {
  return timeInForce.toUpperCase()
}
