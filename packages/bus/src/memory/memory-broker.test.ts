import { describe, expect, test, vi } from 'vitest'
import { ack, BusClosedError, deadLetter, retry, type Bus } from '../bus.ts'
import {
  gate,
  intentQueue,
  intents,
  isPending,
  Recorder,
  takeIntents,
} from '../conformance/scene.ts'
import { candle, intent, symbolPerPartition, tradingState } from '../testing.ts'
import { createMemoryBroker, type MemoryBroker } from './memory-broker.ts'

const [symbol] = symbolPerPartition(4) as [string]

function open(options: Parameters<typeof createMemoryBroker>[0] = {}): [MemoryBroker, Bus] {
  const broker = createMemoryBroker(options)
  return [broker, broker.connect()]
}

test('a provisioned broker keeps trading messages until their consumer comes', async () => {
  const [broker, bus] = open()
  await bus.publishAll([intent(1), intent(2)])
  const recorder = new Recorder()
  await takeIntents(bus, recorder)
  await broker.idle()
  expect(recorder.numbers).toEqual([1, 2])
})

test('idle waits for what handlers publish, and for retries', async () => {
  const [broker, bus] = open({ redelivery: { retryDelayMs: 1 } })
  const recorder = new Recorder()
  const handler = async () => {
    await bus.publish(tradingState(7))
    return ack
  }
  await bus.subscribe({ agent: 'risk-manager', types: intents, handler })
  const types = ['risk.trading-state.changed.v1'] as const
  await bus.subscribe({
    agent: 'execution',
    types,
    handler: async (delivery) => {
      await recorder.handler(delivery)
      return delivery.deliveryCount === 1 ? retry('once more') : ack
    },
  })
  await bus.publish(intent(1))
  await broker.idle()
  expect(recorder.numbers).toEqual([7, 7])
})

test('a full queue admits waiting publishers in their order', async () => {
  const [broker, bus] = open({ lengthMax: { intents: 3 } })
  const admitted: number[] = []
  const publishing = Array.from({ length: 8 }, (_, n) =>
    bus.publish(intent(n, symbol)).then(() => admitted.push(n)),
  )
  expect(await isPending(publishing[3]!)).toBe(true)
  expect(admitted).toEqual([0, 1, 2])
  const recorder = new Recorder()
  await takeIntents(bus, recorder)
  await Promise.all(publishing)
  await broker.idle()
  expect(admitted).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect(recorder.numbers).toEqual(admitted)
})

test('a publisher that waits for room is told when its bus is closed', async () => {
  const [, bus] = open({ lengthMax: { intents: 1 } })
  await bus.publish(intent(1, symbol))
  const waiting = bus.publish(intent(2, symbol))
  expect(bus.health().publishing.waiting).toBe(1)
  await Promise.all([expect(waiting).rejects.toThrow(BusClosedError), bus.close()])
})

test('a market queue that nobody reads keeps the newest and counts what it dropped', async () => {
  const [broker, bus] = open({ lengthMax: { candles: 5 } })
  const types = ['market.candle.closed.v1'] as const
  const agent = 'technical-analysis' as const
  const first = await bus.subscribe({ agent, types, handler: async () => ack })
  await first.cancel()
  for (let n = 1; n <= 20; n++) await bus.publish(candle(n, symbol))
  const state = broker.queues().find(({ queue }) => queue === 'technical-analysis.candles.p00')
  expect(state).toMatchObject({ waiting: 5, dropped: 15 })
  const recorder = new Recorder()
  await bus.subscribe({ agent, types, handler: recorder.handler })
  await broker.idle()
  expect(recorder.numbers).toEqual([16, 17, 18, 19, 20])
})

