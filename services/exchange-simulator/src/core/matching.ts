import { holdingOf, pay, receive } from './holdings.ts'
import { expireSibling, lockProceeds, noteLegEnd } from './legs.ts'
import { endOrder, leaveQueue, noteEvent, payAsset, release, step } from './lifecycle.ts'
import { peek } from './order-queue.ts'
import { book, printPrice } from './stops.ts'
import { appended } from './touched.ts'
import {
  ofSide,
  remainingOf,
  type Engine,
  type Level,
  type Market,
  type Order,
  type Side,
  type Trade,
} from './types.ts'
import { larger, multiply, ONE, plus, smaller } from './units.ts'

/**
 * The other side of a trade is the synthetic book, or an order of the account itself where the taker
 * allows that. The synthetic book stands first at equal prices.
 */
export const TRADE_IDS_PER_SECOND = 1_000

export function opposite(side: Side): Side {
  return side === 'BUY' ? 'SELL' : 'BUY'
}

/** Whether a buyer at `limit` accepts `price`, or a seller. */
export function accepts(side: Side, limit: bigint | null, price: bigint): boolean {
  if (limit === null) return true
  return side === 'BUY' ? price <= limit : price >= limit
}

/** The best price that is left in the synthetic book. */
export function bestOf(market: Market, side: Side): Level | null {
  const eaten = ofSide(market.depletion, side)
  const supply = ofSide(market.supply, side)
  if (supply === 0n) return null
  for (;;) {
    const level = market.levels(side, eaten.index)
    if (level === null) return null
    if (level.quantity > eaten.taken) {
      if (eaten.taken === 0n && supply === null) return level
      const left = level.quantity - eaten.taken
      return { price: level.price, quantity: supply === null ? left : smaller(left, supply) }
    }
    eaten.index += 1
    eaten.taken = 0n
  }
}

/** The account's own best order on a side. */
export function ownBest(market: Market, side: Side): Order | null {
  return peek(side === 'BUY' ? market.bids : market.asks)
}

export type TradeInput = {
  readonly engine: Engine
  readonly market: Market
  readonly order: Order
  readonly price: bigint
  readonly quantity: bigint
  readonly isMaker: boolean
  readonly now: number
}

/** One trade with the synthetic book, whose best level shrinks by it. */
export function trade(input: TradeInput): void {
  const { market, order, quantity, now } = input
  const id = nextTradeId(market, now)
  expireSibling(input.engine, order, now)
  fill(input, id, false)
  consume(market, opposite(order.side), quantity)
}

/** Two orders of the account trade with each other: two records, one trade. */
export function tradeWithOwn(input: TradeInput, maker: Order): void {
  const { engine, market, order, now } = input
  const id = nextTradeId(market, now)
  expireSibling(engine, order, now)
  expireSibling(engine, maker, now)
  fill(input, id, true)
  fill({ ...input, order: maker, isMaker: true }, id, true)
}

function fill(input: TradeInput, id: number, isSelfTrade: boolean): void {
  const { engine, market, order, price, quantity, isMaker, now } = input
  const quote = multiply(price, quantity)
  const isBuyer = order.side === 'BUY'
  release(engine, order, lockedPart(order, quantity))
  pay(engine, payAsset(market, order), isBuyer ? quote : quantity)
  const { commission, commissionAsset } = settle(input, quote)
  const done: Trade = {
    symbol: order.symbol,
    orderId: order.id,
    listId: order.listId,
    price,
    quantity,
    quote,
    commission,
    commissionAsset,
    time: now,
    isBuyer,
    isMaker,
    id,
    isSelfTrade,
  }
  record(input, done)
}

/** What was received goes to the account, and the fee to the venue. */
function settle(input: TradeInput, quote: bigint): Pick<Trade, 'commission' | 'commissionAsset'> {
  const { engine, market, order, quantity, isMaker } = input
  const { base, quote: quoteAsset } = market.rules
  const feeRate = isMaker ? engine.makerFee : engine.takerFee
  const isBuyer = order.side === 'BUY'
  const asset = isBuyer ? base : quoteAsset
  const amount = isBuyer ? quantity : quote
  const discounted = engine.feeDiscount === null ? null : payDiscounted(input, quote)
  const fee = discounted === null ? multiply(amount, feeRate) : 0n
  receive(engine, asset, { amount, fee })
  if (isBuyer) lockProceeds(engine, order, amount - fee)
  return discounted ?? { commission: fee, commissionAsset: asset }
}

