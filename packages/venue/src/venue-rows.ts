// What each venue is like, as data: names of orders, what an order may carry, where limits are written,
// how a symbol is spelled, and what rests there. Adapters read these rows; nothing outside a row's
// parameters goes to the exchange library, because a venue that ignores what it does not know turns a stop
// into a sale.
//
// Sources: the venues' published API documents and what ccxt 4.5.84 was seen to put on the wire; what
// could not be verified says so.
import type { OrderType } from './port.ts'

export const venueKinds = ['binance', 'coinbase', 'mexc', 'alpaca'] as const
export type VenueKind = (typeof venueKinds)[number]

export type VenueRow = {
  readonly clientOrderId: {
    /** The parameter that carries it on the wire. */
    readonly field: string
    readonly pattern: RegExp
    /** What a second order under the same name leads to. */
    readonly reuse: 'refused-while-live' | 'returns-the-first' | 'refused-for-ever' | 'undocumented'
    /** How an order is found again: the venue is asked by name, or its list is looked through. */
    readonly lookup: 'by-name' | 'list'
    /** What is safe after a lost answer. Resending is only where the venue returns the first order. */
    readonly afterLoss: 'ask' | 'resend'
  }
  /** The whole allow-list: the parameters of each type of order, and no type that is not here. */
  readonly orderParameters: Readonly<Partial<Record<OrderType, readonly string[]>>>
  /** Fields of the venue's list of symbols that the limits come from. */
  readonly minimums: { readonly quantity: string; readonly notional: string }
  /** Between base and quote in the venue's form of a symbol. */
  readonly symbolSeparator: '' | '-' | '/'
  /** The exchange's own test network; null when there is none. */
  readonly sandboxUrl: string | null
  /** The most that rests under a position. */
  readonly protection: 'oco' | 'stop-limit' | 'none'
  /** In what a market order to buy is given, and under which parameter. */
  readonly marketBuy: { readonly by: 'quantity' | 'cost'; readonly field: string }
  /** Least cost of a buy where sales have no such limit, by quote asset; in quote currency. */
  readonly buyCostMin: Readonly<Record<string, string>>
  /** Where the traded value of 24 hours comes from; never a volume in base units. */
  readonly quoteVolume: string
  /** How old a signed request may be on arrival; for venues without a window, what we reckon with. */
  readonly recvWindowMs: number
  readonly engineTimeoutMs: number
  /** Assets can be exchanged at a quoted price; else why positions are not. */
  readonly convert: { readonly offered: true } | { readonly offered: false; readonly why: string }
  /**
   * Whether fills can be asked for from a trade on (Binance: `fromId` of `myTrades`), or by time alone. The
   * ids of the others do not count up, or are no parameter of their list.
   */
  readonly fillsFrom: 'trade-id' | 'time'
  /**
   * The call that has the venue cancel all orders when nobody has renewed it for a while; null where there is
   * none. Binance has one for futures only (`countdownCancelAll`), not for Spot; the others have none.
   */
  readonly cancelAllTimer: string | null
  /** Whether fills carry their fee; else it is reckoned from the rate. */
  readonly feesInFills: boolean
  /**
   * How far the mark "not open to trading" of the list of symbols is believed. Where a whole list has it,
   * although the venue trades, it says nothing: a symbol's own status is all that counts then.
   */
  readonly closedMark: 'believed' | 'believed-unless-on-all'
  /** How much may be asked, of requests with a key and of those without. */
  readonly rateLimits: { readonly signed: RateLimit; readonly public: RateLimit }
  /** The venue's clock tells the time in steps of so many milliseconds. */
  readonly timeStepMs: number
  readonly accountStream: {
    /** What is heard: fills come with the trade ids of the list of fills, or orders alone do. */
    readonly tells: 'fills' | 'orders'
    /** Money that comes or goes without an order of ours is told too. */
    readonly tellsTransfers: boolean
  }
}

type RateLimit = {
  /** Requests, or their weight, within one window. */
  readonly allowance: number
  readonly windowMs: number
  readonly per: 'address' | 'account'
  readonly source: string
}

const spotOrder = ['symbol', 'side', 'type', 'quantity', 'newClientOrderId'] as const
const binanceOrder = [...spotOrder, 'newOrderRespType'] as const
const coinbaseOrder = ['client_order_id', 'product_id', 'side'] as const
const alpacaOrder = ['symbol', 'side', 'type', 'qty', 'client_order_id', 'time_in_force'] as const

const binanceLimit: RateLimit = {
  allowance: 6_000,
  windowMs: 60_000,
  per: 'address',
  source: 'Binance spot, exchangeInfo: REQUEST_WEIGHT of 6000 a minute',
}

