// What the book does not take well, too much at once or less than any order, is exchanged at a price that the
// venue quotes, where it does that and we are told to use it. The trade is an order like any other: named and
// stored with its quote before that is accepted, and asked about by the quote's id when the answer is lost.
// When it comes to nothing the same quantity goes by orders.
import { Decimal, roundDownToStep } from '@flotilla/money'
import type { ConvertQuote, VenueConversion, VenueFill, VenueOrder } from '@flotilla/venue'
import { noteConvertFailure, type ConvertFailure } from './convert-failures.ts'
import type { Answer, Ticket } from './desk.ts'
import { isWorking } from './order-life.ts'
import { isTime } from './retry.ts'
import { ownTicket, submit } from './send.ts'
import { detailsOf } from './terms.ts'
import { callVenue, heldOf, nextAttempt, offersDust, protectionOf, put, type Work } from './work.ts'

/** As a share of the market's value: a quote that costs more is not taken. */
const COST_MAX = Decimal.from('0.01')
/** So many digits that price times quantity is the amount that was exchanged, to the last digit that counts. */
const PRICE_SCALE = 36

/** Under which key a price is asked for: of an exit, or of the dust that is left. */
function quoteKeyOf(clientOrderId: string | null): string {
  return `quote:${clientOrderId ?? 'dust'}`
}

/** True while an exit waits for its price, or has just asked for it. */
export function goesByConversion(work: Work, ticket: Ticket): boolean {
  const { clientOrderId } = ticket.order
  if (work.pending.has(quoteKeyOf(clientOrderId))) return true
  const wanted = wantedBy(work, ticket)
  if (!work.settings.convert || ticket.terms.convert !== null) return false
  if (!wanted.isPositive() || !isTooMuch(work, ticket, wanted)) return false
  askQuote(work, clientOrderId, wanted)
  return true
}

function wantedBy(work: Work, { terms, order }: Ticket): Decimal {
  return Decimal.min(terms.target ?? order.quantity, heldOf(work).quantity)
}

/** It would go in slices over a time, or in several orders because one may not be so large. */
function isTooMuch({ market }: Work, { terms }: Ticket, wanted: Decimal): boolean {
  const { rules } = market
  const most = rules.marketQuantityMax ?? rules.quantityMax
  if (terms.pace !== null) return true
  return most !== null && wanted.greaterThan(roundDownToStep(most, rules.quantityStep))
}

function askQuote(work: Work, clientOrderId: string | null, amount: Decimal): void {
  const { base: from, quote: to } = work.market.rules
  const key = quoteKeyOf(clientOrderId)
  const request = { from, to, amount }
  callVenue(work, { kind: 'quote-conversion', key, clientOrderId, request })
}

/** Dust that nothing is going to be added to or taken from. */
export function convertDust(work: Work): void {
  if (!offersDust(work) || !isTime(work, work.converting) || !isIdleDust(work)) return
  askQuote(work, null, heldOf(work).quantity)
}

function isIdleDust(work: Work): boolean {
  if (protectionOf(work).state !== 'dust' || !heldOf(work).quantity.isPositive()) return false
  const isAsked = work.pending.has(quoteKeyOf(null))
  return !isAsked && ![...work.tickets.values()].some(isOpen)
}

function isOpen({ order }: Ticket): boolean {
  return order.state === 'created' || isWorking(order.state)
}

export function quoteTold(
  work: Work,
  { clientOrderId, told }: Extract<Answer, { kind: 'conversion-quoted' }>,
): void {
  const ticket = clientOrderId === null ? null : (work.tickets.get(clientOrderId) ?? null)
  // Meanwhile the exit has ended, or the dust is none any more.
  const isWanted = clientOrderId === null ? isIdleDust(work) : ticket?.order.state === 'created'
  if (!isWanted) return
  if (told.kind === 'refused') {
    giveUp(work, ticket, { reason: 'no_quote', words: told.reason })
    return
  }
  const fault = faultOf(work, told.quote, wantedNow(work, ticket))
  if (fault === null) accept(work, ticket, told.quote)
  else giveUp(work, ticket, fault)
}

