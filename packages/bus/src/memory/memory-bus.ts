import type { AnyMessage } from '@flotilla/contracts'
import {
  BusClosedError,
  type Bus,
  type BusHealth,
  type SubscribeOptions,
  type Subscription,
} from '../bus.ts'
import { queuesOf } from '../topology.ts'
import type { Broker } from './memory-broker.ts'
import type { Consumer, MemoryQueue } from './memory-queue.ts'

type Attached = {
  readonly queue: MemoryQueue
  readonly consumer: Consumer
  readonly stop: AbortController
}

/** One agent's connection to the in-process broker. */
export class MemoryBus implements Bus {
  #broker: Broker
  #attached = new Set<Attached>()
  #waiting = new Set<(error: Error) => void>()
  #closed = false

  constructor(broker: Broker) {
    this.#broker = broker
  }

  async publish(message: AnyMessage): Promise<void> {
    this.#refuseWhenClosed()
    const wait = this.#broker.publish(message)
    if (wait !== null) await this.#orClosed(wait)
  }

  async publishAll(messages: readonly AnyMessage[]): Promise<void> {
    this.#refuseWhenClosed()
    const waits: Promise<void>[] = []
    const failures: unknown[] = []
    for (const message of messages) {
      try {
        const wait = this.#broker.publish(message)
        if (wait !== null) waits.push(this.#orClosed(wait))
      } catch (error) {
        // The others are not to blame.
        failures.push(error)
      }
    }
    if (waits.length > 0) await Promise.all(waits)
    if (failures.length > 0) throw failures[0]
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    this.#refuseWhenClosed()
    const stop = new AbortController()
    const mine = queuesOf(options, this.#broker.lengthMax).map((spec) => {
      const figures = { queue: spec.name, running: 0, delivered: 0, retried: 0, deadLettered: 0 }
      const { handler, prefetch = 1 } = options
      const consumer = { handler, prefetch, stopping: stop.signal, figures }
      return { queue: this.#broker.declare(spec), consumer, stop }
    })
    for (const attached of mine) {
      this.#attached.add(attached)
      attached.queue.attach(attached.consumer)
    }
    return {
      cancel: async () => {
        await Promise.all(mine.map((attached) => this.#detach(attached)))
      },
    }
  }

  health(): BusHealth {
    return {
      state: this.#closed ? 'closed' : 'connected',
      detail: null,
      publishing: { waiting: this.#waiting.size, unconfirmed: 0 },
      queues: [...this.#attached].map(({ consumer }) => ({ ...consumer.figures })),
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const attached = [...this.#attached]
    await Promise.all(attached.map((each) => this.#detach(each)))
    const error = new BusClosedError('the bus was closed while a publish was waiting')
    for (const reject of this.#waiting) reject(error)
    this.#waiting.clear()
  }

  async #detach(attached: Attached): Promise<void> {
    if (!this.#attached.delete(attached)) return
    const { queue, consumer, stop } = attached
    stop.abort()
    await queue.detach(consumer)
    if (queue.spec.exclusive && queue.abandoned) this.#broker.remove(queue)
  }

  /** A publish that waits for room or for its consumers must not outlive the bus. */
  #orClosed(wait: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject)
      void wait.then(() => {
        this.#waiting.delete(reject)
        resolve()
      })
    })
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new BusClosedError('the bus is closed')
  }
}
