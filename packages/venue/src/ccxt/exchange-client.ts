// The ccxt class of a venue other than Binance as signer, rate limiter, transport and reader of answers.
// Failures come out as `WireFailure`, whatever shape ccxt gave them.
import { systemTimeMs } from '../clock.ts'
import type { VenueKeys } from '../refused-keys.ts'
import type { VenueRow } from '../venue-rows.ts'
import {
  asWireFailure,
  describeFailures,
  guardRequests,
  numberIn,
  property,
  type Headers,
} from './ccxt-hooks.ts'
import { isRefusedKey, isThrottled, venueWords } from './exchange-failure.ts'
import type { SpotKind } from './exchange-requests.ts'
import type { KeyDoor } from './key-door.ts'
import { loadExchange, type CcxtExchange, type HttpRequest } from './load-binance.ts'
import { redirectUrls } from './redirect.ts'
import type { BudgetState } from './request-budget.ts'
import { RequestGate } from './request-gate.ts'
import { RequestPace } from './request-pace.ts'
import { sortOf } from './request-sort.ts'
import type { VenueLogger } from './venue-logger.ts'
import { WireFailure } from './wire-failure.ts'
import { withoutQueries } from './wire-text.ts'

export type ExchangeOptions = {
  readonly kind: SpotKind
  readonly row: VenueRow
  /** Where the venue is when it is not where ccxt thinks: a test. */
  readonly baseUrl?: string | undefined
  readonly testnet?: boolean | undefined
  readonly apiKey?: string | undefined
  readonly secret?: string | undefined
  readonly timeoutMs: number
  /** Off for tests only. */
  readonly rateLimited: boolean
  /** The part of the limits that this client may use for anything but exits, from 0 to 1. */
  readonly weightShare: number
  readonly door: KeyDoor
  readonly logger?: VenueLogger | undefined
}

export class ExchangeClient {
  readonly #exchange: CcxtExchange
  readonly #options: ExchangeOptions
  readonly #gate: RequestGate
  readonly #paces: { readonly signed: RequestPace; readonly public: RequestPace }
  #keys: Pick<ExchangeOptions, 'apiKey' | 'secret'>

  private constructor(exchange: CcxtExchange, options: ExchangeOptions) {
    this.#exchange = exchange
    this.#options = options
    this.#keys = { apiKey: options.apiKey, secret: options.secret }
    this.#gate = new RequestGate(options.logger)
    const { signed, public: open } = options.row.rateLimits
    const share = options.weightShare
    const paceOf = ({ allowance, windowMs }: typeof signed): RequestPace =>
      new RequestPace({ allowance: options.rateLimited ? allowance : 0, windowMs, share })
    this.#paces = { signed: paceOf(signed), public: paceOf(open) }
  }

  static async open(options: ExchangeOptions): Promise<ExchangeClient> {
    const exchange = await openExchange(options)
    const client = new ExchangeClient(exchange, options)
    client.#fit(exchange)
    return client
  }

