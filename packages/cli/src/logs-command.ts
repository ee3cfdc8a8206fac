import { followLogs, loggedAgents, printTail, realClock, tailProblem } from '@flotilla/runtime'
import { logFolder } from './places.ts'
import type { Terminal } from './terminal.ts'

export type LogsOptions = {
  readonly lines: number
  readonly follow?: boolean
  readonly json?: boolean
}

/** One agent's log, several, or all of them merged by time. */
export async function showLogs(
  agents: readonly string[],
  options: LogsOptions,
  terminal: Terminal,
): Promise<number> {
  const folder = logFolder()
  const problem = tailProblem(folder, agents)
  if (problem !== null) {
    terminal.complain(`flotilla: ${problem}`)
    return 1
  }
  const abort = new AbortController()
  const stop = (): void => abort.abort()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop)
  // A reader that ends early, as `head` does, ends us quietly too.
  process.stdout.once('error', stop)
  const tail = {
    folder,
    agents: agents.length === 0 ? loggedAgents(folder) : agents,
    lines: options.lines,
    colors: terminal.colors,
    json: options.json === true,
    write: (text: string) => terminal.print(text.trimEnd()),
  }
  const positions = printTail(tail)
  if (options.follow === true) {
    await followLogs(positions, { ...tail, clock: realClock, signal: abort.signal })
  }
  return 0
}
