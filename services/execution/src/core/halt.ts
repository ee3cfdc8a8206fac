// A symbol whose position could not be protected takes no more entries until a person has looked. What
// is held is still closed, and exits go on.
import { entriesChanged } from './announce.ts'
import { heldOf, note, type Work } from './work.ts'

const CAUSE = 'protection_failed'

/** Where the halt is remembered, so that a restart does not end it. */
export function haltKey(symbol: string): string {
  return `halted:${symbol}`
}

export function halt(work: Work, reason: string): void {
  if (work.halted !== null) return
  remember(work, reason)
  say(work, { allowed: false, reason })
  note(work, 'symbol halted until an operator resumes', { level: 'error', ...of(work), reason })
}

export function resume(work: Work, reason: string): void {
  if (work.halted === null) return
  remember(work, null)
  say(work, { allowed: true, reason })
  note(work, 'symbol resumed', { level: 'warn', ...of(work), reason })
}

function remember(work: Work, halted: string | null): void {
  work.halted = halted
  const key = haltKey(work.market.symbol)
  work.remembered.push({ kind: 'memory-stored', agent: 'execution', key, value: halted })
}

function say(work: Work, change: { readonly allowed: boolean; readonly reason: string }): void {
  const { account, symbol } = work.market
  const what = { account, symbol, asset: null, cause: CAUSE, ...change } as const
  const about = String(heldOf(work).version)
  work.messages.push(entriesChanged(what, { now: work.now, about }))
}

function of({ market }: Work) {
  return { symbol: market.symbol }
}
