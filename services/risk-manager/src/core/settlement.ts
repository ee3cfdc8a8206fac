// What a fact about an order does to the book. A fact always applies: the venue is right, and a
// reservation that no longer fits what is there is made smaller, never the fact refused.
import type { Json } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import type { OrderLeg, Side } from '@flotilla/contracts'
import { assetsOf, fundsOf, type Book, type BookChange, type OpenReservation } from './book.ts'
import { moveCash, others, ownerStored } from './budgets.ts'
import { tradesKey, writeTrades } from './closed-trades.ts'
import { movePosition, positionKey, writePosition } from './position.ts'
import { remainingOf } from './reservation.ts'

export type OrderFact = {
  readonly symbol: string
  readonly side: Side
  readonly leg: OrderLeg
  readonly reservationId: string | null
  /** No further order will be sent for the reservation. */
  readonly endsReservation: boolean
  /** Of the whole order so far, as the venue counts. */
  readonly filledQuantity: Decimal
  readonly filledQuote: Decimal
  readonly at: number
  /** Why the reservation ends, for the record. */
  readonly reason: string
}

export type FillFact = OrderFact & {
  readonly price: Decimal
  readonly quantity: Decimal
  readonly fee: Decimal
  readonly feeAsset: string
  /** The last fill of its order. */
  readonly last: boolean
}

/** The book had less of an asset than a fill took: the ledger and the venue have drifted apart. */
export type Shortfall = { readonly asset: string; readonly amount: Decimal }

export type SettlementOutcome = {
  readonly changes: readonly BookChange[]
  readonly shortfalls: readonly Shortfall[]
}

export function settleFill(book: Book, fill: FillFact): SettlementOutcome {
  const flows = flowsOf(fill)
  const steps = fill.reservationId === null ? [] : spend(book, fill, flows)
  const { moves, shortfalls } = moveFunds(book, flows)
  const changes = [...steps, ...moves, ...positionChanges(book, fill, moves)]
  const all = [...changes, ...shrinkOvertaken(book, changes, fill.at)]
  return { changes: [...all, ...forgotten(book, all)], shortfalls }
}

/** The order is over without a fill of its own: what is left of the reservation is released, once. */
export function settleEnd(book: Book, fact: OrderFact): readonly BookChange[] {
  const reservation = openReservation(book, fact)
  if (reservation === null || !fact.endsReservation) return []
  const changes = end(reservation, fact)
  return [...changes, ...forgotten(book, changes)]
}

/** Whose a reservation was is known for as long as it is open. */
function forgotten(book: Book, changes: readonly BookChange[]): readonly BookChange[] {
  return changes.flatMap((change) => {
    if (change.kind !== 'reservation-ended') return []
    const { reservationId } = change
    return book.owners.has(reservationId) ? [ownerStored(book, reservationId, null)] : []
  })
}

/** More digits than any venue keeps of money: the price of a conversion is a quotient, the money is not. */
const MONEY_SCALE = 18

/** What a fill moves, by asset: price times quantity one way, the quantity the other, and the fee. */
function flowsOf(fill: FillFact): ReadonlyMap<string, Decimal> {
  const { base, quote } = assetsOf(fill.symbol)
  const notional = fill.price.times(fill.quantity).round(MONEY_SCALE, 'half-up')
  const buys = fill.side === 'buy'
  const flows = new Map([
    [quote, buys ? notional.negated() : notional],
    [base, buys ? fill.quantity : fill.quantity.negated()],
  ])
  if (!fill.fee.isZero()) {
    flows.set(fill.feeAsset, (flows.get(fill.feeAsset) ?? Decimal.zero).minus(fill.fee))
  }
  return flows
}

function spend(
  book: Book,
  fill: FillFact,
  flows: ReadonlyMap<string, Decimal>,
): readonly BookChange[] {
  const reservation = openReservation(book, fill)
  if (reservation === null) return []
  const flow = flows.get(reservation.asset) ?? Decimal.zero
  const used = flow.isNegative() ? flow.negated() : Decimal.zero
  const amount = Decimal.min(used, remainingOf(reservation))
  const after = { ...reservation, consumed: reservation.consumed.plus(amount) }
  const settled: BookChange[] = amount.isZero()
    ? []
    : [{ kind: 'reservation-settled', ...stepOf(reservation), amount }]
  if (remainingOf(after).isZero()) return [...settled, ended(after, 'settled', fill)]
  return fill.endsReservation ? [...settled, ...end(after, fill)] : settled
}

/**
 * Releases the rest. Messages can overtake each other after a retry: when the order's own total says
 * that more was filled than has been told here, that much stays set aside until its fill comes.
 */
function end(reservation: OpenReservation, fact: OrderFact): readonly BookChange[] {
  const total = fact.side === 'buy' ? fact.filledQuote : fact.filledQuantity
  const missing = total.minus(reservation.consumed)
  const rest = remainingOf(reservation)
  if (!missing.isPositive() || rest.isZero()) return [ended(reservation, 'released', fact)]
  if (missing.atLeast(rest)) return []
  return [{ kind: 'reservation-shrunk', ...stepOf(reservation), amount: rest.minus(missing) }]
}

