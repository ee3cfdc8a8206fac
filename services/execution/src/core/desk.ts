// The desk of one symbol: everything that execution knows and decides about it. Orders of different
// symbols never wait for each other, so each symbol has a desk of its own.
import type { OpenTrade, ExitReason } from '@flotilla/journal'
import type { AnyMessage, IntentApproved, Message, ProtectionMode } from '@flotilla/contracts'
import type { Fill, LedgerChange, Order, Position, Reservation } from '@flotilla/ledger'
import type { KeptStop } from '@flotilla/lineage'
import type { Decimal } from '@flotilla/money'
import type {
  ConvertQuote,
  ConvertRequest,
  FillsFrom,
  OrderOutcome,
  OrderRequest,
  ProtectionOutcome,
  ProtectionRequest,
  QuoteOutcome,
  SymbolRules,
  VenueFill,
  VenueOrder,
  VenueProtection,
} from '@flotilla/venue'
import type { ClosedMarket } from './closed-market.ts'
import type { ExitPlan, Exits } from './exits.ts'
import type { Halt } from './halt.ts'
import type { Pace, PacingPlan } from './pacing.ts'

export type Market = {
  readonly account: string
  readonly venue: string
  readonly symbol: string
  readonly rules: SymbolRules
}

/** All in milliseconds of market time; what waits for the network is scaled with the clock's speed. */
export type Settings = {
  /** How long a fill may stay without protection before the position is closed. */
  readonly protectionDeadlineMs: number
  readonly protectionAttemptsMax: number
  /** New attempts of an exit whose order certainly did nothing. */
  readonly exitAttemptsMax: number
  /** How often resting orders are asked about. */
  readonly pollMs: number
  /** The same while the stream of the account tells of them. */
  readonly pollFollowedMs: number
  /** Pauses between questions about an order in doubt; the last one repeats. */
  readonly askDelaysMs: readonly number[]
  /** Pauses between attempts to place or cancel; the last one repeats. */
  readonly retryDelaysMs: readonly number[]
  /** Together: after this long a request that made no order can make none any more. */
  readonly recvWindowMs: number
  readonly engineTimeoutMs: number
  readonly skewMs: number
  /** "No such order" counts so many times, each after this pause, before it is believed. */
  readonly notFoundTimes: number
  readonly notFoundSpacingMs: number
  /** How often all fills of the symbol are looked through, and how far back before the last look. */
  readonly sweepMs: number
  readonly fillMarginMs: number
  /** The venue counts its trades, and fills can be asked for from one of them on. */
  readonly fillsById: boolean
  /** A price older than this is no ground to close a position. */
  readonly priceFreshMs: number
  /** The strongest protection that is wanted; the venue may offer less. */
  readonly protection: ProtectionMode
  /** Entries bring their exits along where the venue can: all of it is filled, or nothing. */
  readonly attachExits: boolean
  /** What an entry does not get at once rests in the book until its intent expires. */
  readonly keepsRemainder: boolean
  /** How far the limit of a stop-limit order lies below its stop, as a share of it. */
  readonly stopLimitDistance: Decimal
  /** How long the price may be below that limit before the position is sold at the market. */
  readonly gapMs: number
  /** Without a price for so long nobody watches over what the venue does not carry out. */
  readonly supervisionMs: number
  /** How large orders are taken apart; null when every order goes at once. */
  readonly pacing: PacingPlan | null
  /** Exits that the book does not take well go at a price that the venue quotes. */
  readonly convert: boolean
  /** Entries that would go in slices are exchanged at a quoted price, too. */
  readonly convertEntries: boolean
  /** Further ways out of every position of the account; null when stop and take-profit are all. */
  readonly exits: ExitPlan | null
}

/** The message that an order goes back to: it gives the lineage of all that is said about it. */
export type Cause = { readonly messageId: string; readonly correlationId: string }

/** What must be remembered with an order beside the ledger's columns. */
export type Terms = {
  readonly causeId: string
  /** Epoch ms after which the intent's orders are not sent any more; null for our own orders. */
  readonly expiresAt: number | null
  /** What the intent wants traded in all, over all its orders; entries have one only when they are paced. */
  readonly target: Decimal | null
  /** Set when the order is one of several over a time. */
  readonly pace: Pace | null
  /** The quote that was accepted for it, or that the way by a quote has failed for it. */
  readonly convert: ConvertQuote | 'failed' | null
  readonly stop: Decimal | null
  readonly takeProfit: Decimal | null
} & JournalTerms

/** What the journal wants to know of an order. */
export type JournalTerms = {
  /** Who wished for it; null for orders of our own. */
  readonly strategy: string | null
  /** What it should trade at, as far as anybody knew when it was made. */
  readonly expected: Decimal | null
  /** Of what an intent wished for: the market price that risk decided with. */
  readonly decided: Decimal | null
  /** Of a sale: why. */
  readonly exitReason: ExitReason | null
}

