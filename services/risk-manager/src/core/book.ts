// The book of one account: what it owns, what of it is set aside, what it holds as positions, and the
// newest prices. It is a fold of facts in the ledger's own words, so that a book rebuilt from the
// ledger is the same book.
//
// The book is changed in place. Whoever owns it (one mutex per account) hands it out for reading only;
// copying a hundred thousand open reservations for each fact would make every decision slow.
import assert from 'node:assert/strict'
import type { Account, LedgerChange, MemoryEntry, Reservation } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import type { SymbolRules } from '@flotilla/venue'
import { nextState, remainingOf } from './reservation.ts'
import { noStanding, recallStanding, type Standing } from './standing.ts'
import { readTrades, symbolOfTrades, type ClosedTrade } from './closed-trades.ts'
import { isBudget, readBudget, reservationOfOwner, type Budget } from './budgets.ts'
import type { Bar } from './history.ts'
import { noFitness, recallFitness, type MarketFitness } from './market-fitness.ts'
import { readPosition, symbolOfPosition, type HeldPosition } from './position.ts'
import { readTradingState, scopeOfTradingState, type TradingStateEntry } from './trading-state.ts'

export type Funds = { readonly total: Decimal; readonly reserved: Decimal }
export type OpenReservation = Reservation & { readonly symbol: string }
export type PriceQuote = {
  readonly price: Decimal
  readonly at: number
  readonly source: 'market' | 'market-store'
}

/** The offers of an order book, best first: price and quantity, as they came. */
export type Depth = {
  readonly asks: readonly (readonly [price: string, quantity: string])[]
  readonly at: number
}

export type Book = {
  readonly account: Account
  readonly funds: Map<string, Funds>
  /** Open ones only, in the order in which they were made. */
  readonly reservations: Map<string, OpenReservation>
  /** How many open reservations of money (entries on their way) a symbol has. */
  readonly openEntries: Map<string, number>
  /** What is still set aside for them. */
  readonly entryMoney: Map<string, Decimal>
  readonly positions: Map<string, HeldPosition>
  /** The newest sales of each symbol, oldest first. */
  readonly trades: Map<string, readonly ClosedTrade[]>
  /** Null without budgets of strategies. */
  budget: Budget | null
  /** Whose budget an open reservation is from, and what is set aside of each. */
  readonly owners: Map<string, string>
  readonly budgetReserved: Map<string, Decimal>
  /** By symbol; the account's own under `*`. */
  readonly tradingStates: Map<string, TradingStateEntry>
  standing: Standing
  readonly fitness: MarketFitness
  /** Not of the ledger: known anew after each start. */
  readonly prices: Map<string, PriceQuote>
  readonly rules: Map<string, SymbolRules>
  readonly histories: Map<string, Bar[]>
  readonly depths: Map<string, Depth>
}

/** The ledger's word for a new reservation does not name the symbol; the book needs it. */
type ReservationHeld = Extract<LedgerChange, { kind: 'reservation-held' }> & {
  readonly reservation: OpenReservation
}
export type BookChange =
  | ReservationHeld
  | Extract<
      LedgerChange,
      {
        kind:
          | 'balance-adjusted'
          | 'reservation-settled'
          | 'reservation-shrunk'
          | 'reservation-ended'
          | 'memory-stored'
      }
    >

export type BookSnapshot = {
  readonly account: Account
  readonly balances: readonly { asset: string; total: Decimal; reserved: Decimal }[]
  readonly reservations: readonly OpenReservation[]
  readonly memory: readonly MemoryEntry[]
}

