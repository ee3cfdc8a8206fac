import {
  NO_CCXT_WS,
  NO_NPM_WS,
  refusedAsUnread,
  type JudgeCall,
  type Judges,
} from './judge-calls.ts'

const S = 'BTC/USDT'
const symbol = 'BTCUSDT'
const SAME_WIRE = 'the WebSocket API tells all states at once; fetchOrdersWs asks for the same'

const limitBuy = { symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' } as const

const replacement = async ({ place, low }: Judges) =>
  ({
    ...limitBuy,
    quantity: 0.002,
    price: low,
    cancelReplaceMode: 'STOP_ON_FAILURE',
    cancelOrderId: (await place()).id,
  }) as const

/** Calls about orders that are there already, and about what the account owns. */
export const accountCalls: readonly JudgeCall[] = [
  {
    name: 'fetchBalance',
    wire: 'GET account',
    ccxt: ({ ccxt }) => ccxt('fetchBalance'),
    npm: ({ npm }) => npm.getAccountInformation(),
    ccxtWs: ({ ccxt }) => ccxt('fetchBalanceWs'),
    npmWs: ({ npmWs, stamped }) => npmWs.getSpotAccountInformation(stamped({})),
  },
  ...byEachId({
    call: 'fetchOrder',
    wire: 'GET order',
    isUnreadOverWs: true,
    npm: ({ npm }, id) => npm.getOrder({ symbol, ...id }),
    npmWs: ({ npmWs, stamped }, id) => npmWs.getSpotOrderStatus(stamped({ symbol, ...id })),
  }),
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
    npm: async (judges) => judges.npm.replaceOrder(await replacement(judges)),
    ccxtWs: async ({ ccxt, place, low }) =>
      ccxt('editOrderWs', String((await place()).id), S, 'limit', 'buy', 0.002, low),
    npmWs: async (judges) =>
      judges.npmWs.cancelReplaceSpotOrder(judges.stamped(await replacement(judges))),
  },
  ...byEachId({
    call: 'cancelOrder',
    wire: 'DELETE order',
    npm: ({ npm }, id) => npm.cancelOrder({ symbol, ...id }),
    npmWs: ({ npmWs, stamped }, id) => npmWs.cancelSpotOrder(stamped({ symbol, ...id })),
  }),
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
    npm: ({ npm, low }) => npm.testNewOrder({ ...limitBuy, quantity: 0.001, price: low }),
    ccxtWs: ({ ccxt, low }) => ccxt('createOrderWs', S, 'limit', 'buy', 0.001, low, { test: true }),
    npmWs: ({ npmWs, low, stamped }) =>
      npmWs.testSpotOrder(stamped({ ...limitBuy, quantity: 0.001, price: low })),
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

type OrderId = { readonly orderId: number } | { readonly origClientOrderId: string }

type CallOfOne = {
  /** As ccxt has it. */
  readonly call: string
  readonly wire: string
  /** ccxt.pro leaves its own words among what it sends over the WebSocket API for a client's id. */
  readonly isUnreadOverWs?: boolean
  readonly npm: (judges: Judges, id: OrderId) => Promise<unknown>
  readonly npmWs: (judges: Judges, id: OrderId) => Promise<unknown>
}

/** A call about one order that rests, by the venue's id of it and by the client's. */
function byEachId({ call, wire, isUnreadOverWs, npm, npmWs }: CallOfOne): JudgeCall[] {
  const byId = async ({ place }: Judges) => ({ orderId: (await place()).id })
  const byName = async ({ place }: Judges) => ({ origClientOrderId: (await place()).name })
  const named = async ({ ccxt, place }: Judges, method: string) =>
    ccxt(method, undefined, S, { clientOrderId: (await place()).name })
  return [
    {
      name: `${call} by id`,
      wire,
      fields: { symbol },
      ccxt: async ({ ccxt, place }) => ccxt(call, String((await place()).id), S),
      npm: async (judges) => npm(judges, await byId(judges)),
      ccxtWs: async ({ ccxt, place }) => ccxt(`${call}Ws`, String((await place()).id), S),
      npmWs: async (judges) => npmWs(judges, await byId(judges)),
    },
    {
      name: `${call} by client id`,
      wire,
      fields: { symbol },
      ccxt: (judges) => named(judges, call),
      npm: async (judges) => npm(judges, await byName(judges)),
      ccxtWs: (judges) => {
        const asked = named(judges, `${call}Ws`)
        return isUnreadOverWs === true ? refusedAsUnread(asked) : asked
      },
      npmWs: async (judges) => npmWs(judges, await byName(judges)),
    },
  ]
}
