import { instant } from '@flotilla/contracts'
import type { AgentName } from '@flotilla/contracts'
import type { Ledger } from '@flotilla/ledger'
import type { Clock, Logger } from '@flotilla/runtime'

const minuteMs = 60_000

/**
 * Writes down that somebody would command without the token: one entry a minute and door, however
 * often, so that whoever knocks cannot fill the ledger.
 */
export function createRefusedRequests(options: {
  readonly ledger: Pick<Ledger, 'commit'>
  /** Whose door it is: two of one process do not write over each other's count. */
  readonly door: AgentName
  /** Real time. */
  readonly clock: Clock
  readonly logger: Logger
}): (path: string) => Promise<void> {
  const { ledger, door, clock, logger } = options
  let minute = 0
  let count = 0
  return async (path) => {
    const now = Math.floor(clock.now() / minuteMs)
    count = now === minute ? count + 1 : 1
    minute = now
    const at = instant(now * minuteMs)
    logger.warn({ path, count }, 'request without the token refused')
    const value = { minute: at, count, path: path.slice(0, 200) }
    const key = `refused-request/${at}/${door}`
    const change = { kind: 'memory-stored', agent: 'operator', key, value } as const
    const unit = { consumer: 'operator', causeId: null, changes: [change], outgoing: [] } as const
    await ledger.commit([unit]).catch((err: unknown) => {
      logger.error({ err }, 'refused request not recorded')
    })
  }
}
