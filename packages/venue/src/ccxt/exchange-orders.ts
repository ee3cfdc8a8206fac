// Writes at Coinbase, MEXC and Alpaca: check before sending, send once, and say which of three things
// happened. Only where a second request under the same name returns the first order is a lost answer asked
// for by sending the very same bytes again.
import type { Decimal } from '@flotilla/money'
import { VenueError } from '../errors.ts'
import type {
  BrokenRule,
  OrderOutcome,
  OrderReference,
  OrderRequest,
  SymbolRules,
  VenueOrder,
  WriteRejected,
} from '../port.ts'
import { brokenOrderRule } from '../validate.ts'
import { venueRows, venueSymbol } from '../venue-rows.ts'
import { property, textOf } from './ccxt-hooks.ts'
import { acceptedOrder } from './exchange-answers.ts'
import { exchangeWriteFailure } from './exchange-failure.ts'
import { orderCall, type SpotKind, type WireOrderCall } from './exchange-requests.ts'
import { notSent, prepare } from './refusals.ts'
import type { ExchangeWire } from './exchange-wire.ts'
import type { VenueLogger } from './venue-logger.ts'
import type { VenueTime } from './venue-time.ts'
import { WireFailure } from './wire-failure.ts'

export type ExchangeOrdersOptions = {
  readonly kind: SpotKind
  readonly wire: ExchangeWire
  readonly time: VenueTime
  readonly logger: VenueLogger | undefined
  readonly rulesOf: (symbol: string) => Promise<SymbolRules>
  readonly find: (reference: OrderReference) => Promise<VenueOrder | null>
  readonly look: (symbol: string, venueOrderId: string) => Promise<VenueOrder | null>
}

/** Names of orders that we know the venue's id of; the newest, for they are asked about again and again. */
const KNOWN_MAX = 2_000

export class ExchangeOrders {
  readonly #options: ExchangeOrdersOptions
  readonly #ids = new Map<string, string>()

  constructor(options: ExchangeOrdersOptions) {
    this.#options = options
  }

  learn({ clientOrderId, venueOrderId }: VenueOrder): void {
    this.#ids.set(clientOrderId, venueOrderId)
    const oldest = this.#ids.size > KNOWN_MAX ? this.#ids.keys().next().value : undefined
    if (oldest !== undefined) this.#ids.delete(oldest)
  }

  async place(request: OrderRequest): Promise<OrderOutcome> {
    const refusal = await this.#refusalOf(request)
    if (refusal !== null) return refusal
    const call = this.#callOf(request)
    if ('code' in call) return call
    const first = await this.#send(call, request)
    const { afterLoss } = venueRows[this.#options.kind].clientOrderId
    if (first.kind !== 'unknown' || afterLoss !== 'resend') return first
    return this.#send(call, request)
  }

  /** Some forms of a type that the venue has are none there, such as an immediate stop at Coinbase. */
  #callOf(request: OrderRequest): WireOrderCall | WriteRejected {
    try {
      return orderCall(this.#options.kind, request)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return { kind: 'rejected', code: 'unsupported', reason: error.message }
    }
  }

  async cancel(reference: OrderReference): Promise<OrderOutcome> {
    const { symbol, clientOrderId } = reference
    try {
      await this.#options.rulesOf(symbol)
      await this.#options.time.ensure()
      const before = await this.#known(reference)
      if (before === null) return notFound(clientOrderId)
      await this.#cancelById(reference, before)
      return await this.#afterCancel(reference, before)
    } catch (error) {
      return this.#outcomeOf(error, symbol)
    }
  }

  async #refusalOf(request: OrderRequest): Promise<WriteRejected | null> {
    const { kind, rulesOf, time } = this.#options
    const ready = await prepare({
      ids: [request.clientOrderId],
      idPattern: venueRows[kind].clientOrderId.pattern,
      rulesOf: () => rulesOf(request.symbol),
      check: (rules) => brokenOrderRule(request, rules) ?? this.#brokenBuy(request, rules),
      time,
    })
    return 'kind' in ready ? ready : null
  }

  #brokenBuy(request: OrderRequest, rules: SymbolRules): BrokenRule | null {
    if (request.side === 'sell') return null
    const row = venueRows[this.#options.kind]
    const cost = costOf(request)
    if (request.type === 'market' && cost === null && row.marketBuy.by === 'cost') {
      const limit = `a cost in ${rules.quote}, sent as ${row.marketBuy.field}`
      return { name: 'market_buy_cost', value: request.quantity.toString(), limit }
    }
    const least = row.buyCostMin[rules.quote]
    if (least === undefined || cost === null || cost.atLeast(least)) return null
    return { name: 'notional_min', value: cost.toString(), limit: least }
  }

