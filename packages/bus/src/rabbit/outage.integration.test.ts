import { connect, type Channel } from 'amqplib'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  flushYoungQueues,
  rabbitmqctl,
  startRabbit,
  type Rabbit,
} from '../../../../test/support/rabbitmq.ts'
import { freshVhost, sharedRabbit } from '../../../../test/support/rabbitmq-shared.ts'
import { ack, UnroutableError, type Bus } from '../bus.ts'
import {
  eventually,
  gate,
  intentQueue,
  isPending,
  Recorder,
  takeIntents,
} from '../conformance/scene.ts'
import { intent, numberOf, symbolPerPartition } from '../testing.ts'
import { rabbitDeadLetters } from './dead-letters.ts'
import { connectRabbit } from './rabbit-bus.ts'
import type { RabbitOptions } from './settings.ts'

// What a real broker can do to us: stop, lose its memory, close channels and connections, take
// queues away. Every test ends with all messages seen.

const shared = await sharedRabbit()
const symbols = symbolPerPartition(4)
const opened: Bus[] = []

async function open(url: string, options: Partial<RabbitOptions> = {}): Promise<Bus> {
  const bus = await connectRabbit({ url, publishTimeoutMs: 150_000, ...options })
  opened.push(bus)
  return bus
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((bus) => bus.close()))
})

function numbered(count: number): ReturnType<typeof intent>[] {
  return Array.from({ length: count }, (_, n) => intent(n, symbols[n % 4]))
}

/** Each number's first appearance; what came again is a duplicate, and allowed. */
function firstSightings(recorder: Recorder, partition: number): number[] {
  const mine = recorder.deliveries.filter((delivery) => delivery.partition === partition)
  return [...new Set(mine.map((delivery) => numberOf(delivery.message)))]
}

function expectAllInOrder(recorder: Recorder, count: number): void {
  for (const partition of [0, 1, 2, 3]) {
    const expected = Array.from({ length: count }, (_, n) => n).filter((n) => n % 4 === partition)
    expect(firstSightings(recorder, partition)).toEqual(expected)
  }
}

describe.skipIf(shared === null)('a broker that stops', () => {
  let broker: Rabbit
  beforeAll(async () => {
    broker = await startRabbit()
  })
  afterAll(async () => {
    await broker.stop()
  })

  test('killed in the middle of 10,000 messages it loses none, and none overtakes', async () => {
    const count = 10_000
    const publisher = await open(broker.url)
    const recorder = new Recorder()
    await takeIntents(await open(broker.url), recorder, { prefetch: 50 })
    await flushYoungQueues(broker)
    const published = publisher.publishAll(numbered(count))
    await recorder.hasSeen(2_000)
    expect(recorder.deliveries.length).toBeLessThan(count)
    await broker.kill9()
    await eventually(() => expect(publisher.health().state).toBe('reconnecting'))
    await broker.start()
    await published
    await eventually(() => expect(new Set(recorder.numbers).size).toBe(count))
    expectAllInOrder(recorder, count)
    expect(publisher.health()).toMatchObject({ state: 'connected', detail: null })
    expect(await rabbitDeadLetters(broker.url).list()).toEqual([])
  })

  test('short of memory it holds publishers back, still serves consumers, and goes on', async () => {
    const publisher = await open(broker.url)
    const door = gate()
    const recorder = new Recorder(() => door.opened.then(() => ack))
    await takeIntents(await open(broker.url), recorder)
    await publisher.publishAll([intent(1), intent(2)])
    await rabbitmqctl(broker, 'set_vm_memory_high_watermark', '0.0000001')
    const held = publisher.publish(intent(3))
    await eventually(() => expect(publisher.health().state).toBe('blocked'))
    expect(publisher.health().detail).toMatch(/blocked by the broker: low on memory/)
    door.open()
    await recorder.hasSeen(2)
    expect(await isPending(held)).toBe(true)
    await rabbitmqctl(broker, 'set_vm_memory_high_watermark', '0.6')
    await held
    await recorder.hasSeen(3)
    expect(recorder.numbers).toEqual([1, 2, 3])
    expect(publisher.health().state).toBe('connected')
  })

  test('away, it is waited for, with one line in the log', async () => {
    await broker.kill9()
    const warn = vi.fn()
    const log = { info: () => {}, warn, error: () => {} }
    const connecting = open(broker.url, { log })
    await eventually(() => {
      const phrases = warn.mock.calls.map(([, phrase]) => phrase as string)
      expect(phrases).toContain('waiting for the broker')
    })
    expect(JSON.stringify(warn.mock.calls)).not.toContain('guest:guest')
    await broker.start()
    expect((await connecting).health().state).toBe('connected')
  })

  test('gone for good, it does not keep an agent from stopping', async () => {
    const bus = await open(broker.url)
    const subscription = await takeIntents(bus, new Recorder())
    await bus.publish(intent(1))
    await broker.kill9()
    await eventually(() => expect(bus.health().state).toBe('reconnecting'))
    const lost = bus.publish(intent(2)).catch(String)
    await subscription.cancel()
    await bus.close()
    expect(await lost).toMatch(/BusClosedError: .* before the broker confirmed/)
  })
})

