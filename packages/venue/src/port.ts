// The venue as the agents see it. Two rules carry the whole file:
//
// 1. A write never throws. What happened to an order is one of three: `accepted` (the venue has it),
//    `rejected` (it was certainly not executed, and never will be), `unknown` (nobody can say yet: ask by
//    client order id, never send again). Docs: docs/decisions/0006.
// 2. A read either answers or throws a `VenueError`, whose `code` says why and whose `retryable` says whether
//    asking again later makes sense. "There is no such order" is an answer (null), not an error.
//
// Symbols are canonical (`BTC/USDT`) here; the venue's own forms live inside the adapter only.
import type { Decimal } from '@flotilla/money'

import type { VenueConvert } from './convert.ts'
import type { RejectionCode } from './errors.ts'
import type { MarketStream, MarketStreamListener, MarketStreamRequest } from './market-stream.ts'
import type { VenueKeys } from './refused-keys.ts'

export type Venue = {
  readonly name: string
  readonly profile: VenueProfile

  /** The venue's clock, epoch milliseconds. */
  fetchTime(): Promise<number>
  /** Rules of the symbols asked for (all tradable ones when none are named); an unlisted symbol throws. */
  fetchRules(symbols?: readonly string[]): Promise<readonly SymbolRules[]>
  /** Oldest first; the newest may still be forming: see `VenueCandle.closed`. */
  fetchCandles(request: CandleRequest): Promise<readonly VenueCandle[]>
  fetchTicker(symbol: string): Promise<VenueTicker>
  fetchTickers(symbols: readonly string[]): Promise<readonly VenueTicker[]>
  fetchOrderBook(symbol: string, depth?: number): Promise<VenueOrderBook>
  /** Absent where the venue, or its adapter, has no streams: then it is asked again and again. */
  openMarketStream?(
    request: MarketStreamRequest,
    listener: MarketStreamListener,
  ): Promise<MarketStream>
  /** Every asset with a total other than zero. */
  fetchBalances(): Promise<readonly VenueBalance[]>

  placeOrder(request: OrderRequest): Promise<OrderOutcome>
  cancelOrder(reference: OrderReference): Promise<OrderOutcome>
  placeProtection(request: ProtectionRequest): Promise<ProtectionOutcome>
  cancelProtection(reference: ProtectionReference): Promise<ProtectionOutcome>

  /** Null when the venue says that it has no such order (which can be a read lag: see decision 0006). */
  queryOrder(reference: OrderReference): Promise<VenueOrder | null>
  queryProtection(reference: ProtectionReference): Promise<VenueProtection | null>
  /** Resting orders, the legs of protections included; of all symbols when none is named. */
  fetchOpenOrders(symbol?: string): Promise<readonly VenueOrder[]>
  /** All fills from the given point on, ascending, without gaps between pages. */
  fetchFills(symbol: string, from: FillsFrom): Promise<readonly VenueFill[]>

  /** Absent where the venue, or its adapter, exchanges no assets at a quoted price. */
  readonly convert?: VenueConvert | undefined

  /** The venue's own word on our orders and money, as it happens. It opens anew by itself when it breaks. */
  watchAccount(listener: (event: AccountEvent) => void): AccountWatch

  /** How we stand with the venue at this moment, without asking it. */
  health(): VenueHealth
  /** Compares the clocks anew. Throws a `VenueError`. */
  measureClock(): Promise<void>
  /** The key that was refused is said to be good: it is tried again, once. */
  retryKeys(): void
  /** Other keys from now on. False when they are the same: then nothing changes, and a refused key stays it. */
  useKeys(keys: VenueKeys): boolean

  close(): Promise<void>
}

export type VenueHealth = {
  /** Why nothing signed is sent: the key was refused. A sentence that names the setting; null while it is good. */
  readonly keysRefused: string | null
  /** Real milliseconds for which the venue asked to be left alone (429, 418), from now on. */
  readonly pausedForMs: number
  /** Request weight used in the venue's window by everybody who shares the limit, as far as we know. */
  readonly usedWeight: number
  /** Within one window; 0 where there is no limit. */
  readonly weightAllowed: number
  readonly weightWindowMs: number
  /** Null until the clocks were compared. */
  readonly clock: ClockReading | null
}

/** Requests are stamped with the venue's time whatever this says; it tells of a clock that is wrong. */
export type ClockReading = {
  /** Milliseconds by which the venue's clock is ahead of ours; negative when it is behind. */
  readonly aheadMs: number
  /** Half the time that the question took: so much the answer may be wrong, either way. */
  readonly uncertaintyMs: number
}

export type AccountWatch = { close(): Promise<void> }

