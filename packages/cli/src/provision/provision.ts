import { permissionsOf } from '@flotilla/bus'
import { agentNames, type AgentName } from '@flotilla/contracts'
import type { RabbitAdmin } from './rabbit-admin.ts'

/**
 * Makes the broker ready before any agent starts: the virtual host, the exchanges, and one user per
 * agent whose rights are what the topology says it publishes and consumes, and nothing else. An agent
 * that was taken over cannot speak in the name of another.
 */
export async function provisionBroker(options: {
  readonly admin: RabbitAdmin
  readonly vhost: string
  readonly passwordOf: (agent: AgentName) => string
}): Promise<void> {
  const { admin, vhost, passwordOf } = options
  await admin.createVhost(vhost)
  const rights = agentNames.map((agent) => ({ agent, ...permissionsOf(agent) }))
  const exchanges = new Set(rights.flatMap(({ topics }) => topics.map(({ exchange }) => exchange)))
  for (const exchange of exchanges) await admin.createExchange(vhost, exchange)
  for (const { agent, ...granted } of rights) {
    await admin.createUser(agent, passwordOf(agent))
    await admin.grant(vhost, agent, granted)
  }
}
