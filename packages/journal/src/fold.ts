// All fills of a symbol at once, as trades.
import type { ClosedTrade } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { closeTrade } from './figures.ts'
import { takeFill, type Assets, type Inventory } from './inventory.ts'
import { followTrade, type OpenTrade, type TradeFill } from './trade.ts'

export type FoldedTrades = {
  readonly closed: readonly ClosedTrade[]
  readonly open: OpenTrade | null
  /** What is held after the last fill: the open trade's, or dust that the next one takes along. */
  readonly held: Inventory
}

export type FoldOptions = {
  readonly assets: Assets
  /** What is held before the first fill; nothing unless given. */
  readonly held?: Inventory
  /** Whether so little is left at this price that the trade is over. */
  readonly isDust?: (quantity: Decimal, price: Decimal) => boolean
}

/**
 * The trades of one account and symbol. Fills are taken in the order of their time, each once, however
 * they are given. A trade is over when what is held is nothing or dust and something was sold. A sale that
 * is dated before its purchase leaves less than nothing, and the trade open until the purchase is there.
 */
export function foldTrades(fills: readonly TradeFill[], options: FoldOptions): FoldedTrades {
  const { assets, isDust = () => false } = options
  const closed: ClosedTrade[] = []
  let open: OpenTrade | null = null
  let held: Inventory = options.held ?? { quantity: Decimal.zero, cost: Decimal.zero }
  for (const told of inOrder(fills)) {
    const { fill } = told
    const taken = takeFill(held, fill, assets)
    held = taken.held
    open = followTrade(open, told, { assets, profit: taken.profit })
    const { quantity } = held
    const isOver = quantity.isZero() || (quantity.isPositive() && isDust(quantity, fill.price))
    if (!isOver || open.exitReason === null) continue
    closed.push(closeTrade(open, fill, quantity))
    open = null
  }
  return { closed, open, held }
}

function inOrder(fills: readonly TradeFill[]): TradeFill[] {
  const byTrade = new Map(fills.map((told) => [told.fill.tradeId, told]))
  return [...byTrade.values()].toSorted(
    ({ fill: left }, { fill: right }) =>
      left.filledAt - right.filledAt || (left.tradeId < right.tradeId ? -1 : 1),
  )
}
