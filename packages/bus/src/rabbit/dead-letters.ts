import { hash } from 'node:crypto'
import { connect, type ChannelModel, type ConfirmChannel, type GetMessage } from 'amqplib'
import { agentNames, type AgentName } from '@flotilla/contracts'
import type { DeadLetter, DeadLetterFilter, DeadLetters } from '../bus.ts'
import { wallClock } from '../clock.ts'
import { namesIn } from '../codec.ts'
import { deadLetterQueueOf } from '../topology.ts'
import { queueExists } from './declare.ts'
import { closeChannel, closeConnection } from './goodbye.ts'
import type { Burial } from './lane.ts'

// Dead letters of a RabbitMQ fleet, one queue per agent. AMQP cannot look into a queue, so listing
// takes the letters out and gives them back when it has read them.

const HEADER = {
  reason: 'x-flotilla-reason',
  queue: 'x-flotilla-queue',
  deliveryCount: 'x-flotilla-delivery-count',
  at: 'x-flotilla-dead-lettered-at',
} as const

/** A letter more than this deep in its queue is not found; nobody reads that far. */
const SCAN_MAX = 10_000

export function letterHeaders(letter: Burial): Record<string, string | number> {
  return {
    [HEADER.reason]: letter.reason.slice(0, 1_000),
    [HEADER.queue]: letter.queue,
    [HEADER.deliveryCount]: letter.deliveryCount,
    [HEADER.at]: new Date(wallClock()).toISOString(),
  }
}

/** Connects for each question and leaves again: an operator asks seldom. */
export function rabbitDeadLetters(url: string): DeadLetters {
  return {
    list: (filter) => visit(url, filter ?? {}, 'keep'),
    requeue: async (filter) => (await visit(url, filter ?? {}, 'requeue')).length,
    discard: async (filter) => (await visit(url, filter ?? {}, 'discard')).length,
  }
}

type Fate = 'keep' | 'requeue' | 'discard'

async function visit(url: string, filter: DeadLetterFilter, fate: Fate): Promise<DeadLetter[]> {
  const model = await connect(url, { noDelay: true })
  model.on('error', () => undefined)
  try {
    const found: DeadLetter[] = []
    for (const agent of filter.agent === undefined ? agentNames : [filter.agent]) {
      const limit = (filter.limit ?? 100) - found.length
      if (limit <= 0) break
      found.push(...(await visitAgent(model, { agent, filter: { ...filter, limit }, fate })))
    }
    return found
  } finally {
    await closeConnection(model)
  }
}

type Visit = { agent: AgentName; filter: DeadLetterFilter & { limit: number }; fate: Fate }
type Found = { readonly letter: DeadLetter; readonly message: GetMessage }

async function visitAgent(model: ChannelModel, visit: Visit): Promise<DeadLetter[]> {
  const { agent, fate } = visit
  if (!(await queueExists(model, deadLetterQueueOf(agent)))) return []
  const channel = await model.createConfirmChannel()
  const chosen = choose(await readAll(channel, agent), visit.filter)
  for (const { letter, message } of chosen) {
    if (fate === 'requeue') await putBack(channel, letter.queue, message)
    if (fate !== 'keep') channel.ack(message)
  }
  // Closing gives back what was only looked at.
  await closeChannel(channel)
  return chosen.map(({ letter }) => letter)
}

async function readAll(channel: ConfirmChannel, agent: AgentName): Promise<Found[]> {
  const found: Found[] = []
  while (found.length < SCAN_MAX) {
    const message = await channel.get(deadLetterQueueOf(agent))
    if (message === false) break
    found.push({ letter: letterOf(agent, message), message })
  }
  return found
}

/** Looking at letters moves them within their queue, so that their order is their time of death. */
function choose(found: Found[], { ids, limit }: Visit['filter']): readonly Found[] {
  const wanted = found.filter(({ letter }) => ids === undefined || ids.includes(letter.id))
  wanted.sort(({ letter: left }, { letter: right }) => {
    const leftKey = `${left.deadLetteredAt} ${left.id}`
    return leftKey < `${right.deadLetteredAt} ${right.id}` ? -1 : 1
  })
  return wanted.slice(0, limit)
}

/** Into the one queue it came from, past the exchange: other agents had theirs. */
async function putBack(channel: ConfirmChannel, queue: string, letter: GetMessage): Promise<void> {
  let returned = false
  channel.once('return', () => (returned = true))
  const options = { persistent: true, mandatory: true, ...names(letter) }
  await new Promise<void>((resolve, reject) => {
    channel.sendToQueue(queue, letter.content, options, (error: unknown) => {
      if (error === null || error === undefined) resolve()
      else reject(new Error(`the broker did not take the letter back into ${queue}`))
    })
  })
  if (returned) throw new Error(`the queue ${queue} is gone; start its agent first`)
}

/** Without the headers: it starts its life anew. */
function names({ properties }: GetMessage): { messageId: string; type: string } {
  return { messageId: String(properties.messageId), type: String(properties.type) }
}

function letterOf(agent: AgentName, message: GetMessage): DeadLetter {
  const body = message.content.toString()
  const death = deathOf(message)
  return {
    id: hash('sha1', `${death.queue} ${death.deadLetteredAt} ${body}`).slice(0, 12),
    agent,
    ...namesIn(body),
    ...death,
    body,
  }
}

type Death = Pick<DeadLetter, 'queue' | 'reason' | 'deliveryCount' | 'deadLetteredAt'>

/** Our consumers leave headers of ours; the broker, when it gives up by itself, leaves its own. */
function deathOf(message: GetMessage): Death {
  const headers: Record<string, unknown> = message.properties.headers ?? {}
  if (headers[HEADER.reason] === undefined) return deathByBroker(message)
  return {
    queue: String(headers[HEADER.queue]),
    reason: String(headers[HEADER.reason]),
    deliveryCount: Number(headers[HEADER.deliveryCount]),
    deadLetteredAt: String(headers[HEADER.at]),
  }
}

function deathByBroker({ properties, fields }: GetMessage): Death {
  const death = properties.headers?.['x-death']?.[0]
  return {
    queue: death?.queue ?? fields.routingKey,
    reason: brokerReason(death?.reason),
    deliveryCount: Number(properties.headers?.['x-delivery-count'] ?? 0),
    deadLetteredAt: new Date((death?.time.value ?? 0) * 1_000).toISOString(),
  }
}

function brokerReason(reason: string | undefined): string {
  if (reason === 'delivery_limit') return 'its consumer died each time it was delivered'
  return `given up by the broker: ${reason ?? 'no reason known'}`
}
