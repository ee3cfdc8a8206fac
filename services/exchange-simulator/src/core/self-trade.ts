import { expireSibling, noteLegEnd } from './legs.ts'
import { endOrder, noteEvent, step } from './lifecycle.ts'
import { releasePart } from './matching.ts'
import { appended } from './touched.ts'
import {
  remainingOf,
  type Engine,
  type Market,
  type Order,
  type PreventedMatch,
  type SelfTradeMode,
} from './types.ts'
import { multiply, smaller } from './units.ts'

/** An order that would meet another one of its own account. */
export type Encounter = {
  readonly engine: Engine
  readonly market: Market
  readonly taker: Order
  readonly maker: Order
  /** What the taker still wants at the maker's price. */
  readonly wanted: bigint
  readonly now: number
}

/** One account has nobody to transfer to, so that TRANSFER does what DECREMENT does. */
function effectiveMode({ taker, maker }: Encounter): SelfTradeMode {
  if (taker.selfTradeMode !== 'TRANSFER') return taker.selfTradeMode
  return maker.selfTradeMode === 'TRANSFER' ? 'TRANSFER' : 'DECREMENT'
}

/**
 * The match does not take place: what the taker's mode names is taken off the two orders, and who has
 * nothing left expires. The rule is the venue's FAQ on self-trade prevention.
 */
export function prevent(encounter: Encounter): void {
  const { engine, market, taker, maker, now } = encounter
  const mode = effectiveMode(encounter)
  const [takerPart, makerPart] = partsOf(encounter, mode)
  const match: PreventedMatch = {
    symbol: taker.symbol,
    id: market.prevented.length,
    takerOrderId: taker.id,
    makerOrderId: maker.id,
    mode,
    price: maker.price,
    takerPrevented: takerPart,
    makerPrevented: makerPart,
    time: now,
  }
  market.prevented.push(match)
  engine.changes.prevented = appended(engine.changes.prevented, match)
  if (makerPart !== null) takeOff(encounter, maker, { match, quantity: makerPart })
  if (takerPart !== null) takeOff(encounter, taker, { match, quantity: takerPart })
}

function partsOf(
  { maker, wanted }: Encounter,
  mode: SelfTradeMode,
): [taker: bigint | null, maker: bigint | null] {
  const makerLeft = remainingOf(maker)
  if (mode === 'EXPIRE_MAKER') return [null, makerLeft]
  if (mode === 'EXPIRE_TAKER') return [wanted, null]
  if (mode === 'EXPIRE_BOTH') return [wanted, makerLeft]
  const common = smaller(wanted, makerLeft)
  return [common, common]
}

type Loss = { readonly match: PreventedMatch; readonly quantity: bigint }

function takeOff(encounter: Encounter, order: Order, { match, quantity }: Loss): void {
  const { engine, taker, maker, wanted, now } = encounter
  expireSibling(engine, order, now)
  releasePart(engine, order, quantity)
  order.prevented += quantity
  order.preventedQuote += multiply(match.price, quantity)
  order.preventedMatchId = match.id
  order.updatedAt = now
  if (order.icebergQuantity > 0n) order.visible = smaller(order.visible, remainingOf(order))
  engine.changes.orders.add(order)
  const counterOrderId = order === taker ? maker.id : taker.id
  const prevention = { match, counterOrderId, quantity }
  const isOver = order === taker ? quantity === wanted : remainingOf(order) === 0n
  if (!isOver) {
    noteEvent(engine, { ...step('TRADE_PREVENTION', order), prevention })
    return
  }
  // One that is sized by its quote amount has no other quantity than what became of it.
  if (order.quoteQuantity > 0n) order.quantity = order.executed + order.prevented
  endOrder(engine, order, { status: 'EXPIRED_IN_MATCH', reason: null, now, prevention })
  noteLegEnd(engine, order, now)
}
