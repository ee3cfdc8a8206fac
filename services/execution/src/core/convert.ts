// What the book does not take well, too much at once or less than any order, is exchanged at a price that the
// venue quotes, where it does that and we are told to use it. The trade is an order like any other: named and
// stored with its quote before that is accepted, and asked about by the quote's id when the answer is lost.
// When it comes to nothing the same quantity goes by orders.
import { Decimal, roundDownToStep } from '@flotilla/money'
import type { ConvertQuote, VenueConversion, VenueFill, VenueOrder } from '@flotilla/venue'
import { noteConvertFailure, type ConvertFailure } from './convert-failures.ts'
import type { Answer, Ticket } from './desk.ts'
import { isWorking } from './order-life.ts'
import { closingReasonOf } from './follow.ts'
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

/** True while an order waits for its price, or has just asked for it. */
export function goesByConversion(work: Work, ticket: Ticket): boolean {
  const { clientOrderId, side } = ticket.order
  if (work.pending.has(quoteKeyOf(clientOrderId))) return true
  const wanted = wantedBy(work, ticket)
  if (!isWished(work, ticket) || ticket.terms.convert !== null) return false
  if (!wanted.isPositive() || !isTooMuch(work, ticket, wanted)) return false
  askQuote(work, { clientOrderId, side }, wanted)
  return true
}

/** Of an entry only the first order: when slices are under way they go on. */
function isWished({ settings }: Work, { order }: Ticket): boolean {
  if (order.leg !== 'entry') return settings.convert
  return settings.convertEntries && order.attempt === 1
}

function wantedBy(work: Work, { terms, order }: Ticket): Decimal {
  const wanted = terms.target ?? order.quantity
  return order.side === 'buy' ? wanted : Decimal.min(wanted, heldOf(work).quantity)
}

/** It would go in slices over a time, or a sale in several orders because one may not be so large. */
function isTooMuch({ market }: Work, { terms, order }: Ticket, wanted: Decimal): boolean {
  const { rules } = market
  const most = rules.marketQuantityMax ?? rules.quantityMax
  if (terms.pace !== null || order.leg === 'entry') return terms.pace !== null
  return most !== null && wanted.greaterThan(roundDownToStep(most, rules.quantityStep))
}

type Asker = { readonly clientOrderId: string | null; readonly side: 'buy' | 'sell' }

/** The quantity is that of the base asset: what a sale gives, and what a buy is to bring. */
function askQuote(work: Work, { clientOrderId, side }: Asker, quantity: Decimal): void {
  const { base, quote } = work.market.rules
  const key = quoteKeyOf(clientOrderId)
  const request =
    side === 'buy'
      ? { from: quote, to: base, receive: quantity }
      : { from: base, to: quote, amount: quantity }
  callVenue(work, { kind: 'quote-conversion', key, clientOrderId, request })
}

/** Dust that nothing is going to be added to or taken from. */
export function convertDust(work: Work): void {
  if (!offersDust(work) || !isTime(work, work.converting) || !isIdleDust(work)) return
  askQuote(work, { clientOrderId: null, side: 'sell' }, heldOf(work).quantity)
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
  if (!isWanted || work.barred !== null) return
  if (told.kind === 'refused') {
    giveUp(work, ticket, { reason: 'no_quote', words: told.reason })
    return
  }
  const fault = faultOf(work, ticket, told.quote)
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

function faultOf(work: Work, ticket: Ticket | null, quote: ConvertQuote): ConvertFailure | null {
  const wanted = wantedNow(work, ticket)
  const isBuy = ticket?.order.side === 'buy'
  const quoted = isBuy ? quote.toAmount : quote.fromAmount
  if (!quoted.equals(wanted)) {
    const words = `quoted for ${quoted.toString()}, wanted ${wanted.toString()}`
    return { reason: 'no_quote', words }
  }
  if (quote.validUntil <= work.now) return { reason: 'expired', words: 'the quote came too late' }
  return isBuy ? tooDear(work, ticket?.order.price ?? null, quote) : tooCheap(work, quote)
}

function tooCheap(work: Work, { fromAmount, toAmount }: ConvertQuote): ConvertFailure | null {
  const last = work.price?.value ?? null
  if (last === null) return null
  const least = last.times(fromAmount).times(Decimal.from(1).minus(COST_MAX))
  if (toAmount.atLeast(least)) return null
  return { reason: 'price', words: `${toAmount.toString()} is less than ${least.toString()}` }
}

/** Never more than is reserved: what the approved worst price comes to. */
function tooDear(
  work: Work,
  worst: Decimal | null,
  { fromAmount, toAmount }: ConvertQuote,
): ConvertFailure | null {
  const last = work.price?.value.times(Decimal.from(1).plus(COST_MAX)) ?? null
  const price = worst === null || (last !== null && last.lessThan(worst)) ? last : worst
  const most = price?.times(toAmount) ?? null
  if (most === null || fromAmount.atMost(most)) return null
  return { reason: 'price', words: `${fromAmount.toString()} is more than ${most.toString()}` }
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
  const quantity = ticket.order.side === 'buy' ? quote.toAmount : quote.fromAmount
  const order = { ...ticket.order, quantity, details: detailsOf(terms) }
  const { clientOrderId } = submit(work, { ...ticket, terms, order }).order
  callVenue(work, { kind: 'accept-quote', key: `place:${clientOrderId}`, clientOrderId, quote })
}

function dustTicket(work: Work, quantity: Decimal): Ticket | null {
  if (work.owner === null) return null
  const leg = 'flatten' as const
  const attempt = nextAttempt(work, work.owner.intentId, leg)
  // It is the end of the sale that left it; without one, of the position as it is.
  const exitReason = work.trade?.exitReason ?? closingReasonOf(work, work.owner)
  const told = { expected: work.price?.value ?? null, exitReason } as const
  return ownTicket(work, work.owner, { leg, attempt, type: 'market', quantity, ...told })
}

/** The trade as the order that it is to us; its id cannot be mistaken for one of the book's orders. */
export function orderOfConversion(
  { symbol, clientOrderId }: { readonly symbol: string; readonly clientOrderId: string },
  conversion: VenueConversion,
): VenueOrder {
  const { quoteId, status, at } = conversion
  const venueOrderId = `convert-${quoteId}`
  const { side, quantity, notional } = amountsOf(symbol, conversion)
  const common = { symbol, clientOrderId, venueOrderId, side } as const
  const fill: VenueFill = {
    ...common,
    tradeId: venueOrderId,
    // Of a buy rounded so that it never comes to more than was reserved.
    price: notional.dividedBy(quantity, PRICE_SCALE, side === 'buy' ? 'down' : 'half-up'),
    quantity,
    notional,
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
    quantity,
    limitPrice: null,
    stopPrice: null,
    filledQuantity: isDone ? quantity : Decimal.zero,
    filledNotional: isDone ? notional : Decimal.zero,
    fills: isDone ? [fill] : [],
    updatedAt: at,
    endReason: status === 'failed' ? 'convert_failed' : null,
  }
}

function amountsOf(symbol: string, { from, fromAmount, toAmount }: VenueConversion) {
  return symbol.startsWith(`${from}/`)
    ? ({ side: 'sell', quantity: fromAmount, notional: toAmount } as const)
    : ({ side: 'buy', quantity: toAmount, notional: fromAmount } as const)
}
