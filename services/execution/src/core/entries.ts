// How an entry leaves: at a price that the venue quotes where it would go in slices and that is wished, with its
// exits in one request where the venue can, else as an order of the book.
import type { Order } from '@flotilla/ledger'
import type { Decimal } from '@flotilla/money'
import { goesByConversion } from './convert.ts'
import type { Ticket } from './desk.ts'
import { isDue } from './pacing.ts'
import { isDust, sellableOf } from './position.ts'
import { pairOf, sendOrder, submit } from './send.ts'
import { callVenue, causeOf, heldOf, liveProtectionOf, modeOf, type Work } from './work.ts'

export function sendEntries(work: Work): void {
  // What became of one order of the symbol is not known: until it is, no other is bought beside it.
  const isInDoubt = [...work.tickets.values()].some(({ order }) => order.state === 'unknown')
  if (work.barred !== null || isInDoubt) return
  for (const ticket of work.tickets.values()) {
    const { order, terms } = ticket
    const waits = order.leg === 'entry' && order.state === 'created'
    if (!waits || !isDue(terms.pace, work.now) || goesByConversion(work, ticket)) continue
    if (bringsItsExits(work, ticket)) sendBracket(work, ticket)
    else sendOrder(work, ticket)
  }
}

/** Only from flat, or from dust, to held: what is held already has its exits, and they count together. */
function bringsItsExits(work: Work, { order, terms }: Ticket): boolean {
  const { settings, market } = work
  const isOffered = settings.attachExits && market.rules.opoAllowed && modeOf(work) === 'pair'
  if (!isOffered || terms.pace !== null || terms.stop === null || terms.takeProfit === null) {
    return false
  }
  const held = heldOf(work).quantity
  if (!isDust(held, order.price, market.rules) || liveProtectionOf(work).length > 0) return false
  return order.price !== null && !isDust(receivedBy(work, order), terms.stop, market.rules)
}

/** What an entry brings when the fee is taken from it. */
function receivedBy({ market }: Work, { quantity }: Order): Decimal {
  const fee = quantity.times(market.rules.takerFeeRate)
  return sellableOf(quantity.minus(fee), market.rules)
}

/** The venue itself places the exits with the last of the fill: nothing is ever held without them. */
function sendBracket(work: Work, ticket: Ticket): void {
  const { stop, takeProfit } = ticket.terms
  const { price: limitPrice, intentId, quantity, clientOrderId } = ticket.order
  if (stop === null || takeProfit === null || limitPrice === null) return
  const owner = { intentId, cause: causeOf(ticket) }
  const pair = pairOf(work, owner, { stop, takeProfit, quantity: receivedBy(work, ticket.order) })
  const order = { ...ticket.order, listId: pair.clientProtectionId, timeInForce: 'fok' as const }
  submit(work, { ...ticket, order })
  callVenue(work, {
    kind: 'place-protection',
    key: `place:${pair.clientProtectionId}`,
    request: { ...pair, entry: { clientOrderId, quantity, limitPrice } },
  })
}
