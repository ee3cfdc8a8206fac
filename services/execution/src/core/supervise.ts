// What the venue does not carry out by itself is carried out here: the take-profit beside a lone stop,
// the sale when the price has jumped over the limit of a stop, and where nothing can rest at all both
// exits. Who watches must see: without a price for too long a watched position is an unprotected one.
import type { Decimal } from '@flotilla/money'
import { close } from './close.ts'
import { sayProtectionFailed } from './conclude.ts'
import { retryAfter } from './retry.ts'
import { calm, type Ticket } from './desk.ts'
import { isDust, sellableOf } from './position.ts'
import {
  callVenue,
  heldOf,
  isClosing,
  keepProtection,
  modeOf,
  protectionOf,
  type Work,
} from './work.ts'

/** The name of the question for the price; there is one at a time. */
export const PRICE_KEY = 'price'

/** Closes the position when the price has reached an exit that no order at the venue would take. */
export function superviseProtection(work: Work, resting: readonly Ticket[]): void {
  const price = priceSeen(work)
  if (modeOf(work) === 'pair' || price === null || isTooLittle(work)) return
  const { takeProfit } = protectionOf(work)
  if (takeProfit?.atMost(price) === true) closeAt(work, 'take_profit_reached', takeProfit)
  else if (resting.length > 0) watchForGap(work, resting, price)
  else if (modeOf(work) === 'supervised') watchStop(work, price)
}

function watchStop(work: Work, price: Decimal): void {
  const { stop } = protectionOf(work)
  if (stop?.atLeast(price) === true) closeAt(work, 'stop_reached', stop)
}

function closeAt(work: Work, code: string, exit: Decimal): void {
  const reason = `the price ${work.price?.value.toString() ?? ''} has reached ${exit.toString()}`
  close(work, { code, reason, failed: false })
}

/** A stop-limit order whose limit the price has left behind rests on and sells nothing. */
function watchForGap(work: Work, resting: readonly Ticket[], price: Decimal): void {
  const stop = resting.find(({ order }) => order.type === 'stop-loss-limit')
  const limit = stop?.order.price ?? null
  if (limit === null || price.atLeast(limit)) {
    work.gapSince = null
    return
  }
  work.gapSince ??= work.now
  if (work.now - work.gapSince < work.settings.gapMs) return
  work.gapSince = null
  const reason = `the price ${price.toString()} has fallen through the limit ${limit.toString()}`
  close(work, { code: 'stop_gapped', reason, failed: false })
}

/** Holds the state of a position under which nothing rests. */
export function watchOver(work: Work): void {
  if (!isBlind(work)) {
    const quantity = sellableOf(heldOf(work).quantity, work.market.rules)
    keepProtection(work, { state: 'protected', quantity, listId: null, reason: null })
    work.protecting = calm
    return
  }
  if (protectionOf(work).state !== 'unprotected') {
    keepProtection(work, { state: 'unprotected', since: work.now, reason: null })
  }
  if (work.fetchingPrice.failures > 0) complainOfSilence(work)
}

const SILENT = 'price_silent'

/** Only what was tried counts: after an outage the price is asked for before the time is up. */
function complainOfSilence(work: Work): void {
  // Where nothing is traded there is no price, and nothing could be sold.
  if (work.closed !== null) return
  const { settings, owner, now } = work
  const { since, reason } = protectionOf(work)
  if (now - since >= settings.protectionDeadlineMs) {
    const words = `no price for ${settings.protectionDeadlineMs} ms, and no stop rests at the venue`
    close(work, { code: 'protection_deadline', reason: words, failed: true })
    return
  }
  if (reason === SILENT || owner === null) return
  keepProtection(work, { reason: SILENT })
  const attempts = work.fetchingPrice.failures
  const words = 'the price cannot be seen, and no stop rests at the venue'
  const failure = { leg: 'stop-loss', attempts, code: SILENT, reason: words } as const
  sayProtectionFailed(work, owner.cause, { ...failure, action: 'retrying', about: SILENT })
}

/** The price is asked for when nobody has told it for a while: that is the pulse of the watch. */
export function askPriceIfDue(work: Work): void {
  if (modeOf(work) === 'pair' || isTooLittle(work) || isClosing(work)) return
  if (work.pending.has(PRICE_KEY) || work.now < work.fetchingPrice.nextAt) return
  const { pollMs, supervisionMs } = work.settings
  if (ageOf(work) < Math.min(pollMs, supervisionMs / 2)) return
  callVenue(work, { kind: 'fetch-price', key: PRICE_KEY })
}

export function priceFailed(work: Work, atLeastMs: number): void {
  work.fetchingPrice = retryAfter(work, work.fetchingPrice, atLeastMs)
}

/** Null when it is too old to act on. */
function priceSeen(work: Work): Decimal | null {
  return isBlind(work) ? null : (work.price?.value ?? null)
}

function isBlind(work: Work): boolean {
  return ageOf(work) > work.settings.supervisionMs
}

function ageOf({ price, now }: Work): number {
  return price === null ? Number.POSITIVE_INFINITY : now - price.at
}

function isTooLittle(work: Work): boolean {
  return isDust(heldOf(work).quantity, work.price?.value ?? null, work.market.rules)
}
