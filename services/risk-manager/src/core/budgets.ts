// The account's money as sub-ledgers of strategies: what each was given, less what it spent, plus what
// its sales brought in. They always sum to what the account owns of its currency. Whoever is not named
// shares what is left. Without configured budgets there are none, and nothing is written.
import type { Json } from '@flotilla/ledger'
import { Decimal, sum } from '@flotilla/money'
import type { Book, BookChange } from './book.ts'
import type { HeldPosition } from './position.ts'

/** The sub-ledger of all strategies that have none of their own. */
export const others = '*'

export type Budget = {
  /** As they were configured when the money was divided. */
  readonly shares: ReadonlyMap<string, Decimal>
  /** Less than nothing where holdings are worth more than the share. */
  readonly cash: ReadonlyMap<string, Decimal>
}

export type BudgetFunds = {
  readonly name: string
  readonly cash: Decimal
  /** Set aside for its entries on their way. */
  readonly reserved: Decimal
}

/** Null where no money has been divided. */
export function budgetOf(book: Book, strategy: string): BudgetFunds | null {
  if (book.budget === null) return null
  const name = book.budget.cash.has(strategy) ? strategy : others
  const cash = book.budget.cash.get(name) ?? Decimal.zero
  return { name, cash, reserved: book.budgetReserved.get(name) ?? Decimal.zero }
}

/** What a strategy holds of a position; the rest of it is of the others. */
export function ownedBy({ quantity, owners }: HeldPosition, name: string): Decimal {
  if (name !== others) return owners.get(name) ?? Decimal.zero
  return quantity.minus(sum(owners.values()))
}

/**
 * Divides the account by its shares, holdings counted, when the shares are not those of before. What
 * rounding leaves is of the others: the parts are the whole.
 */
export function divide(
  book: Book,
  shares: ReadonlyMap<string, Decimal>,
  worth: (symbol: string, quantity: Decimal) => Decimal,
): readonly BookChange[] {
  if (sameShares(book.budget?.shares ?? new Map(), shares)) return []
  if (shares.size === 0) return [stored(book, null)]
  const { currency } = book.account
  const total = book.funds.get(currency)?.total ?? Decimal.zero
  const held = [...book.positions].map(([symbol, position]) => ({ symbol, position }))
  const holdings = (name: string) =>
    sum(held.map(({ symbol, position }) => worth(symbol, ownedBy(position, name))))
  const value = total.plus(
    sum(held.map(({ symbol, position }) => worth(symbol, position.quantity))),
  )
  const cash = new Map<string, Decimal>()
  for (const [name, share] of shares) {
    cash.set(name, value.times(share).round(cashScale, 'down').minus(holdings(name)))
  }
  cash.set(others, total.minus(sum(cash.values())))
  return [stored(book, { shares, cash })]
}

/** Enough for any money; what is finer goes to the others. */
const cashScale = 8

export type SalePart = { readonly name: string; readonly quantity: Decimal }

/** Of whom a sold quantity was: of the seller first, then of the others, then of who has some. */
export function partsOfSale(
  position: HeldPosition,
  quantity: Decimal,
  seller: string,
): readonly SalePart[] {
  const parts: SalePart[] = []
  let left = quantity
  for (const name of new Set([seller, others, ...position.owners.keys()])) {
    const part = Decimal.min(left, ownedBy(position, name))
    if (!part.isPositive()) continue
    parts.push({ name, quantity: part })
    left = left.minus(part)
  }
  return left.isPositive() ? [...parts, { name: others, quantity: left }] : parts
}

/** Moves what a fill moved of the account's currency, part by part, and not a digit more or less. */
export function moveCash(
  book: Book,
  delta: Decimal,
  parts: readonly SalePart[],
): readonly BookChange[] {
  const { budget } = book
  if (budget === null || delta.isZero()) return []
  const cash = new Map(budget.cash)
  const quantity = sum(parts.map((part) => part.quantity))
  let left = delta
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1
    const moved = last ? left : partOf(delta, part.quantity, quantity)
    left = left.minus(moved)
    add(cash, part.name, moved)
  }
  if (!left.isZero()) add(cash, others, left)
  return [stored(book, { ...budget, cash })]
}

function partOf(delta: Decimal, part: Decimal, whole: Decimal): Decimal {
  return delta.times(part).dividedBy(whole, cashScale, 'down')
}

function add(cash: Map<string, Decimal>, strategy: string, delta: Decimal): void {
  const name = cash.has(strategy) ? strategy : others
  cash.set(name, (cash.get(name) ?? Decimal.zero).plus(delta))
}

function sameShares(
  one: ReadonlyMap<string, Decimal>,
  other: ReadonlyMap<string, Decimal>,
): boolean {
  if (one.size !== other.size) return false
  return [...one].every(([name, share]) => other.get(name)?.equals(share) === true)
}

const key = (account: string): string => `budget/${account}`
const ownerPrefix = (account: string): string => `owner/${account}/`

export function isBudget(account: string, name: string): boolean {
  return name === key(account)
}

function stored(book: Book, budget: Budget | null): BookChange {
  const value = budget === null ? null : { shares: write(budget.shares), cash: write(budget.cash) }
  return { kind: 'memory-stored', agent: 'risk-manager', key: key(book.account.account), value }
}

export function readBudget(value: Json): Budget | null {
  if (value === null) return null
  const { shares, cash } = value as Record<'shares' | 'cash', Record<string, string>>
  return { shares: read(shares), cash: read(cash) }
}

export function write(amounts: ReadonlyMap<string, Decimal>): Record<string, string> {
  return Object.fromEntries([...amounts].map(([name, amount]) => [name, amount.toString()]))
}

export function read(amounts: Readonly<Record<string, string>>): ReadonlyMap<string, Decimal> {
  return new Map(Object.entries(amounts).map(([name, text]) => [name, Decimal.from(text)]))
}

/** Whose a reservation is, for as long as it is open; null forgets it. */
export function ownerStored(
  book: Book,
  reservationId: string,
  strategy: string | null,
): BookChange {
  const name = `${ownerPrefix(book.account.account)}${reservationId}`
  return { kind: 'memory-stored', agent: 'risk-manager', key: name, value: strategy }
}

/** Null when the key is not that of an owner. */
export function reservationOfOwner(account: string, name: string): string | null {
  const prefix = ownerPrefix(account)
  return name.startsWith(prefix) ? name.slice(prefix.length) : null
}
