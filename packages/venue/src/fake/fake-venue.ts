// A venue in memory whose next answers a test can script. Without a script it behaves like the real thing.
import { Decimal, type DecimalInput } from '@flotilla/money'

import { VenueError, type VenueErrorCode } from '../errors.ts'
import type {
  AccountEvent,
  AccountWatch,
  CandleRequest,
  FillsFrom,
  OrderOutcome,
  OrderReference,
  OrderRequest,
  ProtectionOutcome,
  ProtectionReference,
  ProtectionRequest,
  SymbolRules,
  Venue,
  VenueCandle,
  VenueFill,
  VenueHealth,
  VenueOrder,
  VenueOrderBook,
  VenueProtection,
  VenueTicker,
  WriteRejected,
  WriteUnknown,
} from '../port.ts'
import type { MarketStream, MarketStreamListener, MarketStreamRequest } from '../market-stream.ts'
import { FakeStreams } from './fake-streams.ts'
import { FakeBook, protectionView, unknownOrder } from './fake-book.ts'
import { FakeAccountStream } from './fake-account-stream.ts'
import { FakeConvert } from './fake-convert.ts'
import type { FakeVenueCall, FakeVenueOptions } from './fake-options.ts'
import { allWell, profile } from './fake-health.ts'
import { FakeScripts, type Script, type WriteMethod } from './fake-scripts.ts'
import { symbolRules } from './symbol-rules.ts'
import {
  fillsFrom,
  isLive,
  remainingOf,
  viewOf,
  type FakeOrder,
  type FakeProtection,
} from './fake-orders.ts'

export function createFakeVenue(options: FakeVenueOptions = {}): FakeVenue {
  return new FakeVenue(options)
}

export class FakeVenue implements Venue {
  readonly name: string
  readonly profile = profile
  /** Every call in order, for tests that check what was asked of the venue. */
  readonly calls: FakeVenueCall[] = []
  /** Market streams that are open, and what a test sends over them. */
  readonly streams = new FakeStreams()
  /** The account's events: up, until a test cuts the line. */
  readonly accountStream: FakeAccountStream
  readonly convert: FakeConvert
  readonly #book: FakeBook
  readonly #now: () => number
  readonly #scripts = new FakeScripts()
  readonly #hidden = new Map<string, number>()
  readonly #candles = new Map<string, readonly VenueCandle[]>()
  readonly #tickers = new Map<string, VenueTicker>()
  #readFailure: { code: VenueErrorCode; left: number } | null = null

