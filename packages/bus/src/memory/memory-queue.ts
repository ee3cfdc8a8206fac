import type { Handler, QueueFigures } from '../bus.ts'
import type { Sleep } from '../clock.ts'
import type { DecodedBody } from '../codec.ts'
import { settle, type Outcome, type RedeliveryPolicy } from '../settle.ts'
import type { QueueSpec } from '../topology.ts'
import { Fifo } from '../fifo.ts'

// One queue of the in-process broker. The first consumer is served, the others stand by, as with a
// single active consumer. A delivery counts as running until it is settled, its retry pause
// included, so that the order within a queue survives a retry.

export type Item = {
  readonly body: string
  /** Made by this process, which has checked it already. */
  readonly trusted: boolean
  deliveryCount: number
  /** Called once, when the item has been acknowledged or dead-lettered. */
  readonly onSettled: () => void
}

export type Consumer = {
  readonly handler: Handler
  readonly prefetch: number
  readonly stopping: AbortSignal
  readonly figures: { -readonly [Key in keyof QueueFigures]: QueueFigures[Key] }
}

export type QueueEnvironment = {
  readonly redelivery: RedeliveryPolicy
  readonly sleep: Sleep
  readonly decode: (item: Item) => DecodedBody
  readonly bury: (queue: QueueSpec, item: Item, reason: string) => void
  /** Runs the task soon, but never inside the caller's stack. */
  readonly defer: (task: () => void) => void
  /** Something has been settled: the queue may be idle now. */
  readonly changed: () => void
}

export class MemoryQueue {
  readonly spec: QueueSpec
  #environment: QueueEnvironment
  #ready = new Fifo<Item>()
  #overflow = new Fifo<{ readonly item: Item; readonly admitted: () => void }>()
  #consumers: Consumer[] = []
  #running = 0
  #dropped = 0
  #pumpScheduled = false
  #idleWaiters: (() => void)[] = []

  constructor(spec: QueueSpec, environment: QueueEnvironment) {
    this.spec = spec
    this.#environment = environment
  }

  get depth(): number {
    return this.#ready.length + this.#overflow.length
  }

  get running(): number {
    return this.#running
  }

  /** Somebody is served or can be served. */
  get busy(): boolean {
    return this.#running > 0 || (this.#consumers.length > 0 && this.depth > 0)
  }

  get abandoned(): boolean {
    return this.#consumers.length === 0
  }

  /** Market messages that were thrown away because nobody took them in time. */
  get dropped(): number {
    return this.#dropped
  }

  /** A promise only when the queue is full: it resolves when the item has found room. */
  offer(item: Item): Promise<void> | null {
    if (this.#ready.length < this.spec.lengthMax && this.#overflow.length === 0) {
      this.#ready.push(item)
      this.#schedulePump()
      return null
    }
    if (this.spec.overflow === 'drop-oldest') {
      this.#ready.shift()?.onSettled()
      this.#dropped += 1
      this.#ready.push(item)
      return null
    }
    return new Promise((resolve) => this.#overflow.push({ item, admitted: resolve }))
  }

  attach(consumer: Consumer): void {
    this.#consumers.push(consumer)
    this.#schedulePump()
  }

  /** The consumer gets nothing more; resolves when what it is working on is settled. */
  async detach(consumer: Consumer): Promise<void> {
    this.#consumers = this.#consumers.filter((other) => other !== consumer)
    this.#schedulePump()
    while (consumer.figures.running > 0) {
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
    }
  }

  #schedulePump(): void {
    if (this.#pumpScheduled || this.#consumers.length === 0) return
    this.#pumpScheduled = true
    this.#environment.defer(() => {
      this.#pumpScheduled = false
      this.#pump()
    })
  }

  #pump(): void {
    const consumer = this.#consumers[0]
    if (consumer === undefined) return
    while (this.#running < consumer.prefetch) {
      const item = this.#ready.shift()
      if (item === undefined) return
      this.#admitOverflow()
      this.#running += 1
      consumer.figures.running += 1
      this.#deliver(consumer, item)
    }
  }

  #admitOverflow(): void {
    const waiting = this.#overflow.shift()
    if (waiting === undefined) return
    this.#ready.push(waiting.item)
    waiting.admitted()
  }

  #deliver(consumer: Consumer, item: Item): void {
    item.deliveryCount += 1
    consumer.figures.delivered += 1
    const decoded = this.#environment.decode(item)
    if (decoded.kind === 'invalid') {
      consumer.figures.deadLettered += 1
      this.#bury(item, decoded.reason)
      this.#done(consumer)
      return
    }
    const { deliveryCount } = item
    const delivery = {
      message: decoded.message,
      redelivered: deliveryCount > 1,
      deliveryCount,
      partition: this.spec.partition,
    }
    void settle(consumer.handler, delivery, this.#environment.redelivery).then((outcome) =>
      this.#settled(consumer, item, outcome),
    )
  }

  async #settled(consumer: Consumer, item: Item, outcome: Outcome): Promise<void> {
    switch (outcome.kind) {
      case 'ack':
        item.onSettled()
        break
      case 'dead-letter':
        consumer.figures.deadLettered += 1
        this.#bury(item, outcome.reason)
        break
      case 'retry':
        consumer.figures.retried += 1
        if (!consumer.stopping.aborted) {
          await this.#environment.sleep(outcome.delayMs, consumer.stopping)
        }
        this.#ready.putBack(item)
    }
    this.#done(consumer)
  }

  #done(consumer: Consumer): void {
    this.#running -= 1
    consumer.figures.running -= 1
    this.#wakeIdleWaiters()
    this.#schedulePump()
    this.#environment.changed()
  }

  #bury(item: Item, reason: string): void {
    this.#environment.bury(this.spec, item, reason)
    item.onSettled()
  }

  #wakeIdleWaiters(): void {
    const waiters = this.#idleWaiters
    if (waiters.length === 0) return
    this.#idleWaiters = []
    for (const wake of waiters) wake()
  }
}