function moveFunds(
  book: Book,
  flows: ReadonlyMap<string, Decimal>,
): { moves: readonly BookChange[]; shortfalls: readonly Shortfall[] } {
  const { account } = book.account
  const moves: BookChange[] = []
  const shortfalls: Shortfall[] = []
  for (const [asset, flow] of flows) {
    const after = fundsOf(book, asset).total.plus(flow)
    if (after.isNegative()) shortfalls.push({ asset, amount: after.negated() })
    const totalDelta = after.isNegative() ? flow.minus(after) : flow
    moves.push({ kind: 'balance-adjusted', account, asset, totalDelta })
  }
  return { moves, shortfalls }
}

function positionChanges(
  book: Book,
  fill: FillFact,
  moves: readonly BookChange[],
): readonly BookChange[] {
  const { symbol } = fill
  const { account } = book.account
  const { base, quote } = assetsOf(symbol)
  const feeIn = (asset: string) => (fill.feeAsset === asset ? fill.fee : Decimal.zero)
  const fee = { base: feeIn(base), quote: feeIn(quote) }
  const before = book.positions.get(symbol) ?? null
  const owner = ownerOf(book, fill)
  const { position, closed, parts } = movePosition(before, { ...fill, fee, owner })
  const ofQuote = quote === book.account.currency
  const cash = moveCash(book, currencyMoved(book, moves), ofQuote ? parts : [])
  const store = (key: string, value: Json): BookChange => {
    return { kind: 'memory-stored', agent: 'risk-manager', key, value }
  }
  const moved = store(positionKey(account, symbol), writePosition(position))
  if (closed === null) return [moved, ...cash]
  const trades = writeTrades(book.trades.get(symbol) ?? [], closed)
  return [moved, ...cash, store(tradesKey(account, symbol), trades)]
}

/** Null: of the others. */
function ownerOf(book: Book, { reservationId }: FillFact): string | null {
  const strategy = reservationId === null ? undefined : book.owners.get(reservationId)
  return strategy === undefined || strategy === others ? null : strategy
}

function currencyMoved(book: Book, moves: readonly BookChange[]): Decimal {
  let moved = Decimal.zero
  for (const change of moves) {
    if (change.kind !== 'balance-adjusted' || change.asset !== book.account.currency) continue
    moved = moved.plus(change.totalDelta)
  }
  return moved
}

/**
 * A sale that nobody reserved for (a stop that triggered) can take what an exit has set aside. The
 * newest reservations give way first: the oldest are the most likely to be at the venue already.
 */
function shrinkOvertaken(
  book: Book,
  changes: readonly BookChange[],
  at: number,
): readonly BookChange[] {
  const shrunk: BookChange[] = []
  for (const change of changes) {
    if (change.kind !== 'balance-adjusted' || !change.totalDelta.isNegative()) continue
    const { asset } = change
    const { total, reserved } = fundsOf(book, asset)
    const stillReserved = reserved.minus(takenFrom(changes, (each) => each.asset === asset))
    const excess = stillReserved.minus(total.plus(change.totalDelta))
    if (excess.isPositive()) shrunk.push(...giveWay(book, { asset, excess, changes, at }))
  }
  return shrunk
}

function giveWay(
  book: Book,
  need: { asset: string; excess: Decimal; changes: readonly BookChange[]; at: number },
): readonly BookChange[] {
  const shrunk: BookChange[] = []
  let excess = need.excess
  for (const reservation of [...book.reservations.values()].reverse()) {
    if (!excess.isPositive()) break
    if (reservation.asset !== need.asset) continue
    const id = reservation.reservationId
    const rest = remainingOf(reservation).minus(
      takenFrom(need.changes, (each) => each.reservationId === id),
    )
    const amount = Decimal.min(rest, excess)
    if (!amount.isPositive()) continue
    excess = excess.minus(amount)
    const step = { ...stepOf(reservation), amount }
    shrunk.push(
      amount.equals(rest)
        ? { kind: 'reservation-ended', state: 'released', ...step, ...overtaken, endedAt: need.at }
        : { kind: 'reservation-shrunk', ...step },
    )
  }
  return shrunk
}

const overtaken = { endReason: 'overtaken by another sale' } as const

function openReservation(book: Book, fact: OrderFact): OpenReservation | null {
  if (fact.reservationId === null) return null
  return book.reservations.get(fact.reservationId) ?? null
}

function stepOf(reservation: OpenReservation) {
  const { reservationId, account, asset } = reservation
  return { reservationId, account, asset }
}

function ended(
  reservation: OpenReservation,
  state: 'settled' | 'released',
  fact: OrderFact,
): BookChange {
  return {
    kind: 'reservation-ended',
    ...stepOf(reservation),
    state,
    amount: remainingOf(reservation),
    endedAt: fact.at,
    endReason: fact.reason,
  }
}

type Step = Extract<BookChange, { readonly reservationId: string }>

function takenFrom(changes: readonly BookChange[], where: (step: Step) => boolean): Decimal {
  let taken = Decimal.zero
  for (const change of changes) {
    if ('reservationId' in change && where(change)) taken = taken.plus(change.amount)
  }
  return taken
}
