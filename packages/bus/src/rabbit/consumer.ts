import type { Channel, ConsumeMessage } from 'amqplib'
import {
  BusClosedError,
  TopologyError,
  type Handler,
  type QueueFigures,
  type Subscription,
} from '../bus.ts'
import { after, sleep } from '../clock.ts'
import { reasonOf } from '../settle.ts'
import type { QueueSpec } from '../topology.ts'
import { Acks } from './acks.ts'
import { declareExchanges, declareQueues, declaring } from './declare.ts'
import { closeChannel } from './goodbye.ts'
import { Lane, type LaneOptions } from './lane.ts'
import type { Link } from './link.ts'
import type { RabbitSettings } from './settings.ts'

// One subscription: a channel with a consumer for each of its queues, opened again whenever it dies
// or the broker takes a queue away. A channel that fails twice in a row takes its connection along.

const REOPEN_MS = 100
const REOPEN_MS_MAX = 2_000
const FAILURES_UNTIL_RESET = 2
const SETUP_MS_MAX = 60_000

export type ConsumerOptions = {
  readonly specs: readonly QueueSpec[]
  readonly handler: Handler
  readonly prefetch: number
  readonly link: Link
  readonly settings: RabbitSettings
  readonly bury: LaneOptions['bury']
}

export class Consumer implements Subscription {
  #options: ConsumerOptions
  #lanes: readonly Lane[]
  #stop = new AbortController()
  #ready = Promise.withResolvers<void>()
  #channel: Channel | null = null
  #acks: Acks | null = null
  #tags: string[] = []
  #cancelled: Promise<void> | null = null
  #supervision: Promise<void>

  constructor(options: ConsumerOptions) {
    this.#options = options
    const { handler, prefetch, settings, bury } = options
    const { redelivery } = settings
    this.#lanes = options.specs.map((spec) => {
      return new Lane({ spec, handler, prefetch, redelivery, bury, stopping: this.#stop.signal })
    })
    this.#supervision = this.#supervise()
  }

  /** Resolves when the broker serves all queues for the first time. */
  ready(): Promise<void> {
    return this.#ready.promise
  }

  figures(): readonly QueueFigures[] {
    return this.#lanes.map((lane) => lane.figures())
  }

  cancel(): Promise<void> {
    this.#cancelled ??= this.#cancel()
    return this.#cancelled
  }

  async #cancel(): Promise<void> {
    for (const lane of this.#lanes) lane.halt()
    const channel = this.#channel
    if (channel !== null) {
      // Before the pauses of retries end: what goes back must not be handed to us again.
      const cancels = this.#tags.map((tag) => channel.cancel(tag).catch(() => undefined))
      await Promise.all(cancels)
    }
    this.#stop.abort()
    await Promise.all(this.#lanes.map((lane) => lane.drained()))
    this.#acks?.flush()
    // Closing gives back what was fetched but not begun.
    if (this.#channel !== null) await closeChannel(this.#channel)
    await this.#supervision
  }

  async #supervise(): Promise<void> {
    let failures = 0
    while (!this.#stop.signal.aborted) {
      try {
        await this.#serve(() => (failures = 0))
      } catch (error) {
        if (error instanceof TopologyError) return this.#fail(error)
        if (error instanceof BusClosedError) break
        this.#warn(error)
      }
      if (this.#stop.signal.aborted) break
      failures += 1
      if (failures > FAILURES_UNTIL_RESET) await this.#options.link.reset()
      await sleep(Math.min(REOPEN_MS * failures, REOPEN_MS_MAX), this.#stop.signal)
    }
    this.#ready.reject(new BusClosedError('the subscription was cancelled'))
  }

  /** Opens a channel, consumes, and resolves when the channel has died. */
  async #serve(begun: () => void): Promise<void> {
    const { link, specs } = this.#options
    const model = await link.connection(this.#stop.signal)
    await declaring(declareExchanges(model))
    const channel = await model.createChannel()
    const acks = new Acks(channel)
    let cause: Error | null = null
    const died = new Promise<void>((resolve) => channel.on('close', () => resolve()))
    channel.on('close', () => acks.die())
    channel.on('error', (error) => (cause = error))
    // A queue that has lost its leader answers nobody; without this it would do so in silence.
    const patience = after(SETUP_MS_MAX, () => void link.reset())
    try {
      await declaring(declareQueues(channel, specs))
      await this.#consume(channel, acks)
    } catch (error) {
      await closeChannel(channel)
      throw error
    } finally {
      patience.stop()
    }
    begun()
    this.#ready.resolve()
    // Cancelled while it was being opened: nobody else closes it.
    if (this.#stop.signal.aborted) await closeChannel(channel)
    await died
    this.#channel = null
    if (cause !== null) throw cause as Error
  }

  async #consume(channel: Channel, acks: Acks): Promise<void> {
    await channel.prefetch(this.#options.prefetch)
    this.#channel = channel
    this.#acks = acks
    this.#tags = []
    for (const lane of this.#lanes) {
      const { consumerTag } = await channel.consume(lane.queue, (message) => {
        if (message === null) this.#queueTaken(lane.queue, channel)
        else lane.take(message as ConsumeMessage, acks)
      })
      this.#tags.push(consumerTag)
    }
  }

  #queueTaken(queue: string, channel: Channel): void {
    this.#options.settings.log.warn({ queue }, 'the broker took a queue away')
    void closeChannel(channel)
  }

  #warn(error: unknown): void {
    const queues = this.#options.specs.map((spec) => spec.name)
    const fields = { queues, reason: reasonOf(error) }
    this.#options.settings.log.warn(fields, 'lost a consuming channel')
  }

  #fail(error: TopologyError): void {
    this.#stop.abort()
    this.#ready.reject(error)
    this.#options.settings.onFatal(error)
  }
}
