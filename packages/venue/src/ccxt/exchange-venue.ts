// Coinbase, MEXC and Alpaca through ccxt. Reads use ccxt's unified methods; orders go to the venues' own
// endpoints with exactly the parameters of the venue's row. None of them has a pair of exits that cancel
// each other: what rests there are single orders, and execution watches over the rest.
import { Decimal } from '@flotilla/money'
import type { z } from 'zod'
import { VenueError } from '../errors.ts'
import type { MarketStream, MarketStreamListener, MarketStreamRequest } from '../market-stream.ts'
import type {
  CandleRequest,
  FillsFrom,
  OrderOutcome,
  OrderReference,
  OrderRequest,
  ProtectionOutcome,
  SymbolRules,
  Venue,
  VenueBalance,
  VenueCandle,
  VenueFill,
  VenueOrder,
  VenueOrderBook,
  VenueProtection,
  VenueTicker,
} from '../port.ts'
import { quoteVolume24hOf } from '../quote-volume.ts'
import type { Timer } from '../watchdog.ts'
import { venueRows, venueSymbol, type VenueRow } from '../venue-rows.ts'
import type { ConnectionEnd, ConnectionListener } from './account-stream.ts'
import * as answers from './exchange-answers.ts'
import { candlesFrom, timeframeMs } from './exchange-candles.ts'
import { ExchangeClient } from './exchange-client.ts'
import { listenWithCcxt } from './exchange-account.ts'
import { streamedOrder } from './exchange-account-orders.ts'
import { exchangeReadFailure } from './exchange-failure.ts'
import { ExchangeOrders } from './exchange-orders.ts'
import { timeMethods, type SpotKind } from './exchange-requests.ts'
import { checked, ExchangeWire, type Question } from './exchange-wire.ts'
import { KeyDoor, keysOf } from './key-door.ts'
import { KeyedVenue } from './keyed-venue.ts'
import type { VenueLogger } from './venue-logger.ts'
import { canWatch, openWatchedStream } from './watched-stream.ts'
import { WireFailure } from './wire-failure.ts'

export type SpotVenueOptions = {
  readonly kind: SpotKind
  /** Our name of the venue, in messages and tables. */
  readonly name: string
  readonly baseUrl?: string | undefined
  readonly testnet?: boolean | undefined
  readonly apiKey?: string | undefined
  readonly secret?: string | undefined
  readonly clock?: { now(): number } | undefined
  readonly timeoutMs?: number | undefined
  readonly rateLimited?: boolean | undefined
  /** The part of the venue's limits that this client may use for anything but exits; 1 where it is alone. */
  readonly weightShare?: number | undefined
  readonly logger?: VenueLogger | undefined
  /** Measures the silence of streams; real time unless a test turns it. */
  readonly timer?: Timer | undefined
}

const TIMEOUT_MS = 8_000
const TIME_SYNC_MS = 300_000
/** The least of the venues' pages of fills. */
const FILLS_PAGE = 100
const LIST_PAGE = 200

export async function openSpotVenue(options: SpotVenueOptions): Promise<Venue> {
  const row = venueRows[options.kind]
  if (options.testnet === true && row.sandboxUrl === null) {
    throw new RangeError(`${options.kind} has no test network; set venue.testnet to false`)
  }
  const { kind, name, baseUrl, testnet, logger } = options
  const door = new KeyDoor({
    name,
    place: { kind, baseUrl, testnet },
    keys: keysOf(options),
    logger,
  })
  const { timeoutMs = TIMEOUT_MS, rateLimited = true, weightShare = 1 } = options
  const limits = { timeoutMs, rateLimited, weightShare }
  const client = await ExchangeClient.open({ ...options, row, door, ...limits })
  return new SpotVenue({ client, door }, options)
}

type Parts = {
  readonly client: ExchangeClient
  readonly door: KeyDoor
}

type Listening = {
  readonly request: MarketStreamRequest
  readonly listener: MarketStreamListener
}

class SpotVenue extends KeyedVenue implements Venue {
  readonly #kind: SpotKind
  readonly #row: VenueRow
  readonly #client: ExchangeClient
  readonly #orders: ExchangeOrders
  readonly #wire: ExchangeWire
  readonly #options: SpotVenueOptions
  #rules: ReadonlyMap<string, SymbolRules> | null = null
  /** Absent where the streams want keys and there are none: the venue is polled then. */
  readonly openMarketStream?: NonNullable<Venue['openMarketStream']>

