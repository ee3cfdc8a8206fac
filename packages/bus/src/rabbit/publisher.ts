import { IllegalOperationError, type ConfirmChannel, type Message, type Options } from 'amqplib'
import { BusClosedError, PublishTimeoutError, TopologyError, UnroutableError } from '../bus.ts'
import { sleep, after, wallClock } from '../clock.ts'
import { Fifo } from '../fifo.ts'
import { reasonOf } from '../settle.ts'
import { declareExchanges, declaring, forbidden, isForbidden, queueExists } from './declare.ts'
import { closeChannel } from './goodbye.ts'
import type { Link } from './link.ts'
import type { RabbitSettings } from './settings.ts'

// Publishes to one exchange, in order, with confirms and a window of unconfirmed messages. What was
// on its way when a channel died is sent again on the next one, before anything newer: the broker
// may get it twice, never not at all.

export type Outgoing = {
  readonly routingKey: string
  readonly body: Buffer
  readonly options: Options.Publish & { readonly messageId: string; readonly type: string }
  /** Queues that must exist before the message counts as routable; empty when nobody has to get it. */
  readonly requiredQueues: readonly string[]
}

type Entry = Outgoing & {
  readonly sequence: number
  readonly deadline: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

const REOPEN_MS = 100
/** A full queue is asked again after this. */
const FULL_QUEUE_MS = 50
const SWEEP_MS = 500

export class Publisher {
  #exchange: string
  #link: Link
  #settings: RabbitSettings
  #channel: ConfirmChannel | null = null
  #waiting = new Fifo<Entry>()
  #unconfirmed = new Set<Entry>()
  #refused: Entry[] = []
  #returned = new Map<string, number>()
  #existing = new Set<string>()
  #window: number
  #socketFull = false
  #checking = false
  #sequence = 0
  #idleWaiters: (() => void)[] = []
  #closed: Error | null = null
  #stop = new AbortController()
  #sweeper: { stop(): void } | null = null

  constructor(exchange: string, link: Link, settings: RabbitSettings) {
    this.#exchange = exchange
    this.#link = link
    this.#settings = settings
    this.#window = settings.publishWindow
    link.onBlockChange(() => this.#pump())
    void this.#supervise()
  }

  get waiting(): number {
    return this.#waiting.length + this.#refused.length
  }

  get unconfirmed(): number {
    return this.#unconfirmed.size
  }

  publish(outgoing: Outgoing): Promise<void> {
    if (this.#closed !== null) return Promise.reject(this.#closed)
    const deadline = wallClock() + this.#settings.publishTimeoutMs
    return new Promise((resolve, reject) => {
      this.#sequence += 1
      this.#waiting.push({ ...outgoing, sequence: this.#sequence, deadline, resolve, reject })
      this.#scheduleSweep()
      this.#pump()
    })
  }

  /** Resolves when everything is confirmed or given up. */
  async drained(): Promise<void> {
    while (this.waiting + this.#unconfirmed.size > 0) {
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
    }
  }

  close(error: Error = new BusClosedError('the bus was closed before the broker confirmed')): void {
    if (this.#closed !== null) return
    this.#closed = error
    this.#stop.abort()
    this.#sweeper?.stop()
    for (const entry of this.#takeAll()) entry.reject(error)
    this.#wakeIdleWaiters()
  }

  async #supervise(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#serve()
      } catch (error) {
        if (error instanceof TopologyError) return this.#fail(error)
        // A routing key that is not ours to use closes the channel, and would close the next.
        if (isForbidden(error)) return this.#fail(forbidden(error))
        if (this.#stop.signal.aborted || error instanceof BusClosedError) return
        const fields = { exchange: this.#exchange, reason: reasonOf(error) }
        this.#settings.log.warn(fields, 'lost the publishing channel')
      }
      await sleep(REOPEN_MS, this.#stop.signal)
    }
  }

  /** Opens a channel and resolves when it has died. */
  async #serve(): Promise<void> {
    const model = await this.#link.connection()
    await declaring(declareExchanges(model))
    const channel = await model.createConfirmChannel()
    if (!this.#link.isAlive(model)) throw new Error('the connection died while it was opened')
    let cause: Error | null = null
    const died = new Promise<void>((resolve) => channel.on('close', () => resolve()))
    channel.on('error', (error) => (cause = error))
    channel.on('return', (message: Message) => this.#noteReturned(message))
    channel.on('drain', () => this.#resumeSocket())
    this.#existing.clear()
    this.#channel = channel
    this.#socketFull = false
    this.#pump()
    await died
    this.#channel = null
    this.#sendAgain()
    if (cause !== null) throw cause as Error
  }

  #fail(error: TopologyError): void {
    this.close(error)
    this.#settings.onFatal(error)
  }

  #pump(): void {
    while (this.#maySend()) {
      const entry = this.#waiting.shift()
      if (entry === undefined) return
      const unseen = entry.requiredQueues.filter((queue) => !this.#existing.has(queue))
      if (unseen.length > 0) {
        this.#waiting.putBack(entry)
        void this.#check(entry, unseen)
        return
      }
      this.#send(entry)
    }
  }

  #maySend(): boolean {
    if (this.#channel === null || this.#socketFull || this.#checking) return false
    if (this.#refused.length > 0 || this.#unconfirmed.size >= this.#window) return false
    return this.#link.state === 'connected'
  }

  #send(entry: Entry): void {
    const channel = this.#channel!
    this.#unconfirmed.add(entry)
    const { routingKey, body, options } = entry
    try {
      const room = channel.publish(this.#exchange, routingKey, body, options, (error: unknown) => {
        this.#settle(entry, channel, error)
      })
      this.#socketFull = !room
    } catch (error) {
      // A closing channel: its close event is on the way and sends the entry again.
      this.#channel = null
      if (error instanceof IllegalOperationError) return
      this.#unconfirmed.delete(entry)
      entry.reject(error instanceof Error ? error : new Error(String(error)))
      void closeChannel(channel)
    }
  }

  #settle(entry: Entry, channel: ConfirmChannel, error: unknown): void {
    // Confirms that a dying channel can no longer get are its close event's business.
    if (this.#channel !== channel || isChannelClosed(error)) return
    if (!this.#unconfirmed.delete(entry)) {
      this.#returned.delete(entry.options.messageId)
      return
    }
    if (isNack(error)) this.#refused.push(entry)
    else {
      this.#window = this.#settings.publishWindow
      this.#answer(entry)
    }
    if (this.#refused.length > 0 && this.#unconfirmed.size === 0) void this.#retryRefused()
    this.#pump()
    this.#wakeIdleWaiters()
  }

  #answer(entry: Entry): void {
    const { messageId, type } = entry.options
    const returns = this.#returned.size === 0 ? 0 : (this.#returned.get(messageId) ?? 0)
    if (returns === 0) return entry.resolve()
    if (returns === 1) this.#returned.delete(messageId)
    else this.#returned.set(messageId, returns - 1)
    for (const queue of entry.requiredQueues) this.#existing.delete(queue)
    entry.reject(new UnroutableError(type, entry.requiredQueues))
  }

  /**
   * A queue is full. Nothing newer is sent until everything is answered; then the refused messages
   * go again in their old order, one at a time until one is taken.
   */
  async #retryRefused(): Promise<void> {
    await sleep(FULL_QUEUE_MS, this.#stop.signal)
    if (this.#unconfirmed.size > 0) return
    const entries = this.#refused.splice(0)
    this.#window = 1
    this.#putInFront(entries)
    this.#pump()
  }

  /** `mandatory` notices that nobody got a message, not that one of two is missing: ask beforehand. */
  async #check(entry: Entry, queues: readonly string[]): Promise<void> {
    this.#checking = true
    const missing: string[] = []
    try {
      const model = await this.#link.connection()
      for (const queue of queues) {
        if (await queueExists(model, queue)) this.#existing.add(queue)
        else missing.push(queue)
      }
    } catch {
      // The connection died while asking: the message waits for the next one.
    } finally {
      this.#checking = false
    }
    if (missing.length > 0 && this.#take(entry)) {
      entry.reject(new UnroutableError(entry.options.type, missing))
    }
    this.#pump()
    this.#wakeIdleWaiters()
  }

  /** Removes the entry from the front of the line, unless it has been given up meanwhile. */
  #take(entry: Entry): boolean {
    const front = this.#waiting.shift()
    if (front === entry) return true
    if (front !== undefined) this.#waiting.putBack(front)
    return false
  }

  #noteReturned(message: Message): void {
    const messageId = String(message.properties.messageId)
    this.#returned.set(messageId, (this.#returned.get(messageId) ?? 0) + 1)
  }

  #resumeSocket(): void {
    this.#socketFull = false
    this.#pump()
  }

  #sendAgain(): void {
    const entries = [...this.#unconfirmed, ...this.#refused.splice(0)]
    this.#unconfirmed.clear()
    this.#returned.clear()
    this.#putInFront(entries)
  }

  #putInFront(entries: Entry[]): void {
    entries.sort((left, right) => right.sequence - left.sequence)
    for (const entry of entries) this.#waiting.putBack(entry)
  }

  #takeAll(): Entry[] {
    const entries = [...this.#unconfirmed, ...this.#refused.splice(0)]
    this.#unconfirmed.clear()
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      entries.push(next)
    }
    return entries
  }

  /** Answers those who have waited too long; whether the broker has their message is not known. */
  #sweep(): void {
    this.#sweeper = null
    const now = wallClock()
    const late = (entry: Entry): boolean => entry.deadline <= now
    const givenUp = [...this.#unconfirmed, ...this.#refused].filter(late)
    for (const entry of givenUp) this.#unconfirmed.delete(entry)
    this.#refused = this.#refused.filter((entry) => !late(entry))
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (!late(next)) {
        this.#waiting.putBack(next)
        break
      }
      givenUp.push(next)
    }
    const ms = this.#settings.publishTimeoutMs
    for (const { options, reject } of givenUp) {
      reject(new PublishTimeoutError(`${options.type} was not confirmed within ${ms} ms`))
    }
    if (this.waiting + this.#unconfirmed.size > 0) this.#scheduleSweep()
    this.#pump()
    this.#wakeIdleWaiters()
  }

  #scheduleSweep(): void {
    this.#sweeper ??= after(Math.min(SWEEP_MS, this.#settings.publishTimeoutMs), () => {
      this.#sweep()
    })
  }

  #wakeIdleWaiters(): void {
    if (this.#idleWaiters.length === 0) return
    for (const wake of this.#idleWaiters.splice(0)) wake()
  }
}

const isChannelClosed = (error: unknown): boolean => reasonIs(error, 'channel closed')
const isNack = (error: unknown): boolean => reasonIs(error, 'message nacked')

function reasonIs(error: unknown, reason: string): boolean {
  return error instanceof Error && error.message === reason
}
