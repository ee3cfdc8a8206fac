import {
  agents,
  bindingKeyOf,
  streamNamed,
  streamOf,
  topologyOf,
  type AgentName,
  type MessageType,
} from '@flotilla/contracts'
import { deadLetterExchange, exchangeName, exchangeOf, exchanges } from './topology.ts'

// What an agent's own user may do at the broker, derived from the topology: an agent that has been
// taken over can say only what it says anyway, and read only what it reads anyway.

export type TopicPermission = {
  readonly exchange: string
  /** Regular expressions on routing keys: what may be published, what may be bound. */
  readonly write: string
  readonly read: string
}

export type Permissions = {
  /** Regular expressions on the names of queues and exchanges. */
  readonly configure: string
  readonly write: string
  readonly read: string
  /** One for every exchange: where a user has none, every routing key is allowed. */
  readonly topics: readonly TopicPermission[]
}

const NOTHING = '^$'

/** For `rabbitmqctl set_permissions` and `set_topic_permissions`, or their HTTP forms. */
export function permissionsOf(agent: AgentName): Permissions {
  const { publishes, consumes } = agents[agent] === undefined ? nobody : topologyOf(agent)
  const own = `${escaped(agent)}\\..*`
  const spoken = [...new Set(publishes.map(exchangeOf))]
  const heard = [...new Set(consumes.map(exchangeOf))]
  return {
    configure: `^${own}$`,
    // Binding writes to the queue; naming a dead-letter exchange for it writes to that.
    write: anyOf([own, ...[...spoken, deadLetterExchange].map(escaped)]),
    read: anyOf([own, ...[...heard, deadLetterExchange].map(escaped)]),
    topics: [
      ...exchanges.map(exchangeName).map((exchange) => ({
        exchange,
        write: keysOf(publishes.filter((type) => exchangeOf(type) === exchange)),
        read: bindingsOf(consumes.filter((type) => exchangeOf(type) === exchange)),
      })),
      // Dead letters carry the name of the queue that gave them up: its own only.
      { exchange: deadLetterExchange, write: `^${own}$`, read: `^${escaped(agent)}\\.#$` },
    ],
  }
}

const nobody = { publishes: [], consumes: [] } as const

/** A type, alone or with the tail of a stream that is spread by symbol. */
function keysOf(types: readonly MessageType[]): string {
  if (types.length === 0) return NOTHING
  return `^(${types.map(escaped).join('|')})(\\..*)?$`
}

function bindingsOf(types: readonly MessageType[]): string {
  const keys = types.flatMap((type) => {
    const { partitions } = streamNamed(streamOf(type))
    return Array.from({ length: partitions }, (_, partition) => bindingKeyOf(type, partition))
  })
  return keys.length === 0 ? NOTHING : anyOf(keys.map(escaped))
}

function anyOf(patterns: readonly string[]): string {
  return `^(${patterns.join('|')})$`
}

function escaped(text: string): string {
  return text.replaceAll(/[.*#+?^${}()|[\]\\]/g, '\\$&')
}
