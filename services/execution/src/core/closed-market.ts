// A symbol that the venue does not trade. Nothing can be sent there, so entries stop, and people are told since
// when it is so and what is held there, protected or not. Exits and protection are tried on and on, and at
// once when it trades again: what was refused meanwhile says nothing about them.
import { instant } from '@flotilla/contracts'
import type { Json } from '@flotilla/ledger'
import { z } from 'zod'
import { entriesChanged } from './announce.ts'
import { calm } from './desk.ts'
import { heldOf, keepProtection, note, protectionOf, type Work } from './work.ts'

const schema = z.object({
  /** The venue's word: existing orders can be taken away, or not even that. */
  status: z.enum(['cancel-only', 'halted']),
  since: z.number(),
})
export type ClosedMarket = Readonly<z.infer<typeof schema>>

/** Where it is remembered: since when survives a restart, and `flotilla why` reads it. */
export function closedKey(symbol: string): string {
  return `market-closed:${symbol}`
}

/** @throws ZodError when it was not written by this service. */
export function closedOf(stored: Json): ClosedMarket | null {
  return stored === null ? null : schema.parse(stored)
}

export function closedText({ status, since }: ClosedMarket): string {
  const words = status === 'halted' ? 'is halted' : 'takes cancels only'
  return `the symbol ${words} at the venue since ${instant(since)}`
}

/** Compares what the venue says of the symbol with what was said before. */
export function noteMarket(work: Work): void {
  const { closed } = work
  const { status } = work.market.rules
  if (status === 'trading') {
    if (closed !== null) reopen(work, closed)
    return
  }
  if (closed === null) shut(work, { status, since: work.now })
  else if (closed.status !== status) remember(work, { ...closed, status })
}

function shut(work: Work, closed: ClosedMarket): void {
  remember(work, closed)
  const reason = `${closedText(closed)}; ${heldText(work)}`
  say(work, { allowed: false, reason })
  const { symbol } = work.market
  note(work, 'market closed by the venue', {
    level: 'error',
    symbol,
    status: closed.status,
    reason,
  })
}

function reopen(work: Work, { since }: ClosedMarket): void {
  remember(work, null)
  // The time without protection counts from now: before, nobody could place any.
  if (protectionOf(work).state === 'unprotected') keepProtection(work, { since: work.now })
  work.protecting = calm
  work.selling = calm
  work.canceling = calm
  const reason = `the symbol trades again, closed since ${instant(since)}`
  say(work, { allowed: true, reason: `${reason}; ${heldText(work)}` })
  const { symbol } = work.market
  note(work, 'market trades again', { level: 'warn', symbol, closedMs: work.now - since })
}

function heldText(work: Work): string {
  const { quantity } = heldOf(work)
  if (!quantity.isPositive()) return 'nothing is held there'
  const { state, stop } = protectionOf(work)
  const prices = state === 'protected' && stop !== null ? `, stop ${stop.toString()}` : ''
  return `${quantity.toString()} ${work.market.rules.base} held there, ${state}${prices}`
}

function remember(work: Work, closed: ClosedMarket | null): void {
  work.closed = closed
  const key = closedKey(work.market.symbol)
  work.remembered.push({ kind: 'memory-stored', agent: 'execution', key, value: closed })
}

function say(work: Work, change: { readonly allowed: boolean; readonly reason: string }): void {
  const { account, symbol } = work.market
  const what = { account, symbol, asset: null, cause: 'market_closed', ...change } as const
  const about = String(heldOf(work).version)
  work.messages.push(entriesChanged(what, { now: work.now, about }))
}
