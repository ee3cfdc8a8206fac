import {
  agentNames,
  partitionOfMessage,
  type AgentName,
  type AnyMessage,
  type MessageType,
} from '@flotilla/contracts'
import { UnroutableError, type Bus, type DeadLetters } from '../bus.ts'
import { sleep, wallClock, type Sleep } from '../clock.ts'
import { decode, decodeTrusted, encode } from '../codec.ts'
import type { BusLog } from '../log.ts'
import { defaultRedelivery, type RedeliveryPolicy } from '../settle.ts'
import {
  isDurable,
  queuesOfAccounts,
  queuesOfAgent,
  requiredQueuesOf,
  type LengthLimits,
  type QueueSpec,
} from '../topology.ts'
import { DeadLetterBox } from './dead-letter-box.ts'
import { createFates, type Disorder, type Fate } from './disorder.ts'
import { MemoryBus } from './memory-bus.ts'
import { MemoryQueue, type Item, type QueueEnvironment } from './memory-queue.ts'

// A broker inside this process. It keeps what RabbitMQ keeps (queues, order, acknowledgement,
// redelivery, dead letters, bounds) except that it forgets everything when the process ends: with
// `confirm: 'settled'` a publish is answered only when nothing can be lost any more, so that the
// ledger's outbox carries the message over a crash.

export type MemoryBrokerOptions = {
  /**
   * `routed`: publish resolves when the message is in its queues. `settled`: a trading message
   * resolves when every consumer has acknowledged or dead-lettered it. A handler must not wait for
   * a settled publish: what it waits for may be queued behind itself.
   */
  readonly confirm?: 'routed' | 'settled'
  /** Agents whose trading queues exist from the start; all unless given. */
  readonly provision?: readonly AgentName[]
  /** Further accounts, whose trading queues exist from the start too. */
  readonly accounts?: readonly string[]
  readonly redelivery?: Partial<RedeliveryPolicy>
  /** Shorter queues than the topology asks for. */
  readonly lengthMax?: LengthLimits
  readonly disorder?: Disorder
  /** Told about dead letters. */
  readonly log?: Pick<BusLog, 'error'>
  /** Virtual time for simulations. */
  readonly sleep?: Sleep
  readonly now?: () => number
}

export type MemoryQueueState = {
  readonly queue: string
  readonly waiting: number
  readonly running: number
  readonly dropped: number
}

export type MemoryBroker = {
  /** A bus of its own for each agent; closing one leaves the others alone. */
  connect(): Bus
  readonly deadLetters: DeadLetters
  /** Puts a body into a queue as if someone had published it past our own checks. */
  inject(queue: string, body: string): void
  queues(): readonly MemoryQueueState[]
  /** Resolves when every queue that has a consumer is empty and no handler runs. */
  idle(): Promise<void>
}

export function createMemoryBroker(options: MemoryBrokerOptions = {}): MemoryBroker {
  const broker = new Broker(options)
  return {
    connect: () => new MemoryBus(broker),
    deadLetters: broker.deadLetters,
    inject: (queue, body) => broker.inject(queue, body),
    queues: () => broker.queues(),
    idle: () => broker.idle(),
  }
}

/** Every so many deferred tasks the event loop gets a turn, so that timers and sockets go on. */
const TASKS_PER_TURN = 256

export class Broker {
  readonly deadLetters: DeadLetterBox
  readonly lengthMax: LengthLimits
  #confirmSettled: boolean
  #queues = new Map<string, MemoryQueue>()
  #routes = new Map<string, MemoryQueue[]>()
  #environment: QueueEnvironment
  #fates: (() => Fate) | null
  #reorder: boolean
  #lastArrival = new Map<MemoryQueue, Promise<void>>()
  #underway = 0
  #deferred = 0
  #idleWaiters: (() => void)[] = []

