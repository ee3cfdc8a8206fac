// A memory ledger that is looked at with every commit, that loses requests and answers, and that says
// what the book must be: the fold of all that was committed.
import {
  createMemoryLedger,
  LedgerUnavailableError,
  StaleFenceError,
  type Fence,
  type Ledger,
  type Unit,
  type UnitOutcome,
} from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { readBudget } from '../core/budgets.ts'
import { applyAll, type Book, type BookChange } from '../core/index.ts'
import { remainingOf } from '../core/reservation.ts'
import { Broken, fingerprint } from './fingerprint.ts'
import type { Tally } from './tally.ts'
import type { VenueModel } from './venue-model.ts'

export type Fault = 'lose-answer' | 'lose-request'

export class WatchedLedger {
  readonly memory: Ledger
  readonly #venue: VenueModel
  readonly #tally: Tally
  readonly #turn: (label: string) => Promise<void>
  #fold: Book | null = null
  #epoch = 0
  fault: Fault | null = null

  constructor(options: {
    readonly venue: VenueModel
    readonly tally: Tally
    readonly turn: (label: string) => Promise<void>
    /** As the account sees it; one of its own unless it shares one with others. */
    readonly memory?: Ledger
  }) {
    this.memory = options.memory ?? createMemoryLedger()
    this.#venue = options.venue
    this.#tally = options.tally
    this.#turn = options.turn
  }

  /** From here on the book is what the commits make of this one. */
  begin(book: Book): void {
    this.#fold = book
  }

  /** The lease is over at once, so that whoever asks next leads. */
  async lead(instance: string): Promise<Fence> {
    this.#epoch += 1
    const role = `risk-manager:${this.#venue.account}`
    const lease = await this.memory.acquireLease({ role, holder: instance, instance, leaseMs: 0 })
    return { role, epoch: lease!.epoch }
  }

  /** The ledger as the leader of that epoch uses it. */
  as(epoch: () => number): Ledger {
    return { ...this.memory, commit: (units, fence) => this.#commit(units, fence, epoch()) }
  }

  /** @throws Broken where a book that was loaded from the ledger is not the fold of its facts. */
  compare(loaded: Book): void {
    this.#tally.booksCompared += 1
    const [is, shouldBe] = [fingerprint(loaded), fingerprint(this.#fold!)]
    if (is !== shouldBe) throw new Broken(`the book is ${is}, the fold of the facts ${shouldBe}`)
  }

  async #commit(
    units: readonly Unit[],
    fence: Fence | undefined,
    epoch: number,
  ): Promise<UnitOutcome[]> {
    await this.#turn('commit')
    const { fault } = this
    this.fault = null
    if (fault === 'lose-request') {
      this.#tally.lostRequests += 1
      throw new LedgerUnavailableError('the request was lost')
    }
    const outcomes = await this.#really(units, fence)
    const committed = units.filter((_, index) => outcomes[index]!.kind === 'committed')
    if (committed.length > 0 && epoch !== this.#epoch) {
      throw this.#broken(`epoch ${epoch} commits in epoch ${this.#epoch}`)
    }
    for (const { changes } of committed) applyAll(this.#fold!, changes.filter(isOfBook))
    await this.#check()
    await this.#turn('answer')
    if (fault === 'lose-answer') {
      this.#tally.lostAnswers += 1
      throw new LedgerUnavailableError('the answer was lost')
    }
    return outcomes
  }

  async #really(units: readonly Unit[], fence: Fence | undefined): Promise<UnitOutcome[]> {
    try {
      const outcomes = await this.memory.commit(units, fence)
      for (const { kind } of outcomes) {
        if (kind === 'committed') this.#tally.commits += 1
        if (kind === 'duplicate') this.#tally.duplicates += 1
      }
      return outcomes
    } catch (error) {
      if (error instanceof StaleFenceError) this.#tally.refusedToStaleLeaders += 1
      throw error
    }
  }

  /** Kept, because whoever commits may be one whose errors nobody looks at. */
  broken: Broken | null = null

  #broken(reason: string): Broken {
    this.broken ??= new Broken(reason)
    return this.broken
  }

  async #check(): Promise<void> {
    const { account } = this.#venue
    const open = await this.memory.loadOpenReservations(account)
    for (const { asset, total, reserved } of await this.memory.loadBalances(account)) {
      let left = Decimal.zero
      for (const each of open) if (each.asset === asset) left = left.plus(remainingOf(each))
      const line = `${asset}: ${reserved.toString()} of ${total.toString()} is reserved`
      if (!left.equals(reserved)) throw this.#broken(`${line}, ${left.toString()} is held`)
      if (reserved.isNegative() || reserved.greaterThan(total)) throw this.#broken(line)
      if (asset === 'USDT') await this.#checkBudgets(total)
    }
    // A sale can lose its reservation to a stop that was first; money for an order never goes.
    const held = new Set(open.map(({ reservationId }) => reservationId))
    for (const { side, reservationId } of this.#venue.open) {
      if (side === 'sell' || held.has(reservationId)) continue
      throw this.#broken(`an order is open without its reservation ${reservationId}`)
    }
  }

  /** The parts are the whole, to the last digit. */
  async #checkBudgets(total: Decimal): Promise<void> {
    const budget = readBudget(
      await this.memory.recall('risk-manager', `budget/${this.#venue.account}`),
    )
    if (budget === null) return
    let parts = Decimal.zero
    for (const cash of budget.cash.values()) parts = parts.plus(cash)
    if (parts.equals(total)) return
    throw this.#broken(`budgets of ${parts.toString()} in an account of ${total.toString()}`)
  }
}

const kinds: ReadonlySet<string> = new Set<BookChange['kind']>([
  'balance-adjusted',
  'reservation-held',
  'reservation-settled',
  'reservation-shrunk',
  'reservation-ended',
  'memory-stored',
])

function isOfBook(change: { readonly kind: string }): change is BookChange {
  return kinds.has(change.kind)
}
