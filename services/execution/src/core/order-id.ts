// Names of orders. A name follows from the intent, the leg and the attempt, so that the same work
// makes the same name, and a shared account's orders can be told from ours by the prefix.
import type { OrderLeg } from '@flotilla/contracts'

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
  readonly venue: string
  readonly intentId: string
  readonly leg: NamedLeg
  /** 1, 2, ...: a name is used for one request only. */
  readonly attempt: number
}

/**
 * `fl<venue letter><intent in base 36>-<leg letter><attempt>`. The whole 128 bits of the intent's
 * UUID fit (25 digits), so two intents never share a name; 36 characters hold 999,999 attempts.
 */
export function clientOrderIdOf(name: OrderName): string {
  const intent = BigInt(`0x${name.intentId.replaceAll('-', '')}`).toString(36)
  const letter = /^[a-z]/.exec(name.venue)?.[0] ?? 'v'
  return `${PREFIX}${letter}${intent}-${letters[name.leg]}${name.attempt}`
}

/** Whether a name that the venue shows has the form of ours. */
export function isOurName(clientOrderId: string): boolean {
  return /^fl[a-z][0-9a-z]{1,25}-[a-z]\d{1,6}$/.test(clientOrderId)
}
