// A small matching engine for tests: one price per symbol, set by the test, and an endless depth at it.
// It keeps the venue's manners that trading code trips over: locks, fees in the received asset, client ids
// that are free again once an order has ended, exits that cancel each other.
import { Decimal, roundDownToStep, sum } from '@flotilla/money'

import type {
  OrderOutcome,
  OrderRequest,
  ProtectionOutcome,
  ProtectionRequest,
  SymbolRules,
  VenueFill,
  VenueProtection,
  WriteRejected,
} from '../port.ts'
import type { RejectionCode } from '../errors.ts'
import { brokenOrderRule, brokenProtectionRule, refusalCodeOf } from '../validate.ts'
import { FakeAccount } from './fake-accounts.ts'
import {
  crosses,
  isLive,
  isTriggeredAt,
  limitPriceOf,
  remainingOf,
  stopPriceOf,
  viewOf,
  zeroLock,
  type FakeOrder,
  type FakeProtection,
  type Lock,
} from './fake-orders.ts'

export type FakeBookOptions = {
  readonly rules: readonly SymbolRules[]
  readonly balances: Readonly<Record<string, string>>
  readonly now: () => number
}

type Bracket = ProtectionRequest & { readonly entry: NonNullable<ProtectionRequest['entry']> }

/** What the market gives an order now; no maximum means all it asks for. */
type Offer = { readonly price: Decimal; readonly quantityMax: Decimal | null }

export class FakeBook {
  readonly account: FakeAccount
  readonly orders: FakeOrder[] = []
  readonly protections: FakeProtection[] = []
  readonly fills: VenueFill[] = []
  readonly #rules: Map<string, SymbolRules>
  readonly #prices = new Map<string, Decimal>()
  readonly #now: () => number
  #lastId = 0

  constructor(options: FakeBookOptions) {
    this.account = new FakeAccount(options.balances)
    this.#rules = new Map(options.rules.map((rules) => [rules.symbol, rules]))
    this.#now = options.now
  }

  priceOf(symbol: string): Decimal | null {
    return this.#prices.get(symbol) ?? null
  }

  rulesOf(symbol: string): SymbolRules | null {
    return this.#rules.get(symbol) ?? null
  }

  setRules(rules: SymbolRules): void {
    this.#rules.set(rules.symbol, rules)
  }

