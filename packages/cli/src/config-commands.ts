import { fleetJsonSchema, readFleetConfig } from '@flotilla/fleet'
import type { AgentSpec, FleetConfig } from '@flotilla/fleet'
import { ConfigError, formatProblem } from '@flotilla/runtime'
import { loadAgents } from './load-agents.ts'
import { configFile, shownPath } from './places.ts'
import type { Terminal } from './terminal.ts'

/** Reads and checks the configuration; says what is wrong and returns null when it is. */
export function checkedConfig(
  named: string | undefined,
  specs: readonly AgentSpec[],
  terminal: Terminal,
): FleetConfig | null {
  try {
    return readConfigNow(named, specs)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) terminal.complain(formatProblem(problem))
    const count = error.problems.length
    terminal.complain(
      `flotilla: the configuration has ${count} ${count === 1 ? 'fault' : 'faults'}; nothing was started`,
    )
    return null
  }
}

/** As it is at this moment. Throws a `ConfigError`. */
export function readConfigNow(named: string | undefined, specs: readonly AgentSpec[]): FleetConfig {
  const file = configFile(named)
  return readFleetConfig({ file, shownAs: shownPath(file), specs, environment: process.env })
}

export async function checkConfig(
  options: { readonly config?: string },
  terminal: Terminal,
): Promise<number> {
  const specs = await loadAgents()
  const config = checkedConfig(options.config, specs, terminal)
  if (config === null) return 1
  const { mode, venue, account, symbols, timeframe } = config.shared
  terminal.print(
    `${shownPath(configFile(options.config))} is good: ${mode} trading of ${symbols.join(', ')} ` +
      `(${timeframe}) at ${venue.id}, account ${account.id}`,
  )
  return 0
}

export async function printConfigSchema(terminal: Terminal): Promise<number> {
  terminal.print(JSON.stringify(fleetJsonSchema(await loadAgents()), null, 2))
  return 0
}