/**
 * What the account's stream tells. It is quick and not complete: events come twice, out of order or never, and
 * nothing in them says so. Whoever uses it merges by trade id and cumulative quantity, and asks the venue
 * after every `connected` and `gap`. A venue without such a stream never says `connected`.
 */
export type AccountEvent =
  /** From now on events are heard; what happened before is not told. */
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected'; readonly reason: string }
  /** Something was told that could not be read. */
  | { readonly kind: 'gap'; readonly reason: string }
  /** With the one fill that the event is about, where it is about a fill. */
  | { readonly kind: 'order'; readonly order: VenueOrder }
  /** Totals of the assets that changed. */
  | { readonly kind: 'balances'; readonly balances: readonly VenueBalance[] }
  /** A deposit, withdrawal, transfer or a lock from outside: no order of ours explains this change. */
  | {
      readonly kind: 'transfer'
      readonly asset: string
      /** What came in; negative for what went out. */
      readonly change: Decimal
      readonly at: number
    }

/** What execution must know about the venue's manners. */
export type VenueProfile = {
  /** A client order id must match this. */
  readonly clientOrderIdPattern: RegExp
  /** How old a signed request may be when it arrives. Bounds how late a delayed one can become an order. */
  readonly recvWindowMs: number
  /** How long the venue's gateway waits for its engine before it gives up on an order. */
  readonly engineTimeoutMs: number
  /** The account's stream tells of deposits, withdrawals and transfers too. */
  readonly tellsTransfers: boolean
  /** Whether fills can be asked for from a trade on, whatever the clocks say, or by time alone. */
  readonly fillsFrom: 'trade-id' | 'time'
}

export type Side = 'buy' | 'sell'
export type TimeInForce = 'gtc' | 'ioc' | 'fok'
export type OrderType =
  | 'market'
  | 'limit'
  | 'limit-maker'
  | 'stop-loss'
  | 'stop-loss-limit'
  | 'take-profit'
  | 'take-profit-limit'

export type SymbolStatus = 'trading' | 'cancel-only' | 'halted'

export type SymbolRules = {
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly status: SymbolStatus
  readonly priceTick: Decimal
  /** Null: the venue sets no such limit. The same holds for every other nullable limit here. */
  readonly priceMin: Decimal | null
  readonly priceMax: Decimal | null
  readonly quantityStep: Decimal
  readonly quantityMin: Decimal
  readonly quantityMax: Decimal | null
  readonly marketQuantityMax: Decimal | null
  /** In quote currency. */
  readonly notionalMin: Decimal
  readonly notionalMax: Decimal | null
  readonly orderTypes: readonly OrderType[]
  readonly ocoAllowed: boolean
  /** An entry can bring its pair of exits along, for what it receives after fees (OPOCO). */
  readonly opoAllowed: boolean
  /** Rates (0.001 is 0.1 %), charged in the received asset. */
  readonly makerFeeRate: Decimal
  readonly takerFeeRate: Decimal
}

export type CandleRequest = {
  readonly symbol: string
  readonly timeframe: string
  /** Opening time of the first candle wanted; the newest ones when absent. */
  readonly since?: number
  readonly limit?: number
}

export type VenueCandle = {
  readonly symbol: string
  readonly timeframe: string
  readonly openTime: number
  /** First millisecond after the candle. */
  readonly closeTime: number
  readonly open: Decimal
  readonly high: Decimal
  readonly low: Decimal
  readonly close: Decimal
  readonly baseVolume: Decimal
  readonly quoteVolume: Decimal
  /** By the venue's own clock at the time of the request; a forming candle is never marked closed. */
  readonly closed: boolean
}

export type VenueTicker = {
  readonly symbol: string
  readonly last: Decimal
  readonly bid: Decimal | null
  readonly ask: Decimal | null
  readonly quoteVolume24h: Decimal
  readonly observedAt: number
}

export type BookLevel = { readonly price: Decimal; readonly quantity: Decimal }
export type VenueOrderBook = {
  readonly symbol: string
  /** Best first. */
  readonly bids: readonly BookLevel[]
  readonly asks: readonly BookLevel[]
  readonly observedAt: number
}

export type VenueBalance = {
  readonly asset: string
  readonly free: Decimal
  readonly locked: Decimal
  readonly total: Decimal
}

type OrderTerms =
  /** What to spend, in quote currency, where a venue takes market buys that way; buys only. */
  | { readonly type: 'market'; readonly cost?: Decimal }
  | { readonly type: 'limit'; readonly limitPrice: Decimal; readonly timeInForce: TimeInForce }
  | { readonly type: 'limit-maker'; readonly limitPrice: Decimal }
  | { readonly type: 'stop-loss' | 'take-profit'; readonly stopPrice: Decimal }
  | {
      readonly type: 'stop-loss-limit' | 'take-profit-limit'
      readonly stopPrice: Decimal
      readonly limitPrice: Decimal
      readonly timeInForce: TimeInForce
    }

