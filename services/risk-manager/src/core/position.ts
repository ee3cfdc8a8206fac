// What is held of a symbol because we bought it, told apart from what the account owned before: only
// a position is sold by a strategy's exit and counts as exposure. It is the sum of the fills, kept as
// a value in the ledger's memory and written in the same unit of work as the fill that moved it.
import type { OrderLeg, Side } from '@flotilla/contracts'
import type { Json } from '@flotilla/ledger'
import { Decimal, sum } from '@flotilla/money'
import { others, partsOfSale, read, write, type SalePart } from './budgets.ts'
import type { ClosedTrade } from './closed-trades.ts'

export type HeldPosition = {
  readonly quantity: Decimal
  /** Of the last fill: values the position as long as no market price is known. */
  readonly lastFillPrice: Decimal
  /** What the held quantity cost, in quote currency with its fees. */
  readonly cost: Decimal
  /** What sales that are not yet over brought in, and what the sold quantity had cost. */
  readonly sale: { readonly proceeds: Decimal; readonly cost: Decimal }
  /** What of it is whose, where strategies have budgets; what nobody has here is of the others. */
  readonly owners: ReadonlyMap<string, Decimal>
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
  /** The strategy with a budget of its own that it is for; null: the others. */
  readonly owner: string | null
}

export type MovedPosition = {
  readonly position: HeldPosition
  /** A sale that has come to its end. */
  readonly closed: ClosedTrade | null
  /** Of whom the fill was. */
  readonly parts: readonly SalePart[]
}

const noSale = { proceeds: Decimal.zero, cost: Decimal.zero }
const noOwners: ReadonlyMap<string, Decimal> = new Map()
const flat: HeldPosition = {
  quantity: Decimal.zero,
  lastFillPrice: Decimal.zero,
  cost: Decimal.zero,
  sale: noSale,
  owners: noOwners,
}
/** Costs of a part are a statistic for the protections; balances never see them. */
const costScale = 12

export function movePosition(before: HeldPosition | null, fill: PositionFill): MovedPosition {
  return fill.side === 'buy' ? bought(before, fill) : sold(before, fill)
}

function bought(before: HeldPosition | null, fill: PositionFill): MovedPosition {
  const { price, quantity, fee, owner } = fill
  const held = before ?? flat
  const received = quantity.minus(fee.base)
  return {
    position: {
      quantity: Decimal.max(Decimal.zero, held.quantity.plus(received)),
      lastFillPrice: price,
      cost: held.cost.plus(price.times(quantity)).plus(fee.quote),
      sale: held.sale,
      owners: owner === null ? held.owners : grown(held.owners, owner, received),
    },
    closed: null,
    parts: [{ name: owner ?? others, quantity }],
  }
}

/** What is sold beyond the position was owned before, and is none of its business. */
function sold(before: HeldPosition | null, fill: PositionFill): MovedPosition {
  const held = before ?? flat
  const ours = Decimal.min(held.quantity, fill.quantity)
  const parts = partsOfSale(held, fill.quantity, fill.owner ?? others)
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
      owners: shrunk(held.owners, parts, left),
    },
    closed: over ? tradeOf(sale, fill) : null,
    parts,
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

function grown(
  owners: ReadonlyMap<string, Decimal>,
  owner: string,
  quantity: Decimal,
): ReadonlyMap<string, Decimal> {
  return new Map(owners).set(owner, (owners.get(owner) ?? Decimal.zero).plus(quantity))
}

/** What is sold is taken from its owners; a fee in the base asset from the first that has some. */
function shrunk(
  owners: ReadonlyMap<string, Decimal>,
  parts: readonly SalePart[],
  left: Decimal,
): ReadonlyMap<string, Decimal> {
  if (owners.size === 0) return owners
  const after = new Map(owners)
  for (const { name, quantity } of parts) {
    const had = after.get(name)
    if (had !== undefined) after.set(name, had.minus(quantity))
  }
  for (const [name, quantity] of after) {
    const excess = sum(after.values()).minus(left)
    if (excess.isPositive()) after.set(name, Decimal.max(Decimal.zero, quantity.minus(excess)))
    if (after.get(name)!.isZero()) after.delete(name)
  }
  return after
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
export function writePosition(position: HeldPosition): Json {
  const { quantity, lastFillPrice, cost, sale, owners } = position
  if (quantity.isZero()) return null
  return {
    quantity: quantity.toString(),
    lastFillPrice: lastFillPrice.toString(),
    cost: cost.toString(),
    sale: { proceeds: sale.proceeds.toString(), cost: sale.cost.toString() },
    ...(owners.size === 0 ? {} : { owners: write(owners) }),
  }
}

type Written = {
  readonly quantity: string
  readonly lastFillPrice: string
  /** Not written by earlier versions: then it cost what it was last filled at. */
  readonly cost?: string
  readonly sale?: { readonly proceeds: string; readonly cost: string }
  readonly owners?: Readonly<Record<string, string>>
}

export function readPosition(value: Json): HeldPosition | null {
  if (value === null) return null
  const written = value as Written
  const quantity = Decimal.from(written.quantity)
  const lastFillPrice = Decimal.from(written.lastFillPrice)
  const { cost, sale, owners = {} } = written
  return {
    quantity,
    lastFillPrice,
    cost: cost === undefined ? quantity.times(lastFillPrice) : Decimal.from(cost),
    sale:
      sale === undefined
        ? noSale
        : { proceeds: Decimal.from(sale.proceeds), cost: Decimal.from(sale.cost) },
    owners: read(owners),
  }
}

export function positionOf(
  book: { readonly positions: ReadonlyMap<string, HeldPosition> },
  symbol: string,
): Decimal {
  return book.positions.get(symbol)?.quantity ?? Decimal.zero
}
