import { createMemoryBroker } from '@flotilla/bus'
import { createMemoryLedger } from '@flotilla/ledger'
import { createTestContext } from '@flotilla/runtime/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent } from './agent.ts'
import type { Agent } from './agent.ts'
import { hostAgent } from './host-agent.ts'
import { SharedConfigSchema } from './shared-config.ts'

const shared = SharedConfigSchema.parse({})

function host(agent: Partial<Agent>) {
  const calls: string[] = []
  const spec = defineAgent({
    name: 'strategy',
    config: z.strictObject({ depth: z.int().default(3) }),
    needs: ['bus'],
    create: ({ config }) => ({
      start: () => {
        calls.push(`start ${config.depth}`)
        return Promise.resolve()
      },
      stop: () => {
        calls.push('stop')
        return Promise.resolve()
      },
      readiness: () => ({ ready: true, detail: { symbols: 3 } }),
      ...agent,
    }),
  })
  const context = createTestContext('strategy')
  const ports = { bus: createMemoryBroker().connect() }
  const hosted = hostAgent({ spec, shared, context, ports, folder: '.', config: { depth: 5 } })
  return { hosted, calls, context }
}

describe('an agent with what surrounds it', () => {
  test('is ready from the end of its start to the beginning of its stop', async () => {
    const { hosted, calls, context } = host({})
    const metric = 'flotilla_agent_ready{agent="strategy",instance="1"}'
    expect(hosted.readiness()).toEqual({ ready: false, detail: { state: 'waiting' } })
    expect(await context.metrics.metrics()).toContain(`${metric} 0`)
    await hosted.start()
    expect(hosted.readiness()).toEqual({ ready: true, detail: { symbols: 3 } })
    expect(await context.metrics.metrics()).toContain(`${metric} 1`)
    const stopping = hosted.stop()
    expect(hosted.readiness()).toEqual({ ready: false, detail: { state: 'stopping' } })
    await stopping
    expect(calls).toEqual(['start 5', 'stop'])
  })

  test('is not ready while it says so itself, or cannot say', async () => {
    const unsure = host({ readiness: () => ({ ready: false, detail: { waits: 'data' } }) })
    await unsure.hosted.start()
    expect(unsure.hosted.readiness()).toEqual({ ready: false, detail: { waits: 'data' } })
    await unsure.hosted.stop()
    const broken = host({
      readiness: () => {
        throw new Error('no idea')
      },
    })
    await broken.hosted.start()
    expect(await broken.context.metrics.metrics()).toMatch(/flotilla_agent_ready\{.*\} 0/)
    await broken.hosted.stop()
  })

  test('can be stopped before it was ever started', async () => {
    const { hosted, calls } = host({})
    await hosted.stop()
    expect(calls).toEqual(['stop'])
  })
})

test('a port that is missing is named', () => {
  const spec = defineAgent({
    name: 'execution',
    config: z.strictObject({}),
    needs: ['bus', 'ledger'],
    create: () => {
      throw new Error('not reached')
    },
  })
  const context = createTestContext('execution')
  const options = { spec, shared, context, folder: '.', config: {} }
  expect(() => hostAgent({ ...options, ports: {} })).toThrow('execution was not given bus, ledger')
})

test('what it lives on is shown while it answers and when it does not', async () => {
  const context = createTestContext('strategy')
  const ledger = { ...createMemoryLedger() }
  const bus = createMemoryBroker().connect()
  const needs = ['bus', 'ledger'] as const
  const create = () => ({
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    readiness: () => ({ ready: true, detail: {} }),
  })
  const config = z.strictObject({})
  const spec = defineAgent({ name: 'strategy', config, needs: [...needs], create })
  let state: 'connected' | 'reconnecting' = 'connected'
  const health = () => ({ ...ledger.health(), state })
  const ports = { bus, ledger: { ...ledger, health } }
  hostAgent({ spec, shared, context, ports, folder: '.', config: {} })
  const figures = async () =>
    [...(await context.metrics.metrics()).matchAll(/^flotilla_(\w+)_connected\{.*\} (\d)$/gm)].map(
      ([, name, value]) => `${name} ${value}`,
    )
  expect(await figures()).toEqual(['ledger 1', 'bus 1'])
  state = 'reconnecting'
  await bus.close()
  expect(await figures()).toEqual(['ledger 0', 'bus 0'])
})
