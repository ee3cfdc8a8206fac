// Execution in a process of its own, as the stage sees it: it follows market time until it dies.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Command, Doom, Place, Report } from './death.ts'
import type { Actor } from './stage.ts'

export type ExecutionProcess = Actor & {
  /** From now on the process ends itself at that point. */
  doom(doom: Doom): Promise<void>
  /** `kill -9` from outside. */
  kill(): Promise<void>
  readonly isDead: boolean
  /** How it ended; waits for the end. */
  readonly ended: Promise<string>
  stop(): Promise<void>
}

export async function startExecution(place: Place): Promise<ExecutionProcess> {
  const child = fork(join(import.meta.dirname, 'doomed-process.ts'), [JSON.stringify(place)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { NODE_COMPILE_CACHE: join(place.folder, 'compiled'), ...process.env },
  })
  const ended = once(child, 'exit').then(([code, signal]) => String(signal ?? code))
  const first = await Promise.race([once(child, 'message'), ended])
  if (typeof first === 'string') throw new Error(`execution ended with ${first} before it began`)
  return new Process(child, ended)
}

class Process implements ExecutionProcess {
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  #isDead = false

  constructor(child: ChildProcess, ended: Promise<string>) {
    this.#child = child
    this.ended = ended.finally(() => {
      this.#isDead = true
    })
  }

  get isDead(): boolean {
    return this.#isDead
  }

  doom(doom: Doom): Promise<void> {
    return this.#command({ kind: 'doom', doom })
  }

  advance(ms: number): Promise<void> {
    return this.#command({ kind: 'advance', ms })
  }

  rest(): Promise<void> {
    return this.#command({ kind: 'rest' })
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }

  async stop(): Promise<void> {
    await this.#command({ kind: 'stop' })
    await this.ended
  }

  /** The dead answer nothing, and nothing waits for them. */
  async #command(command: Command): Promise<void> {
    if (this.#isDead) return
    const done = new Promise<void>((resolve) => {
      const onMessage = ({ kind }: Report): void => {
        if (kind !== 'done') return
        this.#child.off('message', onMessage)
        resolve()
      }
      this.#child.on('message', onMessage)
    })
    // A process that is gone cannot be written to; its end is what is waited for then.
    this.#child.send(command, () => undefined)
    await Promise.race([done, this.ended])
  }
}