  /**
   * Another instance of the class, with the same keys, limits and symbols, for a stream of its own. Books want
   * `Number`: ccxt keeps them by floating-point price and compares that with what it has parsed.
   */
  async another(number: NumberIn = String): Promise<CcxtExchange> {
    const exchange = await openExchange({ ...this.#options, ...this.#keys }, number)
    keepTime(exchange, () => this.#exchange.nonce())
    this.#fit(exchange)
    exchange.setMarketsFromExchange(this.#exchange)
    if (this.#options.baseUrl !== undefined) await exchange.loadHttpProxyAgent()
    return exchange
  }

  /** Where its requests and streams go. */
  get apiUrls(): unknown {
    return this.#exchange.urls.api
  }

  useKeys({ apiKey, secret }: VenueKeys): void {
    this.#keys = { apiKey, secret }
    this.#exchange.apiKey = apiKey
    this.#exchange.secret = secret
  }

  /** Of the two limits the one that is used up further. */
  get budget(): BudgetState {
    const signed = this.#paces.signed.state
    const open = this.#paces.public.state
    return open.usedWeight * signed.weightAllowed > signed.usedWeight * open.weightAllowed
      ? open
      : signed
  }

  /** Real milliseconds for which the venue asked to be left alone, from now on. */
  get pausedForMs(): number {
    return this.#gate.pausedForMs
  }

  /** The time that signed requests carry. */
  useTime(venueTime: () => number): void {
    keepTime(this.#exchange, venueTime)
  }

  /** The spot markets alone: ccxt's own loading asks for futures, currencies and addresses as well. */
  async loadMarkets(): Promise<unknown> {
    return this.call('setMarkets', await this.#spotMarkets())
  }

  async #spotMarkets(): Promise<unknown> {
    if (this.#options.kind === 'mexc') return this.call('fetchSpotMarkets')
    if (this.#options.kind === 'alpaca') return this.call('fetchMarkets')
    const spot = { product_type: 'SPOT' }
    const told = await this.call('v3PublicGetBrokerageMarketProducts', spot)
    const summary =
      this.#keys.apiKey !== undefined
        ? await this.call('v3PrivateGetBrokerageTransactionSummary', spot)
        : null
    const products = property(told, 'products')
    const tier = property(summary, 'fee_tier') ?? {}
    const list: readonly unknown[] = Array.isArray(products) ? products : []
    return Promise.all(list.map((product) => this.call('parseSpotMarket', product, tier)))
  }

  /** By ccxt's name of a unified method or an endpoint. @throws WireFailure */
  call(method: string, ...given: readonly unknown[]): Promise<unknown> {
    return this.callOn(this.#exchange, method, given)
  }

  /** The same by an instance of its own. @throws WireFailure */
  async callOn(
    exchange: CcxtExchange,
    method: string,
    given: readonly unknown[],
  ): Promise<unknown> {
    const found: unknown = Reflect.get(exchange, method)
    if (typeof found !== 'function') throw new Error(`ccxt has no ${method}`)
    const { door } = this.#options
    const { keys } = door
    try {
      const answer: unknown = await Reflect.apply(found, exchange, given)
      this.#gate.answered()
      return answer
    } catch (error) {
      const failure = failureOf(error)
      if (isThrottled(failure)) this.#gate.pauseAfter(failure)
      if (isRefusedKey(failure)) door.refuse(failure.message, keys)
      throw failure
    }
  }

  async close(): Promise<void> {
    await this.#exchange.close()
  }

  #fit(exchange: CcxtExchange): void {
    const { baseUrl, timeoutMs } = this.#options
    const hear = (headers: Headers, url: string): void => this.#hear(headers, url)
    describeFailures(exchange, { read: venueWords, hear })
    guardRequests(exchange, { baseUrl, timeoutMs, before: (request) => this.#pass(request) })
  }

  /** With a key that was refused nothing is sent; everything else waits for room within the limits. */
  async #pass(request: HttpRequest): Promise<void> {
    const { kind, door } = this.#options
    const [url, method] = request
    const { isSigned, limit, weight, urgency } = sortOf(kind, request)
    const requireKey = (): void => {
      if (isSigned && door.refusal !== null) throw heldBack(door.refusal)
    }
    requireKey()
    const what = `${method} ${withoutQueries(url)}`
    await this.#gate.enter({ what, budget: this.#paces[limit], weight, urgency })
    requireKey()
  }

  /** Alpaca tells what all of us have used of the minute, and when it ends (epoch seconds). */
  #hear(headers: Headers, url: string): void {
    const allowed = numberIn(headers, 'x-ratelimit-limit')
    const left = numberIn(headers, 'x-ratelimit-remaining')
    const resetAt = numberIn(headers, 'x-ratelimit-reset')
    if (allowed === null || left === null || resetAt === null) return
    const { limit } = sortOf(this.#options.kind, [url, 'GET'])
    const pace = this.#paces[limit]
    const { weightAllowed } = pace.state
    // An account may have been given more than everybody has; less than that is not reckoned with.
    const used = Math.max(0, Math.min(weightAllowed, weightAllowed - left))
    if (allowed >= weightAllowed) pace.hear(used, resetAt * 1_000 - systemTimeMs())
  }
}

/** What ccxt makes of a decimal: of what is asked for not one may pass through a float. */
type NumberIn = StringConstructor | NumberConstructor

async function openExchange(
  options: ExchangeOptions,
  number: NumberIn = String,
): Promise<CcxtExchange> {
  const Exchange = await loadExchange(options.kind)
  const exchange = new Exchange({
    apiKey: options.apiKey,
    secret: options.secret,
    timeout: options.timeoutMs,
    // Its queue knows no urgency: an exit would wait behind every poll.
    enableRateLimit: false,
    number,
    // `maxRetriesOnFailure` stays unset: ccxt would send an order again that had landed.
    options: {
      defaultType: 'spot',
      recvWindow: options.row.recvWindowMs,
    },
  })
  if (options.testnet === true) exchange.setSandboxMode(true)
  if (options.baseUrl !== undefined) {
    exchange.urls.api = redirectUrls(withoutPlaceholders(exchange.urls.api), options.baseUrl)
  }
  return exchange
}

/** Some requests are stamped in milliseconds, those of Coinbase in seconds by another clock of ccxt's. */
function keepTime(exchange: CcxtExchange, venueTime: () => number): void {
  exchange.nonce = venueTime
  exchange.seconds = () => Math.floor(venueTime() / 1_000)
}

function heldBack(refusal: string): WireFailure {
  const message = `not sent: ${refusal}`
  return new WireFailure({ kind: 'http', message, status: 401, isUnsent: true })
}

/** ccxt refuses by itself what it takes for wrong before anything is sent; that is no lost answer. */
function failureOf(error: unknown): WireFailure {
  if (error instanceof WireFailure) return error
  const failure = asWireFailure(error)
  const name = error instanceof Error ? error.constructor.name : ''
  const isOwn = ['BadSymbol', 'ArgumentsRequired', 'NotSupported', 'BadRequest'].includes(name)
  if (!isOwn) return failure
  return new WireFailure({ kind: 'http', message: failure.message, status: 400, cause: error })
}

/** ccxt fills the host in with every request; a redirected address has none to fill in. */
function withoutPlaceholders(tree: unknown): unknown {
  if (typeof tree === 'string') return tree.replaceAll('{hostname}', 'placeholder.invalid')
  if (typeof tree !== 'object' || tree === null) return tree
  return Object.fromEntries(
    Object.entries(tree).map(([key, branch]) => [key, withoutPlaceholders(branch)]),
  )
}
