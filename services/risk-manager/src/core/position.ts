// What is held of a symbol because we bought it, told apart from what the account owned before: only
// a position is sold by a strategy's exit and counts as exposure. It is the sum of the fills, kept as
// a value in the ledger's memory and written in the same unit of work as the fill that moved it.
import type { OrderLeg, Side } from '@flotilla/contracts'
import type { Json } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import type { ClosedTrade } from './closed-trades.ts'

export type HeldPosition = {
  readonly quantity: Decimal
  /** Of the last fill: values the position as long as no market price is known. */
  readonly lastFillPrice: Decimal
  /** What the held quantity cost, in quote currency with its fees. */
  readonly cost: Decimal
  /** What sales that are not yet over brought in, and what the sold quantity had cost. */
  readonly sale: { readonly proceeds: Decimal; readonly cost: Decimal }
}

export type PositionFill = {
  readonly symbol: string
  readonly side: Side
  readonly leg: OrderLeg
  readonly price: Decimal
  readonly quantity: Decimal
  readonly fee: { readonly base: Decimal; readonly quote: Decimal }
  /** The last one of its order. */
  readonly last: boolean
  readonly at: number
}

export type MovedPosition = {
  readonly position: HeldPosition
  /** A sale that has come to its end. */
  readonly closed: ClosedTrade | null
}

const noSale = { proceeds: Decimal.zero, cost: Decimal.zero }
/** Costs of a part are a statistic for the protections; balances never see them. */
const costScale = 12

export function movePosition(before: HeldPosition | null, fill: PositionFill): MovedPosition {
  return fill.side === 'buy' ? bought(before, fill) : sold(before, fill)
}

function bought(before: HeldPosition | null, fill: PositionFill): MovedPosition {
  const { price, quantity, fee } = fill
  const received = quantity.minus(fee.base)
  return {
    position: {
      quantity: Decimal.max(Decimal.zero, (before?.quantity ?? Decimal.zero).plus(received)),
      lastFillPrice: price,
      cost: (before?.cost ?? Decimal.zero).plus(price.times(quantity)).plus(fee.quote),
      sale: before?.sale ?? noSale,
    },
    closed: null,
  }
}

/** What is sold beyond the position was owned before, and is none of its business. */
function sold(before: HeldPosition | null, fill: PositionFill): MovedPosition {
  const held = before ?? { quantity: Decimal.zero, cost: Decimal.zero, sale: noSale }
  const ours = Decimal.min(held.quantity, fill.quantity)
  const left = Decimal.max(Decimal.zero, held.quantity.minus(ours).minus(fill.fee.base))
  const cost = left.isZero() ? held.cost : partOf(held.cost, ours, held.quantity)
  const proceeds = fill.price.times(ours).minus(partOf(fill.fee.quote, ours, fill.quantity))
  const sale = {
    proceeds: held.sale.proceeds.plus(proceeds),
    cost: held.sale.cost.plus(cost),
  }
  const over = (fill.last || left.isZero()) && sale.cost.isPositive()
  return {
    position: {
      quantity: left,
      lastFillPrice: fill.price,
      cost: held.cost.minus(cost),
      sale: over ? noSale : sale,
    },
    closed: over ? tradeOf(sale, fill) : null,
  }
}

function tradeOf(sale: HeldPosition['sale'], { symbol, leg, at }: PositionFill): ClosedTrade {
  const profit = sale.proceeds.minus(sale.cost)
  const share = profit.dividedBy(sale.cost, costScale, 'down')
  return { symbol, closedAt: at, profit, share, stopped: leg === 'stop-loss' }
}

function partOf(whole: Decimal, part: Decimal, of: Decimal): Decimal {
  if (part.equals(of)) return whole
  return whole.times(part).dividedBy(of, costScale, 'down')
}

const prefix = 'position/'

export function positionKey(account: string, symbol: string): string {
  return `${prefix}${account}/${symbol}`
}

/** Null when the key is not that of a position of this account. */
export function symbolOfPosition(account: string, key: string): string | null {
  const start = `${prefix}${account}/`
  return key.startsWith(start) ? key.slice(start.length) : null
}

/** Null forgets a position that is flat. */
export function writePosition({ quantity, lastFillPrice, cost, sale }: HeldPosition): Json {
  if (quantity.isZero()) return null
  return {
    quantity: quantity.toString(),
    lastFillPrice: lastFillPrice.toString(),
    cost: cost.toString(),
    sale: { proceeds: sale.proceeds.toString(), cost: sale.cost.toString() },
  }
}

type Written = {
  readonly quantity: string
  readonly lastFillPrice: string
  /** Not written by earlier versions: then it cost what it was last filled at. */
  readonly cost?: string
  readonly sale?: { readonly proceeds: string; readonly cost: string }
}

export function readPosition(value: Json): HeldPosition | null {
  if (value === null) return null
  const written = value as Written
  const quantity = Decimal.from(written.quantity)
  const lastFillPrice = Decimal.from(written.lastFillPrice)
  const { cost, sale } = written
  return {
    quantity,
    lastFillPrice,
    cost: cost === undefined ? quantity.times(lastFillPrice) : Decimal.from(cost),
    sale:
      sale === undefined
        ? noSale
        : { proceeds: Decimal.from(sale.proceeds), cost: Decimal.from(sale.cost) },
  }
}

export function positionOf(
  book: { readonly positions: ReadonlyMap<string, HeldPosition> },
  symbol: string,
): Decimal {
  return book.positions.get(symbol)?.quantity ?? Decimal.zero
}
