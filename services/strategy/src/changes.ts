/** What a message changes: entries for the ledger, and what they make of what is kept here. */
import type { DeskMemory, SymbolRecord } from './core/index.ts'
import type { Market, RunningDesk } from './market.ts'
import type { Entry } from './store.ts'

/** `apply` is called once the entry is committed. */
export type Change = Entry & { apply(): void }

export function deskChange(running: RunningDesk, memory: DeskMemory): Change {
  return {
    key: running.key,
    value: memory,
    apply: () => {
      running.memory = memory
    },
  }
}

export function recordChange(market: Market, record: SymbolRecord): Change {
  return {
    key: market.key,
    value: record,
    apply: () => {
      market.record = record
    },
  }
}

/** The desks for which the message means something. */
export function changedDesks(
  market: Market,
  update: (memory: DeskMemory) => DeskMemory | null,
): Change[] {
  return market.desks.flatMap((running) => {
    const memory = update(running.memory)
    return memory === null ? [] : [deskChange(running, memory)]
  })
}
