// The rest of an entry that was not filled at once and is kept in the book. It goes when its intent expires, when
// entries stop, and when anything of the position is sold: what is being sold is not bought at the same time.
import type { Ticket } from './desk.ts'
import { stopOf } from './intake.ts'
import { isEnded } from './order-life.ts'
import { isTime, retryAfter } from './retry.ts'
import { callVenue, isClosing, isRung, note, type Work } from './work.ts'

export function withdrawRests(work: Work): void {
  for (const ticket of work.tickets.values()) {
    if (!isRest(ticket)) continue
    const { clientOrderId, venueOrderId } = ticket.order
    const isBusy = ['cancel', 'place'].some((verb) => work.pending.has(`${verb}:${clientOrderId}`))
    const why = isBusy || !isTime(work, work.withdrawing) ? null : reasonToGo(work, ticket)
    if (why === null) continue
    work.withdrawing = retryAfter(work, work.withdrawing)
    note(work, 'rest of an entry is canceled', { level: 'info', clientOrderId, why })
    const key = `cancel:${clientOrderId}`
    callVenue(work, { kind: 'cancel-order', key, clientOrderId, venueOrderId })
  }
}

/** The venue has it; one in doubt is asked about first. */
function isRest({ order }: Ticket): boolean {
  const isThere = order.state === 'accepted' || order.state === 'partially-filled'
  return order.leg === 'entry' && order.timeInForce === 'gtc' && isThere
}

function reasonToGo(work: Work, { order, terms }: Ticket): string | null {
  if (terms.expiresAt !== null && work.now >= terms.expiresAt) return 'intent_expired'
  const stop = stopOf(work)
  if (stop !== null) return stop.code
  const isBeingSold =
    isClosing(work) || [...work.tickets.values()].some(sellsSince(order.createdAt))
  return isBeingSold ? 'position_closing' : null
}

/** An exit that is wished for, or anything that has sold. */
function sellsSince(since: number) {
  return ({ order }: Ticket): boolean => {
    if (order.side !== 'sell') return false
    // What had sold before may still be written down in the moment in which the entry is made.
    if (order.filledQuantity.isPositive()) return order.updatedAt > since
    return (order.leg === 'exit' || isRung(order)) && !isEnded(order.state)
  }
}