  allRules(): readonly SymbolRules[] {
    return [...this.#rules.values()]
  }

  setPrice(symbol: string, price: Decimal): void {
    this.#prices.set(symbol, price)
    for (const order of this.orders) {
      if (order.request.symbol === symbol && isLive(order)) this.#matchResting(order, price)
    }
  }

  /** `fillMax` caps what the order trades at once; the rest rests or expires by its time in force. */
  submit(request: OrderRequest, fillMax: Decimal | null = null): OrderOutcome {
    const rules = this.#rules.get(request.symbol)
    if (rules === undefined) return unknownSymbol(request.symbol)
    const broken = brokenOrderRule(request, rules)
    if (broken !== null) return { ...rejected(refusalCodeOf(broken), broken.name), rule: broken }
    const price = this.#prices.get(request.symbol)
    if (price === undefined) return rejected('market_closed', 'no price was set in this fake venue')
    const refusal = this.#refusalOf(request, price)
    if (refusal !== null) return refusal

    const lock = this.#lockFor(request, rules, price)
    if (this.account.free(lock.asset).lessThan(lock.amount)) return insufficient(lock)
    const order = this.#add(request, lock, null)
    this.account.hold(lock)
    if (order.triggered) this.#matchArriving(order, { price, quantityMax: fillMax })
    const fills = this.fills.filter((fill) => fill.venueOrderId === order.venueOrderId)
    return { kind: 'accepted', order: { ...viewOf(order), fills } }
  }

  submitProtection(request: ProtectionRequest, fillMax: Decimal | null = null): ProtectionOutcome {
    const rules = this.#rules.get(request.symbol)
    if (rules === undefined) return unknownSymbol(request.symbol)
    const broken = brokenProtectionRule(request, rules)
    if (broken !== null) return { ...rejected(refusalCodeOf(broken), broken.name), rule: broken }
    const { entry } = request
    return entry === undefined
      ? this.#submitPair(request, rules)
      : this.#submitBracket({ ...request, entry }, fillMax)
  }

  #submitPair(request: ProtectionRequest, rules: SymbolRules): ProtectionOutcome {
    const price = this.#prices.get(request.symbol)
    if (price === undefined) return rejected('market_closed', 'no price was set in this fake venue')
    const legs = legsOf(request)
    if (this.#liveProtection(request.clientProtectionId) !== undefined) return duplicate()
    if (legs.some((leg) => this.#isLiveClientId(leg.clientOrderId))) return duplicate()
    // The market must lie between the exits, else one of them would go off at once.
    if (isTriggeredAt(legs[0], price) || crosses(legs[1], price)) {
      return rejected(
        'price_relation',
        'The relationship of the prices for the orders is not correct.',
      )
    }
    const lock = this.#lockFor(legs[0], rules, price)
    if (this.account.free(lock.asset).lessThan(lock.amount)) return insufficient(lock)

    const venueProtectionId = this.#nextId()
    const protection: FakeProtection = {
      clientProtectionId: request.clientProtectionId,
      venueProtectionId,
      symbol: request.symbol,
      stop: this.#add(legs[0], lock, venueProtectionId),
      takeProfit: this.#add(legs[1], lock, venueProtectionId),
    }
    this.account.hold(lock)
    this.protections.push(protection)
    return { kind: 'accepted', protection: protectionView(protection) }
  }

  /** The exits come to life with a filled entry, for what it received; else they end with it. */
  #submitBracket({ entry, ...request }: Bracket, fillMax: Decimal | null): ProtectionOutcome {
    const { symbol } = request
    const [stop, target] = legsOf(request)
    const side = request.side === 'sell' ? 'buy' : 'sell'
    const form = { ...entry, symbol, side, type: 'limit', timeInForce: 'fok' } as const
    const outcome = this.submit(form, fillMax)
    if (outcome.kind !== 'accepted') return outcome
    const rules = this.#rulesFor(symbol)
    const fees = sum((outcome.order.fills ?? []).map(({ fee }) => fee))
    const received = outcome.order.filledQuantity.minus(fees)
    const quantity = roundDownToStep(received, rules.quantityStep)
    const isFilled = outcome.order.status === 'filled'
    const exits = isFilled ? this.submitProtection({ ...request, quantity }) : null
    if (exits?.kind === 'accepted') {
      const live = this.protections.at(-1)!
      live.entry = this.orders.find(
        ({ venueOrderId }) => venueOrderId === outcome.order.venueOrderId,
      )
      return { kind: 'accepted', protection: { ...protectionView(live), entry: outcome.order } }
    }
    const venueProtectionId = this.#nextId()
    const dead = [stop, target].map((leg) => {
      const order = this.#add(leg, zeroLock(rules.base), venueProtectionId)
      order.status = 'expired'
      order.endReason = isFilled ? 'REJECTED' : 'OTO_PHASE_ONE_EXPIRED'
      return order
    })
    const { clientProtectionId } = request
    const entryOrder = this.orders.find((one) => one.venueOrderId === outcome.order.venueOrderId)
    const ended: FakeProtection = {
      clientProtectionId,
      venueProtectionId,
      symbol,
      stop: dead[0]!,
      takeProfit: dead[1]!,
      entry: entryOrder,
    }
    this.protections.push(ended)
    return { kind: 'accepted', protection: { ...protectionView(ended), entry: outcome.order } }
  }

  /** Ends a live order (and with it the other leg of its protection). */
  end(order: FakeOrder, status: 'canceled' | 'expired', reason: string | null): void {
    for (const one of [order, this.#siblingOf(order)]) {
      if (one === null || !isLive(one)) continue
      one.status = status
      one.endReason = reason
      one.updatedAt = this.#now()
    }
    this.account.release(order.lock)
  }

  /** Trades a part of a live order at a given price, as a counterparty that came by. */
  trade(order: FakeOrder, quantity: Decimal, price: Decimal): void {
    const { base, quote, takerFeeRate } = this.#rulesFor(order.request.symbol)
    const buys = order.request.side === 'buy'
    const notional = quantity.times(price)
    const received = buys ? quantity : notional
    const fee = received.times(takerFeeRate).round(8, 'down')
    this.account.payFrom(order.lock, quantity, buys ? notional : quantity)
    this.account.credit(buys ? base : quote, received.minus(fee))

    order.filledQuantity = order.filledQuantity.plus(quantity)
    order.filledNotional = order.filledNotional.plus(notional)
    order.status = remainingOf(order).isZero() ? 'filled' : 'partially-filled'
    order.updatedAt = this.#now()
    const fill: VenueFill = {
      symbol: order.request.symbol,
      tradeId: this.#nextId(),
      venueOrderId: order.venueOrderId,
      clientOrderId: order.request.clientOrderId,
      side: order.request.side,
      price,
      quantity,
      notional,
      fee,
      feeAsset: buys ? base : quote,
      executedAt: this.#now(),
    }
    this.fills.push(fill)
    this.#endSibling(order)
    if (order.status === 'filled') this.account.release(order.lock)
  }

  /** A resting order trades at its own limit; a stop that goes off now takes the market's price. */
  #matchResting(order: FakeOrder, price: Decimal): void {
    const rested = order.triggered ? limitPriceOf(order.request) : null
    if (!order.triggered && !isTriggeredAt(order.request, price)) return
    if (!order.triggered) {
      order.triggered = true
      this.#endSibling(order)
    }
    if (!crosses(order.request, price)) return
    this.#take(order, { price: rested ?? price, quantityMax: null })
  }

  #matchArriving(order: FakeOrder, offer: Offer): void {
    if (crosses(order.request, offer.price)) this.#take(order, offer)
    if (isLive(order) && expiresAtOnce(order.request)) {
      this.end(order, 'expired', 'UNFILLED_QUANTITY_EXPIRED')
    }
  }

  #take(order: FakeOrder, offer: Offer): void {
    const remaining = remainingOf(order)
    const offered = Decimal.min(remaining, offer.quantityMax ?? remaining)
    const allOrNothing = 'timeInForce' in order.request && order.request.timeInForce === 'fok'
    const quantity = allOrNothing && offered.lessThan(remaining) ? Decimal.zero : offered
    if (quantity.isPositive()) this.trade(order, quantity, offer.price)
  }

