// Commits units in batches. A batch that is refused is halved until the guilty unit stands alone,
// so that the others do not suffer; the order of the units is kept throughout.
import { randomUUID } from 'node:crypto'
import { type Fence, StaleFenceError, type Unit, type UnitOutcome } from '../port.ts'
import { type Plan, planOf } from '../plan.ts'
import type { Refusal } from '../refusal.ts'
import { COMMIT, COMMIT_WITH_TRADES, commitValues, planValues } from './commit-call.ts'
import type { Connections } from './connections.ts'
import { isDuplicate, isStaleFence, refusalOf } from './errors.ts'

/** A unit and its place among the outcomes. */
type Entry = { readonly unit: Unit; readonly index: number }

type Slot = { readonly id: string; sequence: number }

export class Committer {
  readonly #connections: Connections
  /** A slot serves one transaction at a time; its row tells whether that one was committed. */
  readonly #slots: Slot[] = []
  batches = 0
  units = 0

  constructor(connections: Connections) {
    this.#connections = connections
  }

  async commit(units: readonly Unit[], fence?: Fence): Promise<UnitOutcome[]> {
    const outcomes: UnitOutcome[] = []
    const attempt = new Attempt(this, fence, outcomes)
    const entries = units.map((unit, index) => ({ unit, index }))
    for (const run of runsWithoutRepetition(entries)) await attempt.commit(run)
    this.units += units.length
    return outcomes
  }

  /** One transaction, made exactly once although its answer may be lost. */
  async transact(plan: Plan, fence: Fence | undefined): Promise<void> {
    const lists = planValues(plan)
    const slot = this.#slots.pop() ?? { id: randomUUID(), sequence: 0 }
    slot.sequence += 1
    const values = commitValues(slot, fence, lists)
    const call = plan.trades.length === 0 ? COMMIT : COMMIT_WITH_TRADES
    try {
      await this.#connections.query({ ...call, values })
      this.batches += 1
    } finally {
      this.#slots.push(slot)
    }
  }

  async processed(entries: readonly Entry[]): Promise<Set<Entry>> {
    const text = `select n.position from unnest($1::text[], $2::text[])
        with ordinality as n(consumer, message_id, position)
      join inbox i on i.consumer = n.consumer and i.message_id = n.message_id`
    const units = entries.map((entry) => entry.unit)
    const values = [units.map((unit) => unit.consumer), units.map((unit) => unit.causeId)]
    const { rows } = await this.#connections.query<{ position: string }>(text, values)
    return new Set(rows.map((row) => entries[Number(row.position) - 1]!))
  }
}

class Attempt {
  readonly #committer: Committer
  readonly #fence: Fence | undefined
  readonly #outcomes: UnitOutcome[]
  readonly #broken = new Set<object>()

  constructor(committer: Committer, fence: Fence | undefined, outcomes: UnitOutcome[]) {
    this.#committer = committer
    this.#fence = fence
    this.#outcomes = outcomes
  }

  async commit(wanted: readonly Entry[]): Promise<void> {
    const entries = this.#founded(wanted)
    if (entries.length === 0) return
    try {
      await this.#committer.transact(planOf(entries.map((entry) => entry.unit)), this.#fence)
    } catch (error) {
      return this.#afterFailure(entries, error)
    }
    for (const { index } of entries) this.#outcomes[index] = { kind: 'committed' }
  }

  async #afterFailure(entries: readonly Entry[], error: unknown): Promise<void> {
    if (isStaleFence(error) && this.#fence !== undefined) throw new StaleFenceError(this.#fence)
    if (isDuplicate(error)) return this.#aroundProcessed(entries)
    const refusal = refusalOf(error)
    if (refusal === null) throw error
    if (entries.length === 1) {
      // The fold refuses without having asked the inbox, and what was processed is a duplicate first.
      const [entry] = entries as [Entry]
      const processed = await this.#committer.processed(entries)
      this.#leaveOut(entry, processed.has(entry) ? { kind: 'duplicate' } : refused(refusal))
      return
    }
    const middle = Math.ceil(entries.length / 2)
    await this.commit(entries.slice(0, middle))
    await this.commit(entries.slice(middle))
  }

  /** What came before a duplicate of a chain is committed first: what follows it is not. */
  async #aroundProcessed(entries: readonly Entry[]): Promise<void> {
    const processed = await this.#committer.processed(entries)
    const left: Entry[] = []
    for (const entry of entries) {
      if (!processed.has(entry)) {
        left.push(entry)
        continue
      }
      if (entry.unit.chain !== undefined) await this.commit(left.splice(0))
      if (this.#founded([entry]).length === 1) this.#leaveOut(entry, { kind: 'duplicate' })
    }
    await this.commit(left)
  }

  #leaveOut({ unit, index }: Entry, outcome: UnitOutcome): void {
    this.#outcomes[index] = outcome
    if (unit.chain !== undefined) this.#broken.add(unit.chain)
  }

  /** Without those whose chain is broken. */
  #founded(entries: readonly Entry[]): readonly Entry[] {
    if (this.#broken.size === 0) return entries
    return entries.filter(({ unit, index }) => {
      if (unit.chain === undefined || !this.#broken.has(unit.chain)) return true
      this.#outcomes[index] = { kind: 'abandoned' }
      return false
    })
  }
}

/** Whether a repeated message is a duplicate depends on what became of the first one. */
function runsWithoutRepetition(entries: readonly Entry[]): Entry[][] {
  const runs: Entry[][] = []
  let seen = new Set<string>()
  let run: Entry[] = []
  for (const entry of entries) {
    const { unit } = entry
    const key = unit.causeId === null ? null : `${unit.consumer} ${unit.causeId}`
    if (key !== null && seen.has(key)) {
      runs.push(run)
      run = []
      seen = new Set()
    }
    if (key !== null) seen.add(key)
    run.push(entry)
  }
  runs.push(run)
  return runs
}

function refused(refusal: Refusal): UnitOutcome {
  return { kind: 'refused', constraint: refusal.constraint, detail: refusal.message }
}
