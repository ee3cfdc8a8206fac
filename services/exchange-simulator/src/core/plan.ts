import { accepts, bestOf, opposite } from './matching.ts'
import { inOrder } from './order-queue.ts'
import {
  ofSide,
  remainingOf,
  type Level,
  type Market,
  type Order,
  type SelfTradeMode,
  type Side,
} from './types.ts'
import { floorToStep, multiply, ONE, smaller } from './units.ts'

/**
 * What an order would get if it began to work now, without any effect: by this funds and fill-or-kill
 * are judged.
 */
export type Wish = {
  readonly side: Side
  /** Null for any price. */
  readonly limit: bigint | null
  /** Base to trade, or null when the quote amount decides. */
  readonly quantity: bigint | null
  readonly quote: bigint
  readonly mode: SelfTradeMode
}

export type Plan = {
  /** What it would trade. */
  readonly base: bigint
  readonly quote: bigint
  /** What would be taken off it because it meets orders of its own account. */
  readonly prevented: bigint
  /** Nothing that it wants is left. */
  readonly complete: boolean
}

/** What is still wanted: base, or where that is null as much as the quote amount gives. */
type Budget = { quantity: bigint | null; quote: bigint }

/** How much of the base asset is still wanted at a price. */
export function wantedAt(market: Market, budget: Readonly<Budget>, price: bigint): bigint {
  if (budget.quantity !== null) return budget.quantity
  return floorToStep((budget.quote * ONE) / price, market.rules.step)
}

export function planMatch(market: Market, wish: Wish): Plan {
  const plan = { base: 0n, quote: 0n, prevented: 0n, complete: false }
  const offers = offersFor(market, wish)
  const budget: Budget = { quantity: wish.quantity, quote: wish.quote }
  for (let offer = nextOffer(offers); offer !== null; offer = nextOffer(offers)) {
    const { price, isOwn } = offer
    const wanted = wantedAt(market, budget, price)
    plan.complete = wanted <= 0n
    if (plan.complete) break
    if (!accepts(wish.side, wish.limit, price) || (isOwn && stopsAtOwn(wish.mode))) break
    const quantity = smaller(wanted, offer.quantity)
    const value = multiply(price, quantity)
    if (budget.quantity !== null) budget.quantity -= quantity
    budget.quote -= value
    if (isOwn && wish.mode !== 'NONE') plan.prevented += quantity
    else {
      plan.base += quantity
      plan.quote += value
    }
    plan.complete = quantity === wanted
    if (plan.complete) break
  }
  return plan
}

type Offer = { readonly price: bigint; readonly quantity: bigint; readonly isOwn: boolean }

/** Both books as one, as far as they have been gone through. */
type Offers = {
  readonly market: Market
  /** On which side those stand whom the wish would meet. */
  readonly maker: Side
  index: number
  taken: bigint
  supply: bigint | null
  readonly own: Generator<Order> | null
  ownOrder: Order | null
}

function offersFor(market: Market, wish: Wish): Offers {
  const maker = opposite(wish.side)
  bestOf(market, maker) // steps over what has been eaten up
  const { index, taken } = ofSide(market.depletion, maker)
  const own = ownOrders(market, wish)
  const supply = ofSide(market.supply, maker)
  return { market, maker, index, taken, supply, own, ownOrder: firstOf(own) }
}

/** The best offer first; the synthetic book stands first at equal prices. */
function nextOffer(offers: Offers): Offer | null {
  const level = houseLevel(offers)
  const { maker, own, ownOrder } = offers
  if (ownOrder !== null && (level === null || isBetter(maker, ownOrder.price, level.price))) {
    offers.ownOrder = firstOf(own)
    return { price: ownOrder.price, quantity: remainingOf(ownOrder), isOwn: true }
  }
  if (level === null || level.quantity <= 0n) return null
  offers.index += 1
  offers.taken = 0n
  if (offers.supply !== null) offers.supply -= level.quantity
  return { price: level.price, quantity: level.quantity, isOwn: false }
}

function houseLevel({ market, maker, index, taken, supply }: Offers): Level | null {
  const level = market.levels(maker, index)
  if (level === null || supply === 0n) return null
  if (taken === 0n && supply === null) return level
  const left = level.quantity - taken
  return { price: level.price, quantity: supply === null ? left : smaller(left, supply) }
}

/** Own orders that would expire are not in the way. */
function ownOrders(market: Market, { mode, side }: Wish): Generator<Order> | null {
  const queue = side === 'BUY' ? market.asks : market.bids
  return mode === 'EXPIRE_MAKER' || queue.lines.length === 0 ? null : inOrder(queue)
}

function firstOf(own: Generator<Order> | null): Order | null {
  return own?.next().value ?? null
}

function stopsAtOwn(mode: SelfTradeMode): boolean {
  return mode === 'EXPIRE_TAKER' || mode === 'EXPIRE_BOTH'
}

/** For whom the makers of a side would meet. */
function isBetter(maker: Side, price: bigint, than: bigint): boolean {
  return maker === 'SELL' ? price < than : price > than
}
