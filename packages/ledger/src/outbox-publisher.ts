// Publishes what was committed, from memory and in the order of the commits, and marks it in the
// outbox. What cannot be published is tried again until it can: a message never overtakes another.
import type { AnyMessage } from '@flotilla/contracts'
import { pause } from './clock.ts'
import type { LedgerLogger } from './logger.ts'
import type { Ledger } from './port.ts'

const PAUSE_MS_MIN = 50
const PAUSE_MS_MAX = 2_000
/** One publish call and one mark for at most this many messages. */
const BATCH_MAX = 500

export type OutboxPublisherOptions = {
  readonly ledger: Pick<Ledger, 'markPublished'>
  readonly publish: (messages: readonly AnyMessage[]) => Promise<void>
  readonly logger: LedgerLogger
}

export class OutboxPublisher {
  readonly #options: OutboxPublisherOptions
  readonly #waiting: AnyMessage[] = []
  /** Everything from the commit to its mark: what the relay must leave to us. */
  readonly #unmarked = new Set<string>()
  readonly #stopping = new AbortController()
  #marks: string[] = []
  #isRunning = false
  #isMarking = false
  #running: Promise<void> = Promise.resolve()
  #marking: Promise<void> = Promise.resolve()

  constructor(options: OutboxPublisherOptions) {
    this.#options = options
  }

  /** Messages that the bus does not have yet. */
  get backlog(): number {
    return this.#waiting.length
  }

  knows(messageId: string): boolean {
    return this.#unmarked.has(messageId)
  }

  add(messages: readonly AnyMessage[]): void {
    if (messages.length === 0) return
    for (const message of messages) {
      this.#waiting.push(message)
      this.#unmarked.add(message.messageId)
    }
    if (this.#isRunning) return
    this.#isRunning = true
    this.#running = this.#run()
  }

  /** Resolves when all that was added so far is published and marked, or nothing more can be done. */
  async flush(): Promise<void> {
    while (this.#isRunning || this.#isMarking) {
      await this.#running
      await this.#marking
    }
  }

  /** What is left stays in the outbox, for the relay of the next start. */
  stop(): void {
    this.#stopping.abort()
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#stopping.signal.aborted) {
      const batch = this.#waiting.slice(0, BATCH_MAX)
      await this.#publish(batch)
      if (this.#stopping.signal.aborted) break
      this.#waiting.splice(0, batch.length)
      this.#marks.push(...batch.map((message) => message.messageId))
      this.#startMarking()
    }
    this.#isRunning = false
  }

  async #publish(batch: readonly AnyMessage[]): Promise<void> {
    for (let wait = PAUSE_MS_MIN; !this.#stopping.signal.aborted; wait = longer(wait)) {
      try {
        await this.#options.publish(batch)
        return
      } catch (error) {
        this.#options.logger.error(
          { error, waiting: this.backlog },
          'publishing failed, will retry',
        )
        await pause(wait, this.#stopping.signal)
      }
    }
  }

  #startMarking(): void {
    if (this.#isMarking) return
    this.#isMarking = true
    this.#marking = this.#mark()
  }

  /** Marks gather while one statement is under way; a failed mark only means a message twice. */
  async #mark(): Promise<void> {
    while (this.#marks.length > 0) {
      const ids = this.#marks
      this.#marks = []
      try {
        await this.#options.ledger.markPublished(ids)
      } catch (error) {
        this.#options.logger.warn({ error, messages: ids.length }, 'outbox not marked')
      }
      for (const id of ids) this.#unmarked.delete(id)
    }
    this.#isMarking = false
  }
}

function longer(wait: number): number {
  return Math.min(wait * 2, PAUSE_MS_MAX)
}
