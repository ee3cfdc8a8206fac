import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { realClock } from '@flotilla/runtime'
import type { Clock } from '@flotilla/runtime'

/**
 * Keeps processes running: one that ends is started again, at once the first time and then after a
 * pause that doubles, until it has run well for a while. All end with the supervisor.
 */
export type Program = {
  readonly name: string
  readonly file: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

export type SupervisorEvents = {
  /** A line the program wrote. */
  readonly line: (name: string, line: string) => void
  readonly started: (name: string, pid: number) => void
  readonly ended: (name: string, how: string, restartMs: number | null) => void
}

const pauseMsMin = 200
const pauseMsMax = 30_000
/** Who ran this long was well; its next fall starts the pauses anew. */
const wellMs = 60_000
/** After this a program that was asked to stop is ended by force. */
const stopMsMax = 4_000

export class Supervisor {
  readonly #events: SupervisorEvents
  readonly #clock: Clock
  readonly #children = new Map<string, ChildProcess>()
  readonly #stopping = new AbortController()
  readonly #watched: Promise<void>[] = []

  constructor(events: SupervisorEvents, clock: Clock = realClock) {
    this.#events = events
    this.#clock = clock
  }

  /** Starts the program, and again whenever it ends. */
  supervise(program: Program): void {
    this.#watched.push(this.#keepRunning(program))
  }

  pidOf(name: string): number | null {
    return this.#children.get(name)?.pid ?? null
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    const children = [...this.#children.values()]
    for (const child of children) child.kill('SIGTERM')
    const force = setTimeout(() => {
      for (const child of children) child.kill('SIGKILL')
    }, stopMsMax)
    await Promise.all(this.#watched)
    clearTimeout(force)
  }

  async #keepRunning(program: Program): Promise<void> {
    let pauseMs = 0
    while (!this.#stopping.signal.aborted) {
      const startedAt = this.#clock.now()
      const how = await this.#run(program)
      if (this.#stopping.signal.aborted) {
        this.#events.ended(program.name, how, null)
        return
      }
      const wasWell = this.#clock.now() - startedAt >= wellMs
      pauseMs = wasWell ? 0 : Math.min(pauseMsMax, pauseMs === 0 ? pauseMsMin : pauseMs * 2)
      this.#events.ended(program.name, how, pauseMs)
      await this.#clock.sleep(pauseMs, this.#stopping.signal).catch(() => undefined)
    }
  }

  /** Resolves with how it ended. */
  #run(program: Program): Promise<string> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [program.file], {
        env: { ...process.env, ...program.environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      this.#children.set(program.name, child)
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          this.#events.line(program.name, line)
        })
      }
      child.once('error', (error) => resolve(error.message))
      child.once('close', (code, signal) => {
        this.#children.delete(program.name)
        resolve(signal === null ? `exit code ${code}` : `signal ${signal}`)
      })
      if (child.pid !== undefined) this.#events.started(program.name, child.pid)
    })
  }
}
