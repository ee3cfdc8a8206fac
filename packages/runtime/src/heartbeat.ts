import { createMessage, Heartbeat, instant } from '@flotilla/contracts'
import type { AnyMessage } from '@flotilla/contracts'
import { realClock } from './clock.ts'
import type { Clock, Timer } from './clock.ts'
import type { AgentContext } from './context.ts'

export type HeartbeatOptions = {
  readonly context: AgentContext
  /** Real milliseconds: who watches for silence watches by the wall clock. */
  readonly intervalMs: number
  readonly ready: () => boolean
  readonly publish: (message: AnyMessage) => Promise<void>
  /** Of an agent that exists once per account. */
  readonly account?: string | undefined
  readonly beat?: Clock
}

/**
 * Says "I am alive" at once and then at every interval. A heartbeat that cannot be published is let
 * go: the bus reports its own trouble, and silence is the very thing that a lost heartbeat tells.
 */
export function startHeartbeat(options: HeartbeatOptions): Timer {
  const { context, intervalMs, ready, publish, account } = options
  const { name, instance, clock } = context
  const startedAt = instant(clock.now())
  let sequence = 0
  const beat = async (): Promise<void> => {
    const payload = { agent: name, instance, ready: ready(), startedAt, sequence }
    const discriminator = `${name} ${instance} ${startedAt} ${sequence}`
    const envelope = { source: name, occurredAt: clock.now(), discriminator, account }
    sequence += 1
    try {
      await publish(createMessage(Heartbeat, { payload, ...envelope }))
    } catch (error) {
      context.logger.debug({ err: error }, 'heartbeat not published')
    }
  }
  const first = beat()
  const timer = (options.beat ?? realClock).every(intervalMs, beat)
  return {
    stop: async () => {
      await first
      await timer.stop()
    },
  }
}
