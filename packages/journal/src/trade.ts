// A trade: from the first fill of a symbol that is flat to the fill that makes it flat, or dust, again.
// It is kept as sums, so that the order in which its fills become known does not matter.
import type { Fill, Json } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { z } from 'zod'
import { feeIn, type Assets } from './inventory.ts'

/** Why a position was sold. */
export const exitReasons = [
  'stop-loss',
  'take-profit',
  /** The strategy wished it. */
  'signal',
  /** The stop had followed the price. */
  'trailing-stop',
  /** A part of the target. */
  'ladder',
  'holding-time',
  /** Commanded by people. */
  'flattened',
  /** The risk manager made the position smaller. */
  'trim',
  /** It could not be protected. */
  'unprotected',
] as const
export type ExitReason = (typeof exitReasons)[number]

/** A fill with what is known of its order. */
export type TradeFill = {
  readonly fill: Fill
  readonly intentId: string
  readonly correlationId: string
  /** Who wished for it; null for orders of execution's own. */
  readonly strategy: string | null
  /** Of an entry: its stop. */
  readonly stop: Decimal | null
  /** What the order was expected to trade at; null when nobody said. */
  readonly expected: Decimal | null
  /** The market price that risk decided with; null for orders that it did not decide on. */
  readonly decided: Decimal | null
  /** Of a sale: why. */
  readonly exitReason: ExitReason | null
}

// A decimal in memory, a text where it is stored.
const decimal = z.codec(
  z.string(),
  z.custom<Decimal>((value) => value instanceof Decimal),
  { decode: (text) => Decimal.from(text), encode: (value) => value.toString() },
)

const sums = z.object({
  quantity: decimal,
  quote: decimal,
  /** The part of the value whose price was expected, and what it would have been at that price. */
  compared: decimal,
  expected: decimal,
  /** The same of the price that risk decided with; trades that earlier versions stored have none. */
  decidedOn: decimal.default(Decimal.zero),
  decided: decimal.default(Decimal.zero),
})

const schema = z.object({
  openingTradeId: z.string(),
  openedAt: z.number(),
  lastAt: z.number(),
  intentIds: z.array(z.string()),
  correlationId: z.string(),
  strategy: z.string().nullable(),
  stop: decimal.nullable(),
  bought: sums,
  sold: sums,
  /** In quote currency: those in base at the price of their fill. */
  fees: decimal,
  /** By asset, not valued. */
  otherFees: z.record(z.string(), decimal),
  netProfit: decimal,
  /** How much was sold for which reason, and the newest. */
  exits: z.record(z.string(), decimal),
  exitReason: z.enum(exitReasons).nullable(),
  exitAt: z.number(),
})

export type OpenTrade = Readonly<z.output<typeof schema>>
export type Sums = OpenTrade['bought']

/** @throws ZodError when it was not written by `storedTrade`. */
export function openTradeOf(stored: Json): OpenTrade | null {
  return stored === null ? null : schema.parse(stored)
}

export function storedTrade(trade: OpenTrade | null): Json {
  // What may be absent is so only in what earlier versions stored.
  return trade === null ? null : (z.encode(schema, trade) as Json)
}

const nothing: Sums = {
  quantity: Decimal.zero,
  quote: Decimal.zero,
  compared: Decimal.zero,
  expected: Decimal.zero,
  decidedOn: Decimal.zero,
  decided: Decimal.zero,
}

/** The trade with one more fill, and the profit that `takeFill` found for it; null opens one. */
export function followTrade(
  open: OpenTrade | null,
  told: TradeFill,
  { assets, profit }: { readonly assets: Assets; readonly profit: Decimal },
): OpenTrade {
  const { fill, intentId, strategy } = told
  const trade = open ?? begun(told)
  const known = trade.intentIds.includes(intentId)
  return {
    ...withSide(withFee(trade, fill, assets), told),
    openedAt: Math.min(trade.openedAt, fill.filledAt),
    lastAt: Math.max(trade.lastAt, fill.filledAt),
    intentIds: known ? trade.intentIds : [...trade.intentIds, intentId],
    strategy: trade.strategy ?? (fill.side === 'buy' ? strategy : null),
    netProfit: trade.netProfit.plus(profit),
  }
}

function begun({ fill, correlationId }: TradeFill): OpenTrade {
  return {
    openingTradeId: fill.tradeId,
    openedAt: fill.filledAt,
    lastAt: fill.filledAt,
    intentIds: [],
    correlationId,
    strategy: null,
    stop: null,
    bought: nothing,
    sold: nothing,
    fees: Decimal.zero,
    otherFees: {},
    netProfit: Decimal.zero,
    exits: {},
    exitReason: null,
    exitAt: 0,
  }
}

function withFee(trade: OpenTrade, fill: Fill, assets: Assets): OpenTrade {
  const { feeAsset, fee } = fill
  if (feeAsset === assets.base || feeAsset === assets.quote) {
    const value = feeIn(assets.quote, fill).plus(feeIn(assets.base, fill).times(fill.price))
    return { ...trade, fees: trade.fees.plus(value) }
  }
  if (fee.isZero()) return trade
  const total = (trade.otherFees[feeAsset] ?? Decimal.zero).plus(fee)
  return { ...trade, otherFees: { ...trade.otherFees, [feeAsset]: total } }
}

function withSide(trade: OpenTrade, told: TradeFill): OpenTrade {
  const { fill, stop, exitReason } = told
  if (fill.side === 'buy') {
    // The first stop: where it is moved to later does not change what was risked.
    return { ...trade, stop: trade.stop ?? stop, bought: added(trade.bought, told) }
  }
  const reason = exitReason ?? 'signal'
  const sold = (trade.exits[reason] ?? Decimal.zero).plus(fill.quantity)
  const isNewest = fill.filledAt >= trade.exitAt
  return {
    ...trade,
    sold: added(trade.sold, told),
    exits: { ...trade.exits, [reason]: sold },
    exitReason: isNewest ? reason : trade.exitReason,
    exitAt: Math.max(trade.exitAt, fill.filledAt),
  }
}

function added(before: Sums, { fill, expected, decided }: TradeFill): Sums {
  const byExpected = valuesAt(expected, fill)
  const byDecided = valuesAt(decided, fill)
  return {
    quantity: before.quantity.plus(fill.quantity),
    quote: before.quote.plus(fill.price.times(fill.quantity)),
    compared: before.compared.plus(byExpected.real),
    expected: before.expected.plus(byExpected.reckoned),
    decidedOn: before.decidedOn.plus(byDecided.real),
    decided: before.decided.plus(byDecided.reckoned),
  }
}

/** What a fill was worth, and what it would have been at another price; nothing where none is known. */
function valuesAt(price: Decimal | null, fill: Fill) {
  if (price === null) return { real: Decimal.zero, reckoned: Decimal.zero }
  return { real: fill.price.times(fill.quantity), reckoned: price.times(fill.quantity) }
}
