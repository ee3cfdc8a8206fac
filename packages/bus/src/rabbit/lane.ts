import type { ConsumeMessage } from 'amqplib'
import type { Handler, QueueFigures } from '../bus.ts'
import { sleep } from '../clock.ts'
import { decode } from '../codec.ts'
import { Fifo } from '../fifo.ts'
import { settle, type RedeliveryPolicy } from '../settle.ts'
import type { QueueSpec } from '../topology.ts'
import type { Acks } from './acks.ts'

// What happens to the deliveries of one queue, over all the channels they come by. A handler that
// still runs when its channel died holds its place: the same message, handed out again by the new
// channel, waits until it has ended, so that the order within the queue survives reconnects.

export type LaneOptions = {
  readonly spec: QueueSpec
  readonly handler: Handler
  readonly prefetch: number
  readonly redelivery: RedeliveryPolicy
  /** Ends the pauses before retries. */
  readonly stopping: AbortSignal
  /** Puts a message into the dead-letter queue; resolves when it is safe there. */
  readonly bury: (letter: Burial) => Promise<void>
}

export type Burial = {
  readonly queue: string
  readonly body: Buffer
  readonly reason: string
  readonly deliveryCount: number
}

type Arrival = { readonly message: ConsumeMessage; readonly acks: Acks }

/** Before a message that could not be buried is taken up again. */
const BURY_AGAIN_MS = 1_000

export class Lane {
  readonly queue: string
  #options: LaneOptions
  #arrived = new Fifo<Arrival>()
  #running = 0
  #halted = false
  #figures = { delivered: 0, retried: 0, deadLettered: 0 }
  #attempts = new Map<string, number>()
  #drainWaiters: (() => void)[] = []

  constructor(options: LaneOptions) {
    this.#options = options
    this.queue = options.spec.name
  }

  figures(): QueueFigures {
    return { queue: this.queue, running: this.#running, ...this.#figures }
  }

  take(message: ConsumeMessage, acks: Acks): void {
    this.#arrived.push({ message, acks })
    this.#pump()
  }

  /** Begins nothing more. */
  halt(): void {
    this.#halted = true
  }

  /** Resolves when no handler of this lane runs any more. */
  async drained(): Promise<void> {
    while (this.#running > 0) {
      await new Promise<void>((resolve) => this.#drainWaiters.push(resolve))
    }
  }

  #pump(): void {
    while (this.#running < this.#options.prefetch && !this.#halted) {
      const arrival = this.#arrived.shift()
      if (arrival === undefined) return
      // Of a channel that has died: the broker hands it out again.
      if (!arrival.acks.alive) continue
      this.#running += 1
      void this.#work(arrival)
    }
  }

  async #work({ message, acks }: Arrival): Promise<void> {
    this.#figures.delivered += 1
    const deliveryCount = this.#deliveryCountOf(message)
    const decoded = decode(message.content.toString())
    if (decoded.kind === 'invalid') {
      await this.#bury({ message, acks }, decoded.reason)
    } else {
      const outcome = await settle(
        this.#options.handler,
        {
          message: decoded.message,
          redelivered: deliveryCount > 1,
          deliveryCount,
          partition: this.#options.spec.partition,
        },
        this.#options.redelivery,
      )
      if (outcome.kind === 'ack') this.#acknowledge({ message, acks })
      else if (outcome.kind === 'dead-letter') await this.#bury({ message, acks }, outcome.reason)
      else await this.#retry({ message, acks }, outcome.delayMs)
    }
    this.#running -= 1
    for (const wake of this.#drainWaiters.splice(0)) wake()
    this.#pump()
  }

  #acknowledge({ message, acks }: Arrival): void {
    if (this.#attempts.size > 0) this.#attempts.delete(attemptKey(message))
    // Alone in flight, the next delivery waits for this acknowledgement.
    acks.ack(message, this.#options.prefetch === 1)
  }

  async #retry({ message, acks }: Arrival, delayMs: number): Promise<void> {
    this.#figures.retried += 1
    if (!this.#countsDeliveries) {
      this.#attempts.set(attemptKey(message), this.#deliveryCountOf(message))
    }
    if (!this.#options.stopping.aborted) await sleep(delayMs, this.#options.stopping)
    acks.requeue(message)
  }

  async #bury({ message, acks }: Arrival, reason: string): Promise<void> {
    const { content: body } = message
    const deliveryCount = this.#deliveryCountOf(message)
    try {
      await this.#options.bury({ queue: this.queue, body, reason, deliveryCount })
    } catch {
      await sleep(BURY_AGAIN_MS, this.#options.stopping)
      acks.requeue(message)
      return
    }
    this.#figures.deadLettered += 1
    this.#acknowledge({ message, acks })
  }

  /** Quorum queues count; for the others this process remembers what it has sent back. */
  get #countsDeliveries(): boolean {
    return this.#options.spec.overflow === 'hold-publisher'
  }

  #deliveryCountOf(message: ConsumeMessage): number {
    if (this.#countsDeliveries) {
      const count: unknown = message.properties.headers?.['x-delivery-count']
      return (typeof count === 'number' ? count : 0) + 1
    }
    if (!message.fields.redelivered) return 1
    return (this.#attempts.get(attemptKey(message)) ?? 1) + 1
  }
}

function attemptKey(message: ConsumeMessage): string {
  return String(message.properties.messageId)
}
