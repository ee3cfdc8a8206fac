// The way of an agent's work into the ledger. Units that come while a commit is under way wait and
// then share the next one, so that many decisions cost one wait for the disk; what they say is
// published from memory right after, in the order of the commits. What a crash left in the outbox is
// published before anything new, and looked for again from time to time.
import { setImmediate } from 'node:timers/promises'
import type { AgentName, AnyMessage } from '@flotilla/contracts'
import { monotonicMs, pause, waitFor } from './clock.ts'
import { type LedgerLogger, silentLogger } from './logger.ts'
import { OutboxPublisher } from './outbox-publisher.ts'
import { leftInOutbox } from './outbox-relay.ts'
import {
  type Fence,
  type Ledger,
  LedgerUnavailableError,
  type Unit,
  type UnitOutcome,
} from './port.ts'

export type UnitProcessorOptions = {
  readonly ledger: Ledger
  readonly consumer: AgentName
  /** Publishes in order and resolves when the bus has all of them. */
  readonly publish: (messages: readonly AnyMessage[]) => Promise<void>
  /** The proof of leadership of agents that must be one; `() => null` means: not leading now. */
  readonly fence?: () => Fence | null
  /** Units in one transaction at most; 256 unless told otherwise. */
  readonly batchMax?: number
  /** Commits wait while more messages than this are not published; 10,000 unless told otherwise. */
  readonly backlogMax?: number
  /** How often leftovers are looked for; 15 s unless told otherwise. */
  readonly relayEveryMs?: number
  readonly logger?: LedgerLogger
}

export type UnitProcessor = {
  /** Publishes what an earlier life left, and begins to look for leftovers. Call it once, first. */
  start(): Promise<void>
  /**
   * Resolves when the unit is durable (its messages go out by themselves), with the outcome; rejects
   * when that is not known or not possible: then the message must be delivered again.
   */
  submit(unit: Unit): Promise<UnitOutcome>
  /** Looks for leftovers now, of this age or older. */
  relay(ageMsMin?: number): Promise<void>
  /** Resolves when all submitted units are committed and their messages published. */
  flush(): Promise<void>
  /** Takes no more, finishes what is there and publishes it, for at most this long (3 s). */
  stop(withinMs?: number): Promise<void>
  figures(): { readonly waiting: number; readonly unpublished: number }
}

/** The fence was asked for and this instance does not lead. */
export class NotLeadingError extends Error {
  constructor(consumer: string) {
    super(`this instance of ${consumer} does not lead`)
    this.name = 'NotLeadingError'
  }
}

export function createUnitProcessor(options: UnitProcessorOptions): UnitProcessor {
  return new Processor(options)
}

type Waiting = {
  readonly unit: Unit
  readonly resolve: (outcome: UnitOutcome) => void
  readonly reject: (error: unknown) => void
}

/** What became of a batch, before anybody is told. */
type Answered = { readonly batch: readonly Waiting[] } & (
  | { readonly outcomes: readonly UnitOutcome[] }
  | { readonly error: unknown }
)

class Processor implements UnitProcessor {
  readonly #options: UnitProcessorOptions
  readonly #batchMax: number
  readonly #backlogMax: number
  readonly #logger: LedgerLogger
  readonly #publisher: OutboxPublisher
  readonly #stopping = new AbortController()
  #waiting: Waiting[] = []
  /** Chains of which a unit was not committed: no other of theirs may be. */
  readonly #broken = new WeakSet<object>()
  /** Commits and relay passes, strictly one after another. */
  #turn: Promise<void> = Promise.resolve()
  #draining = false
  #relaying: Promise<void> | null = null

  constructor(options: UnitProcessorOptions) {
    this.#options = options
    this.#batchMax = options.batchMax ?? 256
    this.#backlogMax = options.backlogMax ?? 10_000
    this.#logger = options.logger ?? silentLogger
    const { ledger, publish } = options
    this.#publisher = new OutboxPublisher({ ledger, publish, logger: this.#logger })
  }

  async start(): Promise<void> {
    await this.relay()
    this.#relaying = this.#relayFromTimeToTime()
  }

