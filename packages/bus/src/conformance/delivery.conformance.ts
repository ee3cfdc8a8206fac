import { afterEach, beforeEach, expect, test } from 'vitest'
import { ack, BusClosedError, retry, UnroutableError, type Bus } from '../bus.ts'
import { candle, intent, numberOf, symbolPerPartition, tradingState } from '../testing.ts'
import {
  gate,
  intents,
  isPending,
  Recorder,
  takeIntents,
  type OpenBroker,
  type TestBroker,
} from './scene.ts'

/** Who gets what, in which order, and what publishing promises. */
export function deliveryConformance(open: OpenBroker): void {
  let broker: TestBroker
  let bus: Bus

  beforeEach(async () => {
    broker = await open()
    bus = await broker.connect()
  })
  afterEach(async () => {
    await bus.close()
    await broker.close()
  })

  test('a consumer gets an equal message of its own, with its partition', async () => {
    const recorder = new Recorder()
    await takeIntents(bus, recorder)
    const message = intent(1, symbolPerPartition(4)[2])
    await bus.publish(message)
    await recorder.hasSeen(1)
    const [delivery] = recorder.deliveries
    expect(delivery).toEqual({ message, redelivered: false, deliveryCount: 1, partition: 2 })
    expect(delivery!.message).not.toBe(message)
  })

  test('every consuming agent gets a copy of its own', async () => {
    const strategy = new Recorder()
    const execution = new Recorder()
    const types = ['risk.trading-state.changed.v1'] as const
    await bus.subscribe({ agent: 'strategy', types, handler: strategy.handler })
    await bus.subscribe({ agent: 'execution', types, handler: execution.handler })
    await bus.publish(tradingState(1))
    await Promise.all([strategy.hasSeen(1), execution.hasSeen(1)])
    expect(strategy.messages).toEqual(execution.messages)
    expect(strategy.messages[0]).not.toBe(execution.messages[0])
    expect(strategy.deliveries[0]!.partition).toBeNull()
  })

  test('messages of a partition are handled in the order they were published', async () => {
    const symbols = symbolPerPartition(4)
    const recorder = new Recorder(async ({ message }) => {
      if (numberOf(message) % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
      return ack
    })
    await takeIntents(bus, recorder)
    const messages = Array.from({ length: 400 }, (_, n) => intent(n, symbols[n % 4]))
    await bus.publishAll(messages)
    await recorder.hasSeen(400)
    for (const partition of [0, 1, 2, 3]) {
      const seen = recorder.deliveries.filter((delivery) => delivery.partition === partition)
      const expected = messages.map(numberOf).filter((n) => n % 4 === partition)
      expect(seen.map((delivery) => numberOf(delivery.message))).toEqual(expected)
    }
  })

  test('handlers of a partition run one after another', async () => {
    let running = 0
    let most = 0
    const recorder = new Recorder(async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running -= 1
      return ack
    })
    await takeIntents(bus, recorder)
    await bus.publishAll(Array.from({ length: 30 }, (_, n) => intent(n)))
    await recorder.hasSeen(30)
    expect(most).toBe(1)
  })

  test('with a prefetch of 4 four handlers overlap, started in order', async () => {
    const door = gate()
    const recorder = new Recorder(() => door.opened.then(() => ack))
    await takeIntents(bus, recorder, { prefetch: 4 })
    await bus.publishAll(Array.from({ length: 12 }, (_, n) => intent(n)))
    await recorder.hasSeen(4)
    expect(recorder.numbers).toEqual([0, 1, 2, 3])
    door.open()
    await recorder.hasSeen(12)
    expect(recorder.numbers).toEqual(Array.from({ length: 12 }, (_, n) => n))
  })

  test('a subscription to some partitions leaves the others alone', async () => {
    const [first, second] = symbolPerPartition(4)
    const taken = new Recorder()
    const left = new Recorder()
    const types = intents
    const agent = 'risk-manager'
    await bus.subscribe({ agent, types, handler: taken.handler, partitions: [0] })
    await bus.subscribe({ agent, types, handler: left.handler, partitions: [1, 2, 3] })
    await bus.publishAll([intent(1, first), intent(2, second), intent(3, first)])
    await Promise.all([taken.hasSeen(2), left.hasSeen(1)])
    expect(taken.numbers).toEqual([1, 3])
    expect(left.numbers).toEqual([2])
  })

  test('of several consumers of a queue one is active, and another takes over from it', async () => {
    const other = await broker.connect()
    const active = new Recorder()
    const standby = new Recorder()
    const subscription = await takeIntents(bus, active)
    await takeIntents(other, standby)
    await bus.publishAll([intent(1), intent(2), intent(3)])
    await active.hasSeen(3)
    await subscription.cancel()
    await bus.publishAll([intent(4), intent(5)])
    await standby.hasSeen(2)
    await other.close()
    expect(active.numbers).toEqual([1, 2, 3])
    expect(standby.numbers).toEqual([4, 5])
  })

  test('every instance with a queue of its own sees every message', async () => {
    const other = await broker.connect()
    const left = new Recorder()
    const right = new Recorder()
    const agent = 'gateway' as const
    const types = ['market.candle.closed.v1'] as const
    await bus.subscribe({ agent, types, handler: left.handler, instance: 'left' })
    await other.subscribe({ agent, types, handler: right.handler, instance: 'right' })
    await bus.publishAll([candle(1), candle(2)])
    await Promise.all([left.hasSeen(2), right.hasSeen(2)])
    await other.close()
    expect(left.numbers).toEqual(right.numbers)
  })

  test('every account with queues of its own takes every message, also what came before it', async () => {
    const agent = 'risk-manager' as const
    const first = new Recorder()
    const further = new Recorder()
    await takeIntents(bus, first)
    const account = 'cautious'
    const begun = await bus.subscribe({ agent, types: intents, handler: further.handler, account })
    await bus.publish(intent(1))
    await Promise.all([first.hasSeen(1), further.hasSeen(1)])
    await begun.cancel()
    await bus.publish(intent(2))
    await first.hasSeen(2)
    const other = await broker.connect()
    await other.subscribe({ agent, types: intents, handler: further.handler, account })
    await further.hasSeen(2)
    await other.close()
    expect([first.numbers, further.numbers]).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  test('a trading message without its queue is reported as unroutable', async () => {
    const publish = bus.publish(intent(1))
    await expect(publish).rejects.toThrow(UnroutableError)
    await expect(publish).rejects.toThrow(/risk-manager\.intents\.p0/)
  })

  test('a trading message that only some of its consumers would get is unroutable too', async () => {
    const recorder = new Recorder()
    const types = ['risk.trading-state.changed.v1'] as const
    await bus.subscribe({ agent: 'execution', types, handler: recorder.handler })
    await expect(bus.publish(tradingState(1))).rejects.toThrow(/missing strategy\.account$/)
    await bus.subscribe({ agent: 'strategy', types, handler: recorder.handler })
    await bus.publish(tradingState(2))
    await recorder.hasSeen(2)
    expect(recorder.numbers).toEqual([2, 2])
  })

  test('a market message that nobody listens to is no error', async () => {
    await bus.publish(candle(1))
  })

  test('a message that does not fit its schema is refused before it is sent', async () => {
    const recorder = new Recorder()
    await takeIntents(bus, recorder)
    const wrong = { ...intent(1), payload: { ...intent(1).payload, confidence: 101 } }
    await expect(bus.publish(wrong)).rejects.toThrow(/strategy\.intent\.proposed\.v1: .*confidence/)
    await bus.publish(intent(2))
    await recorder.hasSeen(1)
    expect(recorder.numbers).toEqual([2])
  })

  test('types of a stream can not be taken one by one, for they share a queue', async () => {
    const types = ['execution.order.filled.v1'] as const
    const subscribe = bus.subscribe({ agent: 'strategy', types, handler: async () => ack })
    await expect(subscribe).rejects.toThrow(/stream orders as a whole/)
  })

  test('an agent can not take what the topology does not give it', async () => {
    const types = intents
    const subscribe = bus.subscribe({ agent: 'execution', types, handler: async () => ack })
    await expect(subscribe).rejects.toThrow(/does not let execution consume/)
  })

  test('cancel waits for the running handler and keeps the rest for the next consumer', async () => {
    const door = gate()
    const first = new Recorder(() => door.opened.then(() => ack))
    const subscription = await takeIntents(bus, first)
    await bus.publishAll([intent(1), intent(2), intent(3)])
    await first.hasSeen(1)
    const cancelled = subscription.cancel()
    expect(await isPending(cancelled)).toBe(true)
    door.open()
    await cancelled
    expect(first.numbers).toEqual([1])
    const second = new Recorder()
    await takeIntents(bus, second)
    await second.hasSeen(2)
    expect(second.numbers).toEqual([2, 3])
  })

  test('a cancel during the pause before a retry keeps the message for the next consumer', async () => {
    const slow = await open({ redelivery: { retryDelayMs: 60_000, retryDelayMsMax: 60_000 } })
    const slowBus = await slow.connect()
    const first = new Recorder(async () => retry('later'))
    const subscription = await takeIntents(slowBus, first)
    await slowBus.publish(intent(1))
    await first.hasSeen(1)
    await subscription.cancel()
    const second = new Recorder()
    await takeIntents(slowBus, second)
    await second.hasSeen(1)
    expect(second.deliveries[0]).toMatchObject({ redelivered: true, deliveryCount: 2 })
    await slowBus.close()
    await slow.close()
  })

  test('closing twice is closing once, and a closed bus says so', async () => {
    await Promise.all([bus.close(), bus.close()])
    expect(bus.health().state).toBe('closed')
    await expect(bus.publish(candle(1))).rejects.toThrow(BusClosedError)
    await expect(takeIntents(bus, new Recorder())).rejects.toThrow(BusClosedError)
  })
}
