// ccxt as a signer, rate limiter and transport for a Binance-like venue. Calls go to the venue's own
// endpoints with exactly the parameters given here, so that ccxt neither rounds a price nor passes an unknown
// parameter on; failures come out as `WireFailure`, whatever shape ccxt gave them.
import { monotonicMs, withDeadline } from '../clock.ts'
import {
  loadBinance,
  type CcxtExchange,
  type CostQuestion,
  type HttpAnswer,
  type HttpRequest,
} from './load-binance.ts'
import type { VenueLogger } from './venue-logger.ts'
import { isAt, redirectUrls } from './redirect.ts'
import { excerptOf, withoutQueries } from './wire-text.ts'
import { WireFailure } from './wire-failure.ts'

export type ClientOptions = {
  /** Where the venue is when it is not where ccxt thinks: the simulator. */
  readonly baseUrl?: string | undefined
  readonly testnet?: boolean | undefined
  readonly apiKey?: string | undefined
  readonly secret?: string | undefined
  readonly recvWindowMs: number
  readonly timeoutMs: number
  /** Real milliseconds per unit of cost (five of the venue's weight); 0 does not limit. */
  readonly rateLimitMs: number
  readonly logger?: VenueLogger | undefined
}

/** The endpoints in ccxt's naming: api, method and path. */
export type Endpoint =
  | 'publicGetTime'
  | 'publicGetExchangeInfo'
  | 'publicGetKlines'
  | 'publicGetTicker24hr'
  | 'publicGetDepth'
  | 'privateGetAccount'
  | 'privateGetOrder'
  | 'privateGetOpenOrders'
  | 'privateGetOrderList'
  | 'privateGetMyTrades'
  | 'privatePostOrder'
  | 'privateDeleteOrder'
  | 'privatePostOrderListOco'
  | 'privateDeleteOrderList'

export type Parameters = Readonly<Record<string, string | number>>

export class BinanceClient {
  readonly #exchange: CcxtExchange
  readonly #logger: VenueLogger | undefined
  #pausedUntil = 0

  private constructor(exchange: CcxtExchange, logger: VenueLogger | undefined) {
    this.#exchange = exchange
    this.#logger = logger
  }

  static async open(options: ClientOptions): Promise<BinanceClient> {
    const Exchange = await loadBinance()
    const exchange = new Exchange({
      apiKey: options.apiKey,
      secret: options.secret,
      timeout: options.timeoutMs,
      enableRateLimit: options.rateLimitMs > 0,
      ...(options.rateLimitMs > 0 ? { rateLimit: options.rateLimitMs } : {}),
      // Not one decimal may pass through a float, wherever ccxt parses one.
      number: String,
      // `maxRetriesOnFailure` stays unset: ccxt would send an order again that had landed.
      options: {
        defaultType: 'spot',
        fetchMarkets: { types: ['spot'] },
        fetchCurrencies: false,
        fetchMargins: false,
        recvWindow: options.recvWindowMs,
      },
    })
    if (options.testnet === true) exchange.setSandboxMode(true)
    if (options.baseUrl !== undefined) {
      exchange.urls.api = redirectUrls(exchange.urls.api, options.baseUrl)
    }
    const client = new BinanceClient(exchange, options.logger)
    client.#keepErrorTable()
    client.#describeFailures()
    client.#guardRequests(options)
    client.#priceSymbolLists()
    return client
  }

  /** The time that signed requests carry. */
  useTime(venueTime: () => number): void {
    this.#exchange.nonce = venueTime
  }

  get apiUrls(): unknown {
    return this.#exchange.urls.api
  }

  /** Where its market streams are; redirected like everything else. */
  get streamUrl(): string {
    const url = property(property(this.apiUrls, 'ws'), 'spot')
    if (typeof url !== 'string') throw new Error('ccxt names no address of market streams')
    return url
  }

  /** Address of the WebSocket API. */
  get apiSocketUrl(): string {
    const url = property(property(property(this.apiUrls, 'ws'), 'ws-api'), 'spot')
    if (typeof url !== 'string') throw new Error('ccxt names no address of the WebSocket API')
    return url
  }

  async call(endpoint: Endpoint, parameters: Parameters = {}): Promise<unknown> {
    const waitMs = Math.ceil(this.#pausedUntil - monotonicMs())
    if (waitMs > 0) throw pausedFailure(endpoint, waitMs)
    try {
      return await this.#method(endpoint)(parameters)
    } catch (error) {
      const failure = asWireFailure(error)
      this.#pauseAfter(failure)
      throw failure
    }
  }

  async close(): Promise<void> {
    await this.#exchange.close()
  }

  #method(endpoint: Endpoint): (parameters: Parameters) => Promise<unknown> {
    const method: unknown = Reflect.get(this.#exchange, endpoint)
    if (typeof method !== 'function') throw new Error(`ccxt has no ${endpoint}`)
    return async (parameters) => {
      const answer: unknown = await Reflect.apply(method, this.#exchange, [{ ...parameters }])
      return answer
    }
  }

  /**
   * A venue that says "slow down" is left alone as long as it asked, by every call. Too many orders is
   * another matter: cancels and questions must go on.
   */
  #pauseAfter(failure: WireFailure): void {
    if (failure.status !== 429 && failure.status !== 418) return
    if (failure.venueCode === '-1015') return
    const pauseMs = failure.retryAfterMs ?? 1_000
    this.#logger?.warn({ pauseMs, status: failure.status }, 'venue asked for a pause')
    const until = monotonicMs() + pauseMs
    this.#pausedUntil = Math.max(this.#pausedUntil, until)
  }

  /** ccxt finds its table of spot errors by the real host name only; elsewhere it would be skipped. */
  #keepErrorTable(): void {
    const exchange = this.#exchange
    exchange.getExceptionsByUrl = (_url, kind) =>
      property(property(exchange.exceptions, 'spot'), kind) ?? {}
  }

