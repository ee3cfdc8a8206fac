// Pauses between attempts: longer with each that failed.
import type { Retry } from './desk.ts'
import type { Work } from './work.ts'

/** Whether it may be tried now: not before its pause is over, nor with a key that the venue refuses. */
export function isTime({ now, barred }: Work, { nextAt }: Retry): boolean {
  return barred === null && now >= nextAt
}

export function retryAfter(work: Work, retry: Retry, atLeastMs = 0): Retry {
  const delays = work.settings.retryDelaysMs
  const delay = delays[Math.min(retry.failures, delays.length - 1)] ?? 0
  return { failures: retry.failures + 1, nextAt: work.now + Math.max(delay, atLeastMs) }
}
