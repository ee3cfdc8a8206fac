// P1: from a closed candle to the call of the venue. The real agents (technical analysis, strategy, risk
// manager, execution), each a process over a private RabbitMQ and PostgreSQL, with validation and every
// ledger commit; against a bare chain of four amqplib processes over quorum queues with one commit in
// it, at the same rate. Then the same agents in one process over the in-process bus. Rounds alternate,
// and medians are compared.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectRabbit, provisionRabbit } from '@flotilla/bus'
import { startPrivatePostgres } from '@flotilla/ledger'
import { connect } from 'amqplib'
import { Client } from 'pg'
import { startRabbit } from '../test/support/rabbitmq.ts'
import {
  candleCourse,
  machineMs,
  Range,
  type Course,
  type Hits,
  type Shots,
} from './chain-drive.ts'
import type { Command, Report as ProcessReport } from './chain-process.ts'
import { declareRaw, publishRaw, stages, type RawPlace, type RawReport } from './chain-raw.ts'
import { chainAgents, chainStart, writeHistory, type ChainPlace } from './chain-world.ts'
import { median, quantile, type BenchOptions, type Report } from './report.ts'

const rounds = 5
const roundsLong = 15
/** Each takes two candles, so these are fifty candles a second. */
const shots: Shots = { count: 60, perSecond: 25 }
/** Compilers, sockets and prepared statements. */
const warmUp: Shots = { count: 100, perSecond: 25 }
/** A chain that is refused or late is a flaw of the run; many make it void. */
const lostShareMax = 0.2

type Engine = {
  readonly shoot: (shots: Shots) => Promise<Hits>
  readonly stop: () => Promise<void>
}

export async function bench(report: Report, options: BenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'))
  // The server runs as another user when we are root.
  chmodSync(folder, 0o755)
  const closers: (() => Promise<void>)[] = []
  try {
    const engines = await startEngines(folder, closers)
    const count = options.long ? roundsLong : rounds
    reportAll(report, await measure(engines, count))
    report.note(`load of the machine in the last minute: ${loadavg()[0]!.toFixed(1)}`)
  } finally {
    for (const close of closers.toReversed()) await close().catch(console.error)
    rmSync(folder, { recursive: true, force: true })
  }
}

const engineNames = ['raw', 'fleet', 'commits', 'single'] as const
type EngineName = (typeof engineNames)[number]
type Engines = Readonly<Record<EngineName, Engine>>

async function startEngines(folder: string, closers: (() => Promise<void>)[]): Promise<Engines> {
  const starting = [
    startRabbit(),
    startPrivatePostgres({ folder: join(folder, 'postgres'), connectionsMax: 60 }),
  ] as const
  for (const each of starting) closers.push(async () => (await each).stop())
  const [broker, server] = await Promise.all(starting)
  await provisionRabbit(broker.url)
  const databases = await createDatabases(server.url, ['raw', 'fleet', 'single'])
  const startMs = chainStart()
  const placeOf = (name: 'fleet' | 'single'): ChainPlace => {
    const own = join(folder, name)
    mkdirSync(own)
    const amqpUrl = name === 'fleet' ? broker.url : null
    return { amqpUrl, ledgerUrl: databases[name]!, folder: own, startMs }
  }
  const opening = [
    startRaw({ amqpUrl: broker.url, databaseUrl: databases['raw']! }),
    startFleet(placeOf('fleet')),
    startCommits(databases['raw']!),
    startSingle(placeOf('single')),
  ] as const
  for (const each of opening) closers.push(async () => (await each).stop())
  const [raw, fleet, commits, single] = await Promise.all(opening)
  return { raw, fleet, commits, single }
}

async function createDatabases(
  url: string,
  names: readonly string[],
): Promise<Record<string, string>> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const urls: Record<string, string> = {}
  for (const name of names) {
    await client.query(`create database chain_${name}`)
    const own = new URL(url)
    own.pathname = `/chain_${name}`
    urls[name] = own.href
  }
  await client.end()
  return urls
}

async function startRaw(place: RawPlace): Promise<Engine> {
  await declareRaw(place)
  const range = new Range()
  const file = join(import.meta.dirname, 'chain-raw-process.ts')
  const children = await Promise.all(
    stages.map(async (stage) => {
      const child = fork(file, [String(stage), JSON.stringify(place)])
      await once(child, 'message')
      child.on('message', (message: RawReport) => {
        if (message.kind === 'order') range.ended(message.name, message.at)
      })
      return child
    }),
  )
  const model = await connect(place.amqpUrl, { noDelay: true })
  const channel = await model.createConfirmChannel()
  let fired = 0
  const course: Course = {
    prepare: () => undefined,
    fire: () => {
      const name = `chain-${fired++}`
      void publishRaw(channel, 1, name)
      return name
    },
  }
  return {
    shoot: (some) => range.shoot(course, some),
    stop: async () => {
      await model.close()
      await Promise.all(children.map((child) => ended(child, 'stop')))
    },
  }
}