  /** Notes status, code and words of each refused answer while they are at hand; ccxt keeps only a text. */
  #describeFailures(): void {
    const exchange = this.#exchange
    const original = exchange.handleErrors.bind(exchange)
    exchange.handleErrors = (...details: HttpAnswer) => {
      let cause: unknown
      try {
        original(...details)
      } catch (error) {
        cause = error
      }
      const failure = answerFailure(details, cause)
      if (failure !== null) throw failure
      return undefined
    }
  }

  /** ccxt's own time limit ends with the headers; a body that never comes would hang for ever. */
  #guardRequests({ baseUrl, timeoutMs }: ClientOptions): void {
    const exchange = this.#exchange
    const original = exchange.fetch.bind(exchange)
    exchange.fetch = (...details: HttpRequest) => {
      const [url, method] = details
      const request = `${method} ${withoutQueries(url)}`
      if (baseUrl !== undefined && !isAt(url, baseUrl)) {
        return Promise.reject(new Error(`${request} would leave ${baseUrl}; it was not sent`))
      }
      return withDeadline(original(...details), timeoutMs + 500, () => {
        const message = `${request}: no complete answer within ${String(timeoutMs)} ms`
        return new WireFailure({ kind: 'timeout', message })
      })
    }
  }

  /** ccxt charges a list of symbols as all symbols; the venue charges by how many there are. */
  #priceSymbolLists(): void {
    const exchange = this.#exchange
    const original = exchange.calculateRateLimiterCost.bind(exchange)
    exchange.calculateRateLimiterCost = (...details: CostQuestion) => {
      const [, , path, parameters] = details
      const list = parameters['symbols']
      const isList = path === 'ticker/24hr' && typeof list === 'string'
      return isList ? tickerListCost(list) : original(...details)
    }
  }
}

/** In units of five of the venue's weight: 2 for up to 20 symbols, 40 for up to 100, 80 beyond. */
export function tickerListCost(list: string): number {
  const count = list.split(',').length
  if (count <= 20) return 0.4
  return count <= 100 ? 8 : 16
}

/** A JSON answer without an error code is no failure; anything else has one here. */
export function answerFailure(
  details: HttpAnswer,
  cause: unknown,
  read: (json: unknown) => VenueWords = binanceWords,
): WireFailure | null {
  const [status, , url, method, headers, body, json] = details
  const { venueCode, venueMessage } = read(json)
  const request = `${method} ${withoutQueries(url)}`
  if (json === undefined && status < 400) {
    const message = `${request}: answer is not JSON: "${excerptOf(body)}"`
    return new WireFailure({ kind: 'malformed', message, status, cause })
  }
  if (cause === undefined && status < 400 && venueCode === null) return null
  return new WireFailure({
    kind: 'http',
    message: `${request}: ${String(status)} ${venueCode ?? ''} ${venueMessage || excerptOf(body)}`,
    status,
    venueCode,
    venueMessage,
    retryAfterMs: retryAfterOf(headers),
    cause,
  })
}

/** What the venue itself says about a refusal. */
export type VenueWords = { readonly venueCode: string | null; readonly venueMessage: string }

function binanceWords(json: unknown): VenueWords {
  const venueMessage = textOf(property(json, 'msg')) || textOf(property(json, 'message'))
  return { venueCode: codeOf(json), venueMessage }
}

/** Binance's error codes are negative; an order in an answer has none. */
function codeOf(json: unknown): string | null {
  const code = textOf(property(json, 'code'))
  return /^-\d+$/.test(code) ? code : null
}

function retryAfterOf(headers: Readonly<Record<string, string>>): number | null {
  const value = Object.entries(headers).find(([name]) => name.toLowerCase() === 'retry-after')?.[1]
  const seconds = Number(value)
  return value !== undefined && Number.isFinite(seconds) ? seconds * 1_000 : null
}

export function asWireFailure(error: unknown): WireFailure {
  if (error instanceof WireFailure) return error
  const message = withoutQueries(error instanceof Error ? error.message : 'unknown failure')
  const name = error instanceof Error ? error.constructor.name : ''
  if (name === 'RequestTimeout') return new WireFailure({ kind: 'timeout', message, cause: error })
  if (name === 'AuthenticationError') return missingKeys(message)
  return new WireFailure({ kind: 'network', message, cause: error })
}

/** ccxt refuses to sign without keys: nothing was sent. */
function missingKeys(message: string): WireFailure {
  return new WireFailure({ kind: 'http', message, status: 401, venueCode: '-2014' })
}

function pausedFailure(endpoint: Endpoint, waitMs: number): WireFailure {
  return new WireFailure({
    kind: 'http',
    message: `${endpoint} was not sent: the venue asked for a pause of another ${String(waitMs)} ms`,
    status: 429,
    retryAfterMs: waitMs,
  })
}

export function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
