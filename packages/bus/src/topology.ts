import {
  agents,
  bindingKeyOf,
  consumersOf,
  messageTypes,
  partitionOfMessage,
  perAccountAgents,
  queueNameOf,
  streamNamed,
  streamOf,
  subscriptionsOf,
  type AgentName,
  type AnyMessage,
  type ExchangeName,
  type MessageType,
  type StreamName,
} from '@flotilla/contracts'
import type { SubscribeOptions } from './bus.ts'

// Queues and bindings, derived from the topology in contracts. Both transports declare from here,
// so that a message takes the same way on either.

export type QueueSpec = {
  readonly name: string
  readonly agent: AgentName
  readonly stream: StreamName
  /** Null for a stream without partitions. */
  readonly partition: number | null
  readonly exchange: string
  readonly types: readonly MessageType[]
  readonly bindings: readonly string[]
  readonly lengthMax: number
  /** What happens to the next message when the queue is full. */
  readonly overflow: 'hold-publisher' | 'drop-oldest'
  /** Belongs to one process and vanishes with it. */
  readonly exclusive: boolean
}

export type LengthLimits = Readonly<Partial<Record<StreamName, number>>>

export const exchanges: readonly ExchangeName[] = ['market', 'trading', 'control']
export const deadLetterExchange = 'flotilla.dead-letter'

export function exchangeName(exchange: ExchangeName): string {
  return `flotilla.${exchange}`
}

export function exchangeOf(type: MessageType): string {
  return exchangeName(streamNamed(streamOf(type)).exchange)
}

export function isDurable(type: MessageType): boolean {
  return streamNamed(streamOf(type)).durable
}

/** Where an agent's given-up messages wait for an operator. */
export function deadLetterQueueOf(agent: AgentName): string {
  return `${agent}.dead-letter`
}

/** AMQP's limit for names. */
const NAME_LENGTH_MAX = 255

/**
 * The queues a subscription reads.
 * @throws RangeError when it names a part of a stream, or types the agent does not consume.
 */
export function queuesOf(
  subscription: Omit<SubscribeOptions, 'handler'>,
  limits: LengthLimits = {},
): readonly QueueSpec[] {
  const { agent, types, instance, account } = subscription
  const wanted = [...new Set(types.map(streamOf))]
  return wanted.flatMap((stream) => {
    const chosen = types.filter((type) => streamOf(type) === stream)
    const bound = instance === undefined ? boundTypes(agent, stream, chosen) : chosen
    return partitionsOf(stream, subscription.partitions).map((partition) =>
      specOf({ agent, stream, partition, bound, instance, account }, limits),
    )
  })
}

/** All queues that the fleet shares, for a broker that must know them before anyone subscribes. */
export function queuesOfAgent(
  agent: AgentName,
  limits: LengthLimits = {},
  account?: string,
): readonly QueueSpec[] {
  if (agents[agent] === undefined) return []
  const types = subscriptionsOf(agent).flatMap((subscription) => subscription.types)
  return queuesOf(account === undefined ? { agent, types } : { agent, types, account }, limits)
}

/** Those of further accounts, which each have agents of their own. */
export function queuesOfAccounts(
  accounts: readonly string[],
  limits: LengthLimits = {},
): readonly QueueSpec[] {
  return accounts.flatMap((account) =>
    perAccountAgents.flatMap((agent) => queuesOfAgent(agent, limits, account)),
  )
}

/** The queues that must have got a durable message before it counts as published. */
export function requiredQueuesOf(message: AnyMessage): readonly string[] {
  const partition = partitionOfMessage(message)
  const names = requiredQueues.get(message.type)
  if (names === undefined) throw new RangeError(`no stream carries ${message.type}`)
  return names[partition] ?? []
}

/** Computed once: the answer is needed for every publish. */
const requiredQueues = new Map(
  messageTypes.map((type) => {
    const stream = streamOf(type)
    const { partitions } = streamNamed(stream)
    const byPartition = Array.from({ length: partitions }, (_, partition) =>
      consumersOf(type).map((agent) => queueNameOf(agent, stream, partition)),
    )
    return [type, byPartition] as const
  }),
)

function boundTypes(
  agent: AgentName,
  stream: StreamName,
  chosen: readonly MessageType[],
): readonly MessageType[] {
  const subscription = subscriptionsOf(agent).find((each) => each.stream === stream)
  const allowed = subscription?.types ?? []
  const foreign = chosen.filter((type) => !allowed.includes(type))
  if (foreign.length > 0) {
    throw new RangeError(`the topology does not let ${agent} consume ${foreign.join(', ')}`)
  }
  const left = allowed.filter((type) => !chosen.includes(type))
  if (left.length > 0) {
    throw new RangeError(
      `${agent} must take the stream ${stream} as a whole, its types share a queue: ` +
        `also ${left.join(', ')}`,
    )
  }
  return allowed
}

function partitionsOf(stream: StreamName, chosen?: readonly number[]): readonly number[] {
  const { partitions } = streamNamed(stream)
  if (partitions === 1) return [0]
  const all = Array.from({ length: partitions }, (_, partition) => partition)
  if (chosen === undefined) return all
  const unknown = chosen.filter((partition) => !all.includes(partition))
  if (unknown.length === 0) return chosen
  throw new RangeError(`${stream} has ${partitions} partitions, not ${unknown.join(', ')}`)
}

type Place = {
  readonly agent: AgentName
  readonly stream: StreamName
  readonly partition: number
  readonly bound: readonly MessageType[]
  readonly instance: string | undefined
  readonly account: string | undefined
}

function specOf(place: Place, limits: LengthLimits): QueueSpec {
  const { agent, stream, partition, bound, instance, account } = place
  const { exchange, durable, partitions, lengthMax } = streamNamed(stream)
  const owner = account === undefined ? agent : `${agent}.account-${account}`
  const shared = queueNameOf(owner, stream, partition)
  const name = instance === undefined ? shared : `${shared}.${instance}`
  if (Buffer.byteLength(name) > NAME_LENGTH_MAX) throw new RangeError(`too long a name: ${name}`)
  return {
    name,
    agent,
    stream,
    partition: partitions === 1 ? null : partition,
    exchange: exchangeName(exchange),
    types: bound,
    bindings: bound.map((type) => bindingKeyOf(type, partition)),
    lengthMax: limits[stream] ?? lengthMax,
    overflow: durable && instance === undefined ? 'hold-publisher' : 'drop-oldest',
    exclusive: instance !== undefined,
  }
}
