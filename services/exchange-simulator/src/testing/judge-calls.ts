import type { MainClient, WebsocketAPIClient } from 'binance'

/**
 * Every call that a client makes of the venue, and how each client makes it: by REST and over the WebSocket
 * API. Where a client has no such call, the reason stands in its place.
 */
export type Judges = {
  readonly ccxt: (method: string, ...values: unknown[]) => Promise<unknown>
  readonly npm: MainClient
  readonly npmWs: WebsocketAPIClient
  /** Prices well below and above the market, that rest. */
  readonly low: number
  readonly high: number
  /** An order that rests, placed past the clients. */
  readonly place: () => Promise<{ readonly id: number; readonly name: string }>
  readonly stamped: <Params extends object>(params: Params) => Params & { timestamp: number }
}

type Act = (judges: Judges) => Promise<unknown>
type ActOrReason = Act | string

export type JudgeCall = {
  readonly name: string
  /** Method and path below `/api/v3/` that its REST calls arrive at. */
  readonly wire: string
  /** What must have been sent, at least. */
  readonly fields?: Readonly<Record<string, string>>
  readonly ccxt: ActOrReason
  readonly npm: ActOrReason
  readonly ccxtWs: ActOrReason
  readonly npmWs: ActOrReason
}

export const CLIENTS = ['ccxt', 'npm', 'ccxtWs', 'npmWs'] as const

const S = 'BTC/USDT'
const symbol = 'BTCUSDT'

export const NO_CCXT_WS = 'ccxt.pro has no such call over the WebSocket API'
export const NO_NPM_WS = 'the WebSocket API client of npm binance has no such call'
const LIST_WS = 'ccxt.pro has no order lists, neither unified nor implicit, over the WebSocket API'

/** One kind of order: what ccxt calls it, and what the exchange does. */
type Kind = {
  readonly name: string
  readonly unified: (
    judges: Judges,
  ) => readonly [
    type: string,
    side: string,
    amount: number,
    price?: number | undefined,
    more?: object,
  ]
  readonly native: (judges: Judges) => Readonly<Record<string, string | number>>
  /** What both must put on the wire. */
  readonly fields: Readonly<Record<string, string>>
  /** ccxt.pro leaves its own words among what it sends over the WebSocket API. */
  readonly isUnreadOverWs?: boolean
}

const limit = { type: 'LIMIT', side: 'BUY', timeInForce: 'GTC', quantity: 0.001 }
const sale = { side: 'SELL', quantity: 0.001 }

