// Names of orders. A name follows from the intent, the leg and the attempt, so that the same work
// makes the same name, and a shared account's orders can be told from ours by the prefix.
import { deriveId, type OrderLeg } from '@flotilla/contracts'

const PREFIX = 'fl'

type NamedLeg = OrderLeg | 'protection'

const letters: Readonly<Record<NamedLeg, string>> = {
  entry: 'e',
  exit: 'x',
  'stop-loss': 's',
  'take-profit': 't',
  flatten: 'f',
  /** The pair of stop and take-profit as a whole. */
  protection: 'p',
}

export type OrderName = {
  /** Several accounts act on the same intent, each with orders of its own. */
  readonly account: string
  readonly venue: string
  readonly intentId: string
  readonly leg: NamedLeg
  /** 1, 2, ...: a name is used for one request only. */
  readonly attempt: number
}

/**
 * `fl<venue letter><account and intent in base 36>-<leg letter><attempt>`. Account and intent are one
 * UUIDv5, whose whole 128 bits fit (25 digits); 36 characters hold 999,999 attempts.
 */
export function clientOrderIdOf(name: OrderName): string {
  const owner = deriveId('order', name.account, name.intentId)
  const intent = BigInt(`0x${owner.replaceAll('-', '')}`).toString(36)
  const letter = /^[a-z]/.exec(name.venue)?.[0] ?? 'v'
  return `${PREFIX}${letter}${intent}-${letters[name.leg]}${name.attempt}`
}

/** Whether a name that the venue shows has the form of ours. */
export function isOurName(clientOrderId: string): boolean {
  return /^fl[a-z][0-9a-z]{1,25}-[a-z]\d{1,6}$/.test(clientOrderId)
}
