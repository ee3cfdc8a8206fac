// A Binance-like venue through ccxt: the simulator, Binance's test network, Binance.
import { Decimal } from '@flotilla/money'

import type { MarketStream, MarketStreamListener, MarketStreamRequest } from '../market-stream.ts'
import type {
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
  VenueBalance,
  VenueCandle,
  VenueFill,
  VenueOrder,
  VenueOrderBook,
  VenueProtection,
  VenueTicker,
} from '../port.ts'
import type { VenueConvert } from '../convert.ts'
import { venueRows, whyNoConvert } from '../venue-rows.ts'
import { openBinanceMarketStream } from './binance-market-stream.ts'
import { listenOnSocket } from './account-socket.ts'
import type { ConnectionEnd, ConnectionListener } from './account-stream.ts'
import { BinanceClient } from './client.ts'
import { ConvertDesk } from './convert-desk.ts'
import { KeyDoor, keysOf } from './key-door.ts'
import { KeyedVenue } from './keyed-venue.ts'
import { Markets } from './markets.ts'
import { readFills } from './read-fills.ts'
import type { VenueLogger } from './venue-logger.ts'
import { candleFrom, orderFrom, protectionFrom, tickerFrom } from './wire-answers.ts'
import * as schemas from './wire-schemas.ts'
import { Wire } from './wire.ts'
import { OrderDesk } from './order-desk.ts'

export type BinanceVenueOptions = {
  /** Our name of the venue, in messages and tables. */
  readonly name: string
  /** Address of the simulator; without it, the real exchange. */
  readonly baseUrl?: string | undefined
  readonly testnet?: boolean | undefined
  readonly apiKey?: string | undefined
  readonly secret?: string | undefined
  /** Market time; requests are stamped with it, after the difference to the venue's clock is added. */
  readonly clock?: { now(): number } | undefined
  /** In the venue's time: on an accelerated venue real delays weigh more. At most 60,000. */
  readonly recvWindowMs?: number | undefined
  readonly timeoutMs?: number | undefined
  /** Request weight that the venue allows an address in a minute; 0 switches the budget off. */
  readonly weightPerMinute?: number | undefined
  /** The part of it that this client may use for anything but exits; 1 where it is alone. */
  readonly weightShare?: number | undefined
  /** For venues that do not tell, and for readers without a key. */
  readonly feeRates?: { readonly maker: string; readonly taker: string } | undefined
  /** Real milliseconds between measurements of the difference to the venue's clock. */
  readonly timeSyncMs?: number | undefined
  /** Told of refused keys, writes without a known outcome and pauses that the venue asked for. */
  readonly logger?: VenueLogger | undefined
}

const defaults = {
  recvWindowMs: 5_000,
  timeoutMs: 8_000,
  weightPerMinute: 6_000,
  feeRates: { maker: '0.001', taker: '0.001' },
  timeSyncMs: 300_000,
}

export async function openBinanceVenue(options: BinanceVenueOptions): Promise<Venue> {
  const recvWindowMs = options.recvWindowMs ?? defaults.recvWindowMs
  const client = await BinanceClient.open({
    baseUrl: options.baseUrl,
    testnet: options.testnet,
    apiKey: options.apiKey,
    secret: options.secret,
    recvWindowMs,
    timeoutMs: options.timeoutMs ?? defaults.timeoutMs,
    weightPerMinute: options.weightPerMinute ?? defaults.weightPerMinute,
    weightShare: options.weightShare ?? 1,
    logger: options.logger,
  })
  return new BinanceVenue(client, { ...options, recvWindowMs })
}

class BinanceVenue extends KeyedVenue implements Venue {
  /** The test network has no such desk. */
  readonly convert: VenueConvert | undefined
  readonly #client: BinanceClient
  readonly #wire: Wire
  readonly #markets: Markets
  readonly #desk: OrderDesk
  readonly #timeoutMs: number

