// What the venue tells by itself. Its stream is one more witness beside the answers to our questions, and a
// forgetful one: it is merged with what is known, never believed to be complete.
import type { VenueOrder } from '@flotilla/venue'
import { askAt, askLater, sightAgain } from './ask.ts'
import { subjectOf } from './desk.ts'
import { observe } from './observe.ts'
import { isDoubtful, isWorking } from './order-life.ts'
import { ticketsOfSubject, type Work } from './work.ts'

/** Orders of others, and those that ended so long ago that they are forgotten, are none of our business. */
export function hear(work: Work, order: VenueOrder): void {
  const ticket = work.tickets.get(order.clientOrderId)
  if (ticket === undefined) return
  observe(work, order)
  const subject = subjectOf(ticket.order)
  if (!work.watches.has(subject)) return
  const tickets = ticketsOfSubject(work, subject)
  // One leg of a pair proves the other: what became of that is asked.
  if (!tickets.some((each) => isDoubtful(each.order.state))) sightAgain(work, subject)
  else if (!isDoubtful(work.tickets.get(order.clientOrderId)?.order.state ?? 'created')) {
    askLater(work, subject, work.settings.notFoundSpacingMs)
  }
}

/** The stream may have left something out: every working order is asked about, and the fills are fetched. */
export function sweep(work: Work): void {
  work.unsureUntil = work.now + work.settings.fillMarginMs
  const working = [...work.tickets.values()].filter(({ order }) => isWorking(order.state))
  for (const { order } of working) {
    // An order in doubt has its own rhythm, which a lying copy of the venue must not hurry.
    if (!isDoubtful(order.state)) askAt(work, subjectOf(order), work.now)
  }
  const isBusy = working.length > 0 || work.position?.quantity.isPositive() === true
  if (isBusy) work.sweepAt = work.now
}
