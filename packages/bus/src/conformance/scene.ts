import type { AgentName, AnyMessage, MessageType } from '@flotilla/contracts'
import { expect, vi } from 'vitest'
import {
  ack,
  type Bus,
  type DeadLetters,
  type Delivery,
  type Handler,
  type Subscription,
} from '../bus.ts'
import type { RedeliveryPolicy } from '../settle.ts'
import { numberOf } from '../testing.ts'
import type { LengthLimits } from '../topology.ts'

// What a conformance test needs of a transport, and the few words its tests are written in.

export type TestBroker = {
  connect(): Promise<Bus>
  readonly deadLetters: DeadLetters
  /** Puts a body into a queue past all checks of the publisher. */
  inject(queue: string, body: string): Promise<void>
  close(): Promise<void>
}

type BrokerOptions = {
  readonly redelivery?: Partial<RedeliveryPolicy>
  readonly lengthMax?: LengthLimits
}

/** A broker on which nothing is declared yet. */
export type OpenBroker = (options?: BrokerOptions) => Promise<TestBroker>

/** Generous: the machine may be busy with other things. */
const PATIENCE_MS = 60_000

/** Repeats the expectations until they hold. */
export function eventually(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: PATIENCE_MS, interval: 20 })
}

export const intents: readonly MessageType[] = ['strategy.intent.proposed.v1']
export const intentQueue = (partition: number): string => `risk-manager.intents.p0${partition}`

/** A consumer that writes down what it got. */
export class Recorder {
  readonly deliveries: Delivery[] = []
  #then: Handler

  constructor(then: Handler = async () => ack) {
    this.#then = then
  }

  readonly handler: Handler = async (delivery) => {
    this.deliveries.push(delivery)
    return this.#then(delivery)
  }

  get messages(): AnyMessage[] {
    return this.deliveries.map((delivery) => delivery.message)
  }

  get numbers(): number[] {
    return this.messages.map(numberOf)
  }

  async hasSeen(count: number): Promise<void> {
    await expect
      .poll(() => this.deliveries.length, { timeout: PATIENCE_MS, interval: 10 })
      .toBeGreaterThanOrEqual(count)
  }
}

/** Subscribes the recorder to all intents. */
export async function takeIntents(
  bus: Bus,
  recorder: Recorder,
  options: { prefetch?: number; partitions?: readonly number[] } = {},
): Promise<Subscription> {
  const agent: AgentName = 'risk-manager'
  return bus.subscribe({ agent, types: intents, handler: recorder.handler, ...options })
}

/** A door that handlers wait at until the test opens it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

/** Whether a promise is still pending after everything that is due now has run. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  const later = new Promise((resolve) => setImmediate(() => resolve(pending)))
  return (await Promise.race([promise.then(() => null), later])) === pending
}