  constructor(
    client: BinanceClient,
    options: BinanceVenueOptions & { readonly recvWindowMs: number },
  ) {
    const { name, baseUrl, testnet, logger, timeSyncMs = defaults.timeSyncMs } = options
    const place = { kind: 'binance', baseUrl, testnet }
    const door = new KeyDoor({ name, place, keys: keysOf(options), logger })
    super({ ...options, row: venueRows.binance, client, door, timeSyncMs })
    const feeRates = options.feeRates ?? defaults.feeRates
    const { time } = this
    this.#timeoutMs = options.timeoutMs ?? defaults.timeoutMs
    this.#client = client
    this.#wire = new Wire({ client, time, door })
    this.#markets = new Markets({
      venueName: options.name,
      wire: this.#wire,
      hasKeys: () => door.keys !== null,
      defaultFeeRates: {
        maker: Decimal.from(feeRates.maker),
        taker: Decimal.from(feeRates.taker),
      },
    })
    this.#desk = new OrderDesk({
      wire: this.#wire,
      time: this.time,
      markets: this.#markets,
      clientIdPattern: this.profile.clientOrderIdPattern,
      logger: options.logger,
    })
    const convert = { wire: this.#wire, time: this.time, logger: options.logger }
    const isMissing = whyNoConvert('binance', testnet === true) !== null
    this.convert = isMissing ? undefined : new ConvertDesk(convert)
  }

  async fetchTime(): Promise<number> {
    const call = { endpoint: 'publicGetTime', schema: schemas.timeAnswer } as const
    return (await this.#wire.read(call)).serverTime
  }

  fetchRules(symbols?: readonly string[]): Promise<readonly SymbolRules[]> {
    return this.#markets.fetch(symbols)
  }

  async fetchCandles(request: CandleRequest): Promise<readonly VenueCandle[]> {
    const symbol = await this.#markets.wireFormOf(request.symbol)
    await this.time.ensure()
    // Taken before asking: what is not closed by now may still change.
    const venueTime = this.time.current()
    const rows = await this.#wire.read({
      endpoint: 'publicGetKlines',
      parameters: {
        symbol,
        interval: request.timeframe,
        limit: request.limit ?? 500,
        ...(request.since === undefined ? {} : { startTime: request.since }),
      },
      schema: schemas.klines,
    })
    return rows.map((row) => candleFrom(row, request, venueTime))
  }

  async fetchTicker(symbol: string): Promise<VenueTicker> {
    const answer = await this.#wire.read({
      endpoint: 'publicGetTicker24hr',
      parameters: { symbol: await this.#markets.wireFormOf(symbol) },
      schema: schemas.ticker,
    })
    return tickerFrom(answer, symbol)
  }

  async fetchTickers(symbols: readonly string[]): Promise<readonly VenueTicker[]> {
    if (symbols.length === 0) return []
    const forms = await Promise.all(symbols.map((symbol) => this.#markets.wireFormOf(symbol)))
    const answer = await this.#wire.read({
      endpoint: 'publicGetTicker24hr',
      parameters: { symbols: JSON.stringify(forms) },
      schema: schemas.tickers,
    })
    return Promise.all(
      answer.map(async (one) => tickerFrom(one, await this.#markets.symbolOf(one.symbol))),
    )
  }

  async fetchOrderBook(symbol: string, depth = 20): Promise<VenueOrderBook> {
    const answer = await this.#wire.read({
      endpoint: 'publicGetDepth',
      parameters: { symbol: await this.#markets.wireFormOf(symbol), limit: depth },
      schema: schemas.depth,
    })
    const levels = (side: typeof answer.bids) =>
      side.map(([price, quantity]) => ({ price, quantity }))
    const observedAt = this.time.current()
    return { symbol, bids: levels(answer.bids), asks: levels(answer.asks), observedAt }
  }

  async openMarketStream(
    request: MarketStreamRequest,
    listener: MarketStreamListener,
  ): Promise<MarketStream> {
    const pairs = request.symbols.map(async (symbol) => {
      return [await this.#markets.wireFormOf(symbol), symbol] as const
    })
    const symbols = new Map(await Promise.all(pairs))
    await this.time.ensure()
    return openBinanceMarketStream({
      url: this.#client.streamUrl,
      request,
      listener,
      symbols,
      venueTime: () => this.time.current(),
      openWithinMs: this.#timeoutMs,
    })
  }

  async fetchBalances(): Promise<readonly VenueBalance[]> {
    const call = { endpoint: 'privateGetAccount', schema: schemas.account } as const
    const answer = await this.#wire.readSigned(call)
    return answer.balances
      .map(({ asset, free, locked }) => ({ asset, free, locked, total: free.plus(locked) }))
      .filter((balance) => !balance.total.isZero())
  }

  placeOrder(request: OrderRequest): Promise<OrderOutcome> {
    return this.#desk.placeOrder(request)
  }

  cancelOrder(reference: OrderReference): Promise<OrderOutcome> {
    return this.#desk.cancelOrder(reference)
  }

  placeProtection(request: ProtectionRequest): Promise<ProtectionOutcome> {
    return this.#desk.placeProtection(request)
  }

  cancelProtection(reference: ProtectionReference): Promise<ProtectionOutcome> {
    return this.#desk.cancelProtection(reference)
  }

  async queryOrder(reference: OrderReference): Promise<VenueOrder | null> {
    const { clientOrderId, venueOrderId } = reference
    const named = await this.#findOrder(reference, { origClientOrderId: clientOrderId })
    if (named !== null || venueOrderId === undefined) return named
    const found = await this.#findOrder(reference, { orderId: venueOrderId })
    return found === null ? null : { ...found, clientOrderId }
  }

  async #findOrder(
    { symbol }: OrderReference,
    by: { readonly origClientOrderId: string } | { readonly orderId: string },
  ): Promise<VenueOrder | null> {
    const wire = await this.#wire.find({
      endpoint: 'privateGetOrder',
      parameters: { symbol: await this.#markets.wireFormOf(symbol), ...by },
      schema: schemas.order,
    })
    return wire === null ? null : orderFrom(wire, symbol)
  }

  /** The venue lists a protection's legs by name only; their states are asked for one by one. */
  async queryProtection(reference: ProtectionReference): Promise<VenueProtection | null> {
    const symbol = await this.#markets.wireFormOf(reference.symbol)
    const list = await this.#wire.find({
      endpoint: 'privateGetOrderList',
      parameters: { origClientOrderId: reference.clientProtectionId },
      schema: schemas.orderList,
    })
    if (list === null) return null
    const legs = await Promise.all(
      list.orders.map(async ({ orderId }) => {
        const parameters = { symbol, orderId }
        const call = { endpoint: 'privateGetOrder', parameters, schema: schemas.order } as const
        return orderFrom(await this.#wire.readSigned(call), reference.symbol)
      }),
    )
    return protectionFrom(list, legs, reference.symbol)
  }

  async fetchOpenOrders(symbol?: string): Promise<readonly VenueOrder[]> {
    const answer = await this.#wire.readSigned({
      endpoint: 'privateGetOpenOrders',
      parameters: symbol === undefined ? {} : { symbol: await this.#markets.wireFormOf(symbol) },
      schema: schemas.orders,
    })
    return Promise.all(
      answer.map(async (wire) => orderFrom(wire, await this.#markets.symbolOf(wire.symbol))),
    )
  }

  async fetchFills(symbol: string, from: FillsFrom): Promise<readonly VenueFill[]> {
    const wireSymbol = await this.#markets.wireFormOf(symbol)
    await this.time.ensure()
    return readFills({ wire: this.#wire, symbol, wireSymbol, until: this.time.current() }, from)
  }

  protected connect(listener: ConnectionListener): Promise<ConnectionEnd> {
    return listenOnSocket({
      url: this.#client.apiSocketUrl,
      keys: this.door.keys ?? { apiKey: '', secret: '' },
      recvWindowMs: this.profile.recvWindowMs,
      openWithinMs: this.#timeoutMs,
      venueTime: () => this.time.current(),
      symbolOf: (wire) => this.#markets.symbolOf(wire),
      listener,
    })
  }
}
