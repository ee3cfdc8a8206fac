// A venue that refuses our key takes nothing of ours: what would be sent is decided and waits, and nothing is asked,
// because every try would be refused as well and counted against us. When there is a key again everything is done
// at once: what was refused meanwhile says nothing about it.
import { calm } from './desk.ts'
import { keepProtection, note, protectionOf, type Work } from './work.ts'

/** Compares what is told of the key with what was known before. */
export function noteKey(work: Work): void {
  const { keyRefused, barred } = work
  if (keyRefused !== null) work.barred = keyRefused
  else if (barred !== null) goOn(work)
}

function goOn(work: Work): void {
  work.barred = null
  // The time without protection counts from now: before, nobody could place any.
  if (protectionOf(work).state === 'unprotected') keepProtection(work, { since: work.now })
  work.protecting = calm
  work.selling = calm
  work.canceling = calm
  work.converting = calm
  work.withdrawing = calm
  work.fetchingFills = calm
  work.sweepAt = work.now
  for (const [subject, watch] of work.watches) {
    work.watches.set(subject, { ...watch, nextAt: work.now })
  }
  note(work, 'the venue takes our key again', { symbol: work.market.symbol })
}
