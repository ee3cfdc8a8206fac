import { parseMessage, type AnyMessage } from '@flotilla/contracts'
import { reasonOf } from './settle.ts'

// Bodies are JSON text. What does not parse or does not fit its schema is said in words, so that it
// can lie in the dead-letter queue with a reason; it is never retried and never thrown away.

export type DecodedBody =
  | { readonly kind: 'message'; readonly message: AnyMessage }
  | { readonly kind: 'invalid'; readonly reason: string }

/** @throws InvalidMessageError when the message does not fit its own schema. */
export function encode(message: AnyMessage): string {
  parseMessage(message)
  return JSON.stringify(message)
}

export function decode(body: string): DecodedBody {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch (error) {
    return { kind: 'invalid', reason: `invalid JSON: ${reasonOf(error)}` }
  }
  try {
    return { kind: 'message', message: parseMessage(value) }
  } catch (error) {
    return { kind: 'invalid', reason: reasonOf(error) }
  }
}

/** A fresh copy of a message that this process has checked when it was published. */
export function decodeTrusted(body: string): DecodedBody {
  return { kind: 'message', message: JSON.parse(body) as AnyMessage }
}

export type BodyNames = { readonly messageId: string | null; readonly type: string | null }

/** What can be said about a body that need not be a message at all. */
export function namesIn(body: string): BodyNames {
  try {
    const value: unknown = JSON.parse(body)
    return { messageId: textAt(value, 'messageId'), type: textAt(value, 'type') }
  } catch {
    return { messageId: null, type: null }
  }
}

function textAt(value: unknown, key: string): string | null {
  if (typeof value !== 'object' || value === null) return null
  const text: unknown = (value as Record<string, unknown>)[key]
  return typeof text === 'string' ? text : null
}
