// A symbol at which something went wrong that nobody here can judge takes no more entries until a person has
// looked. What is held is still closed, and exits go on.
import type { EntryStopCause } from '@flotilla/contracts'
import type { Json } from '@flotilla/ledger'
import { z } from 'zod'
import { entriesChanged } from './announce.ts'
import { heldOf, note, type Work } from './work.ts'

const haltCauses = [
  'protection_failed',
  'overfill',
  'own_fault',
] as const satisfies readonly EntryStopCause[]

export type Halt = { readonly cause: (typeof haltCauses)[number]; readonly reason: string }

/** Where the halt is remembered, so that a restart does not end it. */
export function haltKey(symbol: string): string {
  return `halted:${symbol}`
}

export function halt(work: Work, halted: Halt): void {
  if (work.halted !== null) return
  remember(work, halted)
  say(work, halted, false)
  note(work, 'symbol halted until an operator resumes', { level: 'error', ...of(work), ...halted })
}

export function resume(work: Work, reason: string): void {
  const { halted } = work
  if (halted === null) return
  remember(work, null)
  say(work, { cause: halted.cause, reason }, true)
  note(work, 'symbol resumed', { level: 'warn', ...of(work), reason })
}

function remember(work: Work, halted: Halt | null): void {
  work.halted = halted
  const key = haltKey(work.market.symbol)
  work.remembered.push({ kind: 'memory-stored', agent: 'execution', key, value: halted })
}

function say(work: Work, { cause, reason }: Halt, allowed: boolean): void {
  const { account, symbol } = work.market
  const what = { account, symbol, asset: null, cause, allowed, reason }
  const about = String(heldOf(work).version)
  work.messages.push(entriesChanged(what, { now: work.now, about }))
}

function of({ market }: Work) {
  return { symbol: market.symbol }
}

const Stored = z.object({ cause: z.enum(haltCauses), reason: z.string() })

/**
 * Earlier versions remembered the reason alone, of whatever cause.
 * @throws ZodError when it was not written by this service.
 */
export function haltOf(stored: Json): Halt | null {
  if (stored === null) return null
  if (typeof stored !== 'string') return Stored.parse(stored)
  const cause = stored.startsWith('fill_beyond_order:') ? 'overfill' : 'protection_failed'
  return { cause, reason: stored }
}
