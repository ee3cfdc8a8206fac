// The venue of the interleavings, right by definition: what the account owns there, and which orders
// it has. Everything the risk manager keeps is judged by it.
import {
  OrderUnknown,
  createMessage,
  type AnyMessage,
  type MessageOfType,
} from '@flotilla/contracts'
import { Decimal, roundDownToStep } from '@flotilla/money'
import type { OrderMessage } from '../core/index.ts'
import { decimal, orderMessage, testNow, type OrderOptions } from '../testing.ts'

export const symbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'] as const
export type Symbol = (typeof symbols)[number]
export type Approval = MessageOfType<'risk.intent.approved.v1'>['payload']

export type VenueOrder = {
  readonly reservationId: string
  readonly symbol: Symbol
  readonly side: 'buy' | 'sell'
  readonly quantity: Decimal
  readonly limitPrice: Decimal
  filled: Decimal
  filledQuote: Decimal
  ended: boolean
}

export const startMoney = decimal('1000')
const step = decimal('0.00001')
const feeRate = decimal('0.001')
const stopPrice = decimal('90')
/** What a market order without a limit is filled at. */
const marketPrice = decimal('100')

export class VenueModel {
  readonly owned = new Map<string, Decimal>([['USDT', startMoney]])
  readonly orders: VenueOrder[] = []
  readonly account: string
  readonly #known = new Set<string>()
  #names = 0

  constructor(account = 'main') {
    this.account = account
  }

  /** Execution sends each approved intent once. */
  place({ reservation, symbol, side, quantity, limitPrice }: Approval): void {
    const { reservationId } = reservation
    if (this.#known.has(reservationId)) return
    this.#known.add(reservationId)
    this.orders.push({
      reservationId,
      symbol: symbol as Symbol,
      side,
      quantity: decimal(quantity),
      limitPrice: limitPrice === null ? marketPrice : decimal(limitPrice),
      filled: Decimal.zero,
      filledQuote: Decimal.zero,
      ended: false,
    })
  }

  get open(): readonly VenueOrder[] {
    return this.orders.filter(({ ended }) => !ended)
  }

  /** One of the open orders; the caller has made sure that there is one. */
  openOrder(number: number): VenueOrder {
    const { open } = this
    return open[number % open.length]!
  }

  holds(symbol: Symbol): boolean {
    return this.#held(symbol).atLeast(step)
  }

  /** So many quarters of what is left; null where there is nothing to fill it with. */
  fill(order: VenueOrder, quarters: number): OrderMessage | null {
    const rest = order.quantity.minus(order.filled)
    const wanted = roundDownToStep(rest.times(quarters).dividedBy(4, 18, 'down'), step)
    // The venue never sells what is not there; a stop may have been first.
    const there = order.side === 'buy' ? wanted : this.#held(order.symbol)
    const quantity = Decimal.min(wanted, there)
    if (!quantity.isPositive()) return null
    const price = order.limitPrice.times(decimal(`0.99${quarters}`)).round(2, 'down')
    order.filled = order.filled.plus(quantity)
    order.filledQuote = order.filledQuote.plus(quantity.times(price))
    order.ended = order.filled.equals(order.quantity)
    return this.#trade(order, { quantity, price }, order)
  }

  /** A stop that nobody reserved for. */
  stopOut(symbol: Symbol, quarters: number): OrderMessage | null {
    const held = this.#held(symbol).times(quarters).dividedBy(4, 18, 'down')
    const quantity = roundDownToStep(held, step)
    if (!quantity.isPositive()) return null
    return this.#trade({ symbol, side: 'sell' }, { quantity, price: stopPrice }, null)
  }

  cancel(order: VenueOrder): OrderMessage {
    order.ended = true
    return orderMessage({ kind: 'canceled', ...this.#told(order) })
  }

  /** Its outcome is not known to us. The venue knows it, and goes on. */
  doubt(order: VenueOrder): AnyMessage {
    const { payload } = orderMessage({ kind: 'canceled', ...this.#told(order) })
    const { code: _, ...facts } = payload as typeof payload & { readonly code: string }
    return createMessage(OrderUnknown, {
      source: 'execution',
      occurredAt: testNow,
      discriminator: `unknown ${this.account} ${this.name()}`,
      account: this.account,
      payload: { ...facts, reason: 'no answer', endsReservation: false },
    })
  }

  name(): string {
    this.#names += 1
    return String(this.#names)
  }

  #told(order: VenueOrder): OrderOptions {
    return {
      account: this.account,
      symbol: order.symbol,
      side: order.side,
      reservationId: order.reservationId,
      filledQuantity: order.filled.toString(),
      filledQuote: order.filledQuote.toString(),
      tradeId: `${this.account} ${this.name()}`,
    }
  }

  #trade(
    { symbol, side }: Pick<VenueOrder, 'symbol' | 'side'>,
    { quantity, price }: { readonly quantity: Decimal; readonly price: Decimal },
    order: VenueOrder | null,
  ): OrderMessage {
    const [base, quote] = symbol.split('/') as [string, string]
    const notional = quantity.times(price)
    const buys = side === 'buy'
    const fee = (buys ? quantity : notional).times(feeRate)
    const feeAsset = buys ? base : quote
    this.#own(base, buys ? quantity : quantity.negated())
    this.#own(quote, buys ? notional.negated() : notional)
    this.#own(feeAsset, fee.negated())
    return orderMessage({
      kind: order === null || order.ended ? 'filled' : 'partially-filled',
      account: this.account,
      symbol,
      side,
      reservationId: order?.reservationId ?? null,
      price: price.toString(),
      quantity: quantity.toString(),
      fee: fee.toString(),
      feeAsset,
      filledQuantity: (order?.filled ?? quantity).toString(),
      filledQuote: (order?.filledQuote ?? notional).toString(),
      tradeId: `${this.account} ${this.name()}`,
    })
  }

  #held(symbol: Symbol): Decimal {
    return roundDownToStep(this.owned.get(symbol.split('/')[0]!) ?? Decimal.zero, step)
  }

  #own(asset: string, delta: Decimal): void {
    this.owned.set(asset, (this.owned.get(asset) ?? Decimal.zero).plus(delta))
  }
}
