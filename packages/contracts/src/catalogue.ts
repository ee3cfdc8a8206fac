// Every message there is, by type.
import type { z } from 'zod'
import { Heartbeat } from './agent.ts'
import { IndicatorsRequested, SignalsComputed } from './analysis.ts'
import { Flatten, Halt, Pause, Reload, Resume } from './control.ts'
import {
  EntriesChanged,
  OrderAccepted,
  OrderCanceled,
  OrderExpired,
  OrderFilled,
  OrderPartiallyFilled,
  OrderRejected,
  OrderSubmitted,
  OrderUnknown,
  PositionChanged,
  ProtectionFailed,
} from './execution.ts'
import { HistoryProvided, HistoryRequested } from './history.ts'
import {
  BookUpdated,
  CandleClosed,
  SourceStateChanged,
  TickerUpdated,
  UniverseChanged,
} from './market.ts'
import { schemaOf, type Message } from './message.ts'
import {
  EquityValued,
  IntentApproved,
  IntentDenied,
  RegimeChanged,
  TradingStateChanged,
} from './risk.ts'
import { IntentProposed } from './strategy.ts'

export const definitions = [
  CandleClosed,
  TickerUpdated,
  BookUpdated,
  UniverseChanged,
  SourceStateChanged,
  HistoryRequested,
  HistoryProvided,
  SignalsComputed,
  IndicatorsRequested,
  IntentProposed,
  IntentApproved,
  IntentDenied,
  OrderSubmitted,
  OrderAccepted,
  OrderRejected,
  OrderPartiallyFilled,
  OrderFilled,
  OrderCanceled,
  OrderExpired,
  OrderUnknown,
  PositionChanged,
  ProtectionFailed,
  EntriesChanged,
  RegimeChanged,
  EquityValued,
  TradingStateChanged,
  Pause,
  Resume,
  Halt,
  Flatten,
  Reload,
  Heartbeat,
] as const

type Definition = (typeof definitions)[number]
export type MessageType = Definition['type']
/** Any message of the catalogue, told apart by its `type`. */
export type AnyMessage = { [Each in Definition as Each['type']]: Message<Each> }[MessageType]
export type MessageOfType<Type extends MessageType> = Extract<AnyMessage, { type: Type }>

export const messageTypes: readonly MessageType[] = definitions.map(({ type }) => type)

const schemas: ReadonlyMap<string, z.ZodType> = new Map(
  definitions.map((definition) => [definition.type, schemaOf(definition)]),
)

export function isMessageType(type: string): type is MessageType {
  return schemas.has(type)
}

/** A message that may not enter the system, with the reason in one sentence. */
export class InvalidMessageError extends Error {
  override readonly name = 'InvalidMessageError'
}

/**
 * Checks what came from outside.
 * @throws InvalidMessageError naming the first fields that are wrong.
 */
export function parseMessage(value: unknown): AnyMessage {
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : null
  const schema = typeof type === 'string' ? schemas.get(type) : undefined
  if (schema === undefined) {
    const shown = typeof type === 'string' ? `"${type.slice(0, 80)}"` : 'none'
    throw new InvalidMessageError(`unknown message type: ${shown}`)
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data as AnyMessage
  const issues = result.error.issues.slice(0, 5).map((issue) => {
    return `${issue.path.join('.') || '(message)'}: ${issue.message}`
  })
  throw new InvalidMessageError(`invalid ${String(type)}: ${issues.join('; ')}`)
}
