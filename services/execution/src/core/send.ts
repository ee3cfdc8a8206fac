// Naming, storing and sending. A request leaves only as the effect of the very step that stores its
// order as submitting, so no order is ever sent twice, whatever happens in between.
import type { Order } from '@flotilla/ledger'
import { Decimal, roundDownToStep, roundPrice } from '@flotilla/money'
import type { OrderRequest, ProtectionRequest } from '@flotilla/venue'
import { submitted } from './announce.ts'
import { conclude, freshOrder } from './conclude.ts'
import type { JournalTerms, Owner, Terms, Ticket } from './desk.ts'
import { clientOrderIdOf } from './order-id.ts'
import { closingReasonOf, stopReasonOf } from './follow.ts'
import { rungBegun } from './exits.ts'
import { sliceOf } from './pacing.ts'
import { isDust, sellableOf } from './position.ts'
import { detailsOf } from './terms.ts'
import {
  callVenue,
  heldOf,
  keepProtection,
  modeOf,
  move,
  nextAttempt,
  protectionOf,
  put,
  spoken,
  type Work,
} from './work.ts'

export function sendOrder(work: Work, ticket: Ticket): void {
  const { order } = submit(work, ticket)
  const request = requestOf(order)
  callVenue(work, { kind: 'place-order', key: `place:${order.clientOrderId}`, request })
}

export function submit(work: Work, ticket: Ticket): Ticket {
  const order = { ...ticket.order, submittedAt: work.now }
  const after = move(work, { ...ticket, order }, 'submit')
  work.messages.push(submitted(spoken(work, after)))
  return after
}

function requestOf(order: Order): OrderRequest {
  const { clientOrderId, symbol, side, quantity } = order
  const common = { clientOrderId, symbol, side, quantity }
  if (order.type === 'limit' && order.price !== null) {
    const timeInForce = order.timeInForce === 'gtc' ? 'gtc' : 'ioc'
    return { ...common, type: 'limit', limitPrice: order.price, timeInForce }
  }
  if (order.type === 'stop-loss-limit' && order.stopPrice !== null && order.price !== null) {
    const { stopPrice, price: limitPrice } = order
    return { ...common, type: 'stop-loss-limit', stopPrice, limitPrice, timeInForce: 'gtc' }
  }
  if (order.type === 'stop-loss' && order.stopPrice !== null) {
    return { ...common, type: 'stop-loss', stopPrice: order.stopPrice }
  }
  return { ...common, type: 'market' }
}

/** Sells for an intent what is really left of the position, or ends the intent when nothing is. */
export function sendExit(work: Work, ticket: Ticket): void {
  const held = heldOf(work).quantity
  const wanted = Decimal.min(ticket.terms.target ?? ticket.order.quantity, held)
  if (isDust(wanted, work.price?.value ?? null, work.market.rules)) {
    const { quantityMin, notionalMin, quote } = work.market.rules
    const least = `${quantityMin.toString()}, worth ${notionalMin.toString()} ${quote}`
    const reason = `nothing tradable is left to sell: ${held.toString()}, the least is ${least}`
    conclude(work, ticket, { event: 'expire', code: 'position_closed', reason })
    return
  }
  const { rules } = work.market
  const part = sliceOf(ticket.terms.pace, wanted, { rules, price: work.price?.value ?? null })
  sendOrder(work, { ...ticket, order: { ...ticket.order, quantity: marketSlice(work, part) } })
}

/** Closes the position on our own account: no intent asked for it. */
export function sendFlatten(work: Work, owner: Owner): void {
  const leg = 'flatten' as const
  const attempt = nextAttempt(work, owner.intentId, leg)
  const quantity = marketSlice(work, heldOf(work).quantity)
  const told = { expected: work.price?.value ?? null, exitReason: closingReasonOf(work, owner) }
  sendOrder(work, ownTicket(work, owner, { leg, attempt, type: 'market', quantity, ...told }))
}

/** Takes a part of the target at the market; the stop is placed again for the rest. */
export function sendRung(work: Work, part: Decimal): void {
  if (work.owner === null) return
  const attempt = nextAttempt(work, work.owner.intentId, 'protection')
  const form = { leg: 'take-profit', attempt, type: 'market' } as const
  rungBegun(work)
  const told = { expected: work.price?.value ?? null, exitReason: 'ladder' } as const
  const quantity = marketSlice(work, part)
  sendOrder(work, ownTicket(work, work.owner, { ...form, ...told, quantity }))
}

/** Not more than the venue takes in one market order; the rest follows in further slices. */
function marketSlice(work: Work, quantity: Decimal): Decimal {
  const { rules } = work.market
  const sellable = sellableOf(quantity, rules)
  const most = rules.marketQuantityMax ?? rules.quantityMax
  return most === null ? sellable : Decimal.min(sellable, roundDownToStep(most, rules.quantityStep))
}

