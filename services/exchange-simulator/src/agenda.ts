/** What is to happen at a moment of market time, in the order of the moments. */
export type Agenda = {
  at(due: number, task: () => void): void
  /** The next moment up to `until`, or null. */
  next(until: number): number | null
  /** Does what is due at or before the moment. */
  run(now: number): void
}

type Entry = { readonly due: number; readonly task: () => void }

export function createAgenda(): Agenda {
  let entries: readonly Entry[] = []
  return {
    at: (due, task) => {
      entries = [...entries, { due, task }].sort((left, right) => left.due - right.due)
    },
    next: (until) => {
      const [first] = entries
      return first !== undefined && first.due <= until ? first.due : null
    },
    run: (now) => {
      const due = entries.filter((entry) => entry.due <= now)
      entries = entries.filter((entry) => entry.due > now)
      for (const { task } of due) task()
    },
  }
}
