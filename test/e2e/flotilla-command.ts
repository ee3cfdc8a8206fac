// The real `flotilla` command as a child process in a folder of its own, as a user runs it.
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const entry = join(import.meta.dirname, '../../packages/cli/src/main.ts')

export type Run = {
  readonly lines: readonly string[]
  readonly errors: readonly string[]
  readonly pid: number
  /** The exit code, or null when a signal ended it. */
  readonly ended: Promise<number | null>
  /** The first line that matches, when it is there; fails when the command ends without it. */
  line(pattern: RegExp): Promise<string>
  kill(signal: NodeJS.Signals): void
}

export type Folder = {
  readonly path: string
  run(words: readonly string[], environment?: NodeJS.ProcessEnv): Run
  /** Ends what still runs and removes the folder. */
  remove(): Promise<void>
}

export function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'flotilla-e2e-'))
  // The server runs as another user when we are root; out of its reach the data would lie elsewhere, and stay.
  chmodSync(path, 0o755)
  const runs: Run[] = []
  return {
    path,
    run(words, environment = {}) {
      const run = start(path, words, environment)
      runs.push(run)
      return run
    },
    remove: async () => {
      for (const run of runs) run.kill('SIGTERM')
      await Promise.all(runs.map((run) => run.ended))
      rmSync(path, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function start(cwd: string, words: readonly string[], environment: NodeJS.ProcessEnv): Run {
  const child = spawn(process.execPath, [entry, ...words], {
    cwd,
    env: { ...withoutOwnSettings(process.env), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  const errors: string[] = []
  let waiters: (() => void)[] = []
  const wake = (): void => {
    const all = waiters
    waiters = []
    for (const waiter of all) waiter()
  }
  collect(child.stdout, lines, wake)
  collect(child.stderr, errors, wake)
  let isOver = false
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      isOver = true
      wake()
      resolve(code)
    })
  })
  return {
    lines,
    errors,
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => void child.kill(signal),
    line: async (pattern) => {
      for (;;) {
        const found = lines.find((line) => pattern.test(line))
        if (found !== undefined) return found
        if (isOver) {
          const said = [...lines.slice(-30), ...errors.slice(-30)].join('\n')
          throw new Error(`the command ended without ${pattern}:\n${said}`)
        }
        await new Promise<void>((resolve) => waiters.push(resolve))
      }
    },
  }
}

/** Whoever runs the tests may have a fleet of their own configured. */
function withoutOwnSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith('FLOTILLA_')),
  )
}

function collect(stream: NodeJS.ReadableStream, into: string[], wake: () => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    into.push(...parts)
    wake()
  })
  stream.on('end', () => {
    if (rest !== '') into.push(rest)
    wake()
  })
}
