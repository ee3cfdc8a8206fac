import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { perAccountAgents } from '@flotilla/contracts'
import { ownProcessProblems } from '@flotilla/fleet'
import type { AgentSpec, FleetConfig } from '@flotilla/fleet'
import {
  createLogger,
  fileSink,
  formatLogLine,
  formatProblem,
  live,
  stdoutJsonSink,
  terminalSink,
} from '@flotilla/runtime'
import type { LogSink } from '@flotilla/runtime'
import { checkedConfig } from '../config-commands.ts'
import { agentOrder, loadAgents } from '../load-agents.ts'
import { neededIndicators } from '../needed-indicators.ts'
import { configFile, logFolder, shownPath, stateFolder } from '../places.ts'
import type { Terminal } from '../terminal.ts'
import { Supervisor } from './supervisor.ts'
import type { Program } from './supervisor.ts'

/** `flotilla up`: one process per agent on the broker, database and venue that the config names. */
export async function startProcesses(
  options: { readonly config?: string },
  terminal: Terminal,
): Promise<number> {
  const specs = await loadAgents()
  const config = checkedConfig(options.config, specs, terminal)
  if (config === null || !isDistributed(config, options, terminal)) return 1

  const isJson = config.shared.logs.format === 'json'
  const logger = createLogger({
    agent: 'fleet',
    instance: '1',
    level: config.shared.logs.level,
    sinks: [
      isJson
        ? stdoutJsonSink()
        : terminalSink({
            write: (text) => terminal.print(text.trimEnd()),
            colors: terminal.colors,
          }),
    ],
    secrets: config.secrets,
  })
  const programs = programsOf(specs, config, configFile(options.config))
  const files = new Map<string, LogSink>(
    programs.map(({ name }) => [name, fileSink(join(logFolder(), `${name}.log`))]),
  )
  const supervisor = new Supervisor({
    line: (name, line) => {
      files.get(name)?.write(`${line}\n`)
      terminal.print(isJson ? line : formatLogLine(line, terminal))
    },
    started: (agent, pid) => logger.info({ name: agent, childPid: pid }, 'process started'),
    ended: (agent, how, restartMs) => {
      if (restartMs === null) logger.info({ name: agent, how }, 'process ended')
      else logger.warn({ name: agent, how, restartMs }, 'process ended, starting again')
    },
  })
  const start = (): Promise<void> => {
    for (const program of programs) supervisor.supervise(program)
    return Promise.resolve()
  }
  return live({ start, stop: () => supervisor.stop() }, { logger, stopMsMax: 5_000 })
}

function isDistributed(
  { shared, further }: FleetConfig,
  options: { readonly config?: string },
  terminal: Terminal,
): boolean {
  const place = shownPath(configFile(options.config))
  const problems = [shared, ...further.map((each) => each.shared)].flatMap((each) => {
    return ownProcessProblems(each, ['ledger', 'venue']).map((problem) => {
      const within = each === shared ? [] : ['accounts', each.account.id]
      return { ...problem, path: [...within, ...problem.path] }
    })
  })
  for (const { path, message, fix } of problems) {
    terminal.complain(formatProblem({ place, line: null, setting: path.join('.'), message, fix }))
  }
  return problems.length === 0
}

/** Health ports count up from the configured one in the order of the agents. */
function programsOf(specs: readonly AgentSpec[], config: FleetConfig, file: string): Program[] {
  const { port } = config.shared.http
  const places = [
    ...specs.map(({ name }) => ({ name, program: name as string, account: undefined })),
    ...config.further.flatMap(({ shared: { account } }) =>
      perAccountAgents.map((name) => {
        return { name, program: `${name}.${account.id}`, account: account.id }
      }),
    ),
  ]
  return places.map(({ name, program, account }, index) => {
    const offset = account === undefined ? agentOrder.indexOf(name) : index
    return {
      name: program,
      file: mainOf(name),
      environment: {
        FLOTILLA_CONFIG: file,
        FLOTILLA_FOLDER: stateFolder(),
        FLOTILLA_INSTANCE: '1',
        FLOTILLA_LOGS__FORMAT: 'json',
        FLOTILLA_ANALYSIS__INDICATORS: JSON.stringify(neededIndicators(config)),
        FLOTILLA_HTTP__PORT: String(port === 0 ? 0 : port + offset),
        ...(account === undefined ? {} : { FLOTILLA_FOR_ACCOUNT: account }),
      },
    }
  })
}

/** The program beside the agent's door. */
function mainOf(agent: string): string {
  return join(dirname(fileURLToPath(import.meta.resolve(`@flotilla/${agent}`))), 'main.ts')
}
