import type { Ledger } from '@flotilla/ledger'
import type { Logger } from '@flotilla/runtime'

const DAY_MS = 86_400_000
/** Real time. Not at once: a start has better things to do. */
const FIRST_AFTER_MS = 60_000
const EVERY_MS = 3_600_000

export type Housekeeping = {
  readonly ledger: Pick<Ledger, 'prune'>
  readonly keepDays: number
  readonly logger: Logger
  /** Rejects when there is nothing more to wait for. */
  readonly sleep: (ms: number) => Promise<void>
}

/**
 * Lets the ledger forget, from time to time, what it keeps only to recognise what comes twice: the ids
 * of processed messages, and messages that the bus has. Resolves when the sleep is broken off.
 */
export async function keepHouse({ ledger, keepDays, logger, sleep }: Housekeeping): Promise<void> {
  for (let wait = FIRST_AFTER_MS; ; wait = EVERY_MS) {
    try {
      await sleep(wait)
    } catch {
      return
    }
    try {
      await ledger.prune({ ageMs: keepDays * DAY_MS })
    } catch (err) {
      logger.warn({ err }, 'ledger not tidied, trying again later')
    }
  }
}
