import { LedgerUnavailableError } from '@flotilla/ledger'
import { realClock, type Logger } from '@flotilla/runtime'
import type { TermGrant } from './leading-agent.ts'

/** How a term waits for the world around it: told to people, ended with the term, never a busy loop. */
export type Waiting = Pick<TermGrant, 'over'> & { readonly logger: Logger }

/** Real time. */
const RETRY_PAUSE_MS = 1_000

/** Tries until the task is done; meanwhile the agent says what it waits for. Rejects when the term is over. */
export async function untilDone(
  { over, waitingFor, logger }: Waiting & Pick<TermGrant, 'waitingFor'>,
  what: string,
  task: () => Promise<void>,
): Promise<void> {
  for (;;) {
    over.throwIfAborted()
    try {
      return await task()
    } catch (err) {
      waitingFor(what)
      logger.warn({ err, what }, 'not available yet, trying again')
      await realClock.sleep(RETRY_PAUSE_MS, over)
    }
  }
}

/**
 * While the ledger is away the work waits here: a message that is given back wears out its deliveries.
 * Rejects with the ledger's own error when the term ends meanwhile, and with any other error at once.
 */
export async function untilLedgerAnswers<Value>(
  { over, logger }: Waiting,
  phrase: string,
  work: () => Promise<Value>,
): Promise<Value> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (over.aborted || !(error instanceof LedgerUnavailableError)) throw error
      logger.error({ err: error }, phrase)
      await realClock.sleep(RETRY_PAUSE_MS, over)
    }
  }
}
