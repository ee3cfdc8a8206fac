// Children that are measured from outside: what they say, and what /proc says about them.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

export type Watched = {
  readonly pid: number
  /** Milliseconds from the start of the process until the first line that matches. */
  said(pattern: RegExp): Promise<number>
  /** That line. */
  line(pattern: RegExp): Promise<string>
  stop(): Promise<void>
}

export type Start = {
  readonly arguments: readonly string[]
  readonly cwd: string
  readonly environment?: Readonly<Record<string, string>>
}

type Line = { readonly text: string; readonly afterMs: number }

/** After this a process that was asked to stop is ended by force. */
const stopMsMax = 15_000

export function startNode(start: Start): Watched {
  const began = performance.now()
  const child = spawn(process.execPath, start.arguments, {
    cwd: start.cwd,
    env: { ...withoutOwnSettings(process.env), ...start.environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: Line[] = []
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  let over = false
  let wake = Promise.withResolvers<void>()
  const woken = (): void => {
    wake.resolve()
    wake = Promise.withResolvers<void>()
  }
  createInterface({ input: child.stdout }).on('line', (text) => {
    lines.push({ text, afterMs: performance.now() - began })
    woken()
  })
  void exited.then(() => {
    over = true
    woken()
  })
  const find = async (pattern: RegExp): Promise<Line> => {
    for (;;) {
      const found = lines.find(({ text }) => pattern.test(text))
      if (found !== undefined) return found
      if (over) throw new Error(`${start.arguments.join(' ')} ended without ${pattern}`)
      await wake.promise
    }
  }
  return {
    pid: child.pid ?? 0,
    said: async (pattern) => (await find(pattern)).afterMs,
    line: async (pattern) => (await find(pattern)).text,
    stop: () => stopped(child, exited),
  }
}

async function stopped(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), stopMsMax)
  await exited
  clearTimeout(late)
}

/** Whoever measures may have a fleet of their own configured. */
function withoutOwnSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith('FLOTILLA_')),
  )
}

/** Resident megabytes of a process, shared pages included: what `VmRSS` says. */
export function residentMb(pid: number): number {
  return kilobytes(`/proc/${pid}/status`, 'VmRSS') / 1_024
}

/** Megabytes of a process and its descendants, each shared page counted once. */
export function proportionalMb(pid: number): number {
  const tree = [pid]
  const parents = parentsOfAll()
  for (let index = 0; index < tree.length; index++) {
    for (const [child, parent] of parents) if (parent === tree[index]) tree.push(child)
  }
  return tree.reduce((sum, each) => sum + kilobytes(`/proc/${each}/smaps_rollup`, 'Pss'), 0) / 1_024
}

function parentsOfAll(): Map<number, number> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return new Map(pids.map((pid) => [Number(pid), kilobytes(`/proc/${pid}/status`, 'PPid')]))
}

/** The number after the name; 0 for a process that is gone. */
function kilobytes(file: string, name: string): number {
  try {
    const found = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(file, 'utf8'))
    return Number(found?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** A process that only waits: what Node itself takes. */
export async function bareNode(cwd: string): Promise<{ startMs: number; residentMb: number }> {
  const script = `console.log('up'); setInterval(() => {}, 1_000)`
  const child = startNode({ arguments: ['-e', script], cwd })
  const startMs = await child.said(/up/)
  const resident = residentMb(child.pid)
  await child.stop()
  return { startMs, residentMb: resident }
}

export async function waitMs(ms: number): Promise<void> {
  const timer = new AbortController()
  setTimeout(() => timer.abort(), ms)
  await once(timer.signal, 'abort')
}
