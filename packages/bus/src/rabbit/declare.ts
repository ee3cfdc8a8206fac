import type { Channel, ChannelModel } from 'amqplib'
import type { AgentName } from '@flotilla/contracts'
import { TopologyError } from '../bus.ts'
import { reasonOf } from '../settle.ts'
import {
  deadLetterExchange,
  deadLetterQueueOf,
  exchangeName,
  exchanges,
  type QueueSpec,
} from '../topology.ts'
import { closeChannel } from './goodbye.ts'

// What the broker must know. Arguments are explicit, since their defaults differ between RabbitMQ
// 3.10 and 4.x, and constant, since declaring a queue again with other arguments is refused.

/**
 * The broker's own limit stops a message that kills its consumer before the consumer can say why;
 * everything else is given up by the consumer, with a reason.
 */
const DELIVERY_LIMIT = 20
/** Looking at dead letters takes and returns them, which counts as a delivery. */
const DEAD_LETTER_DELIVERY_LIMIT = 1_000_000
/** Market queues of an agent that does not come back vanish. */
const MARKET_QUEUE_EXPIRES_MS = 10 * 60_000

/**
 * Makes sure that the exchanges are there. A user that may not declare them can still see them: only
 * a missing one needs the right to make it.
 */
export async function declareExchanges(model: ChannelModel): Promise<void> {
  for (const name of [...exchanges.map(exchangeName), deadLetterExchange]) {
    if (await exists(model, (channel) => channel.checkExchange(name))) continue
    await onOwnChannel(model, (channel) => channel.assertExchange(name, 'topic', { durable: true }))
  }
}

export async function queueExists(model: ChannelModel, queue: string): Promise<boolean> {
  return exists(model, (channel) => channel.checkQueue(queue))
}

/** The agent's queues and the one where its dead letters wait. */
export async function declareQueues(channel: Channel, specs: readonly QueueSpec[]): Promise<void> {
  for (const agent of new Set(specs.map((spec) => spec.agent))) {
    await declareDeadLetterQueue(channel, agent)
  }
  for (const spec of specs) {
    await channel.assertQueue(spec.name, queueOptions(spec))
    for (const binding of spec.bindings) await channel.bindQueue(spec.name, spec.exchange, binding)
  }
}

async function declareDeadLetterQueue(channel: Channel, agent: AgentName): Promise<void> {
  const queue = deadLetterQueueOf(agent)
  await channel.assertQueue(queue, {
    durable: true,
    arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': DEAD_LETTER_DELIVERY_LIMIT },
  })
  await channel.bindQueue(queue, deadLetterExchange, `${agent}.#`)
}

function queueOptions(spec: QueueSpec): {
  durable: boolean
  exclusive: boolean
  arguments: Record<string, unknown>
} {
  const bounded = { 'x-max-length': spec.lengthMax }
  if (spec.exclusive) {
    const dropOldest = { ...bounded, 'x-overflow': 'drop-head' }
    return { durable: false, exclusive: true, arguments: dropOldest }
  }
  const shared = { ...bounded, 'x-single-active-consumer': true }
  const own =
    spec.overflow === 'drop-oldest'
      ? { 'x-overflow': 'drop-head', 'x-expires': MARKET_QUEUE_EXPIRES_MS }
      : durableArguments(spec.name)
  return { durable: true, exclusive: false, arguments: { ...shared, ...own } }
}

function durableArguments(queue: string): Record<string, unknown> {
  return {
    'x-queue-type': 'quorum',
    'x-delivery-limit': DELIVERY_LIMIT,
    'x-overflow': 'reject-publish',
    'x-dead-letter-exchange': deadLetterExchange,
    'x-dead-letter-routing-key': queue,
    // Without it a letter is lost when the broker stops between taking and putting it.
    'x-dead-letter-strategy': 'at-least-once',
  }
}

const NOT_FOUND = 404
const ACCESS_REFUSED = 403
const PRECONDITION_FAILED = 406

/** Turns an error of declaring that no retry will heal into one that says so. */
export async function declaring<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    const code = codeOf(error)
    if (code === PRECONDITION_FAILED) {
      const hint = 'delete the queue or give the broker its old settings'
      throw new TopologyError(`declared differently at the broker (${hint}): ${reasonOf(error)}`)
    }
    throw code === ACCESS_REFUSED ? forbidden(error) : error
  }
}

export function isForbidden(error: unknown): boolean {
  return codeOf(error) === ACCESS_REFUSED
}

export function forbidden(error: unknown): TopologyError {
  const hint = 'provision the broker for this agent'
  return new TopologyError(`the user has no permission (${hint}): ${reasonOf(error)}`)
}

function codeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  return typeof error.code === 'number' ? error.code : null
}

async function exists(
  model: ChannelModel,
  look: (channel: Channel) => Promise<unknown>,
): Promise<boolean> {
  try {
    await onOwnChannel(model, look)
    return true
  } catch (error) {
    if (codeOf(error) === NOT_FOUND) return false
    throw error
  }
}

/** A refused question closes its channel, so that it gets one of its own. */
async function onOwnChannel(
  model: ChannelModel,
  work: (channel: Channel) => Promise<unknown>,
): Promise<void> {
  const channel = await model.createChannel()
  channel.on('error', () => undefined)
  await work(channel)
  await closeChannel(channel)
}
