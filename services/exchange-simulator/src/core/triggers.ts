import { expireSibling, noteLegEnd } from './legs.ts'
import { endOrder, noteEvent } from './lifecycle.ts'
import { bestOf, trade } from './matching.ts'
import { enqueue, peek } from './order-queue.ts'
import {
  remainingOf,
  waitsForRise,
  type Engine,
  type LevelSource,
  type Market,
  type Order,
  type Side,
} from './types.ts'
import { smaller } from './units.ts'
import { execute } from './working.ts'

export type Move = {
  readonly price: bigint
  readonly levels: LevelSource
  readonly now: number
}

/**
 * The market prints a price. Resting orders that the new book would cross trade first, at their own
 * price, the best and oldest first; then the stops that the price has reached are triggered.
 */
export function movePrice(engine: Engine, market: Market, move: Move): void {
  market.levels = move.levels
  for (const side of ['BUY', 'SELL'] as const) {
    market.depletion[side].index = 0
    market.depletion[side].taken = 0n
  }
  fillCrossed({ engine, market, now: move.now }, 'BUY')
  fillCrossed({ engine, market, now: move.now }, 'SELL')
  market.lastPrice = move.price
  runTriggers(engine, market, move.now)
}

type Moment = { readonly engine: Engine; readonly market: Market; readonly now: number }

function fillCrossed(moment: Moment, side: Side): void {
  const { market } = moment
  const queue = side === 'BUY' ? market.bids : market.asks
  for (;;) {
    const order = peek(queue)
    if (order === null) return
    const house = bestOf(market, side === 'BUY' ? 'SELL' : 'BUY')
    if (house === null) return
    const isCrossed = side === 'BUY' ? order.price >= house.price : order.price <= house.price
    if (!isCrossed) return
    const quantity = smaller(remainingOf(order), house.quantity)
    trade({ ...moment, order, price: order.price, quantity, isMaker: true })
  }
}

/** Stops wait until the last price reaches them. */
export function rest(market: Market, stop: Order): void {
  enqueue(waitsForRise(stop.type, stop.side) ? market.rising : market.falling, stop)
}

/** A triggered order trades and may so trigger the next: until nothing moves any more. */
export function runTriggers(engine: Engine, market: Market, now: number): void {
  if (market.halted !== null) return
  for (;;) {
    const stop = nextTriggered(market)
    if (stop === null) return
    expireSibling(engine, stop, now)
    stop.workingAt = now
    stop.updatedAt = now
    engine.changes.orders.add(stop)
    noteEvent(engine, { kind: 'NEW', order: stop })
    if (engine.activates(stop)) execute({ engine, market, order: stop, now })
    else refuseActivation(engine, stop, now)
  }
}

function refuseActivation(engine: Engine, stop: Order, now: number): void {
  endOrder(engine, stop, { status: 'EXPIRED', reason: 'REJECTED', now })
  noteLegEnd(engine, stop, now)
}

function nextTriggered(market: Market): Order | null {
  const rising = peek(market.rising)
  if (rising !== null && market.lastPrice >= rising.stopPrice) return rising
  const falling = peek(market.falling)
  if (falling !== null && market.lastPrice <= falling.stopPrice) return falling
  return null
}
