// A restart: the desk is built from what the ledger knows, and every order that may still be alive
// at the venue is asked about at once.
import { foldTrades, type OpenTrade } from '@flotilla/journal'
import type { Fill, Order, Position } from '@flotilla/ledger'
import {
  emptyDesk,
  subjectOf,
  type Desk,
  type Market,
  type Settings,
  type Ticket,
  type Watch,
} from './desk.ts'
import type { ClosedMarket } from './closed-market.ts'
import type { Exits } from './exits.ts'
import type { Halt } from './halt.ts'
import { toldOf } from './journal.ts'
import { isWorking } from './order-life.ts'
import { termsOf } from './terms.ts'
import { GIVEN_UP_MS } from './work.ts'

export type Records = {
  /** Orders of the symbol, oldest first: all that are open, the newest of the others, and of those that were given up. */
  readonly orders: readonly Order[]
  /** Fills of those orders. */
  readonly fills: readonly Fill[]
  readonly position: Position | null
  /** Why the symbol is halted; null when it is not. */
  readonly halted: Halt | null
  /** Since when the venue did not trade it when we last looked; null when it did. */
  readonly closed: ClosedMarket | null
  readonly exits: Exits | null
  readonly trade: OpenTrade | null
  /** The trade up to which all fills of the symbol are recorded; null when that is not known. */
  readonly fillsThrough: string | null
  /** Whether the journal knew of the symbol before: then what it does not know is no trade. */
  readonly isJournaled: boolean
}

export function recoverDesk(
  options: { readonly market: Market; readonly settings: Settings; readonly records: Records },
  now: number,
): Desk {
  const { market, settings, records } = options
  const tickets = new Map(
    records.orders.map((order) => [order.clientOrderId, storedTicket(order, records.fills)]),
  )
  return {
    ...emptyDesk(market, settings),
    tickets,
    position: withNewDeadline(records.position, now),
    halted: records.halted,
    closed: records.closed,
    exits: records.exits,
    trade: records.isJournaled ? records.trade : tradeOf(market, [...tickets.values()], records),
    owner: ownerOf([...tickets.values()]),
    attempts: attemptsOf(records.orders),
    watches: watchesOf(records.orders, now),
    unsureUntil: now + settings.fillMarginMs,
    sweptUntil: lastKnownOf(records, now),
    fillsThrough: records.fillsThrough,
  }
}

/** A position that was opened before there was a journal: as much of its trade as is known. */
function tradeOf(
  { rules }: Market,
  tickets: readonly Ticket[],
  { fills, position }: Records,
): OpenTrade | null {
  const openedAt = position?.openedAt ?? null
  if (openedAt === null || position?.protection?.state === 'dust') return null
  const byName = new Map(tickets.map((ticket) => [ticket.order.clientOrderId, ticket]))
  const told = fills.flatMap((fill) => {
    const ticket = byName.get(fill.clientOrderId)
    return ticket === undefined || fill.filledAt < openedAt ? [] : [toldOf(ticket, fill)]
  })
  return foldTrades(told, { assets: rules }).open
}

/** While nobody was there nobody could protect: the time without protection counts from now. */
function withNewDeadline(position: Position | null, now: number): Position | null {
  const protection = position?.protection
  if (position === null || protection?.state !== 'unprotected') return position
  return { ...position, protection: { ...protection, since: now } }
}

export function storedTicket(order: Order, fills: readonly Fill[]): Ticket {
  const own = fills.filter(({ clientOrderId }) => clientOrderId === order.clientOrderId)
  const trades = new Set(own.map(({ tradeId }) => tradeId))
  return { order, terms: termsOf(order), trades, seen: null, stored: true }
}

/** Every leg but an exit belongs to the entry that the position goes back to. */
function ownerOf(tickets: readonly Ticket[]): Desk['owner'] {
  let owner: Desk['owner'] = null
  for (const { order, terms } of tickets) {
    if (order.leg === 'exit') continue
    if (order.leg === 'entry' && !order.filledQuantity.isPositive()) continue
    const cause = { messageId: terms.causeId, correlationId: order.correlationId }
    owner = { intentId: order.intentId, cause }
  }
  return owner
}

function attemptsOf(orders: readonly Order[]): Map<string, number> {
  const attempts = new Map<string, number>()
  for (const { intentId, leg, attempt } of orders) {
    const named = leg === 'stop-loss' || leg === 'take-profit' ? 'protection' : leg
    const key = `${intentId}:${named}`
    attempts.set(key, Math.max(attempts.get(key) ?? 0, attempt))
  }
  return attempts
}

/** The process that died may have sent its requests until the very end: the time counts from now. */
function watchesOf(orders: readonly Order[], now: number): Map<string, Watch> {
  const watches = new Map<string, Watch>()
  for (const order of orders) {
    if (!isWorking(order.state)) continue
    const cleanAt = Math.min(order.submittedAt ?? order.createdAt, order.updatedAt)
    const fresh = { asks: 0, askedAt: null, toldAt: null, notFound: 0, notFoundAt: null }
    watches.set(subjectOf(order), { ...fresh, nextAt: now, sentBefore: now, cleanAt })
  }
  return watches
}

/**
 * By our clock: fills after the beginning of the oldest order that still works, or that was given up lately and may
 * have landed all the same, or after the last change of any, were missed.
 */
function lastKnownOf({ orders }: Records, now: number): number {
  if (orders.length === 0) return now
  const changedAt = Math.max(...orders.map(({ updatedAt }) => updatedAt))
  const open = orders.filter(
    ({ state, updatedAt }) =>
      isWorking(state) || (state === 'not-placed' && changedAt - updatedAt <= GIVEN_UP_MS),
  )
  const starts = open.map(({ createdAt }) => createdAt)
  return starts.length === 0 ? changedAt : Math.min(...starts)
}