async function startFleet(place: ChainPlace): Promise<Engine> {
  await writeHistory(place)
  const range = new Range()
  const children = await Promise.all(chainAgents.map((name) => startProcess(name, place)))
  for (const child of children) {
    child.on('message', (message: ProcessReport) => {
      if (message.kind === 'order') range.ended(message.name, message.at)
    })
  }
  for (const child of children) child.send({ kind: 'leap' } satisfies Command)
  const bus = await connectRabbit({ url: place.amqpUrl! })
  const course = candleCourse(place.startMs, (message) => void bus.publish(message))
  return {
    shoot: (some) => range.shoot(course, some),
    stop: async () => {
      await bus.close()
      for (const child of children.toReversed()) await ended(child, { kind: 'stop' })
    },
  }
}

async function startSingle(place: ChainPlace): Promise<Engine> {
  await writeHistory(place)
  const child = await startProcess('all', place)
  child.send({ kind: 'leap' } satisfies Command)
  return {
    shoot: async (some) => {
      child.send({ kind: 'shoot', shots: some } satisfies Command)
      const [answer] = (await once(child, 'message')) as [ProcessReport]
      if (answer.kind === 'hits') return answer.hits
      throw new Error(answer.kind === 'failed' ? answer.reason : `unexpected ${answer.kind}`)
    },
    stop: () => ended(child, { kind: 'stop' }),
  }
}

/** What a chain in one process cannot do without: its three commits, one after another. */
async function startCommits(databaseUrl: string): Promise<Engine> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query('create table bare_commits (id bigserial primary key, body jsonb not null)')
  const body = JSON.stringify({ text: 'x'.repeat(1_000) })
  const text = 'insert into bare_commits (body) values ($1)'
  const range = new Range()
  let fired = 0
  let done = Promise.resolve()
  const course: Course = {
    prepare: () => undefined,
    fire: () => {
      const name = String(fired++)
      done = done.then(async () => {
        for (let commit = 0; commit < 3; commit++) {
          await client.query({ name: 'commit', text, values: [body] })
        }
        range.ended(name, machineMs())
      })
      return name
    },
  }
  return { shoot: (some) => range.shoot(course, some), stop: () => client.end() }
}

async function startProcess(which: string, place: ChainPlace): Promise<ChildProcess> {
  const file = join(import.meta.dirname, 'chain-process.ts')
  const child = fork(file, [which, JSON.stringify(place)], {
    // Log lines are written, as in production; nobody reads them here.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [first] = (await once(child, 'message')) as [ProcessReport]
  if (first.kind !== 'ready') throw new Error(`${which} did not become ready`)
  return child
}

async function ended(child: ChildProcess, farewell: Command | 'stop'): Promise<void> {
  if (child.exitCode !== null || !child.connected) return
  const exit = once(child, 'exit')
  child.send(farewell)
  const late = setTimeout(() => child.kill('SIGKILL'), 8_000)
  await exit
  clearTimeout(late)
}

type Measured = Record<EngineName, Hits[]>

async function measure(engines: Engines, count: number): Promise<Measured> {
  await Promise.all(engineNames.map((name) => engines[name].shoot(warmUp)))
  const measured: Measured = { raw: [], fleet: [], commits: [], single: [] }
  for (let round = 0; round < count; round++) {
    for (const name of round % 2 === 0 ? engineNames : engineNames.toReversed()) {
      measured[name].push(await engines[name].shoot(shots))
    }
  }
  return measured
}

function reportAll(report: Report, measured: Measured): void {
  for (const name of engineNames) {
    const lost = measured[name].reduce((sum, hits) => sum + hits.lost, 0)
    const all = measured[name].length * shots.count
    if (lost > 0) report.note(`${name}: ${lost} of ${all} chains did not come to their end`)
    if (lost > all * lostShareMax) throw new Error(`${name} lost ${lost} of ${all} chains`)
  }
  const at = (name: EngineName, share: number): number =>
    median(measured[name].map(({ latencies }) => quantile(latencies, share)))
  const add = (row: {
    readonly figure: string
    readonly engines: readonly [EngineName, EngineName]
    readonly share: number
    readonly goal: string
    readonly met: (value: number, ratio: number) => boolean | null
  }): void => {
    const value = at(row.engines[0], row.share)
    const baseline = at(row.engines[1], row.share)
    const ratio = value / baseline
    const { figure, goal } = row
    report.add({ figure, value, unit: 'ms', baseline, ratio, goal, met: row.met(value, ratio) })
  }
  const distributed = ['fleet', 'raw'] as const
  const single = ['single', 'commits'] as const
  add({
    figure: 'candle to order p50, RabbitMQ',
    engines: distributed,
    share: 0.5,
    goal: '<= 1.5x four raw quorum hops and a commit',
    met: (_, ratio) => ratio <= 1.5,
  })
  add({
    figure: 'candle to order p99, RabbitMQ',
    engines: distributed,
    share: 0.99,
    goal: '<= 2x four raw quorum hops and a commit',
    met: (_, ratio) => ratio <= 2,
  })
  add({
    figure: 'candle to order p50, one process',
    engines: single,
    share: 0.5,
    goal: '',
    met: () => null,
  })
  add({
    figure: 'candle to order p99, one process',
    engines: single,
    share: 0.99,
    goal: '<= 2 ms (baseline: three bare commits in a row)',
    met: (value) => value <= 2,
  })
}
