// Giving a position up, whatever the reason.
import { sayProtectionFailed } from './conclude.ts'
import { halt } from './halt.ts'
import { keepProtection, note, type Work } from './work.ts'

export type Why = {
  readonly code: string
  readonly reason: string
  /** It could not be protected, which people must hear of. */
  readonly failed: boolean
}

/** The position is given up: from now on the guard closes it and nothing else. */
export function close(work: Work, why: Why): void {
  const { code, reason } = why
  if (why.failed && work.owner !== null) {
    const attempts = Math.max(1, work.protecting.failures)
    const failure = { leg: 'stop-loss', attempts, code, reason, action: 'flattening' } as const
    sayProtectionFailed(work, work.owner.cause, { ...failure, about: code })
    halt(work, { cause: 'protection_failed', reason: `${code}: ${reason}` })
  } else {
    note(work, 'position is being closed', { symbol: work.market.symbol, code, reason })
  }
  keepProtection(work, { state: 'closing', reason: code, since: work.now })
}
