import { activate } from './activation.ts'
import { expireSibling, noteLegEnd } from './legs.ts'
import { endOrder, leaveQueue, noteEvent, step } from './lifecycle.ts'
import { bestOf, trade } from './matching.ts'
import { peek } from './order-queue.ts'
import { nextTriggered, printPrice } from './stops.ts'
import { visibleOf, type Engine, type LevelSource, type Market, type Side } from './types.ts'
import { smaller } from './units.ts'
import { execute, type Working } from './working.ts'

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
  printPrice(engine, market, move)
  settle(engine, market, move.now)
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
    const quantity = smaller(visibleOf(order), house.quantity)
    trade({ ...moment, order, price: order.price, quantity, isMaker: true })
  }
}

/**
 * What has happened may be the beginning of something else: a filled order lets those begin that
 * waited for it, a trade triggers stops, and these trade in turn. Until nothing moves any more.
 */
export function settle(engine: Engine, market: Market, now: number): void {
  if (market.halted !== null) return
  for (;;) {
    const list = market.ripe.length === 0 ? undefined : market.ripe.shift()
    const stop = list === undefined ? nextTriggered(market) : null
    if (list !== undefined) activate({ engine, market, now }, list)
    else if (stop !== null) trigger({ engine, market, order: stop, now })
    else return
  }
}

/** The price has reached it: it begins to work. */
export function trigger(working: Working): void {
  const { engine, market, order, now } = working
  expireSibling(engine, order, now)
  leaveQueue(market, order)
  order.workingAt = now
  order.updatedAt = now
  engine.changes.orders.add(order)
  noteEvent(engine, step('NEW', order))
  if (engine.activates(order)) return execute(working)
  endOrder(engine, order, { status: 'EXPIRED', reason: 'REJECTED', now })
  noteLegEnd(engine, order, now)
}
