// An order that was given up may be there all the same. It is asked about on and on, at pauses that double, for a day;
// at once when a fill or a balance could be its doing; and never more than a few at a time, however many there are.
import type { VenueFill } from '@flotilla/venue'
import { ask, isBusy, mayBelongTo } from './ask.ts'
import { subjectOf, type GivenUp, type Input, type Ticket } from './desk.ts'
import { storedTicket } from './recover.ts'
import { GIVEN_UP_MS, type Work } from './work.ts'

/** Questions about what was given up that are under way together. */
const ASKED_AT_ONCE = 10

export function askGivenUpIfDue(work: Work): void {
  if (work.barred !== null) return
  const since = givenUpSince(work)
  let room = ASKED_AT_ONCE - [...since.keys()].filter((each) => isBusy(work, each)).length
  for (const [subject, givenUpAt] of since) {
    if (room <= 0) return
    if (isBusy(work, subject) || work.now < dueAt(work, subject, givenUpAt)) continue
    work.givenUp.set(subject, { askedAt: work.now, isSuspect: false })
    ask(work, subject)
    room -= 1
  }
}

/** A fill of unknown origin may be of an order that was given up and landed after all: that is asked. */
export function askWhatWasGivenUp(work: Work, fills: readonly VenueFill[]): void {
  for (const ticket of givenUpIn(work)) {
    if (fills.some((fill) => mayBelongTo(work, fill, ticket))) markSuspect(work, ticket)
  }
}

/** Balances differ: whatever was given up here, however long ago, may be why. */
export function suspect(work: Work, told: Extract<Input, { kind: 'suspect' }>): void {
  for (const order of told.orders) {
    if (order.state !== 'not-placed' || work.tickets.has(order.clientOrderId)) continue
    work.tickets.set(order.clientOrderId, storedTicket(order, told.fills))
  }
  for (const ticket of givenUpIn(work)) markSuspect(work, ticket)
}

function givenUpIn({ tickets }: Work): Ticket[] {
  return [...tickets.values()].filter(({ order }) => order.state === 'not-placed')
}

/** By what it is asked as, an order or a pair: when it was given up. */
function givenUpSince(work: Work): Map<string, number> {
  const since = new Map<string, number>()
  for (const { order } of givenUpIn(work)) since.set(subjectOf(order), order.updatedAt)
  return since
}

function markSuspect(work: Work, { order }: Ticket): void {
  const subject = subjectOf(order)
  work.givenUp.set(subject, { ...knownOf(work, subject), isSuspect: true })
}

function knownOf({ givenUp }: Work, subject: string): GivenUp {
  return givenUp.get(subject) ?? { askedAt: null, isSuspect: false }
}

/** Copies of the venue lag by up to the margin: after that, and whenever it is twice as old as at the last question. */
function dueAt(work: Work, subject: string, givenUpAt: number): number {
  const { askedAt, isSuspect } = knownOf(work, subject)
  if (isSuspect) return work.now
  const age = Math.max(work.settings.fillMarginMs, 2 * ((askedAt ?? givenUpAt) - givenUpAt))
  return age > GIVEN_UP_MS ? Infinity : givenUpAt + age
}
