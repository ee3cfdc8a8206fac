// Finds what a crash left in the outbox between commit and mark.
import type { AgentName, AnyMessage } from '@flotilla/contracts'
import type { Ledger } from './port.ts'

const PAGE = 500

export type OutboxRelayOptions = {
  readonly ledger: Pick<Ledger, 'unpublished'>
  readonly consumer: AgentName
  /** True for messages that their committer still holds: they are not left over. */
  readonly isInHand: (messageId: string) => boolean
  /** Younger ones may be in the hands of another replica of the agent. */
  readonly ageMsMin: number
}

/**
 * Messages of this agent that nobody publishes any more, in the order of their commits, at most one
 * page at a time. No commit of the same agent may be under way meanwhile, or it would look left over.
 */
export async function leftInOutbox(options: OutboxRelayOptions): Promise<AnyMessage[]> {
  const { ledger, consumer, isInHand, ageMsMin } = options
  const entries = await ledger.unpublished(consumer, PAGE, { atLeastMs: ageMsMin })
  return entries.map((entry) => entry.message).filter((message) => !isInHand(message.messageId))
}
