import type { AnyMessage } from '@flotilla/contracts'
import type { Unit, UnitOutcome } from '@flotilla/ledger'
import { Mutex } from 'async-mutex'
import { applyAll, type Book, type Rank, type Turn, type Work } from './core/index.ts'
import { Line } from './line.ts'
import { RecentIds } from './recent-ids.ts'
import { unitOf } from './store.ts'

export type DeskOptions = {
  /** Takes units in order and answers when each is durable. */
  readonly submit: (unit: Unit) => Promise<UnitOutcome>
  /** The book as the ledger has it, with the prices and rules of the one before. */
  readonly load: (before: Book | null) => Promise<Book>
  readonly wasProcessed: (messageId: string) => Promise<boolean>
  readonly onRebuilt?: (reason: string) => void
}

export type Task<Result extends Work> = {
  /** What it is about; null for what the risk manager does by itself. */
  readonly message: AnyMessage | null
  /** Whether the message may have been processed by an earlier life of this agent. */
  readonly mayBeOld: boolean
  /** Waited for before it stands in line, where intents are gathered. */
  readonly gathered?: () => Promise<void>
  /** Its place among those that wait; without one it goes before all that have one. */
  readonly rank?: Rank
  /**
   * Pure: called with the mutex held, again on another book when the ledger refused.
   * @param turn why it is decided now, where others have waited longer
   */
  readonly decide: (book: Book, turn: Turn | null) => Result
}

export type Done<Result extends Work> =
  | { readonly kind: 'committed'; readonly result: Result }
  | { readonly kind: 'duplicate' }
  | Extract<UnitOutcome, { kind: 'refused' }>

/** A refusal on a fresh book can be the race of another writer; twice in a row it is the work itself. */
const attemptsMax = 3
/** Decisions in one stretch: the answers to commits, which wait meanwhile, must not wait long. */
const stretchMax = 32

type Step<Result> = { readonly result: Result; readonly commit: Promise<UnitOutcome> }

/** A task that waits for the mutex. */
type Asking = {
  readonly decide: (turn: Turn | null) => void
  readonly reject: (error: unknown) => void
}

/**
 * The one place where an account's book changes. Deciding and reserving happen in memory with the
 * mutex held; nothing waits for the network there. The commit is waited for outside, so that many
 * decisions share one. Whenever book and ledger may differ, the book is thrown away and rebuilt.
 */
export class AccountDesk {
  readonly #options: DeskOptions
  readonly #mutex = new Mutex()
  readonly #line = new Line<Asking>()
  readonly #processed = new RecentIds(50_000)
  #deciding = false
  /** Units on their way to the ledger. */
  #inFlight = 0
  #whenIdle = Promise.withResolvers<void>()
  #book: Book
  /** Set while the book is in doubt. */
  #doubt: string | null = null
  #rebuilding: Promise<void> | null = null

  constructor(book: Book, options: DeskOptions) {
    this.#book = book
    this.#options = options
  }

  /** For looking at: prices, valuation, readiness. It may change at any time. */
  get book(): Book {
    return this.#book
  }

  async work<Result extends Work>(task: Task<Result>): Promise<Done<Result>> {
    if (await this.#isDone(task)) return { kind: 'duplicate' }
    await task.gathered?.()
    for (let attempt = 1; ;) {
      const { result, commit } = await this.#decide(task)
      const outcome = await commit
      if (outcome.kind === 'abandoned') continue
      if (outcome.kind === 'refused' && attempt < attemptsMax) {
        attempt++
        continue
      }
      if (outcome.kind !== 'refused' && task.message !== null) {
        this.#processed.add(task.message.messageId)
      }
      return outcome.kind === 'committed' ? { kind: 'committed', result } : outcome
    }
  }

  /** Resolves when nothing is on its way to the ledger. */
  async idle(): Promise<void> {
    while (this.#inFlight > 0) await this.#whenIdle.promise
  }

  /** At once where nothing has to be looked up. */
  #isDone({ message, mayBeOld }: Task<Work>): boolean | Promise<boolean> {
    if (message === null) return false
    const id = message.messageId
    if (this.#processed.has(id)) return true
    return mayBeOld && this.#wasProcessed(id)
  }

  async #wasProcessed(id: string): Promise<boolean> {
    if (!(await this.#options.wasProcessed(id))) return false
    this.#processed.add(id)
    return true
  }

  /** Of those who wait, the best first. */
  #decide<Result extends Work>(task: Task<Result>): Promise<Step<Result>> {
    return new Promise((resolve, reject) => {
      const decide = (turn: Turn | null): void => resolve(this.#reserve(task, turn))
      this.#line.join({ decide, reject }, task.rank ?? null)
      if (!this.#deciding) void this.#decideAll()
    })
  }

  async #decideAll(): Promise<void> {
    this.#deciding = true
    while (this.#line.length > 0) {
      try {
        await this.trusted()
        const decided = await this.#mutex.runExclusive(() => this.#stretch())
        if (decided === stretchMax) await othersFirst()
      } catch (error) {
        for (const { reject } of this.#line.clear()) reject(error)
      }
    }
    this.#deciding = false
  }

  /** With the mutex held, and without a pause; answers how many have had their turn. */
  #stretch(): number {
    let decided = 0
    while (decided < stretchMax && this.#doubt === null) {
      const next = this.#line.next()
      if (next === null) break
      const { waiter, turn } = next
      decided++
      try {
        waiter.decide(turn)
      } catch (error) {
        waiter.reject(error)
      }
    }
    return decided
  }

  /** From reading the book to queueing the commit. */
  #reserve<Result extends Work>(task: Task<Result>, turn: Turn | null): Step<Result> {
    const book = this.#book
    const result = task.decide(book, turn)
    try {
      applyAll(book, result.changes)
    } catch (error) {
      this.#distrust(book, 'invariant')
      throw error
    }
    const commit = this.#options.submit(unitOf(task.message, result, book))
    this.#inFlight++
    // Registered first, so that nobody decides on a doubtful book before it is known to be one.
    commit.then(
      ({ kind }) => this.#answered(book, kind === 'committed' ? null : kind),
      (error: unknown) => {
        // Whether the unit was committed is not known.
        this.#answered(book, error instanceof Error ? error.name : 'commit failed')
      },
    )
    return { result, commit }
  }

  #answered(book: Book, doubt: string | null): void {
    this.#inFlight--
    if (this.#inFlight === 0) {
      this.#whenIdle.resolve()
      this.#whenIdle = Promise.withResolvers()
    }
    if (doubt !== null) this.#distrust(book, doubt)
  }

  #distrust(book: Book, reason: string): void {
    if (book !== this.#book || this.#doubt !== null) return
    this.#doubt = reason
    // At once, for the sake of who only looks; when it fails, the next decision tries again.
    this.trusted().catch(() => undefined)
  }

  /** Resolves when the book is known to be the ledger's. */
  async trusted(): Promise<void> {
    while (this.#doubt !== null) {
      this.#rebuilding ??= this.#rebuild(this.#doubt).finally(() => {
        this.#rebuilding = null
      })
      await this.#rebuilding
    }
  }

  async #rebuild(reason: string): Promise<void> {
    await this.idle()
    const book = await this.#options.load(this.#book)
    this.#book = book
    this.#doubt = null
    this.#options.onRebuilt?.(reason)
  }
}

/** Lets the event loop have a turn. */
function othersFirst(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
