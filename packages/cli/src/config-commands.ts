import { fleetJsonSchema, isPerAccount, readFleetConfig } from '@flotilla/fleet'
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
  for (const words of warningsOf(config, specs)) terminal.complain(`warning: ${words}`)
  const { mode, venue, account, symbols, timeframe } = config.shared
  terminal.print(
    `${shownPath(configFile(options.config))} is good: ${mode} trading of ${symbols.join(', ')} ` +
      `(${timeframe}) at ${venue.id}, account ${account.id}`,
  )
  return 0
}

/** What is allowed and does nothing, in the settings of the fleet and of each further account. */
function warningsOf(config: FleetConfig, specs: readonly AgentSpec[]): string[] {
  const own = specs.flatMap(
    (spec) => spec.warnings?.(config.section(spec.name), config.shared) ?? [],
  )
  const others = config.further.flatMap((account) =>
    specs.flatMap((spec) => {
      if (!isPerAccount(spec.name)) return []
      const words = spec.warnings?.(account.section(spec.name), account.shared) ?? []
      return words.map((each) => `account ${account.shared.account.id}: ${each}`)
    }),
  )
  return [...own, ...others]
}

export async function printConfigSchema(terminal: Terminal): Promise<number> {
  terminal.print(JSON.stringify(fleetJsonSchema(await loadAgents()), null, 2))
  return 0
}
