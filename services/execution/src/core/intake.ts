// An approved intent becomes an order that is stored, or ends here with its reason. Every approval
// has exactly one end that is said.
import { epochMs, instant, type IntentApproved } from '@flotilla/contracts'
import type { Order } from '@flotilla/ledger'
import { Decimal, roundDownToStep, roundPrice } from '@flotilla/money'
import { closedText } from './closed-market.ts'
import { conclude, freshOrder } from './conclude.ts'
import type { Input, Terms, Ticket } from './desk.ts'
import { clientOrderIdOf } from './order-id.ts'
import { isEnded } from './order-life.ts'
import { paceOf, sliceOf } from './pacing.ts'
import { detailsOf } from './terms.ts'
import { isClosing, nextAttempt, note, put, type Work } from './work.ts'

type Approved = Extract<Input, { kind: 'approved' }>
type Refusal = { readonly code: string; readonly reason: string }

const STOPPED = 'trading_stopped'

/** In the name of its strategy the risk manager says that it makes a position smaller. */
const TRIMMER = 'risk-manager'

export function approve(work: Work, input: Approved): void {
  const { payload } = input.message
  for (const { order } of work.tickets.values()) {
    const sameLeg = order.leg === payload.purpose && order.intentId === payload.intentId
    if (!sameLeg) continue
    note(work, 'approval repeated', { intentId: payload.intentId })
    return
  }
  const ticket = put(work, payload.purpose === 'entry' ? entryOf(work, input) : exitOf(work, input))
  const refusal = refusalOf(work, input)
  if (refusal !== null) conclude(work, recorded(work, ticket, refusal), expiry(refusal))
}

function expiry(refusal: Refusal) {
  return { event: 'expire', ...refusal } as const
}

/** With the stops that it was not sent for, so that its row tells them when nobody else does any more. */
function recorded(work: Work, ticket: Ticket, { code }: Refusal): Ticket {
  if (code !== STOPPED || work.stops.length === 0) return ticket
  const stops = work.stops.map(({ cause, asset, since, reason }) => {
    return { cause, asset, since, reason }
  })
  const details = { ...detailsOf(ticket.terms), stops }
  return put(work, { ...ticket, order: { ...ticket.order, details } })
}

function refusalOf(work: Work, { message, reservation }: Approved): Refusal | null {
  const { payload } = message
  if (work.now >= epochMs(payload.expiresAt)) return expired(payload.expiresAt)
  if (reservation.state !== 'held') {
    return { code: 'reservation_ended', reason: `the reservation was ${reservation.state} before` }
  }
  const entry = payload.purpose === 'entry'
  const { quantityStep } = work.market.rules
  if (Decimal.from(payload.quantity).lessThan(quantityStep)) {
    const reason = `the quantity ${payload.quantity} is less than one step of ${quantityStep.toString()}`
    return { code: 'quantity_below_step', reason }
  }
  if (payload.side !== (entry ? 'buy' : 'sell')) {
    return { code: 'side_unsupported', reason: `a spot ${payload.purpose} cannot ${payload.side}` }
  }
  if (!entry) return null
  if (payload.limitPrice === null) {
    return { code: 'limit_price_missing', reason: 'an entry needs the worst price it may pay' }
  }
  if (isClosing(work)) {
    return { code: 'position_closing', reason: 'the position of the symbol is being closed' }
  }
  return stopOf(work)
}

/** Why no entry may be at the venue now; null when it may. */
export function stopOf({
  halted,
  closed,
  entriesStopped,
  flattened,
  barred,
}: Work): Refusal | null {
  if (flattened !== null) {
    return { code: 'flattened', reason: `no entries until resumed: flattened: ${flattened}` }
  }
  if (halted !== null) {
    return { code: 'symbol_halted', reason: `no entries until resumed: ${halted.reason}` }
  }
  if (closed !== null) {
    return { code: 'market_closed', reason: `no entries now: ${closedText(closed)}` }
  }
  const stop = entriesStopped ?? barred
  return stop === null ? null : stopped(stop)
}

function expired(expiresAt: string): Refusal {
  return { code: 'intent_expired', reason: `the approval was valid until ${expiresAt}` }
}

function stopped(reason: string): Refusal {
  return { code: STOPPED, reason: `no entries now: ${reason}` }
}

