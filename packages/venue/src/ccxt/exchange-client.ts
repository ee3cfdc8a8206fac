// The ccxt class of a venue other than Binance as signer, rate limiter, transport and reader of answers.
// Failures come out as `WireFailure`, whatever shape ccxt gave them.
import { withDeadline } from '../clock.ts'
import type { VenueRow } from '../venue-rows.ts'
import { answerFailure, asWireFailure, property } from './client.ts'
import { venueWords } from './exchange-failure.ts'
import type { SpotKind } from './exchange-requests.ts'
import {
  loadExchange,
  type CcxtExchange,
  type HttpAnswer,
  type HttpRequest,
} from './load-binance.ts'
import { isAt, redirectUrls } from './redirect.ts'
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
  /** Off for tests only: the limits are ccxt's own for each venue. */
  readonly rateLimited: boolean
}

export class ExchangeClient {
  readonly #exchange: CcxtExchange
  readonly #kind: SpotKind
  readonly #hasKeys: boolean

  private constructor(exchange: CcxtExchange, options: ExchangeOptions) {
    this.#exchange = exchange
    this.#kind = options.kind
    this.#hasKeys = options.apiKey !== undefined && options.secret !== undefined
  }

  static async open(options: ExchangeOptions): Promise<ExchangeClient> {
    const Exchange = await loadExchange(options.kind)
    const exchange = new Exchange({
      apiKey: options.apiKey,
      secret: options.secret,
      timeout: options.timeoutMs,
      enableRateLimit: options.rateLimited,
      // Not one decimal may pass through a float, wherever ccxt parses one.
      number: String,
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
    const client = new ExchangeClient(exchange, options)
    client.#describeFailures()
    client.#guardRequests(options)
    return client
  }

  /** The time that signed requests carry. */
  useTime(venueTime: () => number): void {
    this.#exchange.nonce = venueTime
  }

  /** The spot markets alone: ccxt's own loading asks for futures, currencies and addresses as well. */
  async loadMarkets(): Promise<unknown> {
    return this.call('setMarkets', await this.#spotMarkets())
  }

  async #spotMarkets(): Promise<unknown> {
    if (this.#kind === 'mexc') return this.call('fetchSpotMarkets')
    if (this.#kind === 'alpaca') return this.call('fetchMarkets')
    const spot = { product_type: 'SPOT' }
    const told = await this.call('v3PublicGetBrokerageMarketProducts', spot)
    const summary = this.#hasKeys
      ? await this.call('v3PrivateGetBrokerageTransactionSummary', spot)
      : null
    const products = property(told, 'products')
    const tier = property(summary, 'fee_tier') ?? {}
    const list: readonly unknown[] = Array.isArray(products) ? products : []
    return Promise.all(list.map((product) => this.call('parseSpotMarket', product, tier)))
  }

  /** By ccxt's name of a unified method or an endpoint. @throws WireFailure */
  async call(method: string, ...given: readonly unknown[]): Promise<unknown> {
    const found: unknown = Reflect.get(this.#exchange, method)
    if (typeof found !== 'function') throw new Error(`ccxt has no ${method}`)
    try {
      return (await Reflect.apply(found, this.#exchange, given)) as unknown
    } catch (error) {
      throw failureOf(error)
    }
  }

  async close(): Promise<void> {
    await this.#exchange.close()
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
      const failure = answerFailure(details, cause, venueWords)
      if (failure !== null) throw failure
      return undefined
    }
  }

  #guardRequests({ baseUrl, timeoutMs }: ExchangeOptions): void {
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
