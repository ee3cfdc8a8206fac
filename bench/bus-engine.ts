// One engine of the bus benchmark in a process of its own, so that neither pays for the other's
// garbage: `raw` talks amqplib directly, `port` goes through our bus. Both use the same queues.
import { connect, type ConfirmChannel, type ConsumeMessage } from 'amqplib'
import { ack, connectRabbit, type Bus, type Handler } from '@flotilla/bus'
import {
  CandleClosed,
  createMessage,
  deriveId,
  instant,
  IntentProposed,
  queueNameOf,
  routingKeyOf,
  type AnyMessage,
} from '@flotilla/contracts'

export type Kind = 'quorum' | 'classic'

export type Order =
  | { readonly measure: 'throughput'; readonly kind: Kind; readonly count: number }
  | { readonly measure: 'latency'; readonly kind: Kind; readonly count: number }

export type Answer = {
  readonly perSecond: number
  readonly cpuUs: number
  readonly latenciesMs: readonly number[]
}

/** A broker under load may hand out again what an earlier round has acknowledged: ids tell. */
type OnMessage = (messageId: string) => void

/** What both engines can do; everything else is shared. */
type Engine = {
  subscribe(kind: Kind, prefetch: number, onMessage: OnMessage): Promise<() => Promise<void>>
  publish(message: AnyMessage): Promise<void>
}

let made = 0
const WINDOW = 192
const PREFETCH = 256
const symbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT', 'ADA/USDT', 'XRP/USDT', 'DOT/USDT']

const [engineName, url] = process.argv.slice(2) as ['raw' | 'port', string]
const engine = engineName === 'raw' ? await rawEngine(url) : await portEngine(url)
process.on('message', (order: Order) => {
  void obey(order).then((answer) => process.send!(answer))
})
process.on('disconnect', () => process.exit(0))
process.send!('ready')

async function obey(order: Order): Promise<Answer> {
  const messages = Array.from({ length: order.count }, () =>
    order.kind === 'quorum' ? intent(++made) : candle(++made),
  )
  return order.measure === 'throughput'
    ? measureThroughput(order.kind, messages)
    : measureLatency(order.kind, messages)
}

async function measureThroughput(kind: Kind, messages: readonly AnyMessage[]): Promise<Answer> {
  const unseen = new Set(messages.map((message) => message.messageId))
  const { promise: allSeen, resolve } = Promise.withResolvers<void>()
  const unsubscribe = await engine.subscribe(kind, PREFETCH, (messageId) => {
    if (unseen.delete(messageId) && unseen.size === 0) resolve()
  })
  const cpu = process.cpuUsage()
  const start = performance.now()
  await publishWithin(messages)
  await allSeen
  const elapsedMs = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  await unsubscribe()
  const { length } = messages
  return {
    perSecond: (length * 1_000) / elapsedMs,
    cpuUs: (user + system) / length,
    latenciesMs: [],
  }
}

/** Keeps a window of messages unconfirmed, as a busy publisher does. */
async function publishWithin(messages: readonly AnyMessage[]): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < messages.length) await engine.publish(messages[next++]!)
  }
  await Promise.all(Array.from({ length: WINDOW }, lane))
}

/** One message at a time: from the call of publish to the handler. */
async function measureLatency(kind: Kind, messages: readonly AnyMessage[]): Promise<Answer> {
  let expected = ''
  let arrived = Promise.withResolvers<number>()
  const unsubscribe = await engine.subscribe(kind, 1, (messageId) => {
    if (messageId === expected) arrived.resolve(performance.now())
  })
  const latenciesMs: number[] = []
  for (const message of messages) {
    expected = message.messageId
    arrived = Promise.withResolvers<number>()
    const start = performance.now()
    const published = engine.publish(message)
    latenciesMs.push((await arrived.promise) - start)
    await published
  }
  await unsubscribe()
  return { perSecond: 0, cpuUs: 0, latenciesMs }
}

async function portEngine(address: string): Promise<Engine> {
  const bus: Bus = await connectRabbit({ url: address, publishWindow: WINDOW })
  return {
    publish: (message) => bus.publish(message),
    subscribe: async (kind, prefetch, onMessage) => {
      const handler: Handler = async ({ message }) => {
        onMessage(message.messageId)
        return ack
      }
      const types = [kind === 'quorum' ? IntentProposed.type : CandleClosed.type]
      const agent = kind === 'quorum' ? 'risk-manager' : 'technical-analysis'
      const subscription = await bus.subscribe({ agent, types, handler, prefetch })
      return () => subscription.cancel()
    },
  }
}

async function rawEngine(address: string): Promise<Engine> {
  // Two connections, as the port has: one that publishes and one that consumes.
  const publishing = await connect(address, { noDelay: true })
  const consuming = await connect(address, { noDelay: true })
  const publisher = await publishing.createConfirmChannel()
  return {
    publish: (message) => publishRaw(publisher, message),
    subscribe: async (kind, prefetch, onMessage) => {
      const channel = await consuming.createChannel()
      await channel.prefetch(prefetch)
      for (const partition of [0, 1, 2, 3]) {
        const queue =
          kind === 'quorum'
            ? queueNameOf('risk-manager', 'intents', partition)
            : queueNameOf('technical-analysis', 'candles', partition)
        await channel.consume(queue, (delivery) => {
          const message = delivery as ConsumeMessage
          const { messageId } = JSON.parse(message.content.toString()) as AnyMessage
          onMessage(messageId)
          channel.ack(message)
        })
      }
      return () => channel.close()
    },
  }
}

function publishRaw(channel: ConfirmChannel, message: AnyMessage): Promise<void> {
  const durable = message.type === IntentProposed.type
  const exchange = durable ? 'flotilla.trading' : 'flotilla.market'
  const body = Buffer.from(JSON.stringify(message))
  const { messageId, type } = message
  const contentType = 'application/json'
  const options = { persistent: durable, mandatory: durable, contentType, messageId, type }
  return new Promise((resolve, reject) => {
    channel.publish(exchange, routingKeyOf(message), body, options, (error: unknown) => {
      if (error === null) resolve()
      else reject(new Error('not confirmed'))
    })
  })
}

/** About one kilobyte of JSON. */
function intent(number: number): AnyMessage {
  const symbol = symbols[number % symbols.length]!
  return createMessage(IntentProposed, {
    source: 'strategy',
    occurredAt: number,
    discriminator: String(number),
    payload: {
      intentId: deriveId(String(number)),
      strategy: 'ema-crossover',
      venue: 'simulator',
      symbol,
      side: 'buy',
      purpose: 'entry',
      confidence: 72,
      expectedPrice: '61234.5',
      expectedPriceAt: instant(number),
      reason: 'the fast average crossed the slow one from below '.repeat(9),
      stopLossPrice: '60000',
      takeProfitPrice: '63000',
      expiresAt: instant(number + 60_000),
      chain: [],
    },
  })
}

function candle(number: number): AnyMessage {
  return createMessage(CandleClosed, {
    source: 'data-collection',
    occurredAt: number,
    discriminator: String(number),
    payload: {
      venue: 'simulator',
      symbol: symbols[number % symbols.length]!,
      timeframe: '1m',
      openTime: instant(number * 60_000),
      closeTime: instant(number * 60_000 + 60_000),
      open: '61234.5',
      high: '61300',
      low: '61200.1',
      close: '61250',
      baseVolume: '12.345',
      quoteVolume: '755000.1',
      origin: 'live',
    },
  })
}
