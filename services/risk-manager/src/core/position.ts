// What is held of a symbol because we bought it, told apart from what the account owned before: only
// a position is sold by a strategy's exit and counts as exposure. It is the sum of the fills, kept as
// a value in the ledger's memory and written in the same unit of work as the fill that moved it.
import type { Json } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'

export type HeldPosition = {
  readonly quantity: Decimal
  /** Of the last fill: values the position as long as no market price is known. */
  readonly lastFillPrice: Decimal
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
  if (position.quantity.isZero()) return null
  return {
    quantity: position.quantity.toString(),
    lastFillPrice: position.lastFillPrice.toString(),
  }
}

export function readPosition(value: Json): HeldPosition | null {
  if (value === null) return null
  const { quantity, lastFillPrice } = value as { quantity: string; lastFillPrice: string }
  return { quantity: Decimal.from(quantity), lastFillPrice: Decimal.from(lastFillPrice) }
}

export function positionOf(
  book: { readonly positions: ReadonlyMap<string, HeldPosition> },
  symbol: string,
): Decimal {
  return book.positions.get(symbol)?.quantity ?? Decimal.zero
}