export type OrderRequest = OrderTerms & {
  readonly clientOrderId: string
  readonly symbol: string
  readonly side: Side
  readonly quantity: Decimal
}

/** Two exits of one quantity that cancel each other; `side` is the exits' side (sell protects a long). */
export type ProtectionRequest = {
  readonly clientProtectionId: string
  readonly symbol: string
  readonly side: Side
  readonly quantity: Decimal
  /** Without a limit price the stop becomes a market order when it triggers. */
  readonly stop: {
    readonly clientOrderId: string
    readonly stopPrice: Decimal
    readonly limitPrice?: Decimal
  }
  readonly takeProfit: { readonly clientOrderId: string; readonly limitPrice: Decimal }
  /**
   * A fill-or-kill entry that brings the exits along: they wait until it is filled and are then for what it
   * received after fees, in whole steps. `quantity` is what that is expected to be.
   */
  readonly entry?: {
    readonly clientOrderId: string
    readonly quantity: Decimal
    readonly limitPrice: Decimal
  }
}

export type OrderReference = {
  readonly symbol: string
  readonly clientOrderId: string
  /** The venue's own id, once it is known: it is found by that where it cannot be by its name, or not any more. */
  readonly venueOrderId?: string
}
export type ProtectionReference = { readonly symbol: string; readonly clientProtectionId: string }
export type FillsFrom =
  | { readonly since: number }
  /** From this trade on, itself included; only where the profile says that fills are told so. */
  | { readonly fromId: string }
  /** So many of the newest; only there, too. At most 1,000. */
  | { readonly newest: number }

export type VenueOrderStatus =
  | 'pending'
  | 'open'
  | 'partially-filled'
  | 'filled'
  | 'canceled'
  | 'rejected'
  | 'expired'

export type VenueOrder = {
  readonly symbol: string
  readonly clientOrderId: string
  readonly venueOrderId: string
  /** The venue's id of the protection that this order is a leg of. */
  readonly venueProtectionId: string | null
  readonly side: Side
  readonly type: OrderType
  readonly timeInForce: TimeInForce | null
  readonly status: VenueOrderStatus
  readonly quantity: Decimal
  readonly limitPrice: Decimal | null
  readonly stopPrice: Decimal | null
  readonly filledQuantity: Decimal
  /** Quote currency given or received so far, fees not included. */
  readonly filledNotional: Decimal
  /** Only where the venue sent them along (an answer to a placement); else ask `fetchFills`. */
  readonly fills: readonly VenueFill[] | null
  readonly updatedAt: number
  /** The venue's word for why an order ended early, as it gave it. */
  readonly endReason: string | null
}

export type VenueFill = {
  readonly symbol: string
  readonly tradeId: string
  readonly venueOrderId: string
  /** Null where the venue does not say (its list of fills): join by `venueOrderId`. */
  readonly clientOrderId: string | null
  readonly side: Side
  readonly price: Decimal
  readonly quantity: Decimal
  /** In quote currency, as the venue booked it. */
  readonly notional: Decimal
  readonly fee: Decimal
  readonly feeAsset: string
  readonly executedAt: number
}

export type VenueProtection = {
  readonly symbol: string
  readonly clientProtectionId: string
  readonly venueProtectionId: string
  readonly status: 'open' | 'done'
  readonly stop: VenueOrder
  readonly takeProfit: VenueOrder
  /** The order that the exits wait for, where they came with one. */
  readonly entry: VenueOrder | null
}

/** Which rule an order broke, the offending value and the limit, all as text for people and logs. */
export type BrokenRule = { readonly name: string; readonly value: string; readonly limit: string }

export type WriteRejected = {
  readonly kind: 'rejected'
  readonly code: RejectionCode
  /** A sentence; for an unknown symbol it names our form and the venue's. */
  readonly reason: string
  /** The venue's own error code where it gave one. */
  readonly venueCode?: string
  readonly rule?: BrokenRule
  /** Present when the same order may be tried again (throttled, clock skew), and how long to wait. */
  readonly retryAfterMs?: number
}
export type WriteUnknown = { readonly kind: 'unknown'; readonly reason: string }

export type OrderOutcome =
  | { readonly kind: 'accepted'; readonly order: VenueOrder }
  | WriteRejected
  | WriteUnknown
export type ProtectionOutcome =
  | { readonly kind: 'accepted'; readonly protection: VenueProtection }
  | WriteRejected
  | WriteUnknown
export type WriteOutcome = OrderOutcome | ProtectionOutcome
