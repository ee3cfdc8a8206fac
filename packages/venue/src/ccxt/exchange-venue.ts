// Coinbase, MEXC and Alpaca through ccxt. Reads use ccxt's unified methods; orders go to the venues' own
// endpoints with exactly the parameters of the venue's row. None of them has a pair of exits that cancel
// each other: what rests there are single orders, and execution watches over the rest.
import { Decimal } from '@flotilla/money'
import type { z } from 'zod'
import { systemTimeMs } from '../clock.ts'
import { VenueError } from '../errors.ts'
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
  VenueHealth,
  VenueOrder,
  VenueOrderBook,
  VenueProfile,
  VenueProtection,
  VenueTicker,
} from '../port.ts'
import { quoteVolume24hOf } from '../quote-volume.ts'
import { venueRows, venueSymbol, type VenueRow } from '../venue-rows.ts'
import * as answers from './exchange-answers.ts'
import { ExchangeClient } from './exchange-client.ts'
import { exchangeReadFailure, isNotFound } from './exchange-failure.ts'
import { ExchangeOrders } from './exchange-orders.ts'
import type { SpotKind } from './exchange-requests.ts'
import type { VenueLogger } from './venue-logger.ts'
import { VenueTime } from './venue-time.ts'
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
  readonly logger?: VenueLogger | undefined
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
  const { timeoutMs = TIMEOUT_MS, rateLimited = true } = options
  const client = await ExchangeClient.open({ ...options, row, timeoutMs, rateLimited })
  return new SpotVenue(client, options)
}

class SpotVenue implements Venue {
  readonly name: string
  readonly profile: VenueProfile
  readonly #kind: SpotKind
  readonly #row: VenueRow
  readonly #client: ExchangeClient
  readonly #time: VenueTime
  readonly #orders: ExchangeOrders
  #rules: ReadonlyMap<string, SymbolRules> | null = null

