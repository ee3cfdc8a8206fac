// The stops of execution's own as `flotilla why` finds them: each that is in force is in the ledger, with its cause and
// since when. What could not be stored, because the ledger was the one that was silent, is stored when it can be;
// what a process that died had in force is forgotten when it is not any more.
import type { Ledger, LedgerChange, Unit, UnitOutcome } from '@flotilla/ledger'
import { keptStopKey, keptStopPrefix, type KeptStop } from '@flotilla/lineage'
import type { Logger } from '@flotilla/runtime'
import type { EntriesGate } from './entries-gate.ts'

type Gate = Pick<EntriesGate, 'stops' | 'onChange'>

type Writing = {
  readonly submit: (unit: Unit) => Promise<UnitOutcome>
  readonly logger: Logger
}

export class KeptStops {
  readonly #gate: Gate
  readonly #writing: Writing
  /** As the ledger has them, by their keys and as text. */
  #kept: ReadonlyMap<string, string>
  #keeping: Promise<void> | null = null

  private constructor(gate: Gate, writing: Writing, kept: ReadonlyMap<string, string>) {
    this.#gate = gate
    this.#writing = writing
    this.#kept = kept
  }

  /** From now on the ledger is told of every change. Only the leader of an account may do that. */
  static async of(gate: Gate, options: Writing & { readonly ledger: Ledger }): Promise<KeptStops> {
    const entries = await options.ledger.recallAll('execution', keptStopPrefix)
    // What was stored by a process before is stored anew: which key it has is all that counts.
    const kept = new KeptStops(gate, options, new Map(entries.map(({ key }) => [key, ''])))
    gate.onChange = () => void kept.keep()
    void kept.keep()
    return kept
  }

  end(): void {
    this.#gate.onChange = () => {}
  }

  /** Makes the ledger say what is in force now; one at a time, and never throws. */
  keep(): Promise<void> {
    this.#keeping ??= this.#keepAll().finally(() => {
      this.#keeping = null
    })
    return this.#keeping
  }

  async #keepAll(): Promise<void> {
    const { submit, logger } = this.#writing
    try {
      // What changes meanwhile is stored in the next round.
      for (;;) {
        const stops = new Map(this.#gate.stops.map((stop) => [keptStopKey(stop), stop]))
        const changes = this.#changesTo(stops)
        if (changes.length === 0) return
        const unit = { consumer: 'execution', causeId: null, changes, outgoing: [] } as const
        const { kind } = await submit(unit)
        if (kind !== 'committed') throw new Error(`the ledger answered: ${kind}`)
        this.#kept = new Map([...stops].map(([key, stop]) => [key, JSON.stringify(stop)]))
      }
    } catch (err) {
      logger.warn({ err }, 'stops of entries not stored, tried again later')
    }
  }

  #changesTo(stops: ReadonlyMap<string, KeptStop>): LedgerChange[] {
    const over = [...this.#kept.keys()].filter((key) => !stops.has(key))
    const fresh = [...stops].filter(([key, stop]) => this.#kept.get(key) !== JSON.stringify(stop))
    return [
      ...over.map((key) => stored(key, null)),
      ...fresh.map(([key, { cause, asset, since, reason }]) =>
        stored(key, { cause, asset, since, reason }),
      ),
    ]
  }
}

function stored(key: string, value: KeptStop | null): LedgerChange {
  return { kind: 'memory-stored', agent: 'execution', key, value }
}
