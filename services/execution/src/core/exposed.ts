// When the silence of the account's stream means that nothing has happened. It tells nothing of what it left out:
// a venue that is asked once a minute only may leave a position bare for a minute.
import type { Ticket } from './desk.ts'
import { isDoubtful, isWorking } from './order-life.ts'
import { isUnsettled, protectionOf, type Work } from './work.ts'

/** While anything that is held may be bare, or what the venue told may be old, the stream counts for nothing. */
export function trustsStream(work: Work): boolean {
  return work.followed && work.now >= work.unsureUntil && !isExposed(work)
}

function isExposed(work: Work): boolean {
  const { state } = protectionOf(work)
  if (state === 'unprotected' || state === 'closing') return true
  return [...work.tickets.values()].some(
    (ticket) => isUnsettled(ticket) || (isWorking(ticket.order.state) && mayBare(ticket)),
  )
}

/**
 * In doubt, or on its way to buy, to sell or to come to life; and a leg that has traded has ended the other one at
 * the venue, whatever was told of that.
 */
function mayBare({ order, seen }: Ticket): boolean {
  if (isDoubtful(order.state) || seen?.status === 'pending') return true
  const rests = order.leg === 'stop-loss' || order.leg === 'take-profit'
  return !rests || order.filledQuantity.isPositive()
}
