// Who is watched for a sign of life, and how it is told that one is missing.
import type { AgentName, EntriesChanged } from '@flotilla/contracts'
import type { Clock } from '@flotilla/runtime'
import { createManualClock, createTestContext } from '@flotilla/runtime/testing'
import { describe, expect, it } from 'vitest'
import { DeadMan } from './dead-man.ts'
import { EntriesGate } from './entries-gate.ts'

const SILENCE_MS = 30_000

function watched(wallClock?: Clock) {
  const { clock, logger } = createTestContext('execution', { now: 0 })
  const told: EntriesChanged[] = []
  const line = { isUp: true, isListening: true }
  const gate = new EntriesGate({
    account: 'main',
    now: () => clock.now(),
    logger,
    publish: async ({ payload }) => {
      if (!line.isUp) throw new Error('the bus is away')
      told.push(payload as EntriesChanged)
    },
  })
  const deadMan = new DeadMan({
    gate,
    clock,
    silenceMs: SILENCE_MS,
    venue: async () => {},
    ledger: async () => {},
    isBusUp: () => line.isUp,
    isListening: () => line.isListening,
    lateMs: 10_000,
    wallClock: wallClock ?? clock,
    agentSilenceMs: SILENCE_MS,
  })
  deadMan.start()
  const pass = async (ms: number, alive: readonly AgentName[] = []) => {
    for (let gone = 0; gone < ms; gone += 1_000) {
      for (const agent of alive) deadMan.alive(agent)
      await clock.advance(1_000)
    }
  }
  const causes = () => gate.stops.map(({ cause }) => cause)
  return { gate, told, line, pass, causes, clock, stop: () => deadMan.stop() }
}

describe('an agent that entries depend on', () => {
  it('is silent without a heartbeat for so long, and is named, until it is heard again', async () => {
    const { pass, causes, told, stop } = watched()
    await pass(60_000, ['risk-manager', 'data-collection'])
    expect(causes()).toEqual([])
    await pass(40_000, ['data-collection'])
    expect(causes()).toEqual(['agent_silent'])
    expect(told.at(-1)?.reason).toBe('no heartbeat of risk-manager for more than 30 s')
    await pass(10_000, ['risk-manager', 'data-collection'])
    expect(told.map(({ cause, allowed }) => [cause, allowed])).toEqual([
      ['agent_silent', false],
      ['agent_silent', true],
    ])
    await stop()
  })

  it('is none of which nothing is needed, and none that was never heard', async () => {
    const { pass, causes, stop } = watched()
    await pass(10_000, ['strategy'])
    await pass(100_000)
    expect(causes()).toEqual([])
    await stop()
  })

  it('beats by the wall clock, however fast market time runs', async () => {
    const wallClock = createManualClock(0)
    const { pass, causes, stop } = watched(wallClock)
    await pass(1_000, ['risk-manager'])
    await pass(1_000_000)
    expect(causes()).toEqual([])
    await wallClock.advance(SILENCE_MS + 1)
    await pass(10_000)
    expect(causes()).toEqual(['agent_silent'])
    await stop()
  })

  it.each(['isUp', 'isListening'] as const)(
    'is not judged while nobody can be heard (%s)',
    async (reason) => {
      const { pass, causes, line, stop } = watched()
      await pass(10_000, ['risk-manager'])
      line[reason] = false
      await pass(100_000)
      expect(causes()).not.toContain('agent_silent')
      line[reason] = true
      await pass(20_000)
      expect(causes()).not.toContain('agent_silent')
      await pass(20_000)
      expect(causes()).toContain('agent_silent')
      await stop()
    },
  )
})

it('what could not be told because the bus was away is told when it is back, in its order', async () => {
  const { pass, causes, line, told, stop } = watched()
  line.isUp = false
  await pass(40_000)
  expect(causes()).toEqual(['bus_silent'])
  expect(told).toEqual([])
  line.isUp = true
  await pass(10_000)
  expect(told.map(({ cause, allowed }) => [cause, allowed])).toEqual([
    ['bus_silent', false],
    ['bus_silent', true],
  ])
  await stop()
})

it('of a line that flaps for long while nobody can be told only the newest is kept', async () => {
  const { gate, line, told, stop } = watched()
  line.isUp = false
  for (let time = 0; time < 80; time++) {
    const which = { cause: 'venue_silent', asset: null } as const
    gate.stop({ ...which, reason: `silent ${time}` })
    gate.lift({ ...which, reason: `back ${time}` })
  }
  await gate.tellOn()
  line.isUp = true
  await gate.tellOn()
  expect(told).toHaveLength(100)
  expect(told.at(-1)?.reason).toBe('back 79')
  await stop()
})
