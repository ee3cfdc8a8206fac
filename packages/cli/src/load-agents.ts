import type { AgentName } from '@flotilla/contracts'
import type { AgentSpec } from '@flotilla/fleet'

/**
 * The agents in the order in which they are started: who listens before who speaks. They are
 * loaded on demand, for `--help` must not wait for them.
 */
export async function loadAgents(): Promise<readonly AgentSpec[]> {
  const doors = await Promise.all([
    import('@flotilla/execution'),
    import('@flotilla/risk-manager'),
    import('@flotilla/strategy'),
    import('@flotilla/technical-analysis'),
    import('@flotilla/data-collection'),
    import('@flotilla/gateway'),
  ])
  return doors.map(({ agent }) => agent)
}

export const agentOrder: readonly AgentName[] = [
  'execution',
  'risk-manager',
  'strategy',
  'technical-analysis',
  'data-collection',
  'gateway',
]
