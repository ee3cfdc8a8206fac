// Real time, for what is not market time: how long a request may take, how long a venue asked us to wait.

/** Milliseconds on a clock that never steps back. */
export function monotonicMs(): number {
  return performance.now()
}

export function systemTimeMs(): number {
  return Date.now()
}

/** Rejects with `onExpiry()` when the work has not settled in time; the work itself is not stopped. */
export async function withDeadline<Value>(
  work: Promise<Value>,
  timeoutMs: number,
  onExpiry: () => Error,
): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(onExpiry()), timeoutMs)
  })
  try {
    return await Promise.race([work, expiry])
  } finally {
    clearTimeout(timer)
  }
}

export type Cancel = () => void

/** Calls once after so many real milliseconds, unless it is cancelled. Keeps no process alive. */
export function after(ms: number, task: () => void): Cancel {
  const timer = setTimeout(task, ms)
  timer.unref()
  return () => clearTimeout(timer)
}

/** Resolves after the time, or at once when the signal says that nobody waits any more. */
export function pause(ms: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (over.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      over.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    over.addEventListener('abort', done)
  })
}
