// What a message is: an envelope that says where it came from, and a payload that is the fact or
// the command alone. Messages are made in one way only, so that their ids are deterministic.
import { z } from 'zod'
import { deriveId } from './ids.ts'
import { AccountName, AgentName, Instant, Uuid } from './primitives.ts'

/** Levels and a version; spelled out by depth, or `valued` would be read as a version. */
type VersionedType = `${string}.${string}.v${number}` | `${string}.${string}.${string}.v${number}`

export type MessageDefinition<
  Type extends string = string,
  Payload extends z.ZodType = z.ZodType,
> = {
  readonly type: Type
  readonly payload: Payload
  /** One sentence for the catalogue. */
  readonly summary: string
}

export type PayloadOf<Definition extends MessageDefinition> = z.infer<Definition['payload']>

/** Where a message comes from and what it belongs to. */
const envelopeShape = {
  /** Deterministic UUIDv5 of what caused the message. */
  messageId: Uuid,
  /** The agent that made it. */
  source: AgentName,
  /** When it happened, in market time. */
  occurredAt: Instant,
  /** Born with the candle or the manual request, ends on the fill. */
  correlationId: Uuid,
  /** The message that led to this one; null at the root. */
  causationId: Uuid.nullable(),
  /** The account it concerns, where it concerns one. */
  account: AccountName.optional(),
} as const

const envelope = z.strictObject({ ...envelopeShape, type: z.string() })
export type Envelope = z.infer<typeof envelope>

export type Message<Definition extends MessageDefinition = MessageDefinition> = Omit<
  Envelope,
  'type'
> & { readonly type: Definition['type']; readonly payload: PayloadOf<Definition> }

/**
 * Names a message of the catalogue. The type ends in its version; a breaking change of the payload
 * is a new type beside the old one.
 */
export function defineMessage<const Type extends VersionedType, Payload extends z.ZodType>(
  type: Type,
  options: { readonly summary: string; readonly payload: Payload },
): MessageDefinition<Type, Payload> {
  return Object.freeze({ type, payload: options.payload, summary: options.summary })
}

/** The schema of the whole message: envelope and payload. */
export function schemaOf<Definition extends MessageDefinition>(definition: Definition) {
  return z.strictObject({
    ...envelopeShape,
    type: z.literal(definition.type),
    payload: definition.payload,
  })
}

export type MessageOptions<Definition extends MessageDefinition> = {
  readonly payload: PayloadOf<Definition>
  readonly source: AgentName
  /** Epoch milliseconds, market time. */
  readonly occurredAt: number
  /** The message that led to this one: it gives the correlation and a part of the id. */
  readonly cause?: Pick<Envelope, 'messageId' | 'correlationId'> | undefined
  /** Continues a correlation when the causing message itself is no longer at hand. */
  readonly correlationId?: string | undefined
  /** What tells this message from others of its type with the same cause. */
  readonly discriminator?: string
  readonly account?: string | undefined
}

/**
 * Makes a message. Its id is derived from type, account, cause and discriminator; a message without
 * a cause needs a discriminator that names it for ever, such as venue, symbol and candle time.
 * @throws RangeError when neither cause nor discriminator is given.
 */
export function createMessage<Definition extends MessageDefinition>(
  definition: Definition,
  options: MessageOptions<Definition>,
): Message<Definition> {
  const messageId = idOf(definition.type, options)
  const { account, cause } = options
  return {
    messageId,
    type: definition.type,
    source: options.source,
    occurredAt: instant(options.occurredAt),
    correlationId: cause?.correlationId ?? options.correlationId ?? messageId,
    causationId: cause?.messageId ?? null,
    ...(account === undefined ? {} : { account }),
    payload: options.payload,
  }
}

type IdSource = Pick<
  MessageOptions<MessageDefinition>,
  'cause' | 'correlationId' | 'discriminator' | 'account'
>

function idOf(type: string, source: IdSource): string {
  const { cause, correlationId = '', discriminator = '', account = '' } = source
  if (cause === undefined && discriminator === '') {
    throw new RangeError(`${type} has neither a cause nor a discriminator for its id`)
  }
  return deriveId(type, account, cause?.messageId ?? correlationId, discriminator)
}

/** What is worked on in one millisecond names it again and again. */
const newest = { epochMs: Number.NaN, text: '' }

/** Epoch milliseconds as the text that travels. */
export function instant(epochMs: number): string {
  if (epochMs === newest.epochMs) return newest.text
  newest.text = new Date(epochMs).toISOString()
  newest.epochMs = epochMs
  return newest.text
}

/** The epoch milliseconds of a text that travelled. */
export function epochMs(text: string): number {
  return Date.parse(text)
}