  #refusalOf(request: OrderRequest, price: Decimal): WriteRejected | null {
    if (this.#isLiveClientId(request.clientOrderId)) return duplicate()
    if (request.type === 'limit-maker' && crosses(request, price)) {
      return rejected('would_match_immediately', 'Order would immediately match and take.')
    }
    if (stopPriceOf(request) !== null && isTriggeredAt(request, price)) {
      return rejected('would_trigger_immediately', 'Stop price would trigger immediately.')
    }
    return null
  }

  #lockFor(request: OrderRequest, rules: SymbolRules, price: Decimal): Lock {
    const buys = request.side === 'buy'
    const perUnit = buys
      ? (limitPriceOf(request) ?? stopPriceOf(request) ?? price)
      : Decimal.from(1)
    const asset = buys ? rules.quote : rules.base
    return { ...zeroLock(asset), perUnit, amount: request.quantity.times(perUnit) }
  }

  #add(request: OrderRequest, lock: Lock, venueProtectionId: string | null): FakeOrder {
    const order: FakeOrder = {
      request,
      venueOrderId: this.#nextId(),
      venueProtectionId,
      lock,
      status: 'open',
      triggered: stopPriceOf(request) === null,
      filledQuantity: Decimal.zero,
      filledNotional: Decimal.zero,
      updatedAt: this.#now(),
      endReason: null,
    }
    this.orders.push(order)
    return order
  }

  #endSibling(order: FakeOrder): void {
    const sibling = this.#siblingOf(order)
    if (sibling === null || !isLive(sibling)) return
    sibling.status = 'expired'
    sibling.endReason = 'OCO_TRIGGER'
    sibling.updatedAt = this.#now()
  }

  #siblingOf(order: FakeOrder): FakeOrder | null {
    const protection = this.protections.find(
      (one) => one.stop === order || one.takeProfit === order,
    )
    if (protection === undefined) return null
    return protection.stop === order ? protection.takeProfit : protection.stop
  }

  #isLiveClientId(clientOrderId: string): boolean {
    return this.orders.some((one) => one.request.clientOrderId === clientOrderId && isLive(one))
  }

  #liveProtection(clientProtectionId: string): FakeProtection | undefined {
    return this.protections.find(
      (one) =>
        one.clientProtectionId === clientProtectionId &&
        (isLive(one.stop) || isLive(one.takeProfit)),
    )
  }

  #rulesFor(symbol: string): SymbolRules {
    const rules = this.#rules.get(symbol)
    if (rules === undefined) throw new Error(`the fake venue has no symbol ${symbol}`)
    return rules
  }

  #nextId(): string {
    this.#lastId += 1
    return String(this.#lastId)
  }
}