  constructor(client: ExchangeClient, options: SpotVenueOptions) {
    this.name = options.name
    this.#kind = options.kind
    this.#row = venueRows[options.kind]
    this.#client = client
    const { clientOrderId, recvWindowMs, engineTimeoutMs } = this.#row
    const clientOrderIdPattern = clientOrderId.pattern
    this.profile = { clientOrderIdPattern, recvWindowMs, engineTimeoutMs }
    this.#time = new VenueTime({
      ask: () => this.fetchTime(),
      now: () => options.clock?.now() ?? systemTimeMs(),
      intervalMs: TIME_SYNC_MS,
    })
    client.useTime(() => this.#time.current())
    this.#orders = new ExchangeOrders({
      kind: options.kind,
      client,
      time: this.#time,
      logger: options.logger,
      rulesOf: (symbol) => this.#rulesOf(symbol),
      find: (reference) => this.queryOrder(reference),
      look: (symbol, id) => this.#look(symbol, id),
    })
  }

  async fetchTime(): Promise<number> {
    const time = await this.#ask('fetchTime')
    if (typeof time !== 'number') throw malformed('fetchTime', 'no time')
    return time
  }

  async fetchRules(symbols?: readonly string[]): Promise<readonly SymbolRules[]> {
    const listed = this.#checked(answers.markets, await this.#loadMarkets(), 'markets')
    const rules = answers.rulesFromMarkets(this.#kind, listed)
    this.#rules = rules
    if (symbols === undefined) return [...rules.values()]
    return symbols.map((symbol) => rules.get(symbol) ?? this.#unlisted(symbol))
  }

  async fetchCandles(request: CandleRequest): Promise<readonly VenueCandle[]> {
    const { symbol, timeframe, since, limit = 300 } = request
    await this.#rulesOf(symbol)
    await this.#time.ensure()
    const venueTime = this.#time.current()
    const told = await this.#ask('fetchOHLCV', symbol, timeframe, since, limit)
    const rows = this.#checked(answers.candles, told, 'candles')
    const lengthMs = timeframeMs(timeframe)
    return rows.map(([openTime, open, high, low, close, baseVolume]) => {
      // ccxt drops what the venue says of the value: the middle of the candle stands for its price.
      const middle = high.plus(low).times('0.5')
      const closeTime = openTime + lengthMs
      const quoteVolume = baseVolume.times(middle)
      const values = { open, high, low, close, baseVolume, quoteVolume }
      return {
        symbol,
        timeframe,
        openTime,
        closeTime,
        ...values,
        closed: closeTime <= venueTime,
      }
    })
  }

  async fetchTicker(symbol: string): Promise<VenueTicker> {
    const [ticker] = await this.fetchTickers([symbol])
    if (ticker === undefined) throw malformed('fetchTickers', `nothing of ${symbol}`)
    return ticker
  }

  async fetchTickers(symbols: readonly string[]): Promise<readonly VenueTicker[]> {
    if (symbols.length === 0) return []
    for (const symbol of symbols) await this.#rulesOf(symbol)
    const told = await this.#ask('fetchTickers', [...symbols])
    const byName = this.#checked(answers.tickers, told, 'tickers')
    return symbols.flatMap((symbol) => {
      const one = byName[symbol]
      if (one === undefined) return []
      const { last, bid, ask, timestamp, info } = one
      const quoteVolume24h = quoteVolume24hOf(this.#kind, info)
      const observedAt = timestamp ?? this.#time.current()
      return [{ symbol, last, bid, ask, quoteVolume24h, observedAt }]
    })
  }

  async fetchOrderBook(symbol: string, depth = 20): Promise<VenueOrderBook> {
    await this.#rulesOf(symbol)
    const told = await this.#ask('fetchOrderBook', symbol, depth)
    const { bids, asks } = this.#checked(answers.book, told, 'book')
    const levels = (side: typeof bids) =>
      side.slice(0, depth).map(([price, quantity]) => ({ price, quantity }))
    return { symbol, bids: levels(bids), asks: levels(asks), observedAt: this.#time.current() }
  }

  async fetchBalances(): Promise<readonly VenueBalance[]> {
    await this.#known()
    await this.#time.ensure()
    const told = this.#checked(answers.balances, await this.#ask('fetchBalance'), 'balances')
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

  async queryOrder({ symbol, clientOrderId }: OrderReference): Promise<VenueOrder | null> {
    await this.#rulesOf(symbol)
    await this.#time.ensure()
    if (this.#row.clientOrderId.lookup === 'by-name') {
      return this.#found('fetchOrder', undefined, symbol, { clientOrderId })
    }
    const told = await this.#ask('fetchOrders', symbol, undefined, LIST_PAGE)
    const list = this.#checked(answers.orders, told, 'orders')
    const found = list.find((one) => one.clientOrderId === clientOrderId)
    return found === undefined ? null : this.#orderOf(found)
  }

  async fetchOpenOrders(symbol?: string): Promise<readonly VenueOrder[]> {
    await (symbol === undefined ? this.#known() : this.#rulesOf(symbol))
    await this.#time.ensure()
    const told = await this.#ask('fetchOpenOrders', symbol)
    return this.#checked(answers.orders, told, 'open orders').map((one) => this.#orderOf(one))
  }

  async fetchFills(symbol: string, from: FillsFrom): Promise<readonly VenueFill[]> {
    const rules = await this.#rulesOf(symbol)
    await this.#time.ensure()
    if ('fromId' in from) {
      throw new VenueError('invalid_request', `${this.name} lists fills by time, not by trade id`)
    }
    const fills = new Map<string, VenueFill>()
    for (let since = from.since; ;) {
      const told = await this.#ask('fetchMyTrades', symbol, since, FILLS_PAGE)
      const page = this.#checked(answers.trades, told, 'fills')
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

  /** This adapter has no stream of the account: whoever listens hears nothing and goes on asking. */
  watchAccount(): { close(): Promise<void> } {
    return { close: async () => {} }
  }

  /** ccxt's own limiter keeps the pace here, and a refused key is refused again by the venue. */
  health(): VenueHealth {
    const { reading: clock } = this.#time
    return { keysRefused: null, pausedForMs: 0, usedWeight: 0, weightPerMinute: 0, clock }
  }

  async measureClock(): Promise<void> {
    await this.#time.measure()
  }

  retryKeys(): void {}

  close(): Promise<void> {
    return this.#client.close()
  }

  async #loadMarkets(): Promise<unknown> {
    try {
      return await this.#client.loadMarkets()
    } catch (error) {
      throw error instanceof WireFailure ? exchangeReadFailure(error) : error
    }
  }

  #look(symbol: string, venueOrderId: string): Promise<VenueOrder | null> {
    return this.#found('fetchOrder', venueOrderId, symbol)
  }

  async #found(method: string, ...given: readonly unknown[]): Promise<VenueOrder | null> {
    try {
      const told = await this.#client.call(method, ...given)
      return this.#orderOf(this.#checked(answers.order, told, method))
    } catch (error) {
      if (error instanceof WireFailure && isNotFound(error)) return null
      throw error instanceof WireFailure ? exchangeReadFailure(error) : error
    }
  }

  #orderOf(told: answers.UnifiedOrder): VenueOrder {
    const order = answers.orderFromUnified(told, this.#time.current())
    this.#orders.learn(order)
    return order
  }

  async #ask(method: string, ...given: readonly unknown[]): Promise<unknown> {
    try {
      return await this.#client.call(method, ...given)
    } catch (error) {
      throw error instanceof WireFailure ? exchangeReadFailure(error) : error
    }
  }

  #checked<Schema extends z.ZodType>(schema: Schema, told: unknown, what: string): z.infer<Schema> {
    const parsed = schema.safeParse(told)
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    throw malformed(what, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
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

const unitsMs: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

function timeframeMs(timeframe: string): number {
  const unit = unitsMs[timeframe.at(-1) ?? '']
  const count = Number(timeframe.slice(0, -1))
  if (unit === undefined || !Number.isInteger(count)) {
    throw new RangeError(`timeframe ${timeframe} is not a number with m, h, d or w`)
  }
  return count * unit
}
