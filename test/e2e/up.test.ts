// `flotilla up`: one process per agent on a real broker and database, watched over by one command,
// and commanded from another terminal over the broker.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSimulator } from '@flotilla/exchange-simulator'
import type { Simulator } from '@flotilla/exchange-simulator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, hasPostgres } from '../support/postgres.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { freshVhost, sharedRabbit } from '../support/rabbitmq-shared.ts'
import { makeFolder } from './flotilla-command.ts'
import type { Folder, Run } from './flotilla-command.ts'

const rabbit = await sharedRabbit()
const agents = [
  'execution',
  'risk-manager',
  'strategy',
  'technical-analysis',
  'data-collection',
  'gateway',
]
const speed = 240
const patience = { timeout: 240_000 }

describe.skipIf(rabbit === null || !hasPostgres)('a fleet of processes', () => {
  let folder: Folder
  let database: TestDatabase
  let simulator: Simulator
  let up: Run

  beforeAll(async () => {
    folder = makeFolder()
    database = await createTestDatabase()
    const startAt = '2026-01-05T00:00:00.000Z'
    simulator = createSimulator({ config: { speed, seed: 1, startAt }, folder: null })
    await simulator.start()
    const config = [
      `venue: { url: ${simulator.url} }`,
      `simulator: { speed: ${speed} }`,
      `bus: { kind: rabbitmq, url: "${await freshVhost(rabbit)}" }`,
      `ledger: { kind: postgres, url: "${database.url}" }`,
      'http: { port: 0 }',
      'risk: { balanceShare: 0.05 }',
    ]
    writeFileSync(join(folder.path, 'flotilla.yaml'), config.join('\n'))
    up = folder.run(['up'])
  }, 120_000)

  afterAll(async () => {
    await folder.remove()
    await simulator.stop()
    await database.drop()
  })

  test('has every agent ready at an address of its own', patience, async () => {
    for (const agent of agents) {
      const served = await up.line(new RegExp(`${agent} +INFO +health and metrics served`))
      const url = /url=(\S+)/.exec(served)?.[1] ?? ''
      await up.line(new RegExp(`${agent} +INFO +agent started`))
      const metrics = await (await fetch(`${url}/metrics`)).text()
      expect(metrics).toMatch(new RegExp(`flotilla_agent_ready\\{agent="${agent}"`))
    }
  })

  test('starts a killed agent again', patience, async () => {
    const started = await up.line(/process started name=strategy /)
    const pid = Number(/childPid=(\d+)/.exec(started)?.[1])
    process.kill(pid, 'SIGKILL')
    await up.line(/process ended, starting again name=strategy how="signal SIGKILL"/)
    const again = new RegExp(`process started name=strategy childPid=(?!${pid}\\b)`)
    await up.line(again)
  })

  test('obeys commands that come over the broker', patience, async () => {
    const pause = folder.run(['control', 'pause', '--reason', 'lunch'])
    expect(await pause.ended).toBe(0)
    await up.line(/risk-manager .*lunch/)
    const letters = folder.run(['dead-letters', 'list'])
    expect(await letters.ended).toBe(0)
    expect(letters.lines).toEqual(['no dead letters'])
  })

  test('keeps a log for each agent', patience, async () => {
    const logs = folder.run(['logs', 'risk-manager', 'execution', '--lines', '50'])
    expect(await logs.ended).toBe(0)
    expect(logs.lines.some((line) => line.includes('risk-manager'))).toBe(true)
    expect(logs.lines.some((line) => line.includes('execution'))).toBe(true)
  })

  test('ends well with all its agents when it is told to', patience, async () => {
    up.kill('SIGTERM')
    expect(await up.ended).toBe(0)
    const ends = up.lines.filter((line) => line.includes('process ended name='))
    expect(ends).toHaveLength(agents.length)
    for (const end of ends) expect(end).toContain('how="exit code 0"')
  })
})
