// A venue on a scripted server that already answers what every test needs: time, symbols, account.
import { openBinanceVenue, type BinanceVenueOptions } from '../ccxt/binance-venue.ts'
import type { Venue } from '../port.ts'
import { startScriptedServer, type ScriptedAnswer, type ScriptedServer } from './scripted-server.ts'

export const marketNow = Date.UTC(2024, 7, 5, 12)
export const secret = 'secret-that-must-not-show'
export const apiKey = 'key-that-must-not-show'

export type WireVenue = { readonly venue: Venue; readonly server: ScriptedServer }

export async function openWireVenue(
  options: Partial<BinanceVenueOptions> = {},
): Promise<WireVenue> {
  const server = await startScriptedServer()
  server.on('GET /api/v3/time', { json: { serverTime: marketNow } })
  server.on('GET /api/v3/exchangeInfo', { json: { symbols: [bitcoin] } })
  server.on('GET /api/v3/account', { json: { balances: [] } })
  const venue = await openBinanceVenue({
    name: 'binance',
    baseUrl: server.url,
    apiKey,
    secret,
    clock: { now: () => marketNow },
    weightPerMinute: 0,
    ...options,
  })
  return { venue, server }
}

/** Short where an answer never comes; everywhere else a busy machine has its time. */
export function patienceFor(answer: ScriptedAnswer): { readonly timeoutMs?: number } {
  const isSilent = 'fault' in answer && answer.fault !== 'reset'
  return isSilent ? { timeoutMs: 1_000 } : {}
}

export const bitcoin = {
  symbol: 'BTCUSDT',
  status: 'TRADING',
  baseAsset: 'BTC',
  quoteAsset: 'USDT',
  orderTypes: [
    'LIMIT',
    'LIMIT_MAKER',
    'MARKET',
    'STOP_LOSS',
    'STOP_LOSS_LIMIT',
    'TAKE_PROFIT',
    'TAKE_PROFIT_LIMIT',
  ],
  ocoAllowed: true,
  isSpotTradingAllowed: true,
  filters: [
    { filterType: 'PRICE_FILTER', minPrice: '0.01', maxPrice: '1000000', tickSize: '0.01000000' },
    { filterType: 'LOT_SIZE', minQty: '0.00001', maxQty: '9000.00', stepSize: '0.00001000' },
    { filterType: 'MARKET_LOT_SIZE', minQty: '0', maxQty: '107.93', stepSize: '0.00000000' },
    { filterType: 'NOTIONAL', minNotional: '5.00', maxNotional: '9000000.00' },
    { filterType: 'TRAILING_DELTA', minTrailingAboveDelta: 10 },
  ],
}

/** An answer of the venue to an order, as documented. */
export function orderAnswer(overrides: Readonly<Record<string, unknown>> = {}) {
  return {
    symbol: 'BTCUSDT',
    orderId: 28,
    orderListId: -1,
    clientOrderId: 'fl-1',
    transactTime: marketNow,
    price: '50000.00000000',
    origQty: '0.01000000',
    executedQty: '0.00000000',
    origQuoteOrderQty: '0.00000000',
    cummulativeQuoteQty: '0.00000000',
    status: 'NEW',
    timeInForce: 'GTC',
    type: 'LIMIT',
    side: 'BUY',
    workingTime: marketNow,
    selfTradePreventionMode: 'EXPIRE_MAKER',
    fills: [],
    ...overrides,
  }
}

export function listAnswer(overrides: Readonly<Record<string, unknown>> = {}) {
  const common = { symbol: 'BTCUSDT', orderListId: 7, side: 'SELL', transactTime: marketNow }
  const amounts = {
    origQty: '0.01000000',
    executedQty: '0.00000000',
    cummulativeQuoteQty: '0.00000000',
  }
  return {
    orderListId: 7,
    contingencyType: 'OCO',
    listStatusType: 'EXEC_STARTED',
    listOrderStatus: 'EXECUTING',
    listClientOrderId: 'fl-1-p',
    transactionTime: marketNow,
    symbol: 'BTCUSDT',
    orders: [
      { symbol: 'BTCUSDT', orderId: 30, clientOrderId: 'fl-1-s' },
      { symbol: 'BTCUSDT', orderId: 31, clientOrderId: 'fl-1-t' },
    ],
    orderReports: [
      {
        ...common,
        ...amounts,
        orderId: 30,
        clientOrderId: 'fl-1-s',
        type: 'STOP_LOSS',
        status: 'NEW',
        price: '0.00000000',
        stopPrice: '49000.00000000',
        timeInForce: 'GTC',
        workingTime: -1,
      },
      {
        ...common,
        ...amounts,
        orderId: 31,
        clientOrderId: 'fl-1-t',
        type: 'LIMIT_MAKER',
        status: 'NEW',
        price: '52000.00000000',
        timeInForce: 'GTC',
        workingTime: marketNow,
      },
    ],
    ...overrides,
  }
}
