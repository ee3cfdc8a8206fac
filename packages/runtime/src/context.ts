import type { AgentName } from '@flotilla/contracts'
import type { Clock } from './clock.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'

/** What every agent is given to be seen and to know the time. */
export type AgentContext = {
  readonly name: AgentName
  /** Tells replicas of one agent apart; `1` where there is one. */
  readonly instance: string
  readonly logger: Logger
  readonly metrics: Metrics
  readonly clock: Clock
}