/** Orders that wait for their turn end when their time is over or entries are stopped meanwhile. */
export function endWhatMayNotBeSent(work: Work): void {
  for (const ticket of work.tickets.values()) {
    const { order, terms } = ticket
    if (order.state !== 'created') continue
    if (terms.expiresAt !== null && work.now >= terms.expiresAt) {
      conclude(work, ticket, expiry(expired(instant(terms.expiresAt))))
      continue
    }
    const stop = order.leg === 'entry' ? (stopOf(work) ?? overtaken(work, ticket)) : null
    if (stop !== null) conclude(work, recorded(work, ticket, stop), expiry(stop))
  }
}

/** What is being sold is not bought at the same time: the slices of an entry that wait are given up. */
function overtaken(work: Work, { terms, order }: Ticket): Refusal | null {
  if (terms.pace === null || order.attempt === 1) return null
  const sells = [...work.tickets.values()].some(
    (other) => other.order.leg === 'exit' && !isEnded(other.order.state),
  )
  if (!sells && !isClosing(work)) return null
  return { code: 'position_closing', reason: 'the position of the symbol is being sold' }
}

function entryOf(work: Work, { message }: Approved): Ticket {
  const { payload } = message
  const { rules } = work.market
  const { quantityStep, priceTick } = rules
  const limit = payload.limitPrice === null ? null : Decimal.from(payload.limitPrice)
  const target = wholeSteps(Decimal.from(payload.quantity), quantityStep)
  const size = { quantity: target, price: limit, now: work.now }
  const pace = paceOf(work.settings.pacing, rules, size)
  const terms: Terms = {
    ...commonTerms(message.messageId, payload),
    exitReason: null,
    target: pace === null ? null : target,
    pace,
    convert: null,
    stop: decimalOf(payload.stopLossPrice),
    takeProfit: decimalOf(payload.takeProfitPrice),
  }
  return ticketOf(
    work,
    { message, terms },
    {
      type: 'limit',
      timeInForce: work.settings.keepsRemainder && pace === null ? 'gtc' : 'ioc',
      quantity: sliceOf(pace, target, { rules, price: limit }),
      price: limit === null ? null : roundPrice({ price: limit, tick: priceTick, side: 'buy' }),
    },
  )
}

function exitOf(work: Work, { message }: Approved): Ticket {
  const quantity = Decimal.from(message.payload.quantity)
  const price = work.price?.value ?? Decimal.from(message.payload.referencePrice)
  const size = { quantity, price, now: work.now }
  const terms: Terms = {
    ...commonTerms(message.messageId, message.payload),
    exitReason: message.payload.strategy === TRIMMER ? 'trim' : 'signal',
    target: quantity,
    pace: paceOf(work.settings.pacing, work.market.rules, size),
    convert: null,
    stop: null,
    takeProfit: null,
  }
  return ticketOf(work, { message, terms }, { type: 'market', quantity })
}

/** Less than a step is refused by name; until then the order keeps what was asked for. */
function wholeSteps(quantity: Decimal, step: Decimal): Decimal {
  const rounded = roundDownToStep(quantity, step)
  return rounded.isPositive() ? rounded : quantity
}

function commonTerms(causeId: string, payload: IntentApproved) {
  const { strategy, referencePrice, expiresAt } = payload
  const decided = Decimal.from(referencePrice)
  // A risk manager of an earlier version does not say what the intent reckoned with.
  const expected = Decimal.from(payload.expectedPrice ?? referencePrice)
  return { causeId, expiresAt: epochMs(expiresAt), strategy, expected, decided }
}

function decimalOf(text: string | null): Decimal | null {
  return text === null ? null : Decimal.from(text)
}

function ticketOf(
  work: Work,
  { message, terms }: { message: Approved['message']; terms: Terms },
  form: Pick<Order, 'type' | 'quantity'> & Partial<Order>,
): Ticket {
  const { account, venue, symbol } = work.market
  const { intentId, side, purpose, reservation } = message.payload
  const attempt = nextAttempt(work, intentId, purpose)
  const order: Order = {
    ...freshOrder(work.now),
    account,
    venue,
    symbol,
    intentId,
    reservationId: reservation.reservationId,
    leg: purpose,
    side,
    attempt,
    clientOrderId: clientOrderIdOf({ account, venue, intentId, leg: purpose, attempt }),
    correlationId: message.correlationId,
    details: detailsOf(terms),
    ...form,
  }
  return { order, terms, trades: new Set(), seen: null, stored: false }
}
