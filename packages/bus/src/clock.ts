import { setTimeout as timer } from 'node:timers/promises'

// Pauses of the infrastructure (retries, reconnects) are real time, whatever time the market has.

export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>

/** Resolves after the pause, or at once when aborted: the caller looks at what it waits for anyway. */
export const sleep: Sleep = async (ms, signal) => {
  await timer(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
}

export const wallClock = (): number => Date.now()

/** Calls back once after the pause unless stopped before; never keeps the process alive. */
export function after(ms: number, callback: () => void): { stop(): void } {
  const handle = setTimeout(callback, ms)
  handle.unref()
  return { stop: () => clearTimeout(handle) }
}