/** Null when there is no such arrangement, or not enough of its asset. */
function payDiscounted(
  { engine, market, order, isMaker }: TradeInput,
  quote: bigint,
): Pick<Trade, 'commission' | 'commissionAsset'> | null {
  const discount = engine.feeDiscount
  // What an order pays with is counted out beforehand, to the last unit.
  if (discount === null || discount.asset === payAsset(market, order)) return null
  const price = discount.price ?? discountPrice(engine, discount.asset, market.rules.quote)
  if (price === null) return null
  const value = multiply(quote, isMaker ? engine.makerFee : engine.takerFee)
  const commission = (multiply(value, discount.share) * ONE) / price
  if (holdingOf(engine, discount.asset).free < commission) return null
  receive(engine, discount.asset, { amount: 0n, fee: commission })
  return { commission, commissionAsset: discount.asset }
}

/** What one unit of the fee's asset is worth; null when no market says it. */
function discountPrice(engine: Engine, asset: string, quote: string): bigint | null {
  if (asset === quote) return ONE
  const price = engine.markets.get(`${asset}${quote}`)?.lastPrice ?? 0n
  return price > 0n ? price : null
}

/** The best level shrinks by what was taken. */
function consume(market: Market, side: Side, quantity: bigint): void {
  ofSide(market.depletion, side).taken += quantity
  const supply = ofSide(market.supply, side)
  if (supply !== null) market.supply[side] = larger(0n, supply - quantity)
}

function record(input: TradeInput, done: Trade): void {
  const { engine, market, order, now } = input
  order.executed = plus(order.executed, done.quantity)
  order.executedQuote = plus(order.executedQuote, done.quote)
  order.updatedAt = now
  order.trades = appended(order.trades, done)
  market.trades.add(done)
  printPrice(engine, market, { price: done.price, now })
  engine.changes.trades = appended(engine.changes.trades, done)
  engine.changes.orders.add(order)
  if (order.quantity > 0n && remainingOf(order) === 0n) {
    endOrder(engine, order, { status: 'FILLED', reason: null, now })
    noteEvent(engine, step('TRADE', order, done))
    noteLegEnd(engine, order, now)
    return
  }
  order.status = 'PARTIALLY_FILLED'
  if (input.isMaker) showNext(market, order, done.quantity)
  noteEvent(engine, step('TRADE', order, done))
}

/** The shown part of an iceberg is gone: the next one goes to the end of the line. */
function showNext(market: Market, order: Order, quantity: bigint): void {
  if (order.icebergQuantity === 0n) return
  order.visible -= quantity
  if (order.visible > 0n) return
  order.visible = smaller(order.icebergQuantity, remainingOf(order))
  leaveQueue(market, order)
  book(market, order)
}

function lockedPart(order: Order, quantity: bigint): bigint {
  if (order.locked === 0n) return 0n
  const part = order.side === 'SELL' ? quantity : multiply(order.lockPrice, quantity)
  return smaller(part, order.locked)
}

/** Ids of our trades lie between those of the tape, which has the first half of each second's. */
function nextTradeId(market: Market, now: number): number {
  const tapeId = Math.floor(now / 1_000) * TRADE_IDS_PER_SECOND + TRADE_IDS_PER_SECOND / 2
  const id = Math.max(tapeId, market.lastTradeId) + 1
  market.lastTradeId = id % TRADE_IDS_PER_SECOND === 0 ? id + 1 : id
  return market.lastTradeId
}

/** What was held for a quantity that will never trade is free again. */
export function releasePart(engine: Engine, order: Order, quantity: bigint): void {
  release(engine, order, lockedPart(order, quantity))
}