  constructor(options: MemoryBrokerOptions) {
    const now = options.now ?? wallClock
    this.lengthMax = options.lengthMax ?? {}
    this.#confirmSettled = options.confirm === 'settled'
    this.#fates = options.disorder === undefined ? null : createFates(options.disorder)
    this.#reorder = options.disorder?.reorder === true
    this.deadLetters = new DeadLetterBox({
      now,
      putBack: (queue, body) => this.inject(queue, body),
    })
    this.#environment = {
      redelivery: { ...defaultRedelivery, ...options.redelivery },
      sleep: options.sleep ?? sleep,
      decode: (item) => (item.trusted ? decodeTrusted(item.body) : decode(item.body)),
      bury: (queue, item, reason) => {
        const letter = this.deadLetters.add(queue, item, reason)
        const { messageId, type } = letter
        const fields = { queue: letter.queue, messageId, type, reason }
        options.log?.error(fields, 'message dead-lettered')
      },
      defer: (task) => this.#defer(task),
      changed: () => this.#wakeIdleWaiters(),
    }
    const provided = (options.provision ?? agentNames).flatMap((agent) => {
      return queuesOfAgent(agent, this.lengthMax)
    })
    const ofAccounts = queuesOfAccounts(options.accounts ?? [], this.lengthMax)
    for (const spec of [...provided, ...ofAccounts]) {
      if (spec.overflow === 'hold-publisher') this.declare(spec)
    }
  }

  declare(spec: QueueSpec): MemoryQueue {
    const existing = this.#queues.get(spec.name)
    if (existing !== undefined) return existing
    const queue = new MemoryQueue(spec, this.#environment)
    this.#queues.set(spec.name, queue)
    for (const type of spec.types) {
      const route = routeOf(type, spec.partition ?? 0)
      this.#routes.set(route, [...(this.#routes.get(route) ?? []), queue])
    }
    return queue
  }

  remove(queue: MemoryQueue): void {
    this.#queues.delete(queue.spec.name)
    for (const [route, queues] of this.#routes) {
      const others = queues.filter((other) => other !== queue)
      this.#routes.set(route, others)
    }
  }

  /**
   * Null when there is nothing to wait for.
   * @throws UnroutableError, InvalidMessageError
   */
  publish(message: AnyMessage): Promise<unknown> | null {
    const body = encode(message)
    const durable = isDurable(message.type)
    if (durable) this.#refuseUnroutable(message)
    const queues = this.#routes.get(routeOf(message.type, partitionOfMessage(message))) ?? []
    const waits: Promise<unknown>[] = []
    for (const queue of queues) {
      const wait = this.#send(queue, body, durable && this.#confirmSettled)
      if (wait !== null) waits.push(wait)
    }
    return waits.length === 0 ? null : Promise.all(waits)
  }

  inject(queueName: string, body: string): void {
    const queue = this.#queues.get(queueName)
    if (queue === undefined) throw new UnroutableError('a raw body', [queueName])
    void queue.offer({ body, trusted: false, deliveryCount: 0, onSettled: nothing })
  }

  queues(): readonly MemoryQueueState[] {
    return [...this.#queues.values()].map((queue) => ({
      queue: queue.spec.name,
      waiting: queue.depth,
      running: queue.running,
      dropped: queue.dropped,
    }))
  }

  async idle(): Promise<void> {
    while (this.#busy()) await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
  }

  #refuseUnroutable(message: AnyMessage): void {
    const missing = requiredQueuesOf(message).filter((name) => !this.#queues.has(name))
    if (missing.length > 0) throw new UnroutableError(message.type, missing)
  }

  #send(queue: MemoryQueue, body: string, untilSettled: boolean): Promise<unknown> | null {
    // A queue that vanishes with its process never answers for the rest of its messages.
    const answers = queue.spec.overflow === 'hold-publisher'
    if (!untilSettled || !answers) return this.#enter(queue, newItem(body, nothing))
    return new Promise<void>((resolve) => {
      void this.#enter(queue, newItem(body, resolve))
    })
  }

  #enter(queue: MemoryQueue, item: Item): Promise<void> | null {
    if (this.#fates === null) return queue.offer(item)
    const { copies, delaysMs } = this.#fates()
    for (let copy = 0; copy < copies; copy++) {
      void this.#arriveLater(
        queue,
        copy === 0 ? item : newItem(item.body, nothing),
        delaysMs[copy]!,
      )
    }
    return null
  }

  async #arriveLater(queue: MemoryQueue, item: Item, delayMs: number): Promise<void> {
    this.#underway += 1
    const delay = this.#environment.sleep(delayMs)
    if (this.#reorder) {
      await delay
    } else {
      const previous = this.#lastArrival.get(queue) ?? Promise.resolve()
      const arrival = Promise.all([previous, delay]).then(nothing)
      this.#lastArrival.set(queue, arrival)
      await arrival
    }
    this.#underway -= 1
    void queue.offer(item)
    this.#wakeIdleWaiters()
  }

  #defer(task: () => void): void {
    this.#deferred += 1
    if (this.#deferred % TASKS_PER_TURN === 0) setImmediate(task)
    else queueMicrotask(task)
  }

  #busy(): boolean {
    if (this.#underway > 0) return true
    return [...this.#queues.values()].some((queue) => queue.busy)
  }

  #wakeIdleWaiters(): void {
    if (this.#idleWaiters.length === 0 || this.#busy()) return
    const waiters = this.#idleWaiters
    this.#idleWaiters = []
    for (const wake of waiters) wake()
  }
}

function newItem(body: string, onSettled: () => void): Item {
  return { body, trusted: true, deliveryCount: 0, onSettled }
}

function routeOf(type: MessageType, partition: number): string {
  return `${type}#${partition}`
}

function nothing(): void {}