  submit(unit: Unit): Promise<UnitOutcome> {
    if (this.#stopping.signal.aborted) {
      return Promise.reject(new LedgerUnavailableError('the agent is stopping'))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ unit, resolve, reject })
      if (this.#draining) return
      this.#draining = true
      void this.#takeTurn(() => this.#drain())
    })
  }

  relay(ageMsMin = 0): Promise<void> {
    return this.#takeTurn(async () => {
      const { ledger, consumer } = this.#options
      for (;;) {
        const isInHand = (id: string): boolean => this.#publisher.knows(id)
        const left = await leftInOutbox({ ledger, consumer, isInHand, ageMsMin })
        if (left.length === 0) return
        this.#logger.info({ messages: left.length }, 'publishing what was left in the outbox')
        this.#publisher.add(left)
        await this.#publisher.flush()
        if (this.#stopping.signal.aborted) return
      }
    })
  }

  async flush(): Promise<void> {
    await this.#turn
    await this.#publisher.flush()
  }

  async stop(withinMs = 3_000): Promise<void> {
    this.#stopping.abort()
    const done = { all: false }
    const finished = Promise.allSettled([this.flush(), this.#relaying]).then(() => {
      done.all = true
    })
    await waitFor(() => (done.all ? true : null), { withinMs, everyMs: 10 })
    this.#publisher.stop()
    if (done.all) await finished
    else this.#logger.warn(this.figures(), 'stopped with work left, it stays in the outbox')
  }

  figures(): { waiting: number; unpublished: number } {
    return { waiting: this.#waiting.length, unpublished: this.#publisher.backlog }
  }

  #takeTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => {})
    return mine
  }

  /**
   * Whoever waits for an outcome has work to do with it. Where all went well the next commit goes out
   * first, so that the server does its work meanwhile.
   */
  async #drain(): Promise<void> {
    let answered: Answered | null = null
    while (this.#waiting.length > 0) {
      if (!this.#hasRoom()) {
        this.#tell(answered)
        answered = null
        await this.#roomInBacklog()
      }
      const batch = this.#waiting.splice(0, this.#batchMax).filter((each) => this.#isFounded(each))
      if (batch.length === 0) continue
      const committing = this.#commit(batch)
      if (answered !== null) {
        await setImmediate()
        this.#tell(answered)
      }
      answered = await committing
      if (this.#waiting.length > 0 && isCommitted(answered)) continue
      this.#tell(answered)
      answered = null
    }
    this.#tell(answered)
    this.#draining = false
  }

  async #commit(batch: readonly Waiting[]): Promise<Answered> {
    const { ledger, consumer, fence } = this.#options
    try {
      const proof = fence?.()
      if (proof === null) throw new NotLeadingError(consumer)
      const units = batch.map((each) => each.unit)
      const outcomes = await ledger.commit(units, proof)
      batch.forEach((each, index) => {
        if (outcomes[index]!.kind !== 'committed') this.#breakChain(each.unit)
      })
      return { batch, outcomes }
    } catch (error) {
      for (const each of batch) this.#breakChain(each.unit)
      return { batch, error }
    }
  }

  #tell(answered: Answered | null): void {
    if (answered === null) return
    const { batch } = answered
    if ('error' in answered) {
      for (const each of batch) each.reject(answered.error)
      return
    }
    const { outcomes } = answered
    const committed = batch.filter((_, index) => outcomes[index]!.kind === 'committed')
    this.#publisher.add(committed.flatMap(({ unit }) => unit.outgoing))
    batch.forEach((each, index) => each.resolve(outcomes[index]!))
  }

  #breakChain({ chain }: Unit): void {
    if (chain !== undefined) this.#broken.add(chain)
  }

  #isFounded({ unit, resolve }: Waiting): boolean {
    if (unit.chain === undefined || !this.#broken.has(unit.chain)) return true
    resolve({ kind: 'abandoned' })
    return false
  }

  #hasRoom(): boolean {
    return this.#publisher.backlog <= this.#backlogMax || this.#stopping.signal.aborted
  }

  /** A bus that is away must not fill the memory: decisions wait with it. */
  async #roomInBacklog(): Promise<void> {
    while (!this.#hasRoom()) {
      await pause(20, this.#stopping.signal)
    }
  }

  async #relayFromTimeToTime(): Promise<void> {
    const everyMs = this.#options.relayEveryMs ?? 15_000
    const signal = this.#stopping.signal
    for (let last = monotonicMs(); !signal.aborted; last = monotonicMs()) {
      await pause(everyMs - (monotonicMs() - last), signal)
      if (signal.aborted) return
      try {
        await this.relay(everyMs)
      } catch (error) {
        this.#logger.warn({ error }, 'outbox not looked through')
      }
    }
  }
}

function isCommitted(answered: Answered): boolean {
  return 'outcomes' in answered && answered.outcomes.every(({ kind }) => kind === 'committed')
}
