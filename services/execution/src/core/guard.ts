// Protection is a part of the entry's life. After every step the guard looks at what is held, what
// rests at the venue and what is on its way, and does the next thing: place, replace, cancel, sell.
// It works from the state alone, so it does not matter which event, or which restart, led there.
import type { Order } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { close, type Why } from './close.ts'
import { sayProtectionFailed } from './conclude.ts'
import { isTime, retryAfter } from './retry.ts'
import { convertDust, goesByConversion } from './convert.ts'
import { calm, subjectOf, type Owner, type Ticket } from './desk.ts'
import { dropExits, dueRung, superviseExits } from './exits.ts'
import { isDoubtful, isWorking } from './order-life.ts'
import { isDust, sellableOf } from './position.ts'
import {
  exitPrice,
  sendExit,
  sendFlatten,
  sendProtection,
  sendRung,
  stopLimitPrice,
} from './send.ts'
import { superviseProtection, watchOver } from './supervise.ts'
import {
  callVenue,
  dueExitOf,
  EXIT,
  hasWorkingEntry,
  heldOf,
  isAttachedExit,
  isClosing,
  isUnsettled,
  keepProtection,
  liveProtectionOf,
  modeOf,
  note,
  protectionOf,
  ticketsOfSubject,
  workingSaleOf,
  type Work,
} from './work.ts'

export function guard(work: Work): void {
  closeWhatCameLate(work)
  const resting = liveProtectionOf(work)
  noteWhatIsGone(work, resting)
  // What is being sold decides what is left to protect.
  if (workingSaleOf(work) !== null) return
  if (dueExitOf(work) === null && !isClosing(work)) {
    superviseProtection(work, resting)
    if (!isClosing(work)) superviseExits(work)
    keepOrSellPart(work, resting)
  }
  if (dueExitOf(work) !== null || isClosing(work)) sell(work, resting)
  convertDust(work)
}

/** What an entry brought that was given up for lost, or that another life had sent, when all was sold. */
function closeWhatCameLate(work: Work): void {
  if (work.flattened === null || isClosing(work) || isTooLittle(work)) return
  close(work, { code: 'flatten_commanded', reason: work.flattened, failed: false })
}

function keepOrSellPart(work: Work, resting: readonly Ticket[]): void {
  if (isClosing(work)) return
  const part = dueRung(work)
  if (part === null) protect(work, resting)
  else if (resting.length > 0) takeAway(work, resting)
  else if (!hasUnsettledSale(work) && work.barred === null) sendRung(work, part)
}

/** From the moment the resting orders are gone the time without protection counts. */
function noteWhatIsGone(work: Work, resting: readonly Ticket[]): void {
  const { state, listId } = protectionOf(work)
  // Where nothing rests at the venue nothing can be gone.
  if (resting.length > 0 || state !== 'protected' || listId === null) return
  const gone = { quantity: Decimal.zero, listId: null, since: work.now, reason: null }
  const held = heldOf(work).quantity.isPositive()
  keepProtection(work, { state: held ? 'unprotected' : 'none', ...gone })
  const lost = held && work.takingAway !== listId ? lostLegOf(work, listId) : null
  if (lost !== null) sayLost(work, lost, listId)
}

function sayLost(work: Work, { order }: Ticket, about: string): void {
  const code = order.reason ?? 'gone'
  const reason = `${order.leg} ended by the venue: ${code}`
  keepProtection(work, { reason })
  if (work.owner === null) return
  const leg = order.leg === 'take-profit' ? 'take-profit' : 'stop-loss'
  const failure = { leg, attempts: 1, code, reason, action: 'retrying', about } as const
  sayProtectionFailed(work, work.owner.cause, failure)
}

/** The leg that the venue ended by itself; none when one of them has sold. */
function lostLegOf(work: Work, listId: string): Ticket | null {
  const legs = ticketsOfSubject(work, listId)
  if (legs.some(({ order }) => order.filledQuantity.isPositive())) return null
  const rejected = legs.find(({ order }) => order.state === 'rejected')
  return rejected ?? legs[0] ?? null
}

/** Sells only when nothing rests that could sell the same, and when it is known what that sold. */
function sell(work: Work, resting: readonly Ticket[]): void {
  if (!isClosing(work)) keepProtection(work, { state: 'closing', reason: EXIT })
  if (resting.length > 0) {
    takeAway(work, resting)
    return
  }
  if (hasUnsettledSale(work) || !isTime(work, work.selling)) return
  const due = dueExitOf(work)
  if (due === null) {
    flatten(work)
    return
  }
  if (goesByConversion(work, due)) return
  sendExit(work, due)
  // An exit that ended without an order leaves the position to its protection.
  if (workingSaleOf(work) === null) guard(work)
}

