import {
  agentNames,
  agents,
  bindingKeyOf,
  queueNameOf,
  routingKeyOf,
  streamNamed,
  streamOf,
  type AgentName,
  type MessageType,
} from '@flotilla/contracts'
import { describe, expect, test } from 'vitest'
import { permissionsOf } from './permissions.ts'
import { candle, intent } from './testing.ts'
import { exchangeOf } from './topology.ts'

function topic(agent: AgentName, type: MessageType) {
  const found = permissionsOf(agent).topics.find(({ exchange }) => exchange === exchangeOf(type))
  return { write: new RegExp(found!.write), read: new RegExp(found!.read) }
}

function matches(pattern: string, text: string): boolean {
  return new RegExp(pattern).test(text)
}

describe.for(agentNames)('%s', (agent) => {
  const { publishes, consumes } = agents[agent]!
  const permissions = permissionsOf(agent)

  test('may publish to the exchanges of what it publishes', () => {
    for (const type of publishes) expect(permissions.write).toSatisfy(allows(exchangeOf(type)))
  })

  test('may declare, bind and read the queues of what it consumes', () => {
    for (const type of consumes) {
      const stream = streamOf(type)
      for (let partition = 0; partition < streamNamed(stream).partitions; partition++) {
        const queue = queueNameOf(agent, stream, partition)
        expect(permissions.configure).toSatisfy(allows(queue))
        expect(permissions.write).toSatisfy(allows(queue))
        expect(permissions.read).toSatisfy(allows(queue))
        expect(topic(agent, type).read.test(bindingKeyOf(type, partition))).toBe(true)
      }
    }
  })

  test('may not touch the queues of others, nor make or delete exchanges', () => {
    for (const other of agentNames.filter((name) => name !== agent)) {
      for (const right of ['configure', 'write', 'read'] as const) {
        expect(matches(permissions[right], `${other}.intents.p00`)).toBe(false)
        expect(matches(permissions[right], `${other}.dead-letter`)).toBe(false)
      }
    }
    expect(matches(permissions.configure, 'flotilla.trading')).toBe(false)
    expect(matches(permissions.write, 'amq.default')).toBe(false)
  })

  test('has a say on every topic exchange, for silence would allow everything', () => {
    expect(permissions.topics.map(({ exchange }) => exchange)).toEqual([
      'flotilla.market',
      'flotilla.trading',
      'flotilla.control',
      'flotilla.dead-letter',
    ])
  })

  function allows(name: string) {
    return (pattern: string) => matches(pattern, name)
  }
})

test('a strategy can not approve its own intents', () => {
  const { write } = topic('strategy', 'risk.intent.approved.v1')
  expect(write.test(routingKeyOf(intent(1)))).toBe(true)
  expect(write.test('risk.intent.approved.v1.simulator.btc-usdt.p00')).toBe(false)
  expect(write.test('risk.intent.approved.v1')).toBe(false)
  expect(write.test('strategy.intent.proposed.v1x')).toBe(false)
})

test('beside the operator only the gateway commands, and it reloads nobody', () => {
  for (const agent of agentNames) {
    const { write } = topic(agent, 'control.halt.v1')
    for (const action of ['pause', 'resume', 'halt', 'flatten']) {
      const mayCommand = agent === 'operator' || agent === 'gateway'
      expect(write.test(`control.${action}.v1`)).toBe(mayCommand)
    }
    expect(write.test('control.reload.v1')).toBe(agent === 'operator')
  }
})

test('an agent that hears nothing of an exchange can bind nothing there', () => {
  expect(topic('execution', 'control.flatten.v1').read.test('control.pause.v1')).toBe(false)
  expect(topic('execution', 'control.flatten.v1').write.test('control.flatten.v1')).toBe(false)
  expect(topic('strategy', 'market.candle.closed.v1').write.test(routingKeyOf(candle(1)))).toBe(
    false,
  )
})

test('an agent can bury its own messages, not those of another', () => {
  const letters = permissionsOf('strategy').topics.at(-1)!
  expect(matches(letters.write, 'strategy.verdicts.p01')).toBe(true)
  expect(matches(letters.write, 'risk-manager.intents.p01')).toBe(false)
  expect(matches(letters.read, 'strategy.#')).toBe(true)
  expect(matches(letters.read, 'risk-manager.#')).toBe(false)
  expect(matches(letters.read, '#')).toBe(false)
})

test('an agent without a place in the topology may do nothing but look at its own queues', () => {
  const { write, topics } = permissionsOf('notifier')
  expect(matches(write, 'flotilla.trading')).toBe(false)
  expect(topics.slice(0, 3).every((topic) => topic.write === '^$')).toBe(true)
})