/** As the venue takes it: on the tick, rather early than late. */
export function exitPrice(work: Work, price: Decimal): Decimal {
  return roundPrice({ price, tick: work.market.rules.priceTick, side: 'sell' })
}

/** The price that a stop-limit order still takes: with room below the stop, or it would be left behind. */
export function stopLimitPrice(work: Work, stop: Decimal): Decimal {
  const { priceTick } = work.market.rules
  const limit = stop.minus(stop.times(work.settings.stopLimitDistance))
  return Decimal.max(priceTick, roundDownToStep(limit, priceTick))
}

/** Stop and take-profit as one pair where both are wanted and the venue has it, else the stop alone. */
export function sendProtection(work: Work, owner: Owner, stop: Decimal): void {
  const { takeProfit } = protectionOf(work)
  if (takeProfit === null || modeOf(work) !== 'pair') sendStop(work, owner, stop)
  else {
    const quantity = sellableOf(heldOf(work).quantity, work.market.rules)
    sendPair(work, owner, { stop, takeProfit, quantity })
  }
}

function sendStop(work: Work, owner: Owner, stop: Decimal): void {
  const quantity = sellableOf(heldOf(work).quantity, work.market.rules)
  const attempt = nextAttempt(work, owner.intentId, 'protection')
  const stopPrice = exitPrice(work, stop)
  const exitReason = stopReasonOf(work, owner, stop)
  const told = { expected: stopPrice, exitReason }
  const common = { leg: 'stop-loss', attempt, quantity, stopPrice, ...told } as const
  const form =
    modeOf(work) === 'stop-limit'
      ? ({ ...common, type: 'stop-loss-limit', price: stopLimitPrice(work, stopPrice) } as const)
      : ({ ...common, type: 'stop-loss' } as const)
  const alone = ownTicket(work, owner, form)
  keepProtection(work, { listId: alone.order.clientOrderId })
  sendOrder(work, alone)
}

type PairForm = {
  readonly stop: Decimal
  readonly takeProfit: Decimal
  readonly quantity: Decimal
}

function sendPair(work: Work, owner: Owner, form: PairForm): void {
  const request = pairOf(work, owner, form)
  const listId = request.clientProtectionId
  keepProtection(work, { listId })
  callVenue(work, { kind: 'place-protection', key: `place:${listId}`, request })
}

/** Names and stores both exits as about to be sent. */
export function pairOf(work: Work, owner: Owner, form: PairForm): ProtectionRequest {
  const { account, symbol, venue } = work.market
  const { intentId } = owner
  const { quantity } = form
  const attempt = nextAttempt(work, intentId, 'protection')
  const stopPrice = exitPrice(work, form.stop)
  const exitReason = stopReasonOf(work, owner, form.stop)
  const sale = { attempt, quantity } as const
  const stopOrder = { ...sale, leg: 'stop-loss', type: 'stop-loss', stopPrice, exitReason } as const
  const listId = clientOrderIdOf({ account, venue, intentId, leg: 'protection', attempt })
  const limitPrice = exitPrice(work, form.takeProfit)
  const takeProfitOrder = { ...sale, leg: 'take-profit', type: 'limit-maker' } as const
  const belowForm = { ...stopOrder, listId, expected: stopPrice }
  const below = submit(work, ownTicket(work, owner, belowForm))
  const target = { price: limitPrice, expected: limitPrice, exitReason: 'take-profit' } as const
  const above = submit(work, ownTicket(work, owner, { ...takeProfitOrder, ...target, listId }))
  return {
    clientProtectionId: listId,
    symbol,
    side: 'sell',
    quantity,
    stop: { clientOrderId: below.order.clientOrderId, stopPrice },
    takeProfit: { clientOrderId: above.order.clientOrderId, limitPrice },
  }
}

type OwnForm = Pick<Order, 'leg' | 'attempt' | 'type' | 'quantity'> &
  Partial<Order> &
  Pick<JournalTerms, 'expected' | 'exitReason'>

export function ownTicket(
  work: Work,
  owner: Owner,
  { expected, exitReason, ...form }: OwnForm,
): Ticket {
  const { account, venue, symbol } = work.market
  const { leg, attempt } = form
  const { intentId, cause } = owner
  const terms = { expiresAt: null, target: null, pace: null, convert: null }
  const prices = { stop: null, takeProfit: null }
  const told = { strategy: null, expected, decided: null, exitReason }
  const ownTerms: Terms = { ...terms, ...prices, ...told, causeId: cause.messageId }
  const order: Order = {
    ...freshOrder(work.now),
    account,
    venue,
    symbol,
    intentId,
    reservationId: null,
    side: 'sell',
    clientOrderId: clientOrderIdOf({ account, venue, intentId, leg, attempt }),
    correlationId: cause.correlationId,
    details: detailsOf(ownTerms),
    ...form,
  }
  return put(work, { order, terms: ownTerms, trades: new Set(), seen: null, stored: false })
}
