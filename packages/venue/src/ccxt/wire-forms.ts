// Our words and the venue's: symbols, order types, states. The venue's forms are known in this folder only.
import type { OrderType, SymbolStatus, TimeInForce, VenueOrderStatus } from '../port.ts'

/** `BTC/USDT` is `BTCUSDT` at Binance. */
export function wireSymbol(symbol: string): string {
  return symbol.replace('/', '')
}

const wireOrderTypes = {
  market: 'MARKET',
  limit: 'LIMIT',
  'limit-maker': 'LIMIT_MAKER',
  'stop-loss': 'STOP_LOSS',
  'stop-loss-limit': 'STOP_LOSS_LIMIT',
  'take-profit': 'TAKE_PROFIT',
  'take-profit-limit': 'TAKE_PROFIT_LIMIT',
} as const satisfies Record<OrderType, string>

export function wireOrderType(type: OrderType): string {
  return wireOrderTypes[type]
}

const orderTypeByWire: ReadonlyMap<string, OrderType> = new Map([
  ['MARKET', 'market'],
  ['LIMIT', 'limit'],
  ['LIMIT_MAKER', 'limit-maker'],
  ['STOP_LOSS', 'stop-loss'],
  ['STOP_LOSS_LIMIT', 'stop-loss-limit'],
  ['TAKE_PROFIT', 'take-profit'],
  ['TAKE_PROFIT_LIMIT', 'take-profit-limit'],
])

/** Null for a type that we do not trade with; an order of it is somebody else's. */
export function orderTypeOf(wire: string): OrderType | null {
  return orderTypeByWire.get(wire) ?? null
}

const statusByWire: ReadonlyMap<string, VenueOrderStatus> = new Map([
  ['NEW', 'open'],
  ['PENDING_NEW', 'pending'],
  ['PARTIALLY_FILLED', 'partially-filled'],
  ['FILLED', 'filled'],
  ['CANCELED', 'canceled'],
  ['PENDING_CANCEL', 'open'],
  ['REJECTED', 'rejected'],
  ['EXPIRED', 'expired'],
  ['EXPIRED_IN_MATCH', 'expired'],
])

export function orderStatusOf(wire: string): VenueOrderStatus {
  const status = statusByWire.get(wire)
  // To guess here could release money that an order still holds.
  if (status === undefined) throw new Error(`unknown order status ${wire}`)
  return status
}

const timeInForceByWire: ReadonlyMap<string, TimeInForce> = new Map([
  ['GTC', 'gtc'],
  ['IOC', 'ioc'],
  ['FOK', 'fok'],
])

export function timeInForceOf(wire: string | undefined): TimeInForce | null {
  return wire === undefined ? null : (timeInForceByWire.get(wire) ?? null)
}

export function symbolStatusOf(wire: string): SymbolStatus {
  if (wire === 'TRADING') return 'trading'
  return wire === 'CANCEL_ONLY' ? 'cancel-only' : 'halted'
}

/** What the venue's name of a filter means in our rules, so that a refusal can show value and limit. */
export function filterNameOf(message: string): string {
  return (/Filter failure: (\w+)/.exec(message)?.[1] ?? 'filter').toLowerCase()
}
