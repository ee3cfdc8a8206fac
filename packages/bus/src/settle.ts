import { retry, type Delivery, type Handler, type Settlement } from './bus.ts'

// What both transports do with a handler's answer, so that a message lives the same life on either.

export type RedeliveryPolicy = {
  /** Deliveries a message gets before it goes to the dead-letter queue. */
  readonly deliveryLimit: number
  /** The pause before the second delivery; it doubles with each further one. */
  readonly retryDelayMs: number
  readonly retryDelayMsMax: number
}

/**
 * The pauses of all deliveries together are over a minute: a restarting database or venue must not
 * push good messages into the dead-letter queue. The broker's own counter stops crash loops.
 */
export const defaultRedelivery: RedeliveryPolicy = {
  deliveryLimit: 20,
  retryDelayMs: 50,
  retryDelayMsMax: 5_000,
}

export type Outcome =
  | { readonly kind: 'ack' }
  | { readonly kind: 'retry'; readonly reason: string; readonly delayMs: number }
  | { readonly kind: 'dead-letter'; readonly reason: string }

export async function settle(
  handler: Handler,
  delivery: Delivery,
  policy: RedeliveryPolicy,
): Promise<Outcome> {
  let settlement: Settlement
  try {
    settlement = await handler(delivery)
  } catch (error) {
    settlement = retry(reasonOf(error))
  }
  if (settlement.kind !== 'retry') return settlement
  const { deliveryCount } = delivery
  if (deliveryCount >= policy.deliveryLimit) {
    const reason = `given up after ${deliveryCount} deliveries: ${settlement.reason}`
    return { kind: 'dead-letter', reason }
  }
  return { ...settlement, delayMs: retryDelayMs(deliveryCount, policy) }
}

function retryDelayMs(deliveryCount: number, policy: RedeliveryPolicy): number {
  return Math.min(policy.retryDelayMs * 2 ** (deliveryCount - 1), policy.retryDelayMsMax)
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
