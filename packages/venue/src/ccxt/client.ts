// ccxt as a signer, rate limiter and transport for a Binance-like venue. Calls go to the venue's own
// endpoints with exactly the parameters given here, so that ccxt neither rounds a price nor passes an unknown
// parameter on; failures come out as `WireFailure`, whatever shape ccxt gave them.
import { systemTimeMs } from '../clock.ts'
import type { VenueKeys } from '../refused-keys.ts'
import {
  asksForPause,
  asWireFailure,
  describeFailures,
  guardRequests,
  numberIn,
  property,
  textOf,
  type Headers,
  type VenueWords,
} from './ccxt-hooks.ts'
import { loadBinance, type CcxtExchange } from './load-binance.ts'
import type { VenueLogger } from './venue-logger.ts'
import { redirectUrls } from './redirect.ts'
import { RequestBudget, urgencyOf, weightOf, type BudgetState } from './request-budget.ts'
import { RequestGate } from './request-gate.ts'

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
  readonly #budget: RequestBudget
  readonly #gate: RequestGate

  private constructor(exchange: CcxtExchange, options: ClientOptions) {
    this.#exchange = exchange
    this.#gate = new RequestGate(options.logger)
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
    const hear = (headers: Headers): void => {
      const used = numberIn(headers, 'x-mbx-used-weight-1m')
      if (used !== null) client.#budget.hear(used)
    }
    describeFailures(exchange, { read: binanceWords, hear })
    guardRequests(exchange, options)
    return client
  }

  /** The time that signed requests carry. */
  useTime(venueTime: () => number): void {
    this.#exchange.nonce = venueTime
  }

  useKeys({ apiKey, secret }: VenueKeys): void {
    this.#exchange.apiKey = apiKey
    this.#exchange.secret = secret
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
    const budget = this.#budget
    const urgency = urgencyOf(endpoint, parameters)
    await this.#gate.enter({ what: endpoint, budget, weight, urgency })
    try {
      const answer = await this.#method(endpoint)(parameters)
      this.#gate.answered()
      return answer
    } catch (error) {
      const failure = asWireFailure(error)
      // Too many orders is another matter: cancels and questions must go on.
      if (asksForPause(failure) && failure.venueCode !== '-1015') this.#gate.pauseAfter(failure)
      // Without an answer nobody said what it cost.
      if (failure.status === null) budget.count(weight)
      throw failure
    } finally {
      budget.leave(weight)
    }
  }

  get budget(): BudgetState {
    return this.#budget.state
  }

  /** Real milliseconds for which the venue asked to be left alone, from now on. */
  get pausedForMs(): number {
    return this.#gate.pausedForMs
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

  /** ccxt finds its table of spot errors by the real host name only; elsewhere it would be skipped. */
  #keepErrorTable(): void {
    const exchange = this.#exchange
    exchange.getExceptionsByUrl = (_url, kind) =>
      property(property(exchange.exceptions, 'spot'), kind) ?? {}
  }
}

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
