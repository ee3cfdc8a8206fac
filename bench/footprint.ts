// P7: memory and start. The whole fleet in one process as `npm start` runs it, in a world that an
// earlier run has prepared; then each agent as a process of its own over RabbitMQ and PostgreSQL. The
// baseline is a Node process that only waits.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { loadavg, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { provisionRabbit } from '@flotilla/bus'
import { startPrivatePostgres } from '@flotilla/ledger'
import { startRabbit } from '../test/support/rabbitmq.ts'
import {
  bareNode,
  proportionalMb,
  residentMb,
  startNode,
  waitMs,
  type Watched,
} from './footprint-processes.ts'
import {
  figureOf,
  median,
  timesOf,
  type BenchOptions,
  type HowOften,
  type Report,
} from './report.ts'

const root = join(import.meta.dirname, '..')
const warmStarts: HowOften = { usual: 3, long: 9 }
const fleetTradesMs = 15_000
const agentsTradeMs = 10_000
const rounds: HowOften = { usual: 1, long: 3 }

export async function bench(report: Report, options: BenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'))
  // The database server runs as another user when we are root.
  chmodSync(folder, 0o755)
  try {
    const bare = await bareNode(folder)
    const inOne = join(folder, 'in-one')
    mkdirSync(inOne)
    reportFleet(report, await measureFleet(inOne, timesOf(options, warmStarts)), bare)
    const apart = join(folder, 'apart')
    mkdirSync(apart)
    const runs: Agents[] = []
    for (let round = 0; round < timesOf(options, rounds); round++) {
      runs.push(await measureAgents(join(apart, String(round))))
    }
    reportAgents(report, runs, bare.residentMb)
    report.note(`load of the machine in the last minute: ${loadavg()[0]!.toFixed(1)}`)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** What npm's scripts give every process of ours: modules that were compiled once stay so. */
function compiledIn(folder: string): Record<string, string> {
  return { NODE_COMPILE_CACHE: join(folder, 'compiled') }
}

type Fleet = {
  readonly readyMs: readonly number[]
  readonly candleMs: readonly number[]
  readonly residentMb: number
  readonly postgresMb: number
}

async function measureFleet(folder: string, starts: number): Promise<Fleet> {
  const readyMs: number[] = []
  const candleMs: number[] = []
  let resident = 0
  let postgres = 0
  // The first run makes the world; the last one goes on trading.
  for (let run = 0; run <= starts; run++) {
    const fleet = startFleet(folder)
    try {
      const ready = await allReady(fleet)
      const candle = await fleet.said(/\bclosed\b/)
      if (run > 0) {
        readyMs.push(ready)
        candleMs.push(candle)
      }
      if (run < starts) continue
      await waitMs(fleetTradesMs)
      resident = residentMb(fleet.pid)
      postgres = proportionalMb(postmasterIn(folder))
    } finally {
      await fleet.stop()
    }
  }
  return { readyMs, candleMs, residentMb: resident, postgresMb: postgres }
}

function startFleet(folder: string): Watched {
  return startNode({
    arguments: [join(root, 'packages/cli/src/main.ts'), 'start', '--http-port', '0'],
    cwd: folder,
    environment: compiledIn(dirname(folder)),
  })
}

/** Milliseconds from the start until every agent says that it is ready. */
async function allReady(fleet: Watched): Promise<number> {
  const pattern = /overview\s+(http:\S+)/
  const announcedMs = await fleet.said(pattern)
  const began = performance.now()
  const url = pattern.exec(await fleet.line(pattern))![1]!
  for (;;) {
    const { status } = await fetch(`${url}/api/v1/health/readiness`)
    if (status === 200) return announcedMs + performance.now() - began
    await waitMs(10)
  }
}

function postmasterIn(folder: string): number {
  const file = join(folder, '.flotilla/seed-1/postgres/data/postmaster.pid')
  return Number(readFileSync(file, 'utf8').split('\n')[0])
}

const agents = [
  'data-collection',
  'technical-analysis',
  'strategy',
  'risk-manager',
  'execution',
] as const
type AgentName = (typeof agents)[number]
type Agents = Readonly<Record<AgentName, number>>

/** Those that talk to a venue load the exchange library. */
const withVenue: ReadonlySet<AgentName> = new Set(['data-collection', 'risk-manager', 'execution'])

/** All of them at work, as `docker compose up` runs them; each one's resident megabytes. */
async function measureAgents(folder: string): Promise<Agents> {
  mkdirSync(folder)
  const starting = [
    startRabbit(),
    startPrivatePostgres({ folder: join(folder, 'postgres'), connectionsMax: 60 }),
  ] as const
  const running: Watched[] = []
  try {
    const [broker, server] = await Promise.all(starting)
    await provisionRabbit(broker.url)
    const file = join(folder, 'flotilla.yaml')
    const url = `http://127.0.0.1:${await freePort()}`
    // JSON is YAML.
    const config = {
      bus: { kind: 'rabbitmq', url: broker.url },
      ledger: { kind: 'postgres', url: server.url },
      venue: { url },
      http: { port: 0 },
      logs: { format: 'json' },
    }
    writeFileSync(file, JSON.stringify(config))
    const start = (service: string): Watched => {
      const environment = {
        ...compiledIn(dirname(dirname(folder))),
        FLOTILLA_CONFIG: file,
        FLOTILLA_FOLDER: join(folder, 'state'),
      }
      const entry = join(root, 'services', service, 'src/main.ts')
      const watched = startNode({ arguments: [entry], cwd: folder, environment })
      running.push(watched)
      return watched
    }
    const startAgents = async (): Promise<Watched[]> => {
      const started = agents.map((agent) => start(agent))
      await Promise.all(started.map((agent) => agent.said(/"msg":"agent started"/)))
      return started
    }
    start('exchange-simulator')
    // The first start compiles, as after an installation; every later one finds it done.
    for (const agent of await startAgents()) await agent.stop()
    const started = await startAgents()
    await waitMs(agentsTradeMs)
    return Object.fromEntries(
      agents.map((agent, index) => [agent, residentMb(started[index]!.pid)]),
    ) as Agents
  } finally {
    await Promise.all(running.map((each) => each.stop()))
    for (const each of await Promise.allSettled(starting)) {
      if (each.status === 'fulfilled') await each.value.stop()
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

type Bare = Awaited<ReturnType<typeof bareNode>>

function reportFleet(report: Report, fleet: Fleet, bare: Bare): void {
  const starts = [
    ['all agents ready', fleet.readyMs],
    ['first candle', fleet.candleMs],
  ] as const
  for (const [event, times] of starts) {
    const value = median(times) / 1_000
    report.add(
      figureOf({
        figure: `${event} after a warm start`,
        value,
        unit: 's',
        baseline: bare.startMs / 1_000,
        goal: '<= 3 s',
        met: value <= 3,
      }),
    )
  }
  report.add(memory('the fleet in one process', fleet.residentMb, bare.residentMb, 350))
  report.add(memory('its private PostgreSQL (Pss)', fleet.postgresMb, bare.residentMb, null))
}

function reportAgents(report: Report, runs: readonly Agents[], bareMb: number): void {
  for (const agent of agents) {
    const goal = withVenue.has(agent) ? 220 : 110
    const value = median(runs.map((run) => run[agent]))
    report.add(memory(`${agent} of its own`, value, bareMb, goal))
  }
}

function memory(figure: string, value: number, baseline: number, goalMb: number | null) {
  const judged = goalMb === null ? {} : { goal: `<= ${goalMb} MB`, met: value <= goalMb }
  return figureOf({ figure, value, unit: 'MB', baseline, ...judged })
}
