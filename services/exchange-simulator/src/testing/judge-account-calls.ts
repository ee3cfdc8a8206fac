import { NO_CCXT_WS, NO_NPM_WS, refusedAsUnread, type JudgeCall } from './judge-calls.ts'

/** Calls about orders that are there already, and about what the account owns. */
const S = 'BTC/USDT'
const symbol = 'BTCUSDT'
const SAME_WIRE = 'the WebSocket API tells all states at once; fetchOrdersWs asks for the same'

export const accountCalls: readonly JudgeCall[] = [
  {
    name: 'fetchBalance',
    wire: 'GET account',
    ccxt: ({ ccxt }) => ccxt('fetchBalance'),
    npm: ({ npm }) => npm.getAccountInformation(),
    ccxtWs: ({ ccxt }) => ccxt('fetchBalanceWs'),
    npmWs: ({ npmWs, stamped }) => npmWs.getSpotAccountInformation(stamped({})),
  },
  {
    name: 'fetchOrder by id',
    wire: 'GET order',
    fields: { symbol },
    ccxt: async ({ ccxt, place }) => ccxt('fetchOrder', String((await place()).id), S),
    npm: async ({ npm, place }) => npm.getOrder({ symbol, orderId: (await place()).id }),
    ccxtWs: async ({ ccxt, place }) => ccxt('fetchOrderWs', String((await place()).id), S),
    npmWs: async ({ npmWs, place, stamped }) =>
      npmWs.getSpotOrderStatus(stamped({ symbol, orderId: (await place()).id })),
  },
  {
    name: 'fetchOrder by client id',
    wire: 'GET order',
    fields: { symbol },
    ccxt: async ({ ccxt, place }) =>
      ccxt('fetchOrder', undefined, S, { clientOrderId: (await place()).name }),
    npm: async ({ npm, place }) =>
      npm.getOrder({ symbol, origClientOrderId: (await place()).name }),
    ccxtWs: async ({ ccxt, place }) =>
      refusedAsUnread(ccxt('fetchOrderWs', undefined, S, { clientOrderId: (await place()).name })),
    npmWs: async ({ npmWs, place, stamped }) =>
      npmWs.getSpotOrderStatus(stamped({ symbol, origClientOrderId: (await place()).name })),
  },
  {
    name: 'fetchOpenOrders of a symbol',
    wire: 'GET openOrders',
    fields: { symbol },
    ccxt: ({ ccxt }) => ccxt('fetchOpenOrders', S),
    npm: ({ npm }) => npm.getOpenOrders({ symbol }),
    ccxtWs: ({ ccxt }) => ccxt('fetchOpenOrdersWs', S),
    npmWs: ({ npmWs, stamped }) => npmWs.getSpotOpenOrders(stamped({ symbol })),
  },
  {
    name: 'fetchOpenOrders of all',
    wire: 'GET openOrders',
    ccxt: ({ ccxt }) => ccxt('fetchOpenOrders'),
    npm: ({ npm }) => npm.getOpenOrders(),
    ccxtWs: 'fetchOpenOrdersWs of ccxt.pro cannot be called without a symbol',
    npmWs: ({ npmWs, stamped }) => npmWs.getSpotOpenOrders(stamped({})),
  },
  ...['fetchOrders', 'fetchClosedOrders', 'fetchCanceledOrders'].map((name): JudgeCall => ({
    name,
    wire: 'GET allOrders',
    fields: { symbol },
    ccxt: ({ ccxt }) => ccxt(name, S),
    npm: ({ npm }) => npm.getAllOrders({ symbol }),
    ccxtWs: name === 'fetchCanceledOrders' ? SAME_WIRE : ({ ccxt }) => ccxt(`${name}Ws`, S),
    npmWs: ({ npmWs, stamped }) => npmWs.getSpotAllOrders(stamped({ symbol })),
  })),
  {
    name: 'fetchMyTrades',
    wire: 'GET myTrades',
    fields: { symbol, limit: '5' },
    ccxt: ({ ccxt }) => ccxt('fetchMyTrades', S, undefined, 5),
    npm: ({ npm }) => npm.getAccountTradeList({ symbol, limit: 5 }),
    ccxtWs: ({ ccxt }) => ccxt('fetchMyTradesWs', S, undefined, 5),
    npmWs: ({ npmWs, stamped }) => npmWs.getSpotMyTrades(stamped({ symbol, limit: 5 })),
  },
  {
    name: 'fetchOrderTrades',
    wire: 'GET myTrades',
    fields: { symbol, orderId: '1' },
    ccxt: ({ ccxt }) => ccxt('fetchOrderTrades', '1', S),
    npm: ({ npm }) => npm.getAccountTradeList({ symbol, orderId: 1 }),
    ccxtWs: 'fetchOrderTradesWs of ccxt.pro is another name for fetchMyTradesWs with orderId',
    npmWs: ({ npmWs, stamped }) => npmWs.getSpotMyTrades(stamped({ symbol, orderId: 1 })),
  },
  {
    name: 'editOrder',
    wire: 'POST order/cancelReplace',
    fields: { symbol, cancelReplaceMode: 'STOP_ON_FAILURE' },
    ccxt: async ({ ccxt, place, low }) =>
      ccxt('editOrder', String((await place()).id), S, 'limit', 'buy', 0.002, low),
    npm: async ({ npm, place, low }) =>
      npm.replaceOrder({
        symbol,
        side: 'BUY',
        type: 'LIMIT',
        timeInForce: 'GTC',
        quantity: 0.002,
        price: low,
        cancelReplaceMode: 'STOP_ON_FAILURE',
        cancelOrderId: (await place()).id,
      }),
    ccxtWs: async ({ ccxt, place, low }) =>
      ccxt('editOrderWs', String((await place()).id), S, 'limit', 'buy', 0.002, low),
    npmWs: async ({ npmWs, place, low, stamped }) =>
      npmWs.cancelReplaceSpotOrder(
        stamped({
          symbol,
          side: 'BUY',
          type: 'LIMIT',
          timeInForce: 'GTC',
          quantity: 0.002,
          price: low,
          cancelReplaceMode: 'STOP_ON_FAILURE',
          cancelOrderId: (await place()).id,
        }),
      ),
  },
  {
    name: 'cancelOrder by id',
    wire: 'DELETE order',
    fields: { symbol },
    ccxt: async ({ ccxt, place }) => ccxt('cancelOrder', String((await place()).id), S),
    npm: async ({ npm, place }) => npm.cancelOrder({ symbol, orderId: (await place()).id }),
    ccxtWs: async ({ ccxt, place }) => ccxt('cancelOrderWs', String((await place()).id), S),
    npmWs: async ({ npmWs, place, stamped }) =>
      npmWs.cancelSpotOrder(stamped({ symbol, orderId: (await place()).id })),
  },
  {
    name: 'cancelOrder by client id',
    wire: 'DELETE order',
    fields: { symbol },
    ccxt: async ({ ccxt, place }) =>
      ccxt('cancelOrder', undefined, S, { clientOrderId: (await place()).name }),
    npm: async ({ npm, place }) =>
      npm.cancelOrder({ symbol, origClientOrderId: (await place()).name }),
    ccxtWs: async ({ ccxt, place }) =>
      ccxt('cancelOrderWs', undefined, S, { clientOrderId: (await place()).name }),
    npmWs: async ({ npmWs, place, stamped }) =>
      npmWs.cancelSpotOrder(stamped({ symbol, origClientOrderId: (await place()).name })),
  },
  {
    name: 'cancelAllOrders',
    wire: 'DELETE openOrders',
    fields: { symbol },
    ccxt: ({ ccxt, place }) => place().then(() => ccxt('cancelAllOrders', S)),
    npm: ({ npm, place }) => place().then(() => npm.cancelAllSymbolOrders({ symbol })),
    ccxtWs: ({ ccxt, place }) => place().then(() => ccxt('cancelAllOrdersWs', S)),
    npmWs: ({ npmWs, place, stamped }) =>
      place().then(() => npmWs.cancelAllSpotOpenOrders(stamped({ symbol }))),
  },
  {
    name: 'createOrder as a test',
    wire: 'POST order/test',
    fields: { symbol, type: 'LIMIT' },
    ccxt: ({ ccxt, low }) => ccxt('createOrder', S, 'limit', 'buy', 0.001, low, { test: true }),
    npm: ({ npm, low }) =>
      npm.testNewOrder({
        symbol,
        side: 'BUY',
        type: 'LIMIT',
        timeInForce: 'GTC',
        quantity: 0.001,
        price: low,
      }),
    ccxtWs: ({ ccxt, low }) => ccxt('createOrderWs', S, 'limit', 'buy', 0.001, low, { test: true }),
    npmWs: ({ npmWs, low, stamped }) =>
      npmWs.testSpotOrder(
        stamped({
          symbol,
          side: 'BUY',
          type: 'LIMIT',
          timeInForce: 'GTC',
          quantity: 0.001,
          price: low,
        }),
      ),
  },
  {
    name: 'fetchTradingFee',
    wire: 'GET /sapi/v1/asset/tradeFee',
    ccxt: ({ ccxt }) => ccxt('fetchTradingFee', S),
    npm: ({ npm }) => npm.getTradeFee({ symbol }),
    ccxtWs: NO_CCXT_WS,
    npmWs: NO_NPM_WS,
  },
  {
    name: 'fetchStatus',
    wire: 'GET /sapi/v1/system/status',
    ccxt: ({ ccxt }) => ccxt('fetchStatus'),
    npm: ({ npm }) => npm.getSystemStatus(),
    ccxtWs: NO_CCXT_WS,
    npmWs: NO_NPM_WS,
  },
]