const binance: VenueRow = {
  clientOrderId: {
    field: 'newClientOrderId',
    pattern: /^[a-zA-Z0-9-_]{1,36}$/,
    reuse: 'refused-while-live',
    lookup: 'by-name',
    afterLoss: 'ask',
  },
  orderParameters: {
    market: [...binanceOrder, 'quoteOrderQty'],
    limit: [...binanceOrder, 'price', 'timeInForce'],
    'limit-maker': [...binanceOrder, 'price'],
    'stop-loss': [...binanceOrder, 'stopPrice'],
    'stop-loss-limit': [...binanceOrder, 'stopPrice', 'price', 'timeInForce'],
    'take-profit': [...binanceOrder, 'stopPrice'],
    'take-profit-limit': [...binanceOrder, 'stopPrice', 'price', 'timeInForce'],
  },
  minimums: { quantity: 'LOT_SIZE.minQty', notional: 'NOTIONAL.minNotional' },
  symbolSeparator: '',
  sandboxUrl: 'https://testnet.binance.vision',
  protection: 'oco',
  marketBuy: { by: 'quantity', field: 'quoteOrderQty' },
  buyCostMin: {},
  quoteVolume: 'quoteVolume',
  recvWindowMs: 5_000,
  engineTimeoutMs: 10_000,
  convert: { offered: true },
  fillsFrom: 'trade-id',
  cancelAllTimer: null,
  feesInFills: true,
  closedMark: 'believed',
  rateLimits: {
    signed: binanceLimit,
    public: binanceLimit,
  },
  timeStepMs: 1,
  accountStream: { tells: 'fills', tellsTransfers: true },
}

const coinbase: VenueRow = {
  clientOrderId: {
    field: 'client_order_id',
    pattern: /^[a-zA-Z0-9-_]{1,64}$/, // the length is unverified; ours have at most 36
    reuse: 'returns-the-first',
    lookup: 'list', // its query by name is deprecated
    afterLoss: 'resend',
  },
  orderParameters: {
    market: [...coinbaseOrder, 'market_market_ioc.quote_size', 'market_market_ioc.base_size'],
    limit: [
      ...coinbaseOrder,
      'limit_limit_gtc.base_size',
      'limit_limit_gtc.limit_price',
      'sor_limit_ioc.base_size',
      'sor_limit_ioc.limit_price',
      'limit_limit_fok.base_size',
      'limit_limit_fok.limit_price',
    ],
    'limit-maker': [
      ...coinbaseOrder,
      'limit_limit_gtc.base_size',
      'limit_limit_gtc.limit_price',
      'limit_limit_gtc.post_only',
    ],
    'stop-loss-limit': [
      ...coinbaseOrder,
      'stop_limit_stop_limit_gtc.base_size',
      'stop_limit_stop_limit_gtc.limit_price',
      'stop_limit_stop_limit_gtc.stop_price',
      'stop_limit_stop_limit_gtc.stop_direction',
    ],
  },
  minimums: { quantity: 'base_min_size', notional: 'quote_min_size' },
  symbolSeparator: '-',
  sandboxUrl: null,
  protection: 'stop-limit',
  marketBuy: { by: 'cost', field: 'market_market_ioc.quote_size' },
  buyCostMin: {},
  quoteVolume: 'approximate_quote_24h_volume',
  recvWindowMs: 120_000, // until a signed token expires
  engineTimeoutMs: 10_000, // unverified
  // Source: Advanced Trade API, "Create Convert Quote".
  convert: {
    offered: false,
    why: 'it converts between USD, USDC, PYUSD, EUR and EURC only, and no position',
  },
  fillsFrom: 'time',
  cancelAllTimer: null,
  feesInFills: true,
  closedMark: 'believed',
  rateLimits: {
    signed: {
      allowance: 30,
      windowMs: 1_000,
      per: 'account',
      source: 'Advanced Trade API, REST rate limits: 30 private requests a second for each user',
    },
    public: {
      allowance: 10,
      windowMs: 1_000,
      per: 'address',
      source: 'Advanced Trade API, REST rate limits: 10 public requests a second for each address',
    },
  },
  timeStepMs: 1, // of `epochMillis`; `epochSeconds`, which ccxt reads, tells whole seconds
  // Orders with what they have filled so far, without ids of trades.
  accountStream: { tells: 'orders', tellsTransfers: false },
}