export type Seen = {
  readonly status: VenueOrder['status']
  readonly filledQuantity: Decimal
  readonly endReason: string | null
}

/** One order with what we know about it. */
export type Ticket = {
  readonly order: Order
  readonly terms: Terms
  /** Trades of it that are recorded. */
  readonly trades: ReadonlySet<string>
  /** What the venue said last; null before it said anything in this process's life. */
  readonly seen: Seen | null
  /** Whether the ledger has a row of it already. */
  readonly stored: boolean
}

/** When to ask about an order, or a pair of them, and what was answered so far. */
export type Watch = {
  readonly nextAt: number
  readonly asks: number
  /** No request about it can have left after this moment. */
  readonly sentBefore: number
  /** When the newest question left: its answer says nothing of what came after. */
  readonly askedAt: number | null
  /** When the venue told of it last; null before it did in this process's life. */
  readonly toldAt: number | null
  readonly notFound: number
  /** When the newest question left whose "no such order" counts. */
  readonly notFoundAt: number | null
  /** Up to here all its fills were known. */
  readonly cleanAt: number
}

/** An order, or a pair, that was given up and may be there all the same. */
export type GivenUp = {
  /** When the newest question about it left, in this process's life. */
  readonly askedAt: number | null
  /** Something at the venue may be its doing: it is asked about as soon as can be. */
  readonly isSuspect: boolean
}

/** Whose protection it is: the newest entry that was filled. */
export type Owner = { readonly intentId: string; readonly cause: Cause }

type Price = { readonly value: Decimal; readonly at: number }

/** A look at the fills whose answer is awaited. */
type Look = {
  readonly askedAt: number
  /** From a time on, and not from the newest trade that is known: there may be others between them. */
  readonly isApart: boolean
}

export type Retry = { readonly failures: number; readonly nextAt: number }

export type Desk = {
  readonly market: Market
  readonly settings: Settings
  /** Why no entry is sent, by the word of others; null when entries are allowed. */
  readonly entriesStopped: string | null
  /** Stops of execution's own that are in force for the symbol: recorded with what is not sent for them. */
  readonly stops: readonly KeptStop[]
  /** An operator had the positions closed: until resumed nothing is to be held. Null when it may be. */
  readonly flattened: string | null
  /** Why no entry is sent until an operator resumes. */
  readonly halted: Halt | null
  /** Since when the venue does not trade the symbol; null while it does. */
  readonly closed: ClosedMarket | null
  /** By how much the venue's clock is ahead of ours, as far as is known: it dates the fills. */
  readonly venueAheadMs: number
  /** The venue tells of our orders by itself at the moment. */
  readonly followed: boolean
  /** Until then copies of the venue may show what was before the restart, or before a gap of the stream. */
  readonly unsureUntil: number
  /** What the venue refuses our key with, as told at this moment; null while it takes it. */
  readonly keyRefused: string | null
  /** The same as of the last step: from one to the other everything that waited is done. */
  readonly barred: string | null
  readonly tickets: ReadonlyMap<string, Ticket>
  readonly position: Position | null
  readonly owner: Owner | null
  /** The plan of the position, where it has one. */
  readonly exits: Exits | null
  /** What the journal knows of the position since it was flat; null while nothing is held. */
  readonly trade: OpenTrade | null
  readonly price: Price | null
  /** Highest attempt used by intent and leg, so that no name is used twice. */
  readonly attempts: ReadonlyMap<string, number>
  /** Effects that have not answered. */
  readonly pending: ReadonlySet<string>
  readonly watches: ReadonlyMap<string, Watch>
  readonly givenUp: ReadonlyMap<string, GivenUp>
  readonly protecting: Retry
  readonly canceling: Retry
  /** Of the rest of an entry. */
  readonly withdrawing: Retry
  readonly selling: Retry
  /** Conversions that came to nothing, one after the other. */
  readonly converting: Retry
  readonly fetchingFills: Retry
  readonly fetchingPrice: Retry
  /** Since when the price is below the limit of the resting stop; null while it is not. */
  readonly gapSince: number | null
  /** What we have asked the venue to take away: its end is no surprise. */
  readonly takingAway: string | null
  /** When all fills are looked through next, for those that nobody announced. */
  readonly sweepAt: number
  /** By our clock: what was traded before and is ours was told, or is of an order that is asked about. */
  readonly sweptUntil: number
  readonly look: Look | null
  /** The trade up to which all fills are known; null where there is none, or none is known. */
  readonly fillsThrough: string | null
}

/** By us and, once that is known, by the venue. */
type Named = { readonly clientOrderId: string; readonly venueOrderId: string | null }

