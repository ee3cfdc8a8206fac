import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { readFleetConfig, simulatorKeys, type SharedConfig } from '@flotilla/fleet'
import {
  ConfigError,
  createLogger,
  createMetrics,
  formatProblem,
  live,
  startHealthServer,
  stdoutJsonSink,
  surviveClosedOutput,
  terminalSink,
  type HealthSource,
  type Life,
  type Logger,
  type LogSink,
} from '@flotilla/runtime'
import type { SimulatorConfigInput } from './config.ts'
import { createSimulator } from './service.ts'

const NAME = 'exchange-simulator'

/**
 * The exchange as a process of its own: where the fleet's flotilla.yaml looks for it, there it
 * listens. It keeps its orders in the folder `simulator` beside the agents' own.
 */
export async function runSimulator(): Promise<never> {
  surviveClosedOutput()
  process.exit(await runSimulatorProcess())
}

async function runSimulatorProcess(): Promise<number> {
  const shared = readShared()
  if (shared === null) return 1
  const logger = createLogger({
    agent: NAME,
    instance: hostname(),
    level: shared.logs.level,
    sinks: [sinkOf(shared)],
    secrets: [shared.venue.apiKey ?? '', shared.venue.apiSecret ?? ''],
  })
  return live(simulatorLife(shared, logger), { logger })
}

function readShared(): SharedConfig | null {
  const file = process.env['FLOTILLA_CONFIG'] ?? 'flotilla.yaml'
  try {
    return readFleetConfig({ file, specs: [], environment: process.env }).shared
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) process.stderr.write(`${formatProblem(problem)}\n`)
    return null
  }
}

function sinkOf({ logs }: SharedConfig): LogSink {
  const isReadable = logs.format === 'readable' || (logs.format === 'auto' && process.stdout.isTTY)
  if (!isReadable) return stdoutJsonSink()
  return terminalSink({ write: (text) => void process.stdout.write(text), colors: true })
}

function simulatorLife(shared: SharedConfig, logger: Logger): Life {
  const folder = join(resolve(process.env['FLOTILLA_FOLDER'] ?? '.flotilla'), 'simulator')
  const onBroken = (error: unknown): void =>
    queueMicrotask(() => {
      // Nobody catches it: the process ends, and its supervisor starts it again from the disk.
      throw error
    })
  const simulator = createSimulator({ config: configOf(shared), folder, logger, onBroken })
  const metrics = createMetrics({ agent: NAME, instance: hostname(), process: true })
  let readiness: HealthSource['readiness'] = () => ({ ready: false, detail: { state: 'opening' } })
  const closers: (() => Promise<void>)[] = []
  return {
    start: async () => {
      const source = { name: NAME, instance: hostname(), metrics, readiness: () => readiness() }
      const server = await startHealthServer({ ...shared.http, sources: [source] })
      closers.unshift(() => server.close())
      await simulator.start()
      closers.unshift(() => simulator.stop())
      readiness = () => ({
        ready: true,
        detail: {
          url: simulator.url,
          controlUrl: simulator.controlUrl,
          marketTime: new Date(simulator.now()).toISOString(),
        },
      })
    },
    stop: async () => {
      for (const close of closers.splice(0)) await close()
    },
  }
}

const DEFAULT_PORT = 9_001

/** The address that the agents are told is the one to listen on. */
function configOf({ venue, simulator, symbols, http }: SharedConfig): SimulatorConfigInput {
  const { port } = venue.url === undefined ? { port: '' } : new URL(venue.url)
  return {
    ...simulator,
    symbols,
    host: http.host,
    port: port === '' ? DEFAULT_PORT : Number(port),
    apiKey: venue.apiKey ?? simulatorKeys.apiKey,
    apiSecret: venue.apiSecret ?? simulatorKeys.apiSecret,
  }
}
