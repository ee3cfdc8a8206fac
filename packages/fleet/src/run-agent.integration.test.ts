import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freshVhost, sharedRabbit } from '../../../test/support/rabbitmq-shared.ts'

const rabbit = await sharedRabbit()
const entry = join(import.meta.dirname, 'testing.ts')

let folder: string
let market: Server
let marketUrl: string
let children: ChildProcess[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flotilla-agent-'))
  children = []
  market = createServer((_request, response) => {
    response.end(JSON.stringify({ serverTime: 1_767_571_200_000 }))
  })
  await new Promise<void>((resolve) => market.listen(0, '127.0.0.1', resolve))
  marketUrl = `http://127.0.0.1:${(market.address() as AddressInfo).port}`
})

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  market.close()
  market.closeAllConnections()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

type Line = { readonly msg: string } & Record<string, unknown>

function run(config: string, environment: Record<string, string> = {}) {
  writeFileSync(join(folder, 'flotilla.yaml'), config)
  const child = spawn(process.execPath, [entry], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  const lines: Line[] = []
  let waiters: (() => void)[] = []
  const wake = (): void => {
    const all = waiters
    waiters = []
    for (const waiter of all) waiter()
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line) as Line)
    wake()
  })
  let complaint = ''
  child.stderr.on('data', (data: Buffer) => (complaint += data.toString()))
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      resolve(code)
      wake()
    })
  })
  const line = async (msg: string): Promise<Line> => {
    for (;;) {
      const found = lines.find((each) => each.msg === msg)
      if (found !== undefined) return found
      if (child.exitCode !== null) throw new Error(`ended without "${msg}": ${complaint}`)
      await new Promise<void>((resolve) => waiters.push(resolve))
    }
  }
  return { child, lines, line, ended, complaint: () => complaint }
}

describe.skipIf(rabbit === null)('an agent in a process of its own', () => {
  test('starts, tells its health, logs JSON without passwords, stops well', async () => {
    const url = await freshVhost(rabbit)
    const { password } = new URL(url)
    const agent = run(
      `venue: { url: ${marketUrl} }\nbus: { kind: rabbitmq }\nhttp: { port: 0 }\n` +
        'strategy: { greeting: good morning }\n',
      { FLOTILLA_BUS__URL: url, FLOTILLA_INSTANCE: 'two', FLOTILLA_LOGS__LEVEL: 'debug' },
    )
    const served = await agent.line('health and metrics served')
    expect(served).toMatchObject({ agent: 'strategy', instance: 'two', level: 'info' })
    expect(await agent.line('sample started')).toMatchObject({ greeting: 'good morning' })
    await agent.line('agent started')
    const response = await fetch(`${String(served['url'])}/api/v1/health/readiness/`)
    expect(response.status).toBe(200)
    const metrics = await (await fetch(`${String(served['url'])}/metrics`)).text()
    expect(metrics).toContain('flotilla_agent_ready{agent="strategy",instance="two"} 1')
    expect(metrics).toContain('process_resident_memory_bytes')
    agent.child.kill('SIGTERM')
    expect(await agent.ended).toBe(0)
    expect(agent.lines.at(-1)).toMatchObject({ msg: 'stopped' })
    expect(JSON.stringify(agent.lines)).not.toContain(`:${password}@`)
  })

  test('is that of the account it is told, with its policy and its venue', async () => {
    const url = await freshVhost(rabbit)
    const agent = run(
      `venue: { url: "http://127.0.0.1:9" }\nbus: { kind: rabbitmq }\nhttp: { port: 0 }\n` +
        'execution: { greeting: good morning }\n' +
        `accounts: { cautious: { venue: { url: ${marketUrl} }, execution: { greeting: quietly } } }\n`,
      { FLOTILLA_BUS__URL: url, FLOTILLA_FOR_ACCOUNT: 'cautious', SAMPLE_AGENT: 'execution' },
    )
    expect(await agent.line('sample started')).toMatchObject({
      greeting: 'quietly',
      account: 'cautious',
      marketVenue: 'simulator',
    })
    agent.child.kill('SIGTERM')
    expect(await agent.ended).toBe(0)
  })

  test('stops well although its broker never answers', async () => {
    const agent = run(
      `venue: { url: ${marketUrl} }\nbus: { kind: rabbitmq }\nhttp: { port: 0 }\n`,
      {
        FLOTILLA_BUS__URL: 'amqp://127.0.0.1:9',
      },
    )
    const served = await agent.line('health and metrics served')
    const health = await fetch(`${String(served['url'])}/api/v1/health`)
    expect(health.status).toBe(503)
    expect((await fetch(`${String(served['url'])}/api/v1/health/liveness`)).status).toBe(200)
    agent.child.kill('SIGTERM')
    expect(await agent.ended).toBe(0)
  })
})

describe('an agent that cannot run is refused before anything starts', () => {
  test.each([
    [
      'an in-process bus',
      '',
      /flotilla\.yaml bus\.kind: in-process reaches no agent in another process; set/,
    ],
    [
      'a fault in its section',
      'strategy: { greetin: x }\n',
      /flotilla\.yaml:1:13 strategy\.greetin: .*"greeting"/,
    ],
    ['no address of the broker', 'bus: { kind: rabbitmq }\n', /bus\.url: .*FLOTILLA_BUS__URL_FILE/],
  ])('%s', async (_name, config, expected) => {
    const agent = run(config)
    expect(await agent.ended).toBe(1)
    expect(agent.complaint()).toMatch(expected)
    expect(agent.lines).toEqual([])
  })

  const further = 'bus: { kind: rabbitmq, url: "amqp://x" }\nvenue: { url: "http://x:1" }\n'
  test.each([
    [
      'an account that is none',
      'execution',
      'bold',
      /bold is no account of execution; name one of main/,
    ],
    [
      'an account of an agent that serves all',
      'strategy',
      'cautious',
      /strategy serves all: remove/,
    ],
    ['an account without its simulator', 'execution', 'cautious', /venue\.url: the simulator runs/],
  ])('%s', async (_name, name, account, expected) => {
    const environment = { SAMPLE_AGENT: name, FLOTILLA_FOR_ACCOUNT: account }
    const venue = expected.source.startsWith('venue') ? '{}' : '{ venue: { url: "http://x:2" } }'
    const agent = run(`${further}accounts: { cautious: ${venue} }\n`, environment)
    expect(await agent.ended).toBe(1)
    expect(agent.complaint()).toMatch(expected)
  })
})
