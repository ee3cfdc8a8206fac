// The same catalogue for machines: an AsyncAPI 3.0 document.
import { z } from 'zod'
import {
  agentNames,
  definitions,
  schemaOf,
  streamNamed,
  streamNames,
  subscriptionsOf,
  topologyOf,
  type AgentName,
  type MessageType,
  type StreamName,
} from '../index.ts'
import type { Examples } from './messages.ts'

/** A plain object, to be written as YAML or JSON. */
export function asyncApiDocument(examples: Examples): Record<string, unknown> {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Flotilla',
      version: '1.0.0',
      description:
        'The messages by which the agents of the fleet talk. Generated from the schemas.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(streamNames.map((name) => [name, channel(name)])),
    operations: Object.fromEntries(agentNames.flatMap(operations)),
    components: {
      messages: Object.fromEntries(
        definitions.map((definition) => [key(definition.type), message(definition, examples)]),
      ),
      schemas: schemas(),
    },
  }
}

/** Component keys may not hold dots everywhere, so types are written with dashes. */
function key(type: string): string {
  return type.replaceAll('.', '-')
}

function channel(name: StreamName): Record<string, unknown> {
  const { exchange, durable, partitions, types } = streamNamed(name)
  const spread = partitions === 1 ? '' : '.{venue}.{symbol}.{partition}'
  return {
    address: `${name}${spread}`,
    description: `Stream of ${types.length} type(s); the routing key begins with the type.`,
    messages: Object.fromEntries(
      types.map((type) => [key(type), { $ref: `#/components/messages/${key(type)}` }]),
    ),
    ...(partitions === 1
      ? {}
      : {
          parameters: {
            venue: { description: 'Our name of the venue.' },
            symbol: { description: 'Symbol in lower case with a dash, `btc-usdt`.' },
            partition: { description: `p00 to p${String(partitions - 1).padStart(2, '0')}.` },
          },
        }),
    bindings: {
      amqp: {
        is: 'routingKey',
        exchange: { name: `flotilla.${exchange}`, type: 'topic', durable, autoDelete: false },
      },
    },
  }
}

function operations(agent: AgentName): [string, unknown][] {
  const sends = streamNames.map((stream) => ({
    stream,
    types: topologyOf(agent).publishes.filter((type) => typesOf(stream).includes(type)),
  }))
  return [
    ...sends
      .filter(({ types }) => types.length > 0)
      .map((each): [string, unknown] => [`${agent}-sends-${each.stream}`, operation('send', each)]),
    ...subscriptionsOf(agent).map((each): [string, unknown] => [
      `${agent}-receives-${each.stream}`,
      operation('receive', each),
    ]),
  ]
}

function typesOf(stream: StreamName): readonly MessageType[] {
  return streamNamed(stream).types
}

function operation(
  action: 'send' | 'receive',
  { stream, types }: { readonly stream: StreamName; readonly types: readonly MessageType[] },
): Record<string, unknown> {
  return {
    action,
    channel: { $ref: `#/channels/${stream}` },
    messages: types.map((type) => ({ $ref: `#/channels/${stream}/messages/${key(type)}` })),
  }
}

function message(
  definition: (typeof definitions)[number],
  examples: Examples,
): Record<string, unknown> {
  return {
    name: definition.type,
    title: definition.type,
    summary: definition.summary,
    contentType: 'application/json',
    payload: { $ref: `#/components/schemas/${key(definition.type)}` },
    examples: [{ payload: examples[definition.type] }],
  }
}

/** All schemas, those with a name of their own lifted out and shared. */
function schemas(): Record<string, unknown> {
  const shared: Record<string, unknown> = {}
  const whole = definitions.map((definition) => {
    const { $defs = {}, ...schema } = z.toJSONSchema(schemaOf(definition), {
      target: 'draft-7',
      io: 'input',
    }) as { $defs?: Record<string, unknown>; definitions?: Record<string, unknown> }
    const { definitions: named = {}, $schema: _, ...rest } = schema as Record<string, unknown>
    for (const [id, each] of Object.entries({ ...$defs, ...(named as object) })) {
      shared[id] = relocated(each)
    }
    return [key(definition.type), relocated(rest)] as const
  })
  return { ...shared, ...Object.fromEntries(whole) }
}

/** References point into the components instead of into the schema they were found in. */
function relocated(schema: unknown): unknown {
  return JSON.parse(
    JSON.stringify(schema)
      .replaceAll('"#/definitions/', '"#/components/schemas/')
      .replaceAll('"#/$defs/', '"#/components/schemas/'),
  )
}