  constructor({ client, door }: Parts, options: SpotVenueOptions) {
    const row = venueRows[options.kind]
    const { recvWindowMs } = row
    super({ ...options, row, recvWindowMs, client, door, timeSyncMs: TIME_SYNC_MS })
    this.#kind = options.kind
    this.#options = options
    this.#row = row
    this.#client = client
    this.#wire = new ExchangeWire(client, this.time)
    if (canWatch(this.#kind, door.keys !== null)) {
      this.openMarketStream = (request, listener) => this.#openStream({ request, listener })
    }
    this.#orders = new ExchangeOrders({
      kind: options.kind,
      wire: this.#wire,
      time: this.time,
      logger: options.logger,
      rulesOf: (symbol) => this.#rulesOf(symbol),
      find: (reference) => this.queryOrder(reference),
      look: (symbol, id) => this.#look(symbol, id),
    })
  }

  async fetchTime(): Promise<number> {
    return this.#read({ method: timeMethods[this.#kind], given: [], schema: answers.time })
  }

  async fetchRules(symbols?: readonly string[]): Promise<readonly SymbolRules[]> {
    const listed = checked(answers.markets, await this.#loadMarkets(), 'markets')
    const rules = answers.rulesFromMarkets(this.#kind, listed)
    this.#rules = rules
    if (symbols === undefined) return [...rules.values()]
    return symbols.map((symbol) => rules.get(symbol) ?? this.#unlisted(symbol))
  }

  async fetchCandles(request: CandleRequest): Promise<readonly VenueCandle[]> {
    const { symbol, timeframe, since, limit = 300 } = request
    await this.#rulesOf(symbol)
    await this.time.ensure()
    const venueTime = this.time.current()
    const given = [symbol, timeframe, since, limit]
    const rows = await this.#read({ method: 'fetchOHLCV', given, schema: answers.candles })
    return candlesFrom(rows, { symbol, timeframe, venueTime })
  }

  async fetchTicker(symbol: string): Promise<VenueTicker> {
    const [ticker] = await this.fetchTickers([symbol])
    if (ticker === undefined) throw malformed('fetchTickers', `nothing of ${symbol}`)
    return ticker
  }

  async fetchTickers(symbols: readonly string[]): Promise<readonly VenueTicker[]> {
    if (symbols.length === 0) return []
    for (const symbol of symbols) await this.#rulesOf(symbol)
    const given = [[...symbols]]
    const byName = await this.#read({ method: 'fetchTickers', given, schema: answers.tickers })
    return symbols.flatMap((symbol) => {
      const one = byName[symbol]
      if (one === undefined) return []
      const { last, bid, ask, timestamp, info } = one
      const quoteVolume24h = quoteVolume24hOf(this.#kind, info)
      const observedAt = timestamp ?? this.time.current()
      return [{ symbol, last, bid, ask, quoteVolume24h, observedAt }]
    })
  }

  async fetchOrderBook(symbol: string, depth = 20): Promise<VenueOrderBook> {
    await this.#rulesOf(symbol)
    const given = [symbol, depth]
    const book = await this.#read({ method: 'fetchOrderBook', given, schema: answers.book })
    const { bids, asks } = book
    const levels = (side: typeof bids) =>
      side.slice(0, depth).map(([price, quantity]) => ({ price, quantity }))
    return { symbol, bids: levels(bids), asks: levels(asks), observedAt: this.time.current() }
  }

  async fetchBalances(): Promise<readonly VenueBalance[]> {
    await this.#known()
    await this.time.ensure()
    const told = await this.#read({ method: 'fetchBalance', given: [], schema: answers.balances })
    return Object.keys(told.total).flatMap((asset) => {
      const free = told.free[asset] ?? Decimal.zero
      const locked = told.used[asset] ?? Decimal.zero
      const total = told.total[asset] ?? free.plus(locked)
      return total.isZero() ? [] : [{ asset, free, locked, total }]
    })
  }

  placeOrder(request: OrderRequest): Promise<OrderOutcome> {
    return this.#orders.place(request)
  }

  cancelOrder(reference: OrderReference): Promise<OrderOutcome> {
    return this.#orders.cancel(reference)
  }

  async placeProtection(): Promise<ProtectionOutcome> {
    return this.#noPairs()
  }

  async cancelProtection(): Promise<ProtectionOutcome> {
    return this.#noPairs()
  }

  async queryProtection(): Promise<VenueProtection | null> {
    return null
  }

  /** A list tells the newest alone: what is older is found by the venue's id. */
  async queryOrder(reference: OrderReference): Promise<VenueOrder | null> {
    const { symbol, clientOrderId } = reference
    await this.#rulesOf(symbol)
    await this.time.ensure()
    if (this.#row.clientOrderId.lookup === 'by-name') {
      const named = await this.#found('fetchOrder', undefined, symbol, { clientOrderId })
      return named ?? this.#byId(reference)
    }
    return (await this.#byId(reference)) ?? this.#inList(reference)
  }

  async #byId(reference: OrderReference): Promise<VenueOrder | null> {
    const { symbol, clientOrderId, venueOrderId } = reference
    if (venueOrderId === undefined) return null
    const told = await this.#look(symbol, venueOrderId)
    return told === null ? null : { ...told, clientOrderId }
  }

  async #inList({ symbol, clientOrderId }: OrderReference): Promise<VenueOrder | null> {
    const given = [symbol, undefined, LIST_PAGE]
    const list = await this.#read({ method: 'fetchOrders', given, schema: answers.orders })
    const found = list.find((one) => one.clientOrderId === clientOrderId)
    return found === undefined ? null : this.#orderOf(found)
  }

  async fetchOpenOrders(symbol?: string): Promise<readonly VenueOrder[]> {
    await (symbol === undefined ? this.#known() : this.#rulesOf(symbol))
    await this.time.ensure()
    const question = { method: 'fetchOpenOrders', given: [symbol], schema: answers.orders }
    return (await this.#read(question)).map((one) => this.#orderOf(one))
  }

  async fetchFills(symbol: string, from: FillsFrom): Promise<readonly VenueFill[]> {
    const rules = await this.#rulesOf(symbol)
    await this.time.ensure()
    if (!('since' in from)) {
      throw new VenueError('invalid_request', `${this.name} lists fills by time, not by trade id`)
    }
    const fills = new Map<string, VenueFill>()
    for (let since = from.since; ;) {
      const given = [symbol, since, FILLS_PAGE]
      const page = await this.#read({ method: 'fetchMyTrades', given, schema: answers.trades })
      const fresh = page.filter(({ id }) => !fills.has(id))
      for (const one of fresh) {
        fills.set(one.id, answers.fillFromUnified(one, rules, this.#row.feesInFills))
      }
      const newest = Math.max(since, ...page.map(({ timestamp }) => timestamp))
      if (page.length < FILLS_PAGE || fresh.length === 0) break
      since = newest
    }
    return [...fills.values()].toSorted((one, other) => one.executedAt - other.executedAt)
  }

  protected async connect(listener: ConnectionListener): Promise<ConnectionEnd> {
    await this.#known()
    const exchange = await this.#client.another()
    return listenWithCcxt({
      kind: this.#kind,
      exchange,
      call: (method, given = {}) => this.#client.callOn(exchange, method, [{ ...given }]),
      openWithinMs: this.#options.timeoutMs ?? TIMEOUT_MS,
      listener,
      toOrder: (told) => this.#orderOf(streamedOrder(this.#kind, told)),
    })
  }

  async #loadMarkets(): Promise<unknown> {
    try {
      return await this.#client.loadMarkets()
    } catch (error) {
      throw error instanceof WireFailure ? exchangeReadFailure(error) : error
    }
  }

  async #openStream({ request, listener }: Listening): Promise<MarketStream> {
    const { timer, timeoutMs = TIMEOUT_MS, rateLimited = true } = this.#options
    for (const symbol of request.symbols) await this.#rulesOf(symbol)
    await this.time.ensure()
    return openWatchedStream({
      kind: this.#kind,
      request,
      listener,
      openWatcher: () => this.#client.another(Number),
      paced: rateLimited,
      intervalMs: timeframeMs(request.timeframe),
      venueTime: () => this.time.current(),
      fetchCandles: (asked) => this.fetchCandles(asked),
      fetchTickers: (symbols) => this.fetchTickers(symbols),
      openWithinMs: timeoutMs,
      timer,
    })
  }

  #look(symbol: string, venueOrderId: string): Promise<VenueOrder | null> {
    return this.#found('fetchOrder', venueOrderId, symbol)
  }

  async #found(method: string, ...given: readonly unknown[]): Promise<VenueOrder | null> {
    const told = await this.#wire.find({ method, given, schema: answers.order })
    return told === null ? null : this.#orderOf(told)
  }

  #orderOf(told: answers.UnifiedOrder): VenueOrder {
    const order = answers.orderFromUnified(told, this.time.current())
    this.#orders.learn(order)
    return order
  }

  #read<Schema extends z.ZodType>(question: Question<Schema>): Promise<z.infer<Schema>> {
    return this.#wire.ask(question)
  }

  async #known(): Promise<ReadonlyMap<string, SymbolRules>> {
    if (this.#rules === null) await this.fetchRules()
    return this.#rules ?? new Map()
  }

  async #rulesOf(symbol: string): Promise<SymbolRules> {
    return (await this.#known()).get(symbol) ?? this.#unlisted(symbol)
  }

  #unlisted(symbol: string): never {
    const form = venueSymbol(this.#kind, symbol)
    const message = `${this.name} does not list ${symbol} (in its form ${form})`
    throw new VenueError('unknown_symbol', message)
  }

  #noPairs(): ProtectionOutcome {
    const reason = `${this.#kind} has no pair of exits that cancel each other`
    return { kind: 'rejected', code: 'unsupported', reason }
  }
}

function malformed(what: string, reason: string): VenueError {
  return new VenueError('malformed_answer', `${what}: ${reason}`)
}