/** A call to the venue, made only after the draft that holds it is committed. */
export type Effect = { readonly key: string } & (
  | { readonly kind: 'place-order'; readonly request: OrderRequest }
  | { readonly kind: 'place-protection'; readonly request: ProtectionRequest }
  | ({ readonly kind: 'cancel-order' } & Named)
  | { readonly kind: 'cancel-protection'; readonly listId: string }
  | ({ readonly kind: 'query-order' } & Named)
  | { readonly kind: 'query-protection'; readonly listId: string }
  | { readonly kind: 'fetch-fills'; readonly from: FillsFrom }
  /** For an exit, or for dust where no order is named. */
  | {
      readonly kind: 'quote-conversion'
      readonly clientOrderId: string | null
      readonly request: ConvertRequest
    }
  | { readonly kind: 'accept-quote'; readonly clientOrderId: string; readonly quote: ConvertQuote }
  | {
      readonly kind: 'query-conversion'
      readonly clientOrderId: string
      readonly quote: ConvertQuote
    }
  /** Where the price is watched from here and nobody told it for a while. */
  | { readonly kind: 'fetch-price' }
  /** Open orders and fills together: the last look before an order is believed never placed. */
  | { readonly kind: 'search'; readonly subject: string; readonly from: FillsFrom }
)

/** What an effect came back with. */
export type Answer = { readonly key: string } & (
  | {
      readonly kind: 'order-placed'
      readonly clientOrderId: string
      readonly outcome: OrderOutcome
    }
  | {
      readonly kind: 'order-canceled'
      readonly clientOrderId: string
      readonly outcome: OrderOutcome
    }
  | {
      readonly kind: 'protection-placed'
      readonly listId: string
      readonly outcome: ProtectionOutcome
    }
  | {
      readonly kind: 'protection-canceled'
      readonly listId: string
      readonly outcome: ProtectionOutcome
    }
  | {
      readonly kind: 'order-told'
      readonly clientOrderId: string
      readonly order: VenueOrder | null
    }
  | {
      readonly kind: 'protection-told'
      readonly listId: string
      readonly protection: VenueProtection | null
    }
  | {
      readonly kind: 'conversion-quoted'
      readonly clientOrderId: string | null
      readonly told: QuoteOutcome
    }
  | { readonly kind: 'fills-told'; readonly fills: readonly VenueFill[] }
  | { readonly kind: 'price-told'; readonly price: Decimal }
  | {
      readonly kind: 'searched'
      readonly subject: string
      readonly openOrders: readonly VenueOrder[]
      readonly fills: readonly VenueFill[]
    }
  /** A read did not come through; it says nothing about the order. */
  | {
      readonly kind: 'read-failed'
      readonly subject: string | null
      readonly retryAfterMs: number
      readonly reason: string
    }
)

export type Input =
  | {
      readonly kind: 'approved'
      readonly message: Message<typeof IntentApproved>
      readonly reservation: Reservation
    }
  | Answer
  | { readonly kind: 'price'; readonly price: Decimal; readonly at: number }
  | { readonly kind: 'tick' }
  /** The venue has other rules than those that an order was refused by. */
  | { readonly kind: 'rules'; readonly rules: SymbolRules }
  /** The venue told of an order by itself. */
  | { readonly kind: 'streamed'; readonly order: VenueOrder }
  /** It may have told things that did not arrive. */
  | { readonly kind: 'sweep' }
  /** Balances differ: each of these, all that were given up here, may be why. */
  | { readonly kind: 'suspect'; readonly orders: readonly Order[]; readonly fills: readonly Fill[] }
  /** An operator lets the symbol trade again. */
  | { readonly kind: 'resume'; readonly reason: string }
  | { readonly kind: 'flatten'; readonly reason: string }

/** For the log: a fixed phrase and its values. */
export type Note = {
  readonly level: 'info' | 'warn' | 'error'
  readonly event: string
  readonly values: Readonly<Record<string, string | number | null>>
}

/** Everything that one input leads to. Effects run only after changes and messages are committed. */
export type Draft = {
  readonly desk: Desk
  readonly changes: readonly LedgerChange[]
  readonly messages: readonly AnyMessage[]
  readonly effects: readonly Effect[]
  readonly notes: readonly Note[]
}

export const calm: Retry = { failures: 0, nextAt: 0 }

export function emptyDesk(market: Market, settings: Settings): Desk {
  return {
    market,
    settings,
    entriesStopped: null,
    stops: [],
    flattened: null,
    halted: null,
    closed: null,
    venueAheadMs: 0,
    followed: false,
    unsureUntil: 0,
    keyRefused: null,
    barred: null,
    tickets: new Map(),
    position: null,
    owner: null,
    exits: null,
    trade: null,
    price: null,
    attempts: new Map(),
    pending: new Set(),
    watches: new Map(),
    givenUp: new Map(),
    protecting: calm,
    canceling: calm,
    withdrawing: calm,
    selling: calm,
    converting: calm,
    fetchingFills: calm,
    fetchingPrice: calm,
    gapSince: null,
    takingAway: null,
    sweepAt: 0,
    sweptUntil: 0,
    look: null,
    fillsThrough: null,
  }
}

/** What watches and effects are named after: the pair for a leg of one, else the order itself. */
export function subjectOf(order: Order): string {
  return order.listId ?? order.clientOrderId
}
