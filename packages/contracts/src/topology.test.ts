import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  agentNames,
  bindingKeyOf,
  consumersOf,
  messageTypes,
  parseMessage,
  partitionOf,
  partitionOfMessage,
  queueNameOf,
  routingKeyOf,
  streamNamed,
  streamNames,
  streamOf,
  subscriptionsOf,
  topologyOf,
  unplacedTypes,
} from './index.ts'

const golden = (type: string) => {
  const file = new URL(`golden/${type}.json`, import.meta.url)
  return parseMessage(JSON.parse(readFileSync(file, 'utf8')))
}

test('every message travels in exactly one stream', () => {
  const placed = streamNames.flatMap((name) => streamNamed(name).types)
  expect(unplacedTypes).toEqual([])
  expect(placed.toSorted()).toEqual(messageTypes.toSorted())
})

test('every message has a publisher', () => {
  const published = new Set(agentNames.flatMap((agent) => topologyOf(agent).publishes))
  expect(messageTypes.filter((type) => !published.has(type))).toEqual([])
})

test('an agent never consumes what it publishes itself, but the heartbeats that all publish', () => {
  for (const agent of agentNames) {
    const { publishes, consumes } = topologyOf(agent)
    const both = consumes.filter((type) => publishes.includes(type))
    expect(both.filter((type) => type !== 'agent.heartbeat.v1')).toEqual([])
  }
})

test('an approval is published by the risk manager only and consumed by execution only', () => {
  const publishers = agentNames.filter((agent) =>
    topologyOf(agent).publishes.includes('risk.intent.approved.v1'),
  )
  expect(publishers).toEqual(['risk-manager'])
  expect(consumersOf('risk.intent.approved.v1')).toEqual(['execution'])
})

test('queue names and routing keys stay within the 255 bytes of AMQP', () => {
  for (const agent of agentNames) {
    for (const { stream } of subscriptionsOf(agent)) {
      expect(queueNameOf(agent, stream, 99).length).toBeLessThanOrEqual(255)
    }
  }
  for (const type of messageTypes) {
    expect(routingKeyOf(golden(type)).length).toBeLessThanOrEqual(200)
  }
})

describe('partitions', () => {
  test('a symbol keeps its partition for ever', () => {
    const found = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'].map((symbol) => partitionOf(symbol, 1_000))
    expect(found).toMatchInlineSnapshot(`
      [
        991,
        77,
        426,
      ]
    `)
  })

  test('symbols spread evenly', () => {
    const counts = [0, 0, 0, 0]
    for (let index = 0; index < 4_000; index++) counts[partitionOf(`A${index}/USDT`, 4)]! += 1
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(120)
  })

  test('messages about one symbol share the partition of their streams', () => {
    const types = ['market.candle.closed.v1', 'strategy.intent.proposed.v1'] as const
    const partitions = types.map((type) => partitionOfMessage(golden(type)))
    expect(new Set(partitions).size).toBe(1)
  })

  test('the routing key of a message is matched by the binding of its partition alone', () => {
    for (const type of messageTypes) {
      const message = golden(type)
      const { partitions } = streamNamed(streamOf(type))
      const matching = Array.from({ length: partitions }, (_, each) => each).filter((each) =>
        matches(bindingKeyOf(type, each), routingKeyOf(message)),
      )
      expect(matching).toEqual([partitionOfMessage(message)])
    }
  })
})

/** Topic matching for patterns without `#`. */
function matches(pattern: string, key: string): boolean {
  const [left, right] = [pattern.split('.'), key.split('.')]
  return (
    left.length === right.length &&
    left.every((each, index) => each === '*' || each === right[index])
  )
}