  constructor(options: FakeVenueOptions) {
    this.name = options.name ?? 'fake'
    this.#now = options.now ?? (() => 1_700_000_000_000)
    this.#book = new FakeBook({
      rules: options.rules ?? [symbolRules()],
      balances: options.balances ?? { USDT: '10000' },
      now: this.#now,
    })
    this.accountStream = new FakeAccountStream(this.#book, this.#now)
    this.convert = new FakeConvert({
      book: this.#book,
      now: this.#now,
      noteRead: (argument) => this.#read('convert', argument),
      write: (quote, work) => this.#write('acceptQuote', quote, work),
    })
    for (const [symbol, price] of Object.entries(options.prices ?? {})) this.setPrice(symbol, price)
  }

  // What a test says.

  /** Moves the market; resting orders and stops that it reaches are carried out. */
  setPrice(symbol: string, price: DecimalInput): void {
    this.#book.setPrice(symbol, Decimal.from(price))
    this.#tellPrice(symbol)
    this.accountStream.flush()
  }

  setRules(rules: SymbolRules): void {
    this.#book.setRules(rules)
  }

  setCandles(symbol: string, timeframe: string, candles: readonly VenueCandle[]): void {
    this.#candles.set(`${symbol} ${timeframe}`, candles)
    this.streams.tellCandles(candles)
  }

  /** Without one, tickers are made from the price that was set. */
  setTicker(ticker: VenueTicker): void {
    this.#tickers.set(ticker.symbol, ticker)
    this.#tellPrice(ticker.symbol)
  }

  /** Each script is used up by one write (of its method, when it names one), in the order given. */
  script(...scripts: readonly Script[]): void {
    this.#scripts.add(scripts)
  }

  /** Scripts that no write has used up are forgotten: the venue is well again. */
  forgetScripts(): void {
    this.#scripts.forget()
  }

  /** The delayed requests of `unknown-lands-later` arrive now. */
  land(): void {
    this.#scripts.land()
    this.accountStream.flush()
  }

  /** The next reads throw. */
  failReads(code: VenueErrorCode, count = 1): void {
    this.#readFailure = { code, left: count }
  }

  /** Read lag: the next queries for this client order id answer that there is no such order. */
  hide(clientOrderId: string, queries: number): void {
    this.#hidden.set(clientOrderId, queries)
  }

  /** A counterparty takes a part of a resting order, at its limit or at the price given. */
  fill(clientOrderId: string, quantity?: DecimalInput, price?: DecimalInput): void {
    const order = this.#liveOrder(clientOrderId)
    const limit = viewOf(order).limitPrice ?? this.#book.priceOf(order.request.symbol)
    const at = price === undefined ? limit : Decimal.from(price)
    if (at === null) throw new Error(`no price for ${clientOrderId}`)
    const much = quantity === undefined ? remainingOf(order) : Decimal.from(quantity)
    this.#book.trade(order, much, at)
    this.accountStream.flush()
  }

  /** The venue ends an order by itself (maintenance, self-trade prevention, ...). */
  expire(clientOrderId: string, reason = 'EXCHANGE_CANCELED'): void {
    this.#book.end(this.#liveOrder(clientOrderId), 'expired', reason)
    this.accountStream.flush()
  }

  /** Money comes or goes, and nothing says why. */
  credit(asset: string, amount: DecimalInput): void {
    this.#book.account.credit(asset, Decimal.from(amount))
  }

  /** A deposit or withdrawal, which the account's stream tells of. */
  transfer(asset: string, amount: DecimalInput): void {
    this.credit(asset, amount)
    this.accountStream.transfer(asset, Decimal.from(amount))
  }

  /** The truth, past every scripted lie. */
  allOrders(): VenueOrder[] {
    return this.#book.orders.map(viewOf)
  }

  allFills(): VenueFill[] {
    return [...this.#book.fills]
  }

  callsOf(method: keyof Venue): FakeVenueCall[] {
    return this.calls.filter((call) => call.method === method)
  }

  // What an agent asks.

  async fetchTime(): Promise<number> {
    this.#read('fetchTime', null)
    return this.#now()
  }

  async fetchRules(symbols?: readonly string[]): Promise<readonly SymbolRules[]> {
    this.#read('fetchRules', symbols ?? null)
    return (symbols ?? this.#book.allRules().map((rules) => rules.symbol)).map((symbol) => {
      const rules = this.#book.rulesOf(symbol)
      if (rules === null)
        throw new VenueError('unknown_symbol', `the venue does not list ${symbol}`)
      return rules
    })
  }

  async fetchCandles(request: CandleRequest): Promise<readonly VenueCandle[]> {
    this.#read('fetchCandles', request)
    this.#requireSymbol(request.symbol)
    const all = this.#candles.get(`${request.symbol} ${request.timeframe}`) ?? []
    const { since } = request
    const limit = request.limit ?? 500
    if (since === undefined) return all.slice(-limit)
    return all.filter((candle) => candle.openTime >= since).slice(0, limit)
  }

  async fetchTicker(symbol: string): Promise<VenueTicker> {
    this.#read('fetchTicker', symbol)
    return this.#ticker(symbol)
  }

  async fetchTickers(symbols: readonly string[]): Promise<readonly VenueTicker[]> {
    this.#read('fetchTickers', symbols)
    return symbols.map((symbol) => this.#ticker(symbol))
  }

  async fetchOrderBook(symbol: string, depth = 20) {
    this.#read('fetchOrderBook', { symbol, depth })
    return this.#orderBook(symbol)
  }

  async openMarketStream(
    request: MarketStreamRequest,
    listener: MarketStreamListener,
  ): Promise<MarketStream> {
    this.#read('openMarketStream', request)
    for (const symbol of request.symbols) this.#requireSymbol(symbol)
    return this.streams.open(request, listener)
  }

  async fetchBalances() {
    this.#read('fetchBalances', null)
    return this.#book.account.balances()
  }

  async placeOrder(request: OrderRequest): Promise<OrderOutcome> {
    return this.#write('placeOrder', request, (script) => {
      const fillMax = script.kind === 'partial' ? Decimal.from(script.quantity) : null
      return this.#book.submit(request, fillMax)
    })
  }

  async cancelOrder(reference: OrderReference): Promise<OrderOutcome> {
    return this.#write('cancelOrder', reference, () => {
      const order = this.#find(reference)
      if (order === undefined || !isLive(order)) return unknownOrder()
      this.#book.end(order, 'canceled', null)
      return { kind: 'accepted', order: viewOf(order) }
    })
  }

  async placeProtection(request: ProtectionRequest): Promise<ProtectionOutcome> {
    return this.#write('placeProtection', request, (script) => {
      const fillMax = script.kind === 'partial' ? Decimal.from(script.quantity) : null
      return this.#book.submitProtection(request, fillMax)
    })
  }

  async cancelProtection(reference: ProtectionReference): Promise<ProtectionOutcome> {
    return this.#write('cancelProtection', reference, () => {
      const protection = this.#findProtection(reference)
      if (protection === undefined || protectionView(protection).status === 'done') {
        return unknownOrder()
      }
      const { stop, takeProfit } = protection
      this.#book.end(isLive(stop) ? stop : takeProfit, 'canceled', null)
      return { kind: 'accepted', protection: protectionView(protection) }
    })
  }

  async queryOrder(reference: OrderReference): Promise<VenueOrder | null> {
    this.#read('queryOrder', reference)
    if (this.#lags(reference.clientOrderId)) return null
    const order = this.#find(reference)
    return order === undefined ? null : viewOf(order)
  }

  async queryProtection(reference: ProtectionReference): Promise<VenueProtection | null> {
    this.#read('queryProtection', reference)
    if (this.#lags(reference.clientProtectionId)) return null
    const protection = this.#findProtection(reference)
    return protection === undefined ? null : protectionView(protection)
  }

  async fetchOpenOrders(symbol?: string): Promise<readonly VenueOrder[]> {
    this.#read('fetchOpenOrders', symbol ?? null)
    const open = this.#book.orders.filter(isLive).map(viewOf)
    return symbol === undefined ? open : open.filter((order) => order.symbol === symbol)
  }

  async fetchFills(symbol: string, from: FillsFrom): Promise<readonly VenueFill[]> {
    this.#read('fetchFills', { symbol, from })
    return fillsFrom(this.#book.fills, symbol, from).map((fill) => ({
      ...fill,
      clientOrderId: null,
    }))
  }

  watchAccount(listener: (event: AccountEvent) => void): AccountWatch {
    return this.accountStream.watch(listener)
  }

  /** As a test sets it; at first everything is well. */
  state: VenueHealth = allWell

  health(): VenueHealth {
    return this.state
  }

  async measureClock(): Promise<void> {
    this.#read('measureClock', null)
  }

  retryKeys(): void {
    this.calls.push({ method: 'retryKeys', argument: null })
  }

  /** Every one is new here. */
  useKeys(): boolean {
    return this.calls.push({ method: 'useKeys', argument: null }) > 0
  }

  async close(): Promise<void> {}

  #write<Accepted>(
    method: WriteMethod,
    argument: unknown,
    carryOut: (script: Script) => Accepted,
  ): Accepted | WriteRejected | WriteUnknown {
    this.calls.push({ method: method === 'acceptQuote' ? 'convert' : method, argument })
    const outcome = this.#scripts.carryOut(method, carryOut)
    this.accountStream.flush()
    return outcome
  }

  #read(method: keyof Venue, argument: unknown): void {
    this.calls.push({ method, argument })
    const failure = this.#readFailure
    if (failure === null) return
    failure.left -= 1
    if (failure.left === 0) this.#readFailure = null
    throw new VenueError(failure.code, `scripted ${failure.code}`)
  }

  #lags(clientId: string): boolean {
    const left = this.#hidden.get(clientId) ?? 0
    if (left === 0) return false
    this.#hidden.set(clientId, left - 1)
    return true
  }

  /** As at the real venue, a client order id that was used again names its newest order. */
  #find(reference: OrderReference): FakeOrder | undefined {
    return this.#book.orders.findLast(
      ({ request }) =>
        request.clientOrderId === reference.clientOrderId && request.symbol === reference.symbol,
    )
  }

  #findProtection(reference: ProtectionReference): FakeProtection | undefined {
    return this.#book.protections.findLast(
      (one) => one.clientProtectionId === reference.clientProtectionId,
    )
  }

  #liveOrder(clientOrderId: string): FakeOrder {
    const order = this.#book.orders.findLast((one) => one.request.clientOrderId === clientOrderId)
    if (order === undefined || !isLive(order)) throw new Error(`no live order ${clientOrderId}`)
    return order
  }

  #ticker(symbol: string): VenueTicker {
    this.#requireSymbol(symbol)
    const known = this.#tickers.get(symbol)
    if (known !== undefined) return known
    const last = this.#book.priceOf(symbol)
    if (last === null) throw new VenueError('unavailable', `no price was set for ${symbol}`)
    const quoteVolume24h = Decimal.from(10_000_000)
    return { symbol, last, bid: last, ask: last, quoteVolume24h, observedAt: this.#now() }
  }

  #orderBook(symbol: string): VenueOrderBook {
    const ticker = this.#ticker(symbol)
    const quantity = Decimal.from(1000)
    const bids = [{ price: ticker.bid ?? ticker.last, quantity }]
    const asks = [{ price: ticker.ask ?? ticker.last, quantity }]
    return { symbol, bids, asks, observedAt: this.#now() }
  }

  #tellPrice(symbol: string): void {
    if (this.streams.count === 0) return
    this.streams.tellTicker(this.#ticker(symbol))
    this.streams.tellBook(this.#orderBook(symbol))
  }

  #requireSymbol(symbol: string): void {
    if (this.#book.rulesOf(symbol) === null) {
      throw new VenueError('unknown_symbol', `the venue does not list ${symbol}`)
    }
  }
}
