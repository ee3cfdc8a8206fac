import { enqueue, peek, type OrderQueue } from './order-queue.ts'
import { waitsForRise, type Engine, type Market, type Order } from './types.ts'

/** Trailing distances are in basis points. */
const BASIS_POINTS = 10_000n

/** Takes a place in the book, behind all that stand there at its price. */
export function book(market: Market, order: Order): void {
  market.lastRank += 1
  order.rank = market.lastRank
  place(market, order)
}

/** A stop waits until the last price reaches it, or until the price that it follows turns. */
export function rest(market: Market, stop: Order, now: number): void {
  book(market, stop)
  if (stop.trailingDelta === 0 || stop.stopPrice > 0n) return
  stop.trailingAt = now
  stop.extreme = market.lastPrice
}

/** Where an order stands, by the rank that it has: in the book, or among the stops. */
export function place(market: Market, order: Order): void {
  const { bids, asks, rising, falling, trailing } = market
  if (order.workingAt >= 0) enqueue(order.side === 'BUY' ? bids : asks, order)
  else if (order.trailingDelta > 0) trailing.add(order)
  else enqueue(waitsForRise(order.type, order.side) ? rising : falling, order)
}

/** The market trades at a price: what follows prices takes notice. */
export function printPrice(engine: Engine, market: Market, print: Print): void {
  market.lastPrice = print.price
  if (market.trailing.size === 0) return
  for (const stop of market.trailing) {
    if (follow(stop, print)) engine.changes.orders.add(stop)
  }
}

export type Print = { readonly price: bigint; readonly now: number }

/** Whether anything about it has changed. */
function follow(stop: Order, { price, now }: Print): boolean {
  if (stop.trailingAt < 0) {
    if (!isAtStop(stop, price)) return false
    stop.trailingAt = now
    stop.extreme = price
    return true
  }
  const isBetter = stop.side === 'SELL' ? price > stop.extreme : price < stop.extreme
  if (isBetter) stop.extreme = price
  return isBetter
}

export function isAtStop(stop: Pick<Order, 'type' | 'side' | 'stopPrice'>, price: bigint): boolean {
  return waitsForRise(stop.type, stop.side) ? price >= stop.stopPrice : price <= stop.stopPrice
}

/** Rising ones first, then falling ones, the nearest and oldest of each; then those that follow. */
export function nextTriggered(market: Market): Order | null {
  const { lastPrice, rising, falling, trailing } = market
  const stop = firstAtStop(rising, lastPrice) ?? firstAtStop(falling, lastPrice)
  if (stop !== null || trailing.size === 0) return stop
  for (const follower of trailing) if (hasTurned(follower, lastPrice)) return follower
  return null
}

function firstAtStop(queue: OrderQueue, price: bigint): Order | null {
  const stop = peek(queue)
  return stop !== null && isAtStop(stop, price) ? stop : null
}

function hasTurned({ side, trailingAt, trailingDelta, extreme }: Order, price: bigint): boolean {
  if (trailingAt < 0) return false
  const delta = BigInt(trailingDelta)
  return side === 'SELL'
    ? price * BASIS_POINTS <= extreme * (BASIS_POINTS - delta)
    : price * BASIS_POINTS >= extreme * (BASIS_POINTS + delta)
}
