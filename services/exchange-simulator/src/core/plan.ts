import { accepts, bestOf, opposite } from './matching.ts'
import { inOrder } from './order-queue.ts'
import { remainingOf, type Market, type Order, type SelfTradeMode, type Side } from './types.ts'
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

type Sum = { base: bigint; quote: bigint; prevented: bigint; preventedQuote: bigint }

/** How much of the base asset is still wanted at a price. */
export function wantedAt(
  market: Market,
  budget: { readonly quantity: bigint | null; readonly quote: bigint },
  price: bigint,
): bigint {
  if (budget.quantity !== null) return budget.quantity
  return floorToStep((budget.quote * ONE) / price, market.rules.step)
}

export function planMatch(market: Market, wish: Wish): Plan {
  const sum: Sum = { base: 0n, quote: 0n, prevented: 0n, preventedQuote: 0n }
  const complete = walk(market, wish, sum)
  return { base: sum.base, quote: sum.quote, prevented: sum.prevented, complete }
}

/** Whether the wish is met before the offers end. */
function walk(market: Market, wish: Wish, sum: Sum): boolean {
  const offers = offersFor(market, wish)
  for (;;) {
    const offer = offers.next()
    if (offer === null) return false
    const { price, isOwn } = offer
    const wanted = wantedAt(market, leftOf(wish, sum), price)
    if (wanted <= 0n) return true
    if (!accepts(wish.side, wish.limit, price) || (isOwn && stopsAtOwn(wish.mode))) return false
    const quantity = smaller(wanted, offer.quantity)
    add(sum, { price, quantity, isPrevented: isOwn && wish.mode !== 'NONE' })
    if (quantity === wanted) return true
  }
}

type Offer = { readonly price: bigint; readonly quantity: bigint; readonly isOwn: boolean }

/** Both books as one, the best offer first; the synthetic book stands first at equal prices. */
function offersFor(market: Market, wish: Wish): { next(): Offer | null } {
  const house = houseOf(market, opposite(wish.side))
  const own = ownOrders(market, wish)
  return {
    next: () => {
      const level = house.level()
      const maker = own.order()
      if (maker !== null && (level === null || isBetter(wish.side, maker.price, level.price))) {
        own.advance()
        return { price: maker.price, quantity: remainingOf(maker), isOwn: true }
      }
      if (level === null || level.quantity <= 0n) return null
      house.take(level.quantity)
      return { ...level, isOwn: false }
    },
  }
}

function stopsAtOwn(mode: SelfTradeMode): boolean {
  return mode === 'EXPIRE_TAKER' || mode === 'EXPIRE_BOTH'
}

function isBetter(side: Side, price: bigint, than: bigint): boolean {
  return side === 'BUY' ? price < than : price > than
}

function leftOf(wish: Wish, sum: Sum): { quantity: bigint | null; quote: bigint } {
  return {
    quantity: wish.quantity === null ? null : wish.quantity - sum.base - sum.prevented,
    quote: wish.quote - sum.quote - sum.preventedQuote,
  }
}

type Piece = { readonly price: bigint; readonly quantity: bigint; readonly isPrevented: boolean }

function add(sum: Sum, { price, quantity, isPrevented }: Piece): void {
  const value = multiply(price, quantity)
  if (isPrevented) {
    sum.prevented += quantity
    sum.preventedQuote += value
  } else {
    sum.base += quantity
    sum.quote += value
  }
}

type House = {
  level(): { price: bigint; quantity: bigint } | null
  take(quantity: bigint): void
}

function houseOf(market: Market, side: Side): House {
  bestOf(market, side) // steps over what has been eaten up
  let { index, taken } = market.depletion[side]
  let supply = market.supply[side]
  return {
    level: () => {
      const level = market.levels(side, index)
      if (level === null || supply === 0n) return null
      const left = level.quantity - taken
      return { price: level.price, quantity: supply === null ? left : smaller(left, supply) }
    },
    take: (quantity) => {
      index += 1
      taken = 0n
      if (supply !== null) supply -= quantity
    },
  }
}

type Own = { order(): Order | null; advance(): void }

/** Own orders that would expire are not in the way. */
function ownOrders(market: Market, wish: Wish): Own {
  if (wish.mode === 'EXPIRE_MAKER') return { order: () => null, advance: () => undefined }
  const orders = inOrder(wish.side === 'BUY' ? market.asks : market.bids)
  let current: Order | null | undefined
  return {
    order: () => (current ??= orders.next().value ?? null),
    advance: () => void (current = undefined),
  }
}