describe("with confirm: 'settled'", () => {
  test('a publish waits until all its consumers have acknowledged', async () => {
    const [, bus] = open({ confirm: 'settled' })
    const doors = { strategy: gate(), execution: gate() }
    const types = ['risk.trading-state.changed.v1'] as const
    for (const agent of ['strategy', 'execution'] as const) {
      const handler = () => doors[agent].opened.then(() => ack)
      await bus.subscribe({ agent, types, handler })
    }
    const publish = bus.publish(tradingState(1))
    doors.strategy.open()
    expect(await isPending(publish)).toBe(true)
    doors.execution.open()
    await publish
  })

  test('a retry keeps the publisher waiting, a dead letter answers it', async () => {
    const error = vi.fn()
    const redelivery = { retryDelayMs: 1 }
    const [broker, bus] = open({ confirm: 'settled', redelivery, log: { error } })
    const recorder = new Recorder(async ({ deliveryCount }) => {
      return deliveryCount < 3 ? retry('wait') : deadLetter('no')
    })
    await takeIntents(bus, recorder)
    await bus.publish(intent(1))
    expect(recorder.deliveries).toHaveLength(3)
    expect(await broker.deadLetters.list()).toHaveLength(1)
    expect(error).toHaveBeenCalledOnce()
  })

  test('queues that vanish with their process are not waited for', async () => {
    const [, bus] = open({ confirm: 'settled' })
    const door = gate()
    const handler = () => door.opened.then(() => ack)
    await bus.subscribe({ agent: 'gateway', types: intents, handler, instance: 'a' })
    await takeIntents(bus, new Recorder())
    await bus.publish(intent(1))
    door.open()
  })

  test('market messages are not waited for', async () => {
    const [, bus] = open({ confirm: 'settled' })
    const door = gate()
    const types = ['market.candle.closed.v1'] as const
    const handler = () => door.opened.then(() => ack)
    await bus.subscribe({ agent: 'technical-analysis', types, handler })
    await bus.publish(candle(1))
    door.open()
  })
})

describe('with a seed for disorder', () => {
  async function run(seed: number, reorder: boolean): Promise<number[]> {
    // Virtual time: whoever sleeps shortest wakes first.
    const sleepers: { at: number; wake: () => void }[] = []
    const sleep = (ms: number) =>
      new Promise<void>((resolve) => sleepers.push({ at: ms, wake: resolve }))
    const disorder = { seed, delayMsMax: 50, duplicateRatio: 0.2, reorder }
    const [broker, bus] = open({ disorder, sleep })
    const recorder = new Recorder()
    await takeIntents(bus, recorder)
    await bus.publishAll(Array.from({ length: 100 }, (_, n) => intent(n, symbol)))
    sleepers.sort((left, right) => left.at - right.at)
    for (const { wake } of sleepers) wake()
    await broker.idle()
    return recorder.numbers
  }

  test('nothing is lost, some comes twice, and the same seed does the same', async () => {
    const numbers = await run(7, true)
    expect(new Set(numbers).size).toBe(100)
    expect(numbers.length).toBeGreaterThan(100)
    expect(numbers).not.toEqual(numbers.toSorted((left, right) => left - right))
    expect(await run(7, true)).toEqual(numbers)
    expect(await run(8, true)).not.toEqual(numbers)
  })

  test('without reordering the order of a partition survives the delays', async () => {
    const numbers = await run(7, false)
    expect(numbers).toEqual(numbers.toSorted((left, right) => left - right))
  })
})

test('a handler that keeps the event loop busy still lets timers run', async () => {
  const [broker, bus] = open()
  let published = 0
  let timerFired = false
  setTimeout(() => (timerFired = true), 1)
  const handler = async () => {
    published += 1
    if (!timerFired && published < 5_000_000) await bus.publish(intent(published))
    return ack
  }
  await bus.subscribe({ agent: 'risk-manager', types: intents, handler })
  await bus.publish(intent(0))
  await broker.idle()
  expect(timerFired).toBe(true)
})

test('a raw body for a queue that does not exist is refused', () => {
  const broker = createMemoryBroker({ provision: [] })
  expect(() => broker.inject(intentQueue(0), '{}')).toThrow(/missing risk-manager\.intents\.p00/)
})
