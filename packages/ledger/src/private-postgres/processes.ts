// A server's processes are known by their working directory, the data directory: unlike a number
// in a pid file this cannot be mistaken for another program that was given the same number later.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { waitFor } from '../clock.ts'

export function processesIn(dataFolder: string): number[] {
  return allProcesses().filter((pid) => workingFolderOf(pid) === dataFolder)
}

/** Stops whatever serves the data directory: politely, then firmly, then at once. */
export async function stopProcessesIn(dataFolder: string): Promise<number> {
  const found = processesIn(dataFolder)
  if (found.length === 0) return 0
  const steps: [NodeJS.Signals, number][] = [
    ['SIGINT', 4_000],
    ['SIGQUIT', 3_000],
    ['SIGKILL', 5_000],
  ]
  for (const [signal, withinMs] of steps) {
    for (const pid of signal === 'SIGKILL' ? processesIn(dataFolder) : mainProcesses(dataFolder)) {
      send(pid, signal)
    }
    if (await areGone(dataFolder, withinMs)) return found.length
  }
  throw new Error(`the server processes in ${dataFolder} do not end: ${found.join(', ')}`)
}

export async function areGone(dataFolder: string, withinMs: number): Promise<boolean> {
  const gone = (): true | null => (processesIn(dataFolder).length === 0 ? true : null)
  return (await waitFor(gone, { withinMs, everyMs: 15 })) !== null
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended in the meantime.
  }
}

/** The postmaster is the process whose parent is not a process of the same server. */
function mainProcesses(dataFolder: string): number[] {
  const all = processesIn(dataFolder)
  const main = all.filter((pid) => !all.includes(parentOf(pid)))
  return main.length === 0 ? all : main
}

function allProcesses(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

function workingFolderOf(pid: number): string | null {
  try {
    return readlinkSync(join('/proc', String(pid), 'cwd'))
  } catch {
    return null
  }
}

function parentOf(pid: number): number {
  try {
    const status = readFileSync(join('/proc', String(pid), 'status'), 'utf8')
    return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0)
  } catch {
    return 0
  }
}
