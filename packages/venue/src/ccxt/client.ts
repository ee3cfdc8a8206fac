// ccxt as a signer, rate limiter and transport for a Binance-like venue. Calls go to the venue's own
// endpoints with exactly the parameters given here, so that ccxt neither rounds a price nor passes an unknown
// parameter on; failures come out as `WireFailure`, whatever shape ccxt gave them.
import { monotonicMs, pause, systemTimeMs, withDeadline } from '../clock.ts'
import {
  loadBinance,
  type CcxtExchange,
  type HttpAnswer,
  type HttpRequest,
} from './load-binance.ts'
import type { VenueLogger } from './venue-logger.ts'
import { isAt, redirectUrls } from './redirect.ts'
import {
  RequestBudget,
  urgencyOf,
  weightOf,
  type BudgetState,
  type Urgency,
} from './request-budget.ts'
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
  /** What the venue allows an address in request weight; 0 does not limit. */
  readonly weightPerMinute: number
  /** The part of it that this client may use for anything but exits. */
  readonly weightShare: number
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
  | 'privatePostOrderListOpoco'
  | 'privateDeleteOrderList'
  | 'sapiPostConvertGetQuote'
  | 'sapiPostConvertAcceptQuote'
  | 'sapiGetConvertOrderStatus'

export type Parameters = Readonly<Record<string, string | number>>

export class BinanceClient {
  readonly #exchange: CcxtExchange
  readonly #logger: VenueLogger | undefined
  readonly #budget: RequestBudget
  #pausedUntil = 0
  #warnedAt = -Infinity

  private constructor(exchange: CcxtExchange, options: ClientOptions) {
    this.#exchange = exchange
    this.#logger = options.logger
    const { weightPerMinute, weightShare: share } = options
    this.#budget = new RequestBudget({ weightPerMinute, share, now: systemTimeMs })
  }

  static async open(options: ClientOptions): Promise<BinanceClient> {
    const Exchange = await loadBinance()
    const exchange = new Exchange({
      apiKey: options.apiKey,
      secret: options.secret,
      timeout: options.timeoutMs,
      // Its queue knows no urgency: an exit would wait behind every poll.
      enableRateLimit: false,
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
    const client = new BinanceClient(exchange, options)
    client.#keepErrorTable()
    client.#describeFailures()
    client.#guardRequests(options)
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
    const weight = weightOf(endpoint, parameters)
    await this.#enter(endpoint, weight, urgencyOf(endpoint, parameters))
    try {
      return await this.#method(endpoint)(parameters)
    } catch (error) {
      const failure = asWireFailure(error)
      this.#pauseAfter(failure)
      // Without an answer nobody said what it cost.
      if (failure.status === null) this.#budget.count(weight)
      throw failure
    } finally {
      this.#budget.leave(weight)
    }
  }

  get budget(): BudgetState {
    return this.#budget.state
  }

  /** Real milliseconds for which the venue asked to be left alone, from now on. */
  get pausedForMs(): number {
    return Math.max(0, Math.ceil(this.#pausedUntil - monotonicMs()))
  }

  /** Waits for a new minute where that is near; else it is for the caller to come again. */
  async #enter(endpoint: Endpoint, weight: number, urgency: Urgency): Promise<void> {
    for (;;) {
      const pausedMs = this.pausedForMs
      if (pausedMs > 0) throw refusedHere(endpoint, 'the venue asked for a pause', pausedMs)
      const waitMs = this.#budget.enter(weight, urgency)
      if (waitMs === 0) return
      this.#warnOfSpentWeight(urgency, waitMs)
      if (waitMs > patienceMs) throw refusedHere(endpoint, 'the request weight is spent', waitMs)
      await pause(waitMs, new AbortController().signal)
    }
  }

  #warnOfSpentWeight(urgency: Urgency, waitMs: number): void {
    if (monotonicMs() - this.#warnedAt < 60_000) return
    this.#warnedAt = monotonicMs()
    const facts = { ...this.#budget.state, urgency, waitMs }
    this.#logger?.warn(facts, 'request weight is spent, the rest is for exits')
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
      const used = usedWeightOf(details[4])
      if (used !== null) this.#budget.hear(used)
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
}

/** Real milliseconds: longer than this nobody waits for a new minute inside a call. */
const patienceMs = 2_000

/** A JSON answer without an error code is no failure; anything else has one here. */
export function answerFailure(
  details: HttpAnswer,
  cause: unknown,
  read: (json: unknown, status: number) => VenueWords = binanceWords,
): WireFailure | null {
  const [status, , url, method, headers, body, json] = details
  const { venueCode, venueMessage } = read(json, status)
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

function binanceWords(json: unknown, status: number): VenueWords {
  const venueMessage = textOf(property(json, 'msg')) || textOf(property(json, 'message'))
  return { venueCode: codeOf(json, status), venueMessage }
}

/**
 * Error codes of Binance's exchange are negative, those of its other desks (convert) positive; an order in an
 * answer has none.
 */
function codeOf(json: unknown, status: number): string | null {
  const code = textOf(property(json, 'code'))
  const form = status >= 400 ? /^-?\d+$/ : /^-\d+$/
  return form.test(code) ? code : null
}

type Headers = Readonly<Record<string, string>>

function retryAfterOf(headers: Headers): number | null {
  const seconds = numberIn(headers, 'retry-after')
  return seconds === null ? null : seconds * 1_000
}

function usedWeightOf(headers: Headers): number | null {
  return numberIn(headers, 'x-mbx-used-weight-1m')
}

function numberIn(headers: Headers, wanted: string): number | null {
  const value = Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1]
  return value !== undefined && Number.isFinite(Number(value)) ? Number(value) : null
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

function refusedHere(endpoint: Endpoint, why: string, waitMs: number): WireFailure {
  return new WireFailure({
    kind: 'http',
    message: `${endpoint} was not sent: ${why}, another ${String(waitMs)} ms to wait`,
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
