// The baseline: one process per stage that parses a message, makes the next one of the usual size and
// publishes it, with amqplib over quorum queues. The third stage commits a row before it speaks.
import { connect, type ConfirmChannel, type ConsumeMessage } from 'amqplib'
import { Client } from 'pg'
import { machineMs } from './chain-drive.ts'

/** Bytes of a candle, an analysis, an intent and an approval, as the fleet sends them. */
const rawBytes = [560, 1_250, 900, 1_150] as const
export const stages = [1, 2, 3, 4] as const
export type Stage = (typeof stages)[number]

export type RawPlace = { readonly amqpUrl: string; readonly databaseUrl: string }
export type RawReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'order'; readonly name: string; readonly at: number }

type Body = { readonly messageId: string; readonly fields: Readonly<Record<string, string>> }

/** The stage that commits, as the risk manager does. */
const committing = 3

function queueOf(stage: Stage): string {
  return `raw.stage-${stage}`
}

/** A body of about the right size that is as much work to parse and to write as a real one. */
function rawBody(messageId: string, stage: Stage): Buffer {
  const fields: Record<string, string> = {}
  const bytes = rawBytes[stage - 1]!
  for (let size = 70, index = 0; size < bytes; size += 32, index++) {
    fields[`field${String(index).padStart(3, '0')}`] = '12345.67890123456'
  }
  return Buffer.from(JSON.stringify({ messageId, fields } satisfies Body))
}

export function publishRaw(
  channel: ConfirmChannel,
  stage: Stage,
  messageId: string,
): Promise<void> {
  const options = { persistent: true, mandatory: true, contentType: 'application/json', messageId }
  return new Promise((resolve, reject) => {
    const body = rawBody(messageId, stage)
    channel.publish('', queueOf(stage), body, options, (error: unknown) => {
      if (error === null) resolve()
      else reject(new Error('not confirmed'))
    })
  })
}

export async function declareRaw({ amqpUrl, databaseUrl }: RawPlace): Promise<void> {
  const model = await connect(amqpUrl, { noDelay: true })
  const channel = await model.createChannel()
  for (const stage of stages) {
    const queueArguments = { 'x-queue-type': 'quorum' }
    await channel.assertQueue(queueOf(stage), { durable: true, arguments: queueArguments })
  }
  await model.close()
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query('create table raw_commits (message_id text primary key, body jsonb not null)')
  await client.end()
}

export async function runStage(stage: Stage, place: RawPlace): Promise<void> {
  const report = (message: RawReport): void => void process.send!(message)
  const publishing = await connect(place.amqpUrl, { noDelay: true })
  const consuming = await connect(place.amqpUrl, { noDelay: true })
  const publisher = await publishing.createConfirmChannel()
  const consumer = await consuming.createChannel()
  const commit = stage === committing ? await committer(place.databaseUrl) : null
  await consumer.prefetch(64)

  const pass = async (message: ConsumeMessage): Promise<void> => {
    const { messageId } = JSON.parse(message.content.toString()) as Body
    if (stage === 4) {
      report({ kind: 'order', name: messageId, at: machineMs() })
    } else {
      await commit?.(messageId, message.content.toString())
      await publishRaw(publisher, (stage + 1) as Stage, messageId)
    }
    consumer.ack(message)
  }
  await consumer.consume(queueOf(stage), (message) => void pass(message as ConsumeMessage))
  process.on('disconnect', () => process.exit(0))
  process.on('message', () => process.disconnect())
  report({ kind: 'ready' })
}

async function committer(databaseUrl: string) {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  const text = 'insert into raw_commits (message_id, body) values ($1, $2)'
  let turn: Promise<unknown> = Promise.resolve()
  return async (messageId: string, body: string): Promise<void> => {
    turn = turn.then(() => client.query({ name: 'commit', text, values: [messageId, body] }))
    await turn
  }
}