/** What the market says is no fact of the ledger: a rebuilt book keeps what the one before knew. */
export function createBook(snapshot: BookSnapshot, before?: Book): Book {
  const { prices, rules, histories, depths } = before ?? unknownMarket()
  const book: Book = {
    account: snapshot.account,
    funds: new Map(),
    reservations: new Map(),
    openEntries: new Map(),
    entryMoney: new Map(),
    positions: new Map(),
    trades: new Map(),
    budget: null,
    owners: new Map(),
    budgetReserved: new Map(),
    tradingStates: new Map(),
    standing: noStanding,
    fitness: noFitness(),
    prices,
    rules,
    histories,
    depths,
  }
  for (const { asset, total, reserved } of snapshot.balances) {
    book.funds.set(asset, { total, reserved })
  }
  // Whose a reservation is must be known before it is added up.
  for (const { key, value } of snapshot.memory) remember(book, key, value)
  for (const reservation of snapshot.reservations) addReservation(book, reservation)
  return book
}

/**
 * Applies all changes of one unit of work. A unit that leaves 0 <= reserved <= total broken for any
 * asset is a programmer's error: it throws, and the book must be thrown away.
 */
export function applyAll(book: Book, changes: readonly BookChange[]): void {
  for (const change of changes) apply(book, change)
  for (const change of changes) {
    if (change.kind === 'memory-stored') continue
    const asset = change.kind === 'reservation-held' ? change.reservation.asset : change.asset
    const { total, reserved } = fundsOf(book, asset)
    assert(
      !reserved.isNegative() && reserved.atMost(total),
      `${asset}: reserved ${reserved.toString()} of ${total.toString()}`,
    )
  }
}

export function fundsOf(book: Book, asset: string): Funds {
  return book.funds.get(asset) ?? noFunds
}

export function availableOf(book: Book, asset: string): Decimal {
  const { total, reserved } = fundsOf(book, asset)
  return total.minus(reserved)
}

/** A newer price replaces an older one; a late candle does not. */
export function notePrice(book: Book, symbol: string, quote: PriceQuote): void {
  const known = book.prices.get(symbol)
  if (known === undefined || known.at < quote.at) book.prices.set(symbol, quote)
}

/**
 * What the venue says of all its symbols now. One that it lists no more is not traded there: it takes no
 * entries, and what is held of it can still be sold by the rules that were known.
 */
export function noteRules(book: Book, rules: readonly SymbolRules[]): void {
  const listed = new Set(rules.map(({ symbol }) => symbol))
  for (const [symbol, known] of book.rules) {
    if (!listed.has(symbol)) book.rules.set(symbol, { ...known, status: 'halted' })
  }
  for (const each of rules) book.rules.set(each.symbol, each)
}

type Assets = { readonly base: string; readonly quote: string }

/** Asked for several times in each decision: a symbol is taken apart once. */
const takenApart = new Map<string, Assets>()

export function assetsOf(symbol: string): Assets {
  const known = takenApart.get(symbol)
  if (known !== undefined) return known
  const [base = '', quote = ''] = symbol.split('/')
  const assets = { base, quote }
  takenApart.set(symbol, assets)
  return assets
}

function unknownMarket(): Pick<Book, 'prices' | 'rules' | 'histories' | 'depths'> {
  return { prices: new Map(), rules: new Map(), histories: new Map(), depths: new Map() }
}

const noFunds: Funds = { total: Decimal.zero, reserved: Decimal.zero }

function apply(book: Book, change: BookChange): void {
  switch (change.kind) {
    case 'balance-adjusted':
      move(book, change.asset, { total: change.totalDelta })
      return
    case 'reservation-held':
      assert(!book.reservations.has(change.reservation.reservationId), 'reserved twice')
      addReservation(book, change.reservation)
      move(book, change.reservation.asset, { reserved: change.reservation.amount })
      return
    case 'reservation-settled':
    case 'reservation-shrunk':
    case 'reservation-ended':
      applyStep(book, change)
      return
    case 'memory-stored':
      remember(book, change.key, change.value)
  }
}

type ReservationChange = Extract<
  BookChange,
  { kind: 'reservation-settled' | 'reservation-shrunk' | 'reservation-ended' }
>

