import { mkdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import {
  ConfigError,
  createLogger,
  createMetrics,
  formatProblem,
  live,
  releaseLoadingMemory,
  startHealthServer,
  stdoutJsonSink,
  surviveClosedOutput,
  terminalSink,
} from '@flotilla/runtime'
import type { AgentContext, Environment, HealthSource, Life, LogSink } from '@flotilla/runtime'
import type { AgentSpec } from './agent.ts'
import { readFleetConfig } from './fleet-config.ts'
import type { FleetConfig } from './fleet-config.ts'
import { isPerAccount } from './further-accounts.ts'
import { hostAgent } from './host-agent.ts'
import { marketClockOf } from './market-clock.ts'
import { openPorts } from './open-ports.ts'
import { ownProcessProblems } from './sense.ts'
import type { SharedConfig } from './shared-config.ts'

/**
 * One agent as a process of its own, as containers and `flotilla up` run it. Starting is recovering;
 * whatever fails, the process ends and its supervisor starts it again.
 */
export async function runAgent(spec: AgentSpec): Promise<never> {
  surviveClosedOutput()
  process.exit(await runAgentProcess(spec, process.env))
}

async function runAgentProcess(spec: AgentSpec, environment: Environment): Promise<number> {
  const read = (): FleetConfig => ownConfig(spec, environment)
  const config = printedUnless(read)
  if (config === null) return 1
  const part = partOf(spec, config, environment)
  if (part === null) return 1
  const instance = environment['FLOTILLA_INSTANCE'] ?? hostname()
  const logger = createLogger({
    agent: spec.name,
    instance,
    level: config.shared.logs.level,
    sinks: [processSink(config.shared)],
    secrets: config.secrets,
  })
  const stateFolder = resolve(environment['FLOTILLA_FOLDER'] ?? '.flotilla')
  const settings = () => {
    const fresh = partOf(spec, read(), environment) ?? part
    return { config: fresh.section, shared: fresh.shared }
  }
  return live(agentLife({ spec, part, settings, instance, logger, stateFolder }), { logger })
}

function ownConfig(spec: AgentSpec, environment: Environment): FleetConfig {
  const file = environment['FLOTILLA_CONFIG'] ?? 'flotilla.yaml'
  const config = readFleetConfig({ file, specs: [spec], environment })
  const account = environment['FLOTILLA_FOR_ACCOUNT']
  const further = config.further.find(({ shared }) => shared.account.id === account)
  const { shared } = further ?? config
  const problems = ownProcessProblems(shared, spec.needs).map(({ path, message, fix }) => ({
    place: file,
    line: null,
    setting: path.join('.'),
    message,
    fix,
  }))
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

function printedUnless(read: () => FleetConfig): FleetConfig | null {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) process.stderr.write(`${formatProblem(problem)}\n`)
    return null
  }
}

/** What this process runs: the agent of the fleet's account, or that of a further one. */
type Part = {
  readonly shared: SharedConfig
  readonly section: unknown
  readonly marketVenue?: string
}

/** FLOTILLA_FOR_ACCOUNT names the account; null when there is none of that name for this agent. */
function partOf(spec: AgentSpec, config: FleetConfig, environment: Environment): Part | null {
  const { name } = spec
  const account = environment['FLOTILLA_FOR_ACCOUNT'] ?? config.shared.account.id
  if (account === config.shared.account.id) {
    return { shared: config.shared, section: config.section(name) }
  }
  const further = config.further.find(({ shared }) => shared.account.id === account)
  if (further !== undefined && isPerAccount(name)) {
    const marketVenue = config.shared.venue.id
    return { shared: further.shared, section: further.section(name), marketVenue }
  }
  const known = [config.shared, ...config.further.map(({ shared }) => shared)]
  const names = known.map((shared) => shared.account.id).join(', ')
  const fix = isPerAccount(name) ? `name one of ${names}` : `${name} serves all: remove it`
  process.stderr.write(`FLOTILLA_FOR_ACCOUNT: ${account} is no account of ${name}; ${fix}\n`)
  return null
}

/** JSON for who collects lines, readable for who looks at a terminal. */
function processSink({ logs }: SharedConfig): LogSink {
  const readable = logs.format === 'readable' || (logs.format === 'auto' && process.stdout.isTTY)
  if (!readable) return stdoutJsonSink()
  return terminalSink({ write: (text) => void process.stdout.write(text), colors: true })
}

type AgentLife = {
  readonly spec: AgentSpec
  readonly part: Part
  /** Reads them again. */
  readonly settings: () => { readonly config: unknown; readonly shared: SharedConfig }
  readonly instance: string
  readonly logger: AgentContext['logger']
  readonly stateFolder: string
}

function agentLife(life: AgentLife): Life {
  const { spec, part, settings, instance, logger, stateFolder } = life
  const { shared, section: config, ...place } = part
  const closers: (() => Promise<void>)[] = []
  let isStopping = false

  const start = async (): Promise<void> => {
    const metrics = createMetrics({ agent: spec.name, instance, process: true })
    const front = frontOf(spec.name, instance, metrics)
    const server = await startHealthServer({ ...shared.http, sources: [front.source] })
    closers.unshift(() => server.close())
    logger.info({ url: server.url }, 'health and metrics served')

    const onTaskError = (error: unknown): void => logger.error({ err: error }, 'timed task failed')
    const clock = await marketClockOf(shared, onTaskError)
    const context = { name: spec.name, instance, logger, metrics, clock }
    const folder = join(stateFolder, 'agents', spec.name)
    mkdirSync(folder, { recursive: true })
    const needs = [...new Set([...spec.needs, 'bus' as const])]
    const opened = await openPorts({ shared, needs, context, folder: stateFolder })
    const { ports } = opened
    closers.unshift(() => opened.close())
    if (isStopping) return

    const own = { ...place, spec, shared, context, ports, folder, config, settings }
    const hosted = hostAgent(own)
    closers.unshift(() => hosted.stop())
    front.source.readiness = () => hosted.readiness()
    // All is loaded, and nothing is waited for yet.
    releaseLoadingMemory()
    await hosted.start()
  }

  const stop = async (): Promise<void> => {
    isStopping = true
    for (const close of closers.splice(0)) await close()
  }
  return { start, stop }
}

/** Answers for the agent while it is still being made: not ready, but alive. */
function frontOf(
  name: string,
  instance: string,
  metrics: AgentContext['metrics'],
): { readonly source: HealthSource } {
  const readiness = (): ReturnType<HealthSource['readiness']> => ({
    ready: false,
    detail: { state: 'connecting' },
  })
  return { source: { name, instance, metrics, readiness } }
}
