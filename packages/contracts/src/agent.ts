// What every agent says about itself.
import { z } from 'zod'
import { defineMessage, type PayloadOf } from './message.ts'
import { AgentName, Instant } from './primitives.ts'

export const Heartbeat = defineMessage('agent.heartbeat.v1', {
  summary: 'An agent is alive, and whether it is ready to work.',
  payload: z.strictObject({
    agent: AgentName,
    /** Tells replicas of one agent apart. */
    instance: z.string().min(1).max(64),
    ready: z.boolean(),
    startedAt: Instant,
    /** Counts up by one per heartbeat of this start. */
    sequence: z.int().min(0),
  }),
})
export type Heartbeat = PayloadOf<typeof Heartbeat>
