import type { Clock, Timer } from '../clock.ts'

export type ManualClock = Clock & {
  /**
   * Moves time forward, firing what falls due in order of time and awaiting each task, so that a test
   * needs no sleeps. A task that itself waits on this clock is not waited for: time goes on for it.
   */
  advance(ms: number): Promise<void>
  /** How many sleeps and repetitions are waiting: a stopped agent leaves none. */
  waiting(): number
}

type Entry = {
  at: number
  readonly order: number
  /** Returns the task that was started, or null for a plain wake-up. */
  fire(): Promise<void> | null
}

export function createManualClock(start: number): ManualClock {
  const entries = new Set<Entry>()
  let current = start
  let created = 0
  let sleepsCreated = 0

  const add = (at: number, fire: Entry['fire']): Entry => {
    created += 1
    const entry = { at, order: created, fire }
    entries.add(entry)
    return entry
  }

  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(reasonOf(signal))
        return
      }
      sleepsCreated += 1
      const onAbort = (): void => {
        entries.delete(entry)
        reject(signal === undefined ? new Error('aborted') : reasonOf(signal))
      }
      const entry = add(current + Math.max(0, ms), () => {
        entries.delete(entry)
        signal?.removeEventListener('abort', onAbort)
        resolve()
        return null
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })

  const every = (ms: number, task: () => Promise<void> | void): Timer => {
    let running: Promise<void> = Promise.resolve()
    let busy = false
    const entry = add(current + ms, () => {
      entry.at += ms
      if (busy) return null
      busy = true
      running = (async () => task())().finally(() => {
        busy = false
      })
      return running
    })
    return {
      stop: async () => {
        entries.delete(entry)
        await running.catch(() => undefined)
      },
    }
  }

  const advance = async (ms: number): Promise<void> => {
    const end = current + ms
    for (;;) {
      await turn()
      const due = earliest(entries, end)
      if (due === null) break
      current = Math.max(current, due.at)
      const sleepsBefore = sleepsCreated
      const task = due.fire()
      if (task !== null) await settledOr(task, () => sleepsCreated > sleepsBefore)
    }
    current = end
    await turn()
  }

  return { now: () => current, sleep, every, advance, waiting: () => entries.size }
}

function earliest(entries: ReadonlySet<Entry>, end: number): Entry | null {
  let first: Entry | null = null
  for (const entry of entries) {
    if (entry.at > end) continue
    const sooner = first === null || entry.at < first.at
    if (sooner || (entry.at === first?.at && entry.order < first.order)) first = entry
  }
  return first
}

/** Waits for the task, unless it has begun to wait for this very clock. */
async function settledOr(task: Promise<void>, waitsOnClock: () => boolean): Promise<void> {
  let settled = false
  const watched = task.finally(() => {
    settled = true
  })
  watched.catch(() => undefined)
  while (!settled && !waitsOnClock()) await turn()
  if (settled) await watched
}

/** Lets everything that is ready run: promises first, then input and output. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted')
}
