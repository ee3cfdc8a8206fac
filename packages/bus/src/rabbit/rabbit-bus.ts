import { isMessageType, routingKeyOf, type AnyMessage } from '@flotilla/contracts'
import {
  BusClosedError,
  type Bus,
  type BusHealth,
  type SubscribeOptions,
  type Subscription,
} from '../bus.ts'
import { sleep } from '../clock.ts'
import { encode, namesIn } from '../codec.ts'
import {
  deadLetterExchange,
  deadLetterQueueOf,
  exchangeOf,
  isDurable,
  queuesOf,
  requiredQueuesOf,
} from '../topology.ts'
import { Consumer } from './consumer.ts'
import { letterHeaders } from './dead-letters.ts'
import type { Burial } from './lane.ts'
import { Link } from './link.ts'
import { Publisher } from './publisher.ts'
import { settingsOf, type RabbitOptions, type RabbitSettings } from './settings.ts'

/** How long `close` waits for the broker to confirm what is on its way. */
const DRAIN_MS_MAX = 2_000

/**
 * Connects an agent to RabbitMQ. Resolves with the first connection, however long that takes; from
 * then on connections and channels come back by themselves.
 * @throws TopologyError when the broker refuses the user.
 */
export async function connectRabbit(options: RabbitOptions): Promise<Bus> {
  const bus = new RabbitBus(settingsOf(options))
  try {
    await bus.connected()
    return bus
  } catch (error) {
    await bus.close()
    throw error
  }
}

/**
 * Publishing and consuming have a connection each: a broker that is short of memory stops reading
 * from those that publish, and acknowledgements must still get through to free it.
 */
class RabbitBus implements Bus {
  #settings: RabbitSettings
  #publishing: Link
  #consuming: Link
  #publishers = new Map<string, Publisher>()
  #consumers = new Set<Consumer>()
  #closed = false

  constructor(settings: RabbitSettings) {
    this.#settings = settings
    this.#publishing = new Link(settings, 'publish')
    this.#consuming = new Link(settings, 'consume')
  }

  async connected(): Promise<void> {
    await Promise.all([this.#publishing.connection(), this.#consuming.connection()])
  }

  async publish(message: AnyMessage): Promise<void> {
    if (this.#closed) throw new BusClosedError('the bus is closed')
    const { type, messageId } = message
    const body = Buffer.from(encode(message))
    const durable = isDurable(type)
    const requiredQueues = durable ? requiredQueuesOf(message) : []
    return this.#publisher(exchangeOf(type)).publish({
      routingKey: routingKeyOf(message),
      body,
      options: {
        persistent: durable,
        mandatory: requiredQueues.length > 0,
        contentType: 'application/json',
        messageId,
        type,
      },
      requiredQueues,
    })
  }

  async publishAll(messages: readonly AnyMessage[]): Promise<void> {
    await Promise.all(messages.map((message) => this.publish(message)))
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    if (this.#closed) throw new BusClosedError('the bus is closed')
    const consumer = new Consumer({
      specs: queuesOf(options, this.#settings.lengthMax),
      handler: options.handler,
      prefetch: options.prefetch ?? 1,
      link: this.#consuming,
      settings: this.#settings,
      bury: (letter) => this.#bury(letter, deadLetterQueueOf(options.agent)),
    })
    this.#consumers.add(consumer)
    try {
      await consumer.ready()
    } catch (error) {
      this.#consumers.delete(consumer)
      throw error
    }
    return {
      cancel: async () => {
        await consumer.cancel()
        this.#consumers.delete(consumer)
      },
    }
  }

  health(): BusHealth {
    const links = [this.#publishing, this.#consuming]
    const troubled = links.find((link) => link.state !== 'connected')
    const publishers = [...this.#publishers.values()]
    return {
      state: this.#closed ? 'closed' : (troubled?.state ?? 'connected'),
      detail: troubled?.detail ?? null,
      publishing: {
        waiting: publishers.reduce((sum, publisher) => sum + publisher.waiting, 0),
        unconfirmed: publishers.reduce((sum, publisher) => sum + publisher.unconfirmed, 0),
      },
      queues: [...this.#consumers].flatMap((consumer) => consumer.figures()),
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    // Running handlers may still publish while they finish.
    await Promise.all([...this.#consumers].map((consumer) => consumer.cancel()))
    this.#closed = true
    const publishers = [...this.#publishers.values()]
    const patience = new AbortController()
    const drained = Promise.all(publishers.map((publisher) => publisher.drained()))
    await Promise.race([drained, sleep(DRAIN_MS_MAX, patience.signal)])
    patience.abort()
    for (const publisher of publishers) publisher.close()
    await Promise.all([this.#publishing.close(), this.#consuming.close()])
  }

  #publisher(exchange: string): Publisher {
    const existing = this.#publishers.get(exchange)
    if (existing !== undefined) return existing
    const publisher = new Publisher(exchange, this.#publishing, this.#settings)
    this.#publishers.set(exchange, publisher)
    return publisher
  }

  async #bury(letter: Burial, deadLetterQueue: string): Promise<void> {
    const { messageId, type } = namesIn(letter.body.toString())
    const fields = { queue: letter.queue, messageId, type, reason: letter.reason }
    this.#settings.log.error(fields, 'message dead-lettered')
    await this.#publisher(deadLetterExchange).publish({
      routingKey: letter.queue,
      body: letter.body,
      options: {
        persistent: true,
        mandatory: true,
        contentType: 'application/json',
        messageId: messageId ?? '',
        type: type !== null && isMessageType(type) ? type : 'unknown',
        headers: letterHeaders(letter),
      },
      requiredQueues: [deadLetterQueue],
    })
  }
}