function flatten(work: Work): void {
  if (isTooLittle(work)) {
    // An entry that is still in doubt may yet bring something to close.
    if (!hasWorkingEntry(work)) endProtection(work)
    return
  }
  if (work.owner === null) {
    note(work, 'position without an owner cannot be closed', {
      level: 'error',
      symbol: work.market.symbol,
    })
    return
  }
  sendFlatten(work, work.owner)
}

function hasUnsettledSale(work: Work): boolean {
  return [...work.tickets.values()].some(
    (ticket) => ticket.order.side === 'sell' && isUnsettled(ticket),
  )
}

/** Cancels what rests. Canceling twice does no harm, so it is repeated until the end is known. */
function takeAway(work: Work, resting: readonly Ticket[]): void {
  const { order } = resting[0]!
  const subject = subjectOf(order)
  const busy = work.pending.has(`place:${subject}`) || work.pending.has(`cancel:${subject}`)
  if (busy || !isTime(work, work.canceling)) return
  work.canceling = retryAfter(work, work.canceling)
  work.takingAway = subject
  const key = `cancel:${subject}`
  if (order.listId === null) {
    const { clientOrderId, venueOrderId } = order
    callVenue(work, { kind: 'cancel-order', key, clientOrderId, venueOrderId })
  } else {
    callVenue(work, { kind: 'cancel-protection', key, listId: order.listId })
  }
}

function protect(work: Work, resting: readonly Ticket[]): void {
  if (hasUnsettledSale(work)) return
  if (resting.length > 0) {
    if (!waitsForEntry(work, resting)) checkCover(work, resting)
    return
  }
  if (isTooLittle(work)) {
    endProtection(work)
    return
  }
  const { stop } = protectionOf(work)
  if (stop === null || work.owner === null) leaveBare(work)
  else if (modeOf(work) === 'supervised') watchOver(work)
  else if (isTooLittleAt(work, stop)) closeWhatNoStopTakes(work)
  else place(work, work.owner, stop)
}

/** Exits that an entry brings along come to life with it: until then nothing is held. */
function waitsForEntry(work: Work, resting: readonly Ticket[]): boolean {
  const { listId } = resting[0]!.order
  if (listId === null || !isTooLittle(work)) return false
  return ticketsOfSubject(work, listId).some(
    ({ order }) => order.leg === 'entry' && isWorking(order.state),
  )
}

/** Its answer is missing, or it waits at the venue for the entry that it came with. */
function isNotSureToRest({ order, seen }: Ticket): boolean {
  return isDoubtful(order.state) || seen?.status === 'pending'
}

/** The entry is filled and its exits are not seen at work yet: the time without protection counts. */
function noteBareBracket(work: Work, resting: readonly Ticket[]): void {
  if (!resting.some(({ seen }) => seen?.status === 'pending')) return
  if (protectionOf(work).state !== 'none') return
  keepProtection(work, { state: 'unprotected', since: work.now, reason: null })
}

function place(work: Work, owner: Owner, stop: Decimal): void {
  if (protectionOf(work).state !== 'unprotected') {
    keepProtection(work, { state: 'unprotected', since: work.now, reason: null })
  }
  const why = reasonAfterAttempts(work) ?? reasonInPrice(work, stop)
  if (why !== null) close(work, why)
  else if (isBeingFilled(work)) return
  else if (isTime(work, work.protecting)) sendProtection(work, owner, stop)
}

/** The stream tells fill by fill, a moment before the answer tells all: one protection is for all of them. */
function isBeingFilled(work: Work): boolean {
  return [...work.tickets.values()].some(
    ({ order }) =>
      order.leg === 'entry' &&
      isWorking(order.state) &&
      work.pending.has(`place:${order.clientOrderId}`),
  )
}

function isTooLittle(work: Work): boolean {
  return isDust(heldOf(work).quantity, work.price?.value ?? null, work.market.rules)
}

/** Venues judge the smallest value of a stop at its own price. */
function isTooLittleAt(work: Work, stop: Decimal): boolean {
  const limited = modeOf(work) === 'stop-limit'
  const price = limited ? stopLimitPrice(work, stop) : exitPrice(work, stop)
  return isDust(heldOf(work).quantity, price, work.market.rules)
}

/** It can be sold and not protected: better out than bare. Without a price nobody knows the former. */
function closeWhatNoStopTakes(work: Work): void {
  if (work.price === null) return
  const reason = `${heldOf(work).quantity.toString()} is too little for a stop`
  close(work, { code: 'too_little_to_protect', reason, failed: false })
}

