import { touched, type Changes } from './core/index.ts'
import type { AcceptedRequest, Write } from './store.ts'

/** What one request, or time, has done, and who is to be told of it afterwards. */
type Entry = {
  readonly changes: Changes | null
  readonly requests: readonly AcceptedRequest[]
  readonly tellers: readonly (() => void)[]
}

export type Journal = {
  note(entry: Entry): void
  /** When all that has been noted so far will be written; null when nothing waits. */
  written(): Promise<void> | null
  flush(): void
}

export type JournalParts = {
  readonly save: (write: Pick<Write, 'changes' | 'requests'>) => void
  readonly onFailure: (error: unknown) => void
}

/**
 * Gathers what a turn of the event loop brings and writes it in one go at its end: nobody waits longer
 * than for the requests that came with his own.
 */
export function createJournal({ save, onFailure }: JournalParts): Journal {
  let entries: Entry[] = []
  let turn: Promise<void> | null = null
  let failure: unknown = null
  const write = (batch: readonly Entry[]): void => {
    try {
      save({
        changes: joined(batch.flatMap(({ changes }) => changes ?? [])),
        requests: batch.flatMap(({ requests }) => requests),
      })
    } catch (error) {
      failure = error
    }
  }
  const flush = (): void => {
    const batch = entries
    entries = []
    turn = null
    if (batch.length > 0 && failure === null) write(batch)
    // What is in memory is ahead of the disk for ever after: nobody may be told any more of it.
    if (failure !== null) throw failure
    for (const { tellers } of batch) for (const tell of tellers) tell()
  }
  const endOfTurn = (): Promise<void> =>
    new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          flush()
          resolve()
        } catch (error) {
          onFailure(error)
          reject(error as Error)
        }
      })
    })
  return {
    note: (entry) => {
      entries.push(entry)
      if (turn !== null) return
      turn = endOfTurn()
      // Who waits hears of a failure; when nobody waits it has been reported already.
      turn.catch(() => undefined)
    },
    written: () => turn,
    flush,
  }
}

/** An order that several entries have touched is written once, as it is now. */
function joined(all: readonly Changes[]): Changes | null {
  const [first, ...rest] = all
  if (first === undefined || rest.length === 0) return first ?? null
  return {
    orders: touched(all.flatMap(({ orders }) => [...orders])),
    lists: touched(all.flatMap(({ lists }) => [...lists])),
    assets: touched(all.flatMap(({ assets }) => [...assets])),
    trades: all.flatMap(({ trades }) => trades),
    prevented: all.flatMap(({ prevented }) => prevented),
    amendments: all.flatMap(({ amendments }) => amendments),
    conversions: all.flatMap(({ conversions }) => conversions),
    events: [],
  }
}