const kinds: readonly Kind[] = [
  {
    name: 'limit',
    unified: ({ low }) => ['limit', 'buy', 0.001, low],
    native: ({ low }) => ({ ...limit, price: low }),
    fields: { type: 'LIMIT', timeInForce: 'GTC' },
  },
  {
    name: 'post-only',
    isUnreadOverWs: true,
    unified: ({ low }) => ['limit', 'buy', 0.001, low, { postOnly: true }],
    native: ({ low }) => ({ type: 'LIMIT_MAKER', side: 'BUY', quantity: 0.001, price: low }),
    fields: { type: 'LIMIT_MAKER' },
  },
  {
    name: 'IOC',
    unified: ({ low }) => ['limit', 'buy', 0.001, low, { timeInForce: 'IOC' }],
    native: ({ low }) => ({ ...limit, timeInForce: 'IOC', price: low }),
    fields: { type: 'LIMIT', timeInForce: 'IOC' },
  },
  {
    name: 'market by amount',
    unified: () => ['market', 'buy', 0.001],
    native: () => ({ type: 'MARKET', side: 'BUY', quantity: 0.001 }),
    fields: { type: 'MARKET', quantity: '0.001' },
  },
  {
    name: 'market by cost',
    isUnreadOverWs: true,
    unified: () => ['market', 'buy', 0, undefined, { cost: 100 }],
    native: () => ({ type: 'MARKET', side: 'BUY', quoteOrderQty: 100 }),
    fields: { type: 'MARKET', quoteOrderQty: '100' },
  },
  {
    name: 'market by amount and price',
    unified: () => ['market', 'buy', 0.5, 200],
    native: () => ({ type: 'MARKET', side: 'BUY', quoteOrderQty: 100 }),
    fields: { type: 'MARKET', quoteOrderQty: '100' },
  },
  {
    name: 'stop at the market',
    isUnreadOverWs: true,
    unified: ({ low }) => ['market', 'sell', 0.001, undefined, { stopLossPrice: low }],
    native: ({ low }) => ({ ...sale, type: 'STOP_LOSS', stopPrice: low }),
    fields: { type: 'STOP_LOSS' },
  },
  {
    name: 'stop at a limit',
    isUnreadOverWs: true,
    unified: ({ low }) => ['limit', 'sell', 0.001, low - 1, { stopLossPrice: low }],
    native: ({ low }) => ({
      ...sale,
      type: 'STOP_LOSS_LIMIT',
      stopPrice: low,
      price: low - 1,
      timeInForce: 'GTC',
    }),
    fields: { type: 'STOP_LOSS_LIMIT' },
  },
  {
    name: 'trigger price',
    isUnreadOverWs: true,
    unified: ({ low }) => ['market', 'sell', 0.001, undefined, { triggerPrice: low }],
    native: ({ low }) => ({ ...sale, type: 'STOP_LOSS', stopPrice: low }),
    fields: { type: 'STOP_LOSS' },
  },
  {
    name: 'take-profit at the market',
    isUnreadOverWs: true,
    unified: ({ high }) => ['market', 'sell', 0.001, undefined, { takeProfitPrice: high }],
    native: ({ high }) => ({ ...sale, type: 'TAKE_PROFIT', stopPrice: high }),
    fields: { type: 'TAKE_PROFIT' },
  },
  {
    name: 'take-profit at a limit',
    isUnreadOverWs: true,
    unified: ({ high }) => ['limit', 'sell', 0.001, high, { takeProfitPrice: high }],
    native: ({ high }) => ({
      ...sale,
      type: 'TAKE_PROFIT_LIMIT',
      stopPrice: high,
      price: high,
      timeInForce: 'GTC',
    }),
    fields: { type: 'TAKE_PROFIT_LIMIT' },
  },
  {
    name: 'trailing by a percent',
    isUnreadOverWs: true,
    unified: ({ low }) => [
      'limit',
      'sell',
      0.001,
      low,
      { trailingPercent: 1, stopLossOrTakeProfit: 'stopLoss' },
    ],
    native: ({ low }) => ({
      ...sale,
      type: 'STOP_LOSS_LIMIT',
      price: low,
      timeInForce: 'GTC',
      trailingDelta: 100,
    }),
    fields: { type: 'STOP_LOSS_LIMIT', trailingDelta: '100' },
  },
  {
    name: 'trailing by a delta, from a stop price on',
    isUnreadOverWs: true,
    unified: ({ low }) => [
      'market',
      'sell',
      0.001,
      undefined,
      { trailingTriggerPrice: low, trailingDelta: 250, stopLossOrTakeProfit: 'stopLoss' },
    ],
    native: ({ low }) => ({ ...sale, type: 'STOP_LOSS', stopPrice: low, trailingDelta: 250 }),
    fields: { type: 'STOP_LOSS', trailingDelta: '250' },
  },
]

/** The libraries' types do not know every combination that the exchange takes. */
type Loose = { symbol: string } & Record<string, string | number>
type NpmCall = (params: Loose) => Promise<unknown>

const npmCall = (on: object, name: string): NpmCall => {
  const method = (on as Readonly<Record<string, unknown>>)[name] as NpmCall
  return (params) => method.call(on, params)
}

/**
 * The exchange reads every parameter or refuses the request: what ccxt.pro forgets to take out must come
 * back as -1104, and never as an order of another kind.
 */
export async function refusedAsUnread(request: Promise<unknown>): Promise<unknown> {
  const reason: unknown = await request.then(
    () => new Error('it was taken'),
    (error: unknown) => error,
  )
  const { name, message } = reason as Error
  if (name === 'BadRequest' && message.includes('-1104')) return message
  throw reason
}

const orders: readonly JudgeCall[] = kinds.map((kind) => orderCall(kind))