function wantedNow(work: Work, ticket: Ticket | null): Decimal {
  return ticket === null ? heldOf(work).quantity : wantedBy(work, ticket)
}

/** A price could not even be asked for. */
export function quoteMissed(work: Work, key: string, words: string): boolean {
  if (!key.startsWith('quote:')) return false
  const ticket = work.tickets.get(key.slice('quote:'.length)) ?? null
  if (ticket !== null && ticket.order.state !== 'created') return true
  giveUp(work, ticket, { reason: 'unreachable', words })
  return true
}

function faultOf(work: Work, quote: ConvertQuote, wanted: Decimal): ConvertFailure | null {
  if (!quote.fromAmount.equals(wanted)) {
    const words = `quoted for ${quote.fromAmount.toString()}, wanted ${wanted.toString()}`
    return { reason: 'no_quote', words }
  }
  if (quote.validUntil <= work.now) return { reason: 'expired', words: 'the quote came too late' }
  const last = work.price?.value ?? null
  if (last === null) return null
  const least = last.times(quote.fromAmount).times(Decimal.from(1).minus(COST_MAX))
  if (quote.toAmount.atLeast(least)) return null
  const words = `${quote.toAmount.toString()} is less than ${least.toString()}`
  return { reason: 'price', words }
}

function giveUp(work: Work, ticket: Ticket | null, failure: ConvertFailure): void {
  noteConvertFailure(work, failure)
  if (ticket === null) return
  const terms = { ...ticket.terms, convert: 'failed' as const }
  put(work, { ...ticket, terms, order: { ...ticket.order, details: detailsOf(terms) } })
}

/** Stored with its quote in the very step that has it accepted. */
function accept(work: Work, waiting: Ticket | null, quote: ConvertQuote): void {
  const ticket = waiting ?? dustTicket(work, quote.fromAmount)
  if (ticket === null) return
  const terms = { ...ticket.terms, convert: quote }
  const order = { ...ticket.order, quantity: quote.fromAmount, details: detailsOf(terms) }
  const { clientOrderId } = submit(work, { ...ticket, terms, order }).order
  callVenue(work, { kind: 'accept-quote', key: `place:${clientOrderId}`, clientOrderId, quote })
}

function dustTicket(work: Work, quantity: Decimal): Ticket | null {
  if (work.owner === null) return null
  const leg = 'flatten' as const
  const attempt = nextAttempt(work, work.owner.intentId, leg)
  // It is the end of the sale that left it.
  const exitReason = work.trade?.exitReason ?? 'signal'
  const told = { expected: work.price?.value ?? null, exitReason } as const
  return ownTicket(work, work.owner, { leg, attempt, type: 'market', quantity, ...told })
}

/** The trade as the order that it is to us; its id cannot be mistaken for one of the book's orders. */
export function orderOfConversion(
  { symbol, clientOrderId }: { readonly symbol: string; readonly clientOrderId: string },
  conversion: VenueConversion,
): VenueOrder {
  const { quoteId, status, fromAmount, toAmount, at } = conversion
  const venueOrderId = `convert-${quoteId}`
  const common = { symbol, clientOrderId, venueOrderId, side: 'sell' } as const
  const fill: VenueFill = {
    ...common,
    tradeId: venueOrderId,
    price: toAmount.dividedBy(fromAmount, PRICE_SCALE, 'half-up'),
    quantity: fromAmount,
    notional: toAmount,
    fee: Decimal.zero,
    feeAsset: conversion.to,
    executedAt: at,
  }
  const isDone = status === 'done'
  return {
    ...common,
    venueProtectionId: null,
    type: 'market',
    timeInForce: null,
    status: ({ pending: 'open', done: 'filled', failed: 'rejected' } as const)[status],
    quantity: fromAmount,
    limitPrice: null,
    stopPrice: null,
    filledQuantity: isDone ? fromAmount : Decimal.zero,
    filledNotional: isDone ? toAmount : Decimal.zero,
    fills: isDone ? [fill] : [],
    updatedAt: at,
    endReason: status === 'failed' ? 'convert_failed' : null,
  }
}
