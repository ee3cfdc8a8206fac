import { afterEach, beforeEach, expect, test } from 'vitest'
import { ack, deadLetter, retry, type Bus } from '../bus.ts'
import { candle, heartbeat, intent, numberOf, symbolPerPartition, ticker } from '../testing.ts'
import {
  eventually,
  gate,
  intentQueue,
  Recorder,
  takeIntents,
  type OpenBroker,
  type TestBroker,
} from './scene.ts'

const DELIVERY_LIMIT = 3

/** What happens to messages that can not be handled, and to queues that are full. */
export function failureConformance(open: OpenBroker): void {
  let broker: TestBroker
  let bus: Bus
  const [symbol] = symbolPerPartition(4) as [string]

  beforeEach(async () => {
    broker = await open({
      redelivery: { deliveryLimit: DELIVERY_LIMIT, retryDelayMs: 1, retryDelayMsMax: 5 },
      lengthMax: { intents: 10, tickers: 10 },
    })
    bus = await broker.connect()
  })
  afterEach(async () => {
    await bus.close()
    await broker.close()
  })

  async function lettersBecome(count: number): Promise<void> {
    await eventually(async () => {
      expect(await broker.deadLetters.list()).toHaveLength(count)
    })
  }

  test('a retried message comes again, counted, before those behind it', async () => {
    const recorder = new Recorder(async ({ deliveryCount, message }) => {
      return numberOf(message) === 1 && deliveryCount < 3 ? retry('not yet') : ack
    })
    await takeIntents(bus, recorder)
    await bus.publishAll([intent(1), intent(2)])
    await recorder.hasSeen(4)
    const seen = recorder.deliveries.map(({ message, redelivered, deliveryCount }) => {
      return [numberOf(message), redelivered, deliveryCount]
    })
    expect(seen).toEqual([
      [1, false, 1],
      [1, true, 2],
      [1, true, 3],
      [2, false, 1],
    ])
    expect(await broker.deadLetters.list()).toEqual([])
  })

  test('a handler that throws has asked for a retry', async () => {
    const recorder = new Recorder(async ({ deliveryCount }) => {
      if (deliveryCount === 1) throw new Error('broken')
      return ack
    })
    await takeIntents(bus, recorder)
    await bus.publish(intent(1))
    await recorder.hasSeen(2)
    expect(recorder.deliveries.map((delivery) => delivery.deliveryCount)).toEqual([1, 2])
  })

  test('a poison message is given up after the limit, with the reason, and the next is served', async () => {
    const recorder = new Recorder(async ({ message }) => {
      if (numberOf(message) === 1) throw new Error('division by zero')
      return ack
    })
    await takeIntents(bus, recorder)
    const poison = intent(1, symbol)
    await bus.publishAll([poison, intent(2, symbol)])
    await recorder.hasSeen(DELIVERY_LIMIT + 1)
    expect(recorder.numbers).toEqual([1, 1, 1, 2])
    await lettersBecome(1)
    const [letter] = await broker.deadLetters.list()
    expect(letter).toMatchObject({
      agent: 'risk-manager',
      queue: intentQueue(0),
      messageId: poison.messageId,
      type: poison.type,
      reason: 'given up after 3 deliveries: division by zero',
      deliveryCount: DELIVERY_LIMIT,
    })
    expect(JSON.parse(letter!.body)).toEqual(poison)
    expect(Date.parse(letter!.deadLetteredAt)).toBeGreaterThan(0)
  })

  test('a dead letter goes back to its own queue on request, and counts from one again', async () => {
    let broken = true
    const recorder = new Recorder(async () => (broken ? deadLetter('no such account') : ack))
    await takeIntents(bus, recorder)
    await bus.publishAll([intent(1), intent(2)])
    await lettersBecome(2)
    broken = false
    const [first] = await broker.deadLetters.list()
    expect(first).toMatchObject({ reason: 'no such account', deliveryCount: 1 })
    expect(await broker.deadLetters.requeue({ ids: [first!.id] })).toBe(1)
    await recorder.hasSeen(3)
    expect(recorder.deliveries[2]).toMatchObject({ redelivered: false, deliveryCount: 1 })
    expect(recorder.messages[2]).toEqual(JSON.parse(first!.body))
    await lettersBecome(1)
    expect(await broker.deadLetters.discard({ agent: 'risk-manager' })).toBe(1)
    expect(await broker.deadLetters.list()).toEqual([])
  })

  test('dead letters can be looked at again and again, of one agent and up to a limit', async () => {
    await takeIntents(bus, new Recorder(async () => deadLetter('no')), { prefetch: 8 })
    await bus.publishAll([intent(1), intent(2), intent(3)])
    await lettersBecome(3)
    const all = await broker.deadLetters.list()
    expect(await broker.deadLetters.list({ limit: 2 })).toEqual(all.slice(0, 2))
    expect(await broker.deadLetters.list({ agent: 'strategy' })).toEqual([])
    expect(await broker.deadLetters.list({ ids: [all[1]!.id] })).toEqual([all[1]])
    expect(await broker.deadLetters.list()).toEqual(all)
  })

  test.for([
    ['text that is no JSON', 'not { json', /^invalid JSON: /, null],
    ['a type nobody knows', '{"type":"risk.magic.v9"}', /^unknown message type/, 'risk.magic.v9'],
    [
      'a payload that does not fit',
      JSON.stringify({ ...intent(7), payload: { confidence: 'high' } }),
      /^invalid strategy\.intent\.proposed\.v1: /,
      'strategy.intent.proposed.v1',
    ],
  ] as const)('%s is dead-lettered at once, unseen by the handler', async (row) => {
    const [, body, reason, type] = row
    const recorder = new Recorder()
    await takeIntents(bus, recorder)
    await broker.inject(intentQueue(0), body)
    await bus.publish(intent(8, symbol))
    await recorder.hasSeen(1)
    await lettersBecome(1)
    const [letter] = await broker.deadLetters.list()
    expect(letter).toMatchObject({ queue: intentQueue(0), type, body, deliveryCount: 1 })
    expect(letter!.reason).toMatch(reason)
    expect(recorder.numbers).toEqual([8])
  })

  test('a market message is retried and given up like any other', async () => {
    const recorder = new Recorder(async () => retry('store is down'))
    const types = ['market.candle.closed.v1'] as const
    await bus.subscribe({ agent: 'technical-analysis', types, handler: recorder.handler })
    await bus.publish(candle(1))
    await recorder.hasSeen(DELIVERY_LIMIT)
    await lettersBecome(1)
    const counts = recorder.deliveries.map((delivery) => delivery.deliveryCount)
    expect(counts).toEqual([1, 2, 3])
  })

  test('a full trading queue holds its publisher until there is room, and loses nothing', async () => {
    const door = gate()
    const recorder = new Recorder(() => door.opened.then(() => ack))
    await takeIntents(bus, recorder)
    let published = 0
    // RabbitMQ notices some messages late that a queue is full, hence so many.
    const messages = Array.from({ length: 800 }, (_, n) => intent(n, symbol))
    const all = Promise.all(messages.map((message) => bus.publish(message).then(() => published++)))
    await eventually(() => expect(published).toBeGreaterThanOrEqual(10))
    await recorder.hasSeen(1)
    const { waiting, unconfirmed } = bus.health().publishing
    expect(waiting + unconfirmed).toBeGreaterThan(0)
    expect(published).toBeLessThan(800)
    door.open()
    await all
    await eventually(() => expect(new Set(recorder.numbers).size).toBe(800))
  })

  test('a full market queue drops its oldest, and the publisher goes on', async () => {
    const door = gate()
    const recorder = new Recorder(() => door.opened.then(() => ack))
    const agent = 'gateway' as const
    const types = ['agent.heartbeat.v1', 'market.ticker.updated.v1'] as const
    await bus.subscribe({ agent, types, handler: recorder.handler, instance: 'a' })
    await bus.publish(heartbeat(1))
    await recorder.hasSeen(1)
    await bus.publish(ticker(0, symbol))
    await recorder.hasSeen(2)
    for (let n = 1; n <= 50; n++) await bus.publish(ticker(n, symbol))
    door.open()
    await recorder.hasSeen(12)
    await eventually(() => expect(recorder.numbers.at(-1)).toBe(50))
    const late = recorder.numbers.slice(2)
    expect(late).toEqual(Array.from({ length: 10 }, (_, n) => 41 + n))
  })

  test('health counts what a subscription has done', async () => {
    const recorder = new Recorder(async ({ message, deliveryCount }) => {
      if (numberOf(message) === 1) return deadLetter('no')
      return deliveryCount === 1 ? retry('again') : ack
    })
    await takeIntents(bus, recorder)
    await bus.publishAll([intent(1, symbol), intent(2, symbol)])
    await recorder.hasSeen(3)
    await eventually(() => {
      const { state, queues } = bus.health()
      expect(state).toBe('connected')
      expect(queues.find(({ queue }) => queue === intentQueue(0))).toEqual({
        queue: intentQueue(0),
        running: 0,
        delivered: 3,
        retried: 1,
        deadLettered: 1,
      })
    })
  })
}
