// The five agents, each a process of its own, over a real RabbitMQ and a real PostgreSQL. The
// simulator runs in the test's process and speaks over its wire; the agents may be killed at will.
import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { rabbitDeadLetters } from '@flotilla/bus'
import { createSimulator, type Simulator } from '@flotilla/exchange-simulator'

export const AGENTS = [
  'execution',
  'risk-manager',
  'strategy',
  'technical-analysis',
  'data-collection',
] as const
export type ProcessAgent = (typeof AGENTS)[number]

export type ProcessFleet = {
  readonly simulator: Simulator
  /** `kill -9`, and a new process of the same agent. */
  killAndRestart(agent: ProcessAgent): Promise<void>
  /** Whether the agent's process says that it is ready. */
  isReady(agent: ProcessAgent): Promise<boolean>
  deadLetters(): Promise<number>
  /** Asks all to stop; answers how each ended, `code 0` when it did so as it should. */
  stop(): Promise<ReadonlyMap<ProcessAgent, string>>
}

export type ProcessFleetOptions = {
  readonly candles: readonly string[]
  readonly symbols: readonly string[]
  readonly speed: number
  readonly startAt: number
  readonly databaseUrl: string
  readonly busUrl: string
  readonly folder: string
  /** More of the agents' configuration, as YAML. */
  readonly config: string
}

export type Member = { process: ChildProcess; url: Promise<string>; ended: Promise<string> }

const root = join(import.meta.dirname, '../../..')
const keys = { apiKey: 'processesKey', apiSecret: 'processesSecret' }

export async function startProcessFleet(options: ProcessFleetOptions): Promise<ProcessFleet> {
  mkdirSync(options.folder, { recursive: true })
  const simulator = createSimulator({
    config: {
      ...keys,
      speed: options.speed,
      symbols: [...options.symbols],
      candles: [...options.candles],
      startAt: options.startAt,
      control: { enabled: true },
    },
    folder: null,
  })
  await simulator.start()
  const configFile = join(options.folder, 'flotilla.yaml')
  writeFileSync(configFile, configText(options, simulator.url))
  const members = new Map<ProcessAgent, Member>()
  const launch = (agent: ProcessAgent): void => {
    members.set(agent, launchAgent(agent, { configFile, folder: options.folder, instance: '1' }))
  }
  for (const agent of AGENTS) launch(agent)
  return {
    simulator,
    killAndRestart: async (agent) => {
      const member = members.get(agent)!
      member.process.kill('SIGKILL')
      await member.ended
      launch(agent)
    },
    isReady: (agent) => isReady(members.get(agent)!),
    deadLetters: async () => {
      const letters = await rabbitDeadLetters(options.busUrl).list({ limit: 1_000 })
      return letters.length
    },
    stop: async () => {
      const ends = new Map<ProcessAgent, string>()
      for (const [, member] of members) member.process.kill('SIGTERM')
      for (const [agent, member] of members) ends.set(agent, await member.ended)
      await simulator.stop()
      return ends
    },
  }
}

function configText(options: ProcessFleetOptions, simulatorUrl: string): string {
  return [
    'mode: paper',
    `symbols: [${options.symbols.join(', ')}]`,
    `venue: { kind: simulator, url: '${simulatorUrl}', apiKey: ${keys.apiKey}, apiSecret: ${keys.apiSecret} }`,
    `simulator: { speed: ${options.speed} }`,
    `bus: { kind: rabbitmq, url: '${options.busUrl}' }`,
    `ledger: { kind: postgres, url: '${options.databaseUrl}' }`,
    'http: { port: 0 }',
    'logs: { format: json }',
    options.config,
  ].join('\n')
}

type Place = {
  readonly configFile: string
  readonly folder: string
  readonly instance: string
  /** Of this process beside that of the test. */
  readonly environment?: Readonly<Record<string, string>>
}

/** A process of the agent; its log goes to the folder. */
export function launchAgent(agent: ProcessAgent | 'gateway', place: Place): Member {
  const { configFile, folder, instance, environment = {} } = place
  const child = spawn(process.execPath, [join(root, `services/${agent}/src/main.ts`)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      FLOTILLA_CONFIG: configFile,
      FLOTILLA_FOLDER: folder,
      FLOTILLA_INSTANCE: instance,
      ...environment,
    },
  })
  const log = createWriteStream(join(folder, `${agent}-${instance}.log`), { flags: 'a' })
  child.stderr.pipe(log)
  const url = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.write(`${line}\n`)
      const found = /"url":"(http:[^"]+)"/.exec(line)
      if (found !== null && line.includes('health and metrics served')) resolve(found[1]!)
    })
  })
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `code ${code}` : `signal ${signal}`),
    )
  })
  return { process: child, url, ended }
}

export async function isReady(member: Member): Promise<boolean> {
  const url = await Promise.race([member.url, member.ended.then(() => null)])
  if (url === null) return false
  const answer = await fetch(`${url}/api/v1/health/readiness`).catch(() => null)
  return answer?.ok === true
}