describe.skipIf(shared === null)('a broker that closes doors', () => {
  test('connections it closes come back, and nothing is lost', async () => {
    const url = await freshVhost(shared)
    const vhost = new URL(url).pathname.slice(1)
    const publisher = await open(url)
    const recorder = new Recorder()
    await takeIntents(await open(url), recorder, { prefetch: 20 })
    const published = publisher.publishAll(numbered(4_000))
    await recorder.hasSeen(500)
    await rabbitmqctl(shared!, 'close_all_connections', '--vhost', vhost, 'test')
    await published
    await eventually(() => expect(new Set(recorder.numbers).size).toBe(4_000))
    expectAllInOrder(recorder, 4_000)
  })

  test('a consuming channel that dies is opened again, and nothing is lost', async () => {
    const url = await freshVhost(shared)
    const publisher = await open(url)
    const recorder = new Recorder()
    const warn = vi.fn()
    const log = { info: () => {}, warn, error: () => {} }
    await takeIntents(await open(url, { log }), recorder)
    const spoiled = await spoilOneAck(url)
    await publisher.publishAll(numbered(200))
    await eventually(() => expect(new Set(recorder.numbers).size).toBe(200))
    expectAllInOrder(recorder, 200)
    expect(spoiled).toHaveBeenCalled()
    expect(warn.mock.calls.map(([, phrase]) => phrase as string)).toContain(
      'lost a consuming channel',
    )
    spoiled.mockRestore()
  })

  test('a queue that is deleted under its consumer is made again', async () => {
    const url = await freshVhost(shared)
    const bus = await open(url)
    const recorder = new Recorder()
    await takeIntents(bus, recorder)
    await bus.publish(intent(1, symbols[0]))
    await recorder.hasSeen(1)
    const model = await connect(url, { noDelay: true })
    const channel = await model.createChannel()
    await channel.deleteQueue(intentQueue(0))
    await model.close()
    // As the outbox does: what is unroutable now is published again.
    await eventually(async () => bus.publish(intent(2, symbols[0])))
    await recorder.hasSeen(2)
    expect(recorder.numbers).toEqual([1, 2])
  })

  test('a queue that is deleted while nobody consumes is noticed by the publisher', async () => {
    const url = await freshVhost(shared)
    const bus = await open(url)
    const subscription = await takeIntents(bus, new Recorder())
    await bus.publish(intent(1, symbols[0]))
    await subscription.cancel()
    const model = await connect(url, { noDelay: true })
    const channel = await model.createChannel()
    await channel.deleteQueue(intentQueue(0))
    await model.close()
    await expect(bus.publish(intent(2, symbols[0]))).rejects.toThrow(UnroutableError)
    await bus.publish(intent(3, symbols[1]))
  })

  test('a message that kills its consumer again and again is given up by the broker', async () => {
    const url = await freshVhost(shared)
    const bus = await open(url)
    const subscription = await takeIntents(bus, new Recorder())
    await subscription.cancel()
    const message = intent(1, symbols[0])
    await bus.publish(message)
    const model = await connect(url, { noDelay: true })
    for (let death = 0; death <= 20; death++) {
      const channel = await model.createChannel()
      const delivered = Promise.withResolvers<unknown>()
      await channel.consume(intentQueue(0), delivered.resolve)
      await delivered.promise
      await channel.close()
    }
    await model.close()
    await eventually(async () => {
      const [letter] = await rabbitDeadLetters(url).list()
      expect(letter).toMatchObject({
        queue: intentQueue(0),
        messageId: message.messageId,
        reason: 'its consumer died each time it was delivered',
      })
      expect(Date.parse(letter!.deadLetteredAt)).toBeGreaterThan(1_600_000_000_000)
    })
  })

  test('an unanswered publish is given up with a name, and may be published again', async () => {
    const url = await freshVhost(shared)
    const door = gate()
    const bus = await open(url, { publishTimeoutMs: 1_000, lengthMax: { intents: 1 } })
    const recorder = new Recorder(() => door.opened.then(() => ack))
    await takeIntents(bus, recorder)
    const results = await Promise.allSettled(
      Array.from({ length: 600 }, (_, n) => bus.publish(intent(n, symbols[0]))),
    )
    const failed = results.filter((result) => result.status === 'rejected')
    expect(failed.length).toBeGreaterThan(0)
    expect(String(failed[0]!.reason)).toMatch(
      /PublishTimeoutError: .* not confirmed within 1000 ms/,
    )
    door.open()
    await eventually(async () => bus.publish(intent(1_000, symbols[0])))
    await eventually(() => expect(recorder.numbers).toContain(1_000))
  })
})

/** Makes the next acknowledgement name a delivery that does not exist: the broker closes the channel. */
async function spoilOneAck(url: string) {
  const model = await connect(url, { noDelay: true })
  const channel = await model.createChannel()
  const prototype = Object.getPrototypeOf(channel) as Channel
  await model.close()
  return vi.spyOn(prototype, 'ack').mockImplementationOnce(function spoil(this: Channel, message) {
    this.reject({ ...message, fields: { ...message.fields, deliveryTag: 999_999 } }, false)
  })
}
