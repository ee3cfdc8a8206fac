// Time that a test turns by hand, for what measures silence.
import type { Timer } from '../watchdog.ts'

export type ManualTimer = Timer & { advance(ms: number): void; readonly waiting: number }

export function createManualTimer(): ManualTimer {
  let now = 0
  const tasks = new Set<{ readonly at: number; readonly task: () => void }>()
  return {
    now: () => now,
    after: (ms, task) => {
      const entry = { at: now + ms, task }
      tasks.add(entry)
      return () => void tasks.delete(entry)
    },
    advance: (ms) => {
      const end = now + ms
      for (;;) {
        const [next] = [...tasks].toSorted((one, other) => one.at - other.at)
        if (next === undefined || next.at > end) break
        tasks.delete(next)
        now = next.at
        next.task()
      }
      now = end
    },
    get waiting() {
      return tasks.size
    },
  }
}