function orderCall({ name, unified: wish, native, fields, isUnreadOverWs }: Kind): JudgeCall {
  const overWs: Act = (judges) => judges.ccxt('createOrderWs', S, ...wish(judges))
  return {
    name: `createOrder ${name}`,
    wire: 'POST order',
    fields: { symbol, ...fields },
    ccxt: (judges) => judges.ccxt('createOrder', S, ...wish(judges)),
    npm: (judges) => npmCall(judges.npm, 'submitNewOrder')({ symbol, ...native(judges) }),
    ccxtWs: isUnreadOverWs === true ? (judges) => refusedAsUnread(overWs(judges)) : overWs,
    npmWs: (judges) =>
      npmCall(judges.npmWs, 'submitNewSpotOrder')(judges.stamped({ symbol, ...native(judges) })),
  }
}

type List = {
  readonly kind: string
  readonly path: string
  readonly ccxt: string
  readonly npm: string
  readonly npmWs: string
  readonly fields: (judges: Judges) => Readonly<Record<string, string | number>>
}

const working = ({ low }: Judges) => ({
  workingType: 'LIMIT',
  workingSide: 'BUY',
  workingPrice: String(low),
  workingQuantity: '0.001',
  workingTimeInForce: 'GTC',
})
const one = ({ low }: Judges) => ({
  pendingType: 'STOP_LOSS',
  pendingSide: 'SELL',
  pendingStopPrice: String(low - 100),
})
const pair = ({ low, high }: Judges) => ({
  pendingSide: 'SELL',
  pendingAboveType: 'LIMIT_MAKER',
  pendingAbovePrice: String(high),
  pendingBelowType: 'STOP_LOSS',
  pendingBelowStopPrice: String(low - 100),
})

const lists: readonly List[] = [
  {
    kind: 'OCO, old form',
    path: 'order/oco',
    ccxt: 'privatePostOrderOco',
    npm: 'submitNewOCO',
    npmWs: 'placeSpotOrderList',
    fields: ({ low, high }) => ({ ...sale, price: String(high), stopPrice: String(low) }),
  },
  {
    kind: 'OCO',
    path: 'orderList/oco',
    ccxt: 'privatePostOrderListOco',
    npm: 'submitNewOrderList',
    npmWs: 'placeSpotOCOOrderList',
    fields: ({ low, high }) => ({
      ...sale,
      aboveType: 'LIMIT_MAKER',
      abovePrice: String(high),
      belowType: 'STOP_LOSS',
      belowStopPrice: String(low),
    }),
  },
  {
    kind: 'OTO',
    path: 'orderList/oto',
    ccxt: 'privatePostOrderListOto',
    npm: 'submitNewOrderListOTO',
    npmWs: 'placeSpotOTOOrderList',
    fields: (judges) => ({ ...working(judges), ...one(judges), pendingQuantity: '0.001' }),
  },
  {
    kind: 'OTOCO',
    path: 'orderList/otoco',
    ccxt: 'privatePostOrderListOtoco',
    npm: 'submitNewOrderListOTOCO',
    npmWs: 'placeSpotOTOCOOrderList',
    fields: (judges) => ({ ...working(judges), ...pair(judges), pendingQuantity: '0.001' }),
  },
  {
    kind: 'OPO',
    path: 'orderList/opo',
    ccxt: 'privatePostOrderListOpo',
    npm: 'submitNewOrderListOPO',
    npmWs: 'placeSpotOPOOrderList',
    fields: (judges) => ({ ...working(judges), ...one(judges) }),
  },
  {
    kind: 'OPOCO',
    path: 'orderList/opoco',
    ccxt: 'privatePostOrderListOpoco',
    npm: 'submitNewOrderListOPOCO',
    npmWs: 'placeSpotOPOCOOrderList',
    fields: (judges) => ({ ...working(judges), ...pair(judges) }),
  },
]

const listCalls: readonly JudgeCall[] = lists.map((list) => ({
  name: list.kind,
  wire: `POST ${list.path}`,
  ccxt: (judges) => judges.ccxt(list.ccxt, { symbol, ...list.fields(judges) }),
  npm: (judges) => npmCall(judges.npm, list.npm)({ symbol, ...list.fields(judges) }),
  ccxtWs: LIST_WS,
  npmWs: (judges) =>
    npmCall(judges.npmWs, list.npmWs)(judges.stamped({ symbol, ...list.fields(judges) })),
}))

export const placingCalls: readonly JudgeCall[] = [...orders, ...listCalls]