function applyStep(book: Book, change: ReservationChange): void {
  const reservation = book.reservations.get(change.reservationId)
  assert(reservation !== undefined, `no open reservation ${change.reservationId}`)
  const rest = remainingOf(reservation)
  assert(change.amount.atMost(rest), `more than the reservation's rest ${rest.toString()}`)
  if (change.kind === 'reservation-ended') {
    nextState(reservation.state, change.state === 'settled' ? 'exhaust' : 'release')
    assert(change.amount.equals(rest), 'an end releases exactly what is left')
    removeReservation(book, reservation)
  } else if (change.kind === 'reservation-settled') {
    const state = nextState(reservation.state, 'settle')
    const consumed = reservation.consumed.plus(change.amount)
    book.reservations.set(change.reservationId, { ...reservation, state, consumed })
  } else {
    const state = nextState(reservation.state, 'shrink')
    const amount = reservation.amount.minus(change.amount)
    book.reservations.set(change.reservationId, { ...reservation, state, amount })
  }
  if (isEntry(reservation)) moveEntryMoney(book, reservation, change.amount.negated())
  move(book, change.asset, { reserved: change.amount.negated() })
}

function move(book: Book, asset: string, delta: { total?: Decimal; reserved?: Decimal }): void {
  const { total, reserved } = fundsOf(book, asset)
  book.funds.set(asset, {
    total: delta.total === undefined ? total : total.plus(delta.total),
    reserved: delta.reserved === undefined ? reserved : reserved.plus(delta.reserved),
  })
}

function addReservation(book: Book, reservation: OpenReservation): void {
  book.reservations.set(reservation.reservationId, reservation)
  if (!isEntry(reservation)) return
  countEntry(book, reservation.symbol, 1)
  moveEntryMoney(book, reservation, remainingOf(reservation))
}

function removeReservation(book: Book, reservation: OpenReservation): void {
  book.reservations.delete(reservation.reservationId)
  if (isEntry(reservation)) countEntry(book, reservation.symbol, -1)
}

/** Money is set aside for an entry, inventory for an exit. */
function isEntry(reservation: OpenReservation): boolean {
  return reservation.asset === assetsOf(reservation.symbol).quote
}

function countEntry(book: Book, symbol: string, delta: number): void {
  const count = (book.openEntries.get(symbol) ?? 0) + delta
  if (count === 0) book.openEntries.delete(symbol)
  else book.openEntries.set(symbol, count)
}

function moveEntryMoney(book: Book, reservation: OpenReservation, delta: Decimal): void {
  addTo(book.entryMoney, reservation.symbol, delta)
  const owner = book.owners.get(reservation.reservationId)
  const ofCurrency = reservation.asset === book.account.currency
  if (owner !== undefined && ofCurrency) addTo(book.budgetReserved, owner, delta)
}

function addTo(amounts: Map<string, Decimal>, name: string, delta: Decimal): void {
  const amount = (amounts.get(name) ?? Decimal.zero).plus(delta)
  if (amount.isZero()) amounts.delete(name)
  else amounts.set(name, amount)
}

function remember(book: Book, key: string, value: MemoryEntry['value']): void {
  const symbol = symbolOfPosition(book.account.account, key)
  if (symbol !== null) {
    const position = readPosition(value)
    if (position === null) book.positions.delete(symbol)
    else book.positions.set(symbol, position)
  }
  book.standing = recallStanding(book, key, value)
  const traded = symbolOfTrades(book.account.account, key)
  if (traded !== null) book.trades.set(traded, readTrades(traded, value))
  rememberBudget(book, key, value)
  recallFitness(book, key, value)
  const scope = scopeOfTradingState(book.account.account, key)
  if (scope !== null) {
    const entry = readTradingState(value)
    if (entry === null) book.tradingStates.delete(scope)
    else book.tradingStates.set(scope, entry)
  }
}

function rememberBudget(book: Book, key: string, value: MemoryEntry['value']): void {
  const { account } = book.account
  if (isBudget(account, key)) book.budget = readBudget(value)
  const reservationId = reservationOfOwner(account, key)
  if (reservationId === null) return
  if (typeof value === 'string') book.owners.set(reservationId, value)
  else book.owners.delete(reservationId)
}