export function protectionView(protection: FakeProtection): VenueProtection {
  const { stop, takeProfit } = protection
  return {
    symbol: protection.symbol,
    clientProtectionId: protection.clientProtectionId,
    venueProtectionId: protection.venueProtectionId,
    status: isLive(stop) || isLive(takeProfit) ? 'open' : 'done',
    stop: viewOf(stop),
    takeProfit: viewOf(takeProfit),
    entry: protection.entry === undefined ? null : viewOf(protection.entry),
  }
}

export function rejected(code: RejectionCode, reason: string): WriteRejected {
  return { kind: 'rejected', code, reason }
}

function legsOf(request: ProtectionRequest): [OrderRequest, OrderRequest] {
  const { symbol, side, quantity, stop, takeProfit } = request
  const common = { symbol, side, quantity }
  const limited = stop.limitPrice
  const stopLeg: OrderRequest =
    limited === undefined
      ? {
          ...common,
          type: 'stop-loss',
          clientOrderId: stop.clientOrderId,
          stopPrice: stop.stopPrice,
        }
      : {
          ...common,
          type: 'stop-loss-limit',
          clientOrderId: stop.clientOrderId,
          stopPrice: stop.stopPrice,
          limitPrice: limited,
          timeInForce: 'gtc',
        }
  return [stopLeg, { ...common, type: 'limit-maker', ...takeProfit }]
}

/** A market order never rests; what immediate-or-cancel and fill-or-kill cannot trade at once is gone. */
function expiresAtOnce(request: OrderRequest): boolean {
  if (request.type === 'market' || request.type === 'stop-loss' || request.type === 'take-profit') {
    return true
  }
  return 'timeInForce' in request && request.timeInForce !== 'gtc'
}

function insufficient(lock: Lock): WriteRejected {
  return rejected('insufficient_balance', `Account has insufficient balance of ${lock.asset}.`)
}

function duplicate(): WriteRejected {
  return rejected('duplicate_client_order_id', 'Duplicate order sent.')
}

function unknownSymbol(symbol: string): WriteRejected {
  return rejected('unknown_symbol', `the venue does not list ${symbol}`)
}

export function unknownOrder(): WriteRejected {
  return rejected('order_not_found', 'Unknown order sent.')
}