/** The resting orders must cover exactly what can be sold: more would be refused, less is naked. */
function checkCover(work: Work, resting: readonly Ticket[]): void {
  const first = resting[0]!.order
  if (resting.some(isNotSureToRest)) {
    noteBareBracket(work, resting)
    const why = protectionOf(work).state === 'unprotected' ? reasonToGiveUp(work) : null
    if (why !== null) close(work, why)
    return
  }
  const sold = resting.reduce((total, { order }) => total.plus(order.filledQuantity), Decimal.zero)
  const covered = first.quantity.minus(sold)
  const wanted = sellableOf(heldOf(work).quantity, work.market.rules)
  // A target that is filled in part has ended the stop beside it, and rests on alone.
  const stops = resting.some(({ order }) => order.leg === 'stop-loss')
  const bare = wanted.isPositive() && !stops
  const fits = covered.equals(wanted) || isShortByDust(work, first, wanted.minus(covered))
  if (bare || !fits || resting.some((ticket) => isAtOtherPrice(work, ticket))) {
    takeAway(work, resting)
    return
  }
  if (!covered.isPositive()) return
  const listId = subjectOf(first)
  keepProtection(work, { state: 'protected', quantity: covered, listId, reason: null })
  work.protecting = calm
  work.canceling = calm
}

/** Exits that came with an entry are for what that received, and not for the dust that was held before. */
function isShortByDust(work: Work, order: Order, rest: Decimal): boolean {
  const price = work.price?.value ?? null
  return rest.isPositive() && isAttachedExit(work, order) && isDust(rest, price, work.market.rules)
}

/** A stop that has moved, by a trailing or by a newer entry, is placed anew. */
function isAtOtherPrice(work: Work, { order }: Ticket): boolean {
  const { stop, takeProfit } = protectionOf(work)
  if (order.leg !== 'stop-loss' || stop === null) {
    return takeProfit !== null && order.price?.equals(exitPrice(work, takeProfit)) === false
  }
  return order.stopPrice?.equals(exitPrice(work, stop)) === false
}

function endProtection(work: Work): void {
  const dust = heldOf(work).quantity.isPositive()
  if (protectionOf(work).state === (dust ? 'dust' : 'none')) return
  // Dust keeps its prices: together with the next entry it may be worth protecting again.
  const prices = dust ? {} : { stop: null, takeProfit: null }
  const bare = { ...prices, quantity: Decimal.zero, listId: null, since: work.now }
  keepProtection(work, { state: dust ? 'dust' : 'none', ...bare, reason: null })
  if (!dust) dropExits(work)
  work.protecting = calm
  work.selling = calm
  work.canceling = calm
}

function leaveBare(work: Work): void {
  const reason = work.owner === null ? 'no_owner' : 'no_stop_wanted'
  if (protectionOf(work).reason === reason) return
  keepProtection(work, { state: 'unprotected', since: work.now, reason })
  note(work, 'position is held without protection', {
    symbol: work.market.symbol,
    reason,
  })
}

/** The time is up only for what was tried: after an outage a first attempt comes before the end. */
function reasonAfterAttempts(work: Work): Why | null {
  return work.protecting.failures > 0 ? reasonToGiveUp(work) : null
}

/**
 * Where the venue trades nothing, or nothing with our key, nothing is proved by what it refuses, and nothing could
 * be sold either.
 */
function reasonToGiveUp(work: Work): Why | null {
  const { now, settings, protecting, position } = work
  if (work.closed !== null || work.barred !== null) return null
  if (protecting.failures >= settings.protectionAttemptsMax) {
    const reason = `${protecting.failures} attempts to protect the position failed`
    return { code: 'protection_refused', reason, failed: true }
  }
  const since = position?.protection?.since ?? now
  if (now - since < settings.protectionDeadlineMs) return null
  const reason = `not protected within ${settings.protectionDeadlineMs} ms`
  return { code: 'protection_deadline', reason, failed: true }
}

function reasonInPrice(work: Work, stop: Decimal): Why | null {
  const { settings, price } = work
  if (price === null || work.now - price.at > settings.priceFreshMs) return null
  const last = price.value
  if (last.atMost(stop)) {
    const reason = `the price ${last.toString()} is at the stop ${stop.toString()} already`
    return { code: 'stop_passed', reason, failed: false }
  }
  const { takeProfit } = protectionOf(work)
  if (takeProfit === null || last.lessThan(takeProfit)) return null
  const reason = `the price ${last.toString()} is at the target ${takeProfit.toString()} already`
  return { code: 'take_profit_passed', reason, failed: false }
}
