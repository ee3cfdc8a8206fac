// What a trade comes to. Money is exact; averages are quotients, kept to 12 digits; ratios are statistics.
import type { ClosedTrade } from '@flotilla/ledger'
import type { Decimal } from '@flotilla/money'
import type { OpenTrade, Sums } from './trade.ts'

const AVERAGE_SCALE = 12

export type TradeFigures = {
  /** Of the fills, fees left out; null when nothing was bought in the trade (leftover dust was sold). */
  readonly averageEntryPrice: Decimal | null
  readonly averageExitPrice: Decimal | null
  /** Net profit and the fees that could be valued. */
  readonly grossProfit: Decimal
  /**
   * Net profit in units of what was risked at first: `netProfit / ((averageEntryPrice - stop) * bought)`,
   * with the stop that the first entry was placed with. Null without a stop below the entry.
   */
  readonly rMultiple: number | null
  /**
   * What trading cost beside the fees, in quote currency: positive is worse for us. Entry: paid less
   * expected; exit: expected less received. Null when no price was expected.
   */
  readonly entrySlippage: Decimal | null
  readonly exitSlippage: Decimal | null
  /** The same as a percentage of what was expected. */
  readonly entrySlippagePercent: number | null
  readonly exitSlippagePercent: number | null
  /**
   * The part of it that came after the decision: the same against the market price that risk decided with.
   * Null for what risk did not decide on, such as a stop.
   */
  readonly entrySlippageDecided: Decimal | null
  readonly exitSlippageDecided: Decimal | null
  readonly entrySlippageDecidedPercent: number | null
  readonly exitSlippageDecidedPercent: number | null
}

export function figuresOf(trade: OpenTrade): TradeFigures {
  const { bought, sold, netProfit, fees } = trade
  const entry = ofPurchase(bought.compared, bought.expected)
  const exit = ofSale(sold.compared, sold.expected)
  const entryDecided = ofPurchase(bought.decidedOn, bought.decided)
  const exitDecided = ofSale(sold.decidedOn, sold.decided)
  return {
    averageEntryPrice: averageOf(bought),
    averageExitPrice: averageOf(sold),
    grossProfit: netProfit.plus(fees),
    rMultiple: rMultipleOf(trade),
    entrySlippage: entry.amount,
    exitSlippage: exit.amount,
    entrySlippagePercent: entry.percent,
    exitSlippagePercent: exit.percent,
    entrySlippageDecided: entryDecided.amount,
    exitSlippageDecided: exitDecided.amount,
    entrySlippageDecidedPercent: entryDecided.percent,
    exitSlippageDecidedPercent: exitDecided.percent,
  }
}

/**
 * The trade as the ledger keeps it. `remaining` is the dust that is still held: what it cost is not in
 * this trade's profit, it goes along into the next one.
 * @throws RangeError when nothing was sold: such a trade is not over.
 */
export function closeTrade(
  trade: OpenTrade,
  of: Pick<ClosedTrade, 'account' | 'venue' | 'symbol'>,
  remaining: Decimal,
): ClosedTrade {
  const { exitReason, stop, fees, netProfit } = trade
  const { averageExitPrice, ...figures } = figuresOf(trade)
  if (exitReason === null || averageExitPrice === null) {
    throw new RangeError(`trade ${trade.openingTradeId} of ${of.symbol} has sold nothing yet`)
  }
  const { openingTradeId, strategy, intentIds, correlationId } = trade
  return {
    account: of.account,
    venue: of.venue,
    symbol: of.symbol,
    openingTradeId,
    side: 'buy',
    strategy,
    intentIds,
    correlationId,
    openedAt: trade.openedAt,
    closedAt: trade.lastAt,
    quantity: trade.sold.quantity,
    stop,
    fees,
    otherFees: textsOf(trade.otherFees),
    netProfit,
    exitReason,
    exits: textsOf(trade.exits),
    remaining,
    averageExitPrice,
    ...figures,
  }
}

function textsOf(amounts: Readonly<Record<string, Decimal>>): Record<string, string> {
  const entries = Object.entries(amounts).toSorted(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(entries.map(([name, amount]) => [name, amount.toString()]))
}

function averageOf({ quantity, quote }: Sums): Decimal | null {
  return quantity.isPositive() ? quote.dividedBy(quantity, AVERAGE_SCALE, 'half-up') : null
}

function rMultipleOf({ bought, stop, netProfit }: OpenTrade): number | null {
  if (stop === null) return null
  const risk = bought.quote.minus(stop.times(bought.quantity))
  return risk.isPositive() ? netProfit.toNumber() / risk.toNumber() : null
}

type Slippage = { readonly amount: Decimal | null; readonly percent: number | null }

/** Of a purchase: what was paid less what was reckoned with. */
function ofPurchase(real: Decimal, reckoned: Decimal): Slippage {
  return slippageOf(real.minus(reckoned), reckoned)
}

/** Of a sale: what was reckoned with less what was received. */
function ofSale(real: Decimal, reckoned: Decimal): Slippage {
  return slippageOf(reckoned.minus(real), reckoned)
}

function slippageOf(amount: Decimal, reckoned: Decimal): Slippage {
  if (!reckoned.isPositive()) return { amount: null, percent: null }
  return { amount, percent: (100 * amount.toNumber()) / reckoned.toNumber() }
}
