import { holdingOf, pay, receive } from './holdings.ts'
import { expireSibling, noteLegEnd } from './legs.ts'
import { endOrder, noteEvent, release } from './lifecycle.ts'
import { peek } from './order-queue.ts'
import {
  remainingOf,
  type Engine,
  type Level,
  type Market,
  type Order,
  type Side,
  type Trade,
} from './types.ts'
import { floorToStep, larger, multiply, ONE, smaller } from './units.ts'

/**
 * Trades are made with the synthetic book only: one account never trades with itself, its crossing
 * orders expire by the self-trade rule instead. First a plan without any effect, by which funds and
 * fill-or-kill are judged, then the trades.
 */
export type Wish = {
  readonly side: Side
  /** Null for any price. */
  readonly limit: bigint | null
  /** Base to trade, or null when the quote amount decides. */
  readonly quantity: bigint | null
  readonly quote: bigint
  /** Own orders stand here, and the taker must stop before it passes them. */
  readonly barrier: bigint | null
}

export type Plan = {
  readonly fills: readonly Level[]
  readonly base: bigint
  readonly quote: bigint
  readonly complete: boolean
}

export const TRADE_IDS_PER_SECOND = 1_000
const ENDLESS = 10n ** 30n

export function opposite(side: Side): Side {
  return side === 'BUY' ? 'SELL' : 'BUY'
}

/** Whether a buyer at `limit` accepts `price`, or a seller. */
export function accepts(side: Side, limit: bigint | null, price: bigint): boolean {
  if (limit === null) return true
  return side === 'BUY' ? price <= limit : price >= limit
}

export function planMatch(market: Market, wish: Wish): Plan {
  const maker = opposite(wish.side)
  const { step } = market.rules
  const fills: Level[] = []
  bestOf(market, maker) // steps over what has been eaten up
  let { index, taken } = market.depletion[maker]
  let base = 0n
  let quote = 0n
  for (;;) {
    const level = market.levels(maker, index)
    if (level === null) break
    const most =
      wish.quantity === null
        ? floorToStep(((wish.quote - quote) * ONE) / level.price, step)
        : wish.quantity - base
    if (most <= 0n) return { fills, base, quote, complete: true }
    if (!isReachable(wish, level.price)) break
    const quantity = smaller(smaller(most, level.quantity - taken), supplyLeft(market, maker, base))
    if (quantity === 0n) break
    fills.push({ price: level.price, quantity })
    base += quantity
    quote += multiply(level.price, quantity)
    if (quantity === most) return { fills, base, quote, complete: true }
    index += 1
    taken = 0n
  }
  return { fills, base, quote, complete: false }
}

function isReachable(wish: Wish, price: bigint): boolean {
  return accepts(wish.side, wish.limit, price) && accepts(wish.side, wish.barrier, price)
}

/** The best price that is left in the synthetic book. */
export function bestOf(market: Market, side: Side): Level | null {
  const eaten = market.depletion[side]
  if (market.supply[side] === 0n) return null
  for (;;) {
    const level = market.levels(side, eaten.index)
    if (level === null) return null
    if (level.quantity > eaten.taken) {
      const left = level.quantity - eaten.taken
      return { price: level.price, quantity: smaller(left, market.supply[side] ?? left) }
    }
    eaten.index += 1
    eaten.taken = 0n
  }
}

/** What the synthetic book gives beyond `taken`, when somebody has limited it. */
function supplyLeft(market: Market, side: Side, taken: bigint): bigint {
  const supply = market.supply[side]
  return supply === null ? taken + ENDLESS : supply - taken
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
export function trade(input: TradeInput): Trade {
  const { engine, market, order, price, quantity, isMaker, now } = input
  expireSibling(engine, order, now)
  const { base, quote: quoteAsset } = market.rules
  const quote = multiply(price, quantity)
  const isBuyer = order.side === 'BUY'
  const feeRate = isMaker ? engine.makerFee : engine.takerFee
  release(engine, order, lockedPart(order, quantity))
  pay(engine, isBuyer ? quoteAsset : base, isBuyer ? quote : quantity)
  const { commission, commissionAsset } = settle(engine, market, {
    isBuyer,
    quantity,
    quote,
    feeRate,
  })
  consume(market, opposite(order.side), quantity)
  const done: Trade = {
    symbol: order.symbol,
    id: nextTradeId(market, now),
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
  }
  record(input, done)
  return done
}

/** What was received goes to the account, and the fee to the venue. */
function settle(
  engine: Engine,
  market: Market,
  deal: { isBuyer: boolean; quantity: bigint; quote: bigint; feeRate: bigint },
): Pick<Trade, 'commission' | 'commissionAsset'> {
  const { base, quote: quoteAsset } = market.rules
  const asset = deal.isBuyer ? base : quoteAsset
  const amount = deal.isBuyer ? deal.quantity : deal.quote
  const discounted = payDiscounted(engine, multiply(deal.quote, deal.feeRate))
  const fee = discounted === null ? multiply(amount, deal.feeRate) : 0n
  receive(engine, asset, { amount, fee })
  return discounted ?? { commission: fee, commissionAsset: asset }
}

/** Null when there is no such arrangement, or not enough of its asset. */
function payDiscounted(
  engine: Engine,
  value: bigint,
): Pick<Trade, 'commission' | 'commissionAsset'> | null {
  const discount = engine.feeDiscount
  if (discount === null) return null
  const commission = (multiply(value, discount.share) * ONE) / discount.price
  if (holdingOf(engine, discount.asset).free < commission) return null
  receive(engine, discount.asset, { amount: 0n, fee: commission })
  return { commission, commissionAsset: discount.asset }
}

/** The best level shrinks by what was taken. */
function consume(market: Market, side: Side, quantity: bigint): void {
  bestOf(market, side)
  market.depletion[side].taken += quantity
  const supply = market.supply[side]
  if (supply !== null) market.supply[side] = larger(0n, supply - quantity)
}

function record(input: TradeInput, done: Trade): void {
  const { engine, market, order, now } = input
  order.executed += done.quantity
  order.executedQuote += done.quote
  order.updatedAt = now
  order.trades.push(done)
  market.trades.push(done)
  market.lastPrice = done.price
  engine.changes.trades.push(done)
  engine.changes.orders.add(order)
  if (order.quantity > 0n && remainingOf(order) === 0n) {
    endOrder(engine, order, { status: 'FILLED', reason: null, now })
    noteEvent(engine, { kind: 'TRADE', order, trade: done })
    noteLegEnd(engine, order, now)
  } else {
    order.status = 'PARTIALLY_FILLED'
    noteEvent(engine, { kind: 'TRADE', order, trade: done })
  }
}

function lockedPart(order: Order, quantity: bigint): bigint {
  if (order.locked === 0n) return 0n
  const part = order.side === 'SELL' ? quantity : multiply(order.price, quantity)
  return smaller(part, order.locked)
}

/** Ids of our trades lie between those of the tape, which has one at the start of each second. */
function nextTradeId(market: Market, now: number): number {
  const tapeId = Math.floor(now / 1_000) * TRADE_IDS_PER_SECOND
  const id = Math.max(tapeId, market.lastTradeId) + 1
  market.lastTradeId = id % TRADE_IDS_PER_SECOND === 0 ? id + 1 : id
  return market.lastTradeId
}