const mexc: VenueRow = {
  clientOrderId: {
    field: 'newClientOrderId',
    pattern: /^[a-zA-Z0-9-_]{1,32}$/, // the length is unverified
    reuse: 'undocumented', // reckoned with as reusable: asked about, never sent again
    lookup: 'by-name',
    afterLoss: 'ask',
  },
  orderParameters: {
    market: [...spotOrder, 'quoteOrderQty'],
    limit: [...spotOrder, 'price'], // immediate or fill-or-kill is a type of its own
    'limit-maker': [...spotOrder, 'price'],
  },
  minimums: { quantity: 'baseSizePrecision', notional: 'quoteAmountPrecision' },
  symbolSeparator: '',
  sandboxUrl: null,
  protection: 'none',
  marketBuy: { by: 'cost', field: 'quoteOrderQty' },
  buyCostMin: {},
  quoteVolume: 'quoteVolume',
  recvWindowMs: 5_000,
  engineTimeoutMs: 10_000, // unverified
  // Source: MEXC spot v3, "Dust Transfer".
  convert: { offered: false, why: 'it exchanges small rests into MX only, at no quoted price' },
  fillsFrom: 'time',
  cancelAllTimer: null,
  feesInFills: true,
  // Lists were recorded in which `isSpotTradingAllowed` is false for every symbol, BTC/USDT included.
  closedMark: 'believed-unless-on-all',
  rateLimits: {
    signed: {
      allowance: 500,
      windowMs: 10_000,
      per: 'account',
      source: 'MEXC spot v3, "Limits": weight of 500 in ten seconds for each account',
    },
    public: {
      allowance: 300, // told by third parties; its documents say 500 for each endpoint
      windowMs: 10_000,
      per: 'address',
      source: 'MEXC spot v3, "Limits", and what others were refused at',
    },
  },
  timeStepMs: 1,
  // Its trades have ids as well, but nothing says that they are those of the list of fills.
  accountStream: { tells: 'orders', tellsTransfers: false },
}

const alpaca: VenueRow = {
  clientOrderId: {
    field: 'client_order_id',
    pattern: /^[a-zA-Z0-9-_]{1,48}$/, // up to 128 is said, unverified
    reuse: 'refused-for-ever',
    lookup: 'list', // the question by name is not in ccxt
    afterLoss: 'ask',
  },
  orderParameters: {
    market: [...alpacaOrder, 'notional'],
    limit: [...alpacaOrder, 'limit_price'],
    'stop-loss-limit': [...alpacaOrder, 'limit_price', 'stop_price'],
  },
  minimums: { quantity: 'min_order_size', notional: 'none listed: 10 USD for buys against USD' },
  symbolSeparator: '/',
  sandboxUrl: 'https://paper-api.alpaca.markets',
  protection: 'stop-limit',
  marketBuy: { by: 'cost', field: 'notional' },
  buyCostMin: { USD: '10' },
  quoteVolume: 'dailyBar.v x dailyBar.vw',
  recvWindowMs: 30_000, // keys travel in headers: nothing bounds how late a request may land
  engineTimeoutMs: 10_000, // unverified
  convert: { offered: false, why: 'its interface has no such request' },
  fillsFrom: 'time',
  cancelAllTimer: null,
  feesInFills: false,
  closedMark: 'believed',
  rateLimits: {
    signed: {
      allowance: 200,
      windowMs: 60_000,
      per: 'account',
      source: 'Alpaca support, "Usage limit of API calls": 200 requests a minute for each account',
    },
    public: {
      allowance: 200,
      windowMs: 60_000,
      per: 'address',
      source: 'Alpaca market data, basic plan: 200 requests a minute',
    },
  },
  timeStepMs: 1,
  // Each execution has an id, which is not that of the list of activities.
  accountStream: { tells: 'orders', tellsTransfers: false },
}

export const venueRows: Readonly<Record<VenueKind, VenueRow>> = { binance, coinbase, mexc, alpaca }

/** The venue's form of a symbol; it exists in adapters, in messages to people and nowhere else. */
export function venueSymbol(kind: VenueKind, symbol: string): string {
  return symbol.replace('/', venueRows[kind].symbolSeparator)
}

/** Null where assets are exchanged at a quoted price. */
export function whyNoConvert(kind: VenueKind, testnet: boolean): string | null {
  const { convert } = venueRows[kind]
  if (!convert.offered) return convert.why
  return testnet ? 'its test network has no convert desk' : null
}

export function orderTypesOf(kind: VenueKind): OrderType[] {
  return Object.keys(venueRows[kind].orderParameters) as OrderType[]
}

/**
 * The parameters as they were, when the row allows each of them for this type of order.
 * @throws RangeError for one that is not in the row: a fault of the adapter, found before anything is sent
 */
export function allowedParameters<Given extends Readonly<Record<string, unknown>>>(
  kind: VenueKind,
  type: OrderType,
  given: Given,
): Given {
  const allowed = venueRows[kind].orderParameters[type] ?? []
  const unknown = Object.entries(given)
    .flatMap(([name, value]) => namesOf(name, value))
    .find((name) => !allowed.includes(name))
  if (unknown === undefined) return given
  throw new RangeError(`${kind} takes no ${unknown} with a ${type} order`)
}

/** Coinbase nests what belongs to a type of order in a part named after it. */
function namesOf(name: string, value: unknown): string[] {
  if (name !== 'order_configuration' || typeof value !== 'object' || value === null) return [name]
  return Object.entries(value).flatMap(([part, fields]) =>
    Object.keys(fields as object).map((field) => `${part}.${field}`),
  )
}
