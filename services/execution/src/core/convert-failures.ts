// Conversions that came to nothing: counted by reason, and told louder when they come one after the other.
import { retryAfter } from './retry.ts'
import { note, type Work } from './work.ts'

export type ConvertFailure = {
  readonly reason: 'no_quote' | 'unreachable' | 'expired' | 'price' | 'refused' | 'not_placed'
  /** The venue's, or ours. */
  readonly words: string
}

/** The phrase of the log, by which the shell counts them. */
export const CONVERT_FAILED = 'conversion failed'

/** So many in a row are no accident. */
const ALARM_AFTER = 3

export function noteConvertFailure(work: Work, { reason, words }: ConvertFailure): void {
  work.converting = retryAfter(work, work.converting)
  const { failures } = work.converting
  const level = failures >= ALARM_AFTER ? 'error' : 'warn'
  note(work, CONVERT_FAILED, { level, symbol: work.market.symbol, reason, words, failures })
}
