import { bookAt, bookOfPrint } from './books.ts'
import type { Gap } from './gaps.ts'
import type { History } from './history.ts'
import type { LiquidityShape } from './liquidity.ts'
import { peek } from './order-queue.ts'
import type { PriceScript } from './script.ts'
import { exactAt, MINUTE_MS, minuteOf, SECOND_MS, SECONDS, type Candle } from './tape.ts'
import { movePrice } from './triggers.ts'
import type { Engine, Market } from './types.ts'

/** The engine and its prices, on one line of time that only goes forward. */
export type Simulation = {
  readonly engine: Engine
  readonly feeds: readonly Feed[]
  now: number
}

export type Feed = {
  readonly market: Market
  readonly history: History
  readonly liquidity: LiquidityShape
  /** Jumps that somebody has ordered; the history's tape reads them. */
  readonly gaps: Gap[]
  /** Prices by hand, which the history's tape reads too. */
  readonly script: PriceScript
  /** The history without the script. */
  readonly own: History
}

/** Sets the clock and lays out the books, without anything being traded. */
export function openMarkets(simulation: Simulation, now: number): void {
  simulation.now = now
  for (const feed of simulation.feeds) {
    feed.market.referencePrice = () => feed.history.reference(simulation.now)
    settlePrice(feed, now)
    updateStatus(feed, now)
  }
  refreshAverages(simulation)
}

/**
 * Every second has its price, and whatever rests meets all of them in order. A minute whose prices
 * cannot reach any order of a symbol is passed at once.
 */
export function advance(simulation: Simulation, to: number): void {
  if (to <= simulation.now) return
  const from = simulation.now
  for (let minute = minuteOf(from); minute <= minuteOf(to); minute += 1) {
    const busy = simulation.feeds.filter((feed) => isReachable(feed, minute))
    if (busy.length === 0) continue
    const start = minute * MINUTE_MS
    const first = Math.max(0, Math.floor((from - start) / SECOND_MS) + 1)
    const last = Math.min(SECONDS - 1, Math.floor((to - start) / SECOND_MS))
    for (let second = first; second <= last; second += 1) {
      for (const feed of busy) stepTo(simulation, feed, start + second * SECOND_MS)
    }
  }
  simulation.now = to
  for (const feed of simulation.feeds) {
    settlePrice(feed, to)
    updateStatus(feed, to)
  }
  if (minuteOf(from) !== minuteOf(to)) refreshAverages(simulation)
}

function isReachable(feed: Feed, minute: number): boolean {
  const { market, history } = feed
  if (market.live.size === 0 || market.halted !== null) return false
  if (history.tape.exact !== undefined) return true
  const candle = history.tape.candle(minute)
  // What follows the price must see all of it.
  if (market.trailing.size > 0) return candle !== null
  return candle !== null && (reachesBook(market, candle) || reachesStops(market, candle))
}

function reachesBook(market: Market, candle: Candle): boolean {
  const bid = peek(market.bids)
  const ask = peek(market.asks)
  return (bid !== null && bid.price >= candle.low) || (ask !== null && ask.price <= candle.high)
}

function reachesStops(market: Market, candle: Candle): boolean {
  const rising = peek(market.rising)
  const falling = peek(market.falling)
  return (
    (rising !== null && rising.stopPrice <= candle.high) ||
    (falling !== null && falling.stopPrice >= candle.low)
  )
}

function stepTo(simulation: Simulation, feed: Feed, now: number): void {
  const { market, history } = feed
  const second = Math.floor(now / SECOND_MS)
  const exact = exactAt(history.tape, second)
  if (exact === null && history.path(minuteOf(now)) === null) return
  const price = history.price(now)
  if (price === 0n) return
  market.epoch = second
  market.touches = 0
  const { engine } = simulation
  for (const print of exact?.prints(second) ?? []) {
    const levels = bookOfPrint(feed, print, second)
    movePrice(engine, market, { price: print.price, levels, now })
  }
  movePrice(engine, market, { price, levels: bookAt(feed, { price, second }), now })
}

/** The book of the present second, where no order can have been touched on the way. */
function settlePrice(feed: Feed, now: number): void {
  const { market, history } = feed
  const second = Math.floor(now / SECOND_MS)
  if (market.epoch === second || market.halted !== null) return
  const price = history.price(now)
  if (price === 0n) return
  market.epoch = second
  market.touches = 0
  market.lastPrice = price
  market.levels = bookAt(feed, { price, second })
  for (const side of ['BUY', 'SELL'] as const) {
    market.depletion[side].index = 0
    market.depletion[side].taken = 0n
  }
}

function refreshAverages(simulation: Simulation): void {
  for (const { market, history } of simulation.feeds) {
    market.averagePrice = history.average(simulation.now)
  }
}

/** A recording that has ended, or a silent source, closes the market to orders, not to cancels. */
function updateStatus(feed: Feed, now: number): void {
  const { tape } = feed.history
  if (tape.isOpen !== undefined) feed.market.status = tape.isOpen(now) ? 'TRADING' : 'BREAK'
  if (tape.to !== null && minuteOf(now) >= tape.to) feed.market.status = 'BREAK'
}