  async #send(call: WireOrderCall, request: OrderRequest): Promise<OrderOutcome> {
    try {
      const answer = await this.#options.wire.write(call.method, [{ ...call.parameters }])
      const venueOrderId = idIn(answer)
      if (venueOrderId === '') {
        return { kind: 'unknown', reason: `the answer names no order: ${call.method}` }
      }
      return await this.#accepted(request, venueOrderId)
    } catch (error) {
      return this.#outcomeOf(error, request.symbol)
    }
  }

  /** These venues answer with an id and little more: what became of the order is asked once. */
  async #accepted(request: OrderRequest, venueOrderId: string): Promise<OrderOutcome> {
    const now = this.#options.time.current()
    const fallback = acceptedOrder(request, { venueOrderId, now })
    this.learn(fallback)
    const { look } = this.#options
    const told = await look(request.symbol, venueOrderId).catch(() => null)
    if (told === null) return { kind: 'accepted', order: fallback }
    const { clientOrderId } = request
    return { kind: 'accepted', order: { ...told, clientOrderId } }
  }

  async #known(reference: OrderReference): Promise<VenueOrder | null> {
    const id = reference.venueOrderId ?? this.#ids.get(reference.clientOrderId)
    const told = id === undefined ? null : await this.#options.look(reference.symbol, id)
    const named = told === null ? null : { ...told, clientOrderId: reference.clientOrderId }
    return named ?? this.#options.find(reference)
  }

  async #cancelById({ symbol, clientOrderId }: OrderReference, order: VenueOrder): Promise<void> {
    const { kind, wire } = this.#options
    const id = order.venueOrderId
    if (kind === 'mexc') {
      const parameters = { symbol: venueSymbol(kind, symbol), origClientOrderId: clientOrderId }
      await wire.write('spotPrivateDeleteOrder', [parameters])
    } else if (kind === 'alpaca') {
      await wire.write('traderPrivateDeleteV2OrdersOrderId', [{ order_id: id }])
    } else {
      const method = 'v3PrivatePostBrokerageOrdersBatchCancel'
      const answer = await wire.write(method, [{ order_ids: [id] }])
      const [result] = listOf(property(answer, 'results'))
      const reason = textOf(property(result, 'failure_reason'))
      if (property(result, 'success') === true) return
      const words = { venueCode: reason, venueMessage: reason, status: 400 }
      throw new WireFailure({ kind: 'http', message: `cancel: ${reason}`, ...words })
    }
  }

  async #afterCancel(reference: OrderReference, before: VenueOrder): Promise<OrderOutcome> {
    const { look } = this.#options
    const told = await look(reference.symbol, before.venueOrderId).catch(() => null)
    const { clientOrderId } = reference
    const order = told ?? before
    return { kind: 'accepted', order: { ...order, clientOrderId } }
  }

  #outcomeOf(error: unknown, symbol: string): OrderOutcome {
    const { kind, logger } = this.#options
    if (error instanceof VenueError) return notSent(error)
    if (!(error instanceof WireFailure)) {
      const reason = error instanceof Error ? error.message : 'the answer could not be read'
      return { kind: 'unknown', reason }
    }
    const outcome = exchangeWriteFailure(error)
    if (outcome.kind === 'unknown') {
      logger?.warn({ symbol, reason: outcome.reason }, 'outcome of a write is unknown')
      return outcome
    }
    if (outcome.code === 'clock_skew') {
      return { ...outcome, retryAfterMs: outcome.retryAfterMs ?? 1_000 }
    }
    if (outcome.code !== 'unknown_symbol') return outcome
    const forms = `${symbol} (in its form ${venueSymbol(kind, symbol)})`
    return { ...outcome, reason: `${kind} does not know ${forms}: ${outcome.reason}` }
  }
}

/** Null for a market order without a cost: nobody knows it before. */
function costOf(request: OrderRequest): Decimal | null {
  if (request.type === 'market') return request.cost ?? null
  const price = 'limitPrice' in request ? request.limitPrice : request.stopPrice
  return request.quantity.times(price)
}

/** `id` at Alpaca, `orderId` at MEXC, `order_id` at Coinbase, within its success. */
function idIn(answer: unknown): string {
  const success = property(answer, 'success_response')
  const names = [
    property(success, 'order_id'),
    property(answer, 'order_id'),
    property(answer, 'orderId'),
    property(answer, 'id'),
  ]
  return names.map(textOf).find((id) => id !== '') ?? ''
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function notFound(clientOrderId: string): WriteRejected {
  const reason = `the venue has no order ${clientOrderId}`
  return { kind: 'rejected', code: 'order_not_found', reason }
}
