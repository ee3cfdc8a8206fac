/**
 * From what execution tells of a position to finished trades: a trade begins when a symbol is held and
 * ends when it is flat again (dust counts as flat). Its result is measured in what it risked: the
 * distance from its entry to its first stop, for the most it ever held.
 */
import type { PositionChanged } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import type { HeldPosition } from '@flotilla/strategy-kit'
import { z } from 'zod'
import { positionOf } from './position.ts'

export const openTradeSchema = z.strictObject({
  openedAt: z.number(),
  /** The account's realised profit at this symbol before the trade. */
  profitBefore: z.string(),
  quantityMax: z.number(),
  /** Null while nobody has said it. */
  entryPrice: z.number().nullable(),
  /** The first stop; where it is moved to later does not change what was risked. */
  stopPrice: z.number().nullable(),
})
export type OpenTrade = Readonly<z.infer<typeof openTradeSchema>>

const closedTradeSchema = z.strictObject({
  symbol: z.string(),
  openedAt: z.number(),
  closedAt: z.number(),
  /** In quote currency, after fees. */
  profit: z.string(),
  /** Profit by what was risked; null when no stop was ever told. */
  rMultiple: z.number().nullable(),
})
export type ClosedTrade = Readonly<z.infer<typeof closedTradeSchema>>

/** Null when it cannot be read. */
export function parseClosedTrade(value: unknown): ClosedTrade | null {
  return closedTradeSchema.safeParse(value).data ?? null
}

export type TradeStep = { readonly open: OpenTrade | null; readonly closed: ClosedTrade | null }

/** The same `open` when the message says nothing new about the trade. */
export function followTrade(
  open: OpenTrade | null,
  payload: PositionChanged,
  occurredAt: number,
): TradeStep {
  const { held } = positionOf(payload)
  if (held === null) {
    return { open: null, closed: open === null ? null : closedTrade(open, payload, occurredAt) }
  }
  const begun = open ?? {
    openedAt: occurredAt,
    profitBefore: payload.realisedProfit,
    quantityMax: 0,
    entryPrice: null,
    stopPrice: null,
  }
  const next = withStop(atItsLargest(begun, held), payload.protection.stopPrice)
  return { open: open !== null && sameTrade(open, next) ? open : next, closed: null }
}

function atItsLargest(trade: OpenTrade, held: HeldPosition): OpenTrade {
  const { quantity, averageEntryPrice } = held
  if (quantity <= trade.quantityMax) return trade
  return { ...trade, quantityMax: quantity, entryPrice: averageEntryPrice ?? trade.entryPrice }
}

function withStop(trade: OpenTrade, stopPrice: string | null): OpenTrade {
  if (trade.stopPrice !== null || stopPrice === null) return trade
  return { ...trade, stopPrice: Number(stopPrice) }
}

function closedTrade(
  open: OpenTrade,
  { symbol, realisedProfit }: PositionChanged,
  closedAt: number,
): ClosedTrade {
  const profit = Decimal.from(realisedProfit).minus(Decimal.from(open.profitBefore))
  const risk = riskOf(open)
  const rMultiple = risk === null ? null : profit.toNumber() / risk
  return { symbol, openedAt: open.openedAt, closedAt, profit: profit.toString(), rMultiple }
}

/** Null when it is not known, or when the stop stood above the entry and nothing was risked. */
function riskOf({ entryPrice, stopPrice, quantityMax }: OpenTrade): number | null {
  if (entryPrice === null || stopPrice === null) return null
  const risk = quantityMax * (entryPrice - stopPrice)
  return risk > 0 ? risk : null
}

function sameTrade(left: OpenTrade, right: OpenTrade): boolean {
  return (
    left.quantityMax === right.quantityMax &&
    left.entryPrice === right.entryPrice &&
    left.stopPrice === right.stopPrice
  )
}
