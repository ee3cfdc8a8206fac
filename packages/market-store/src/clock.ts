// Real time for retries and batches: an outage of the store is not market time.

export type Cancel = () => void

/** Does not keep the process alive: what must be written before the end is written by `close`. */
export function after(delayMs: number, task: () => void): Cancel {
  const timer = setTimeout(task, delayMs)
  timer.unref()
  return () => clearTimeout(timer)
}

export function systemTimeMs(): number {
  return Date.now()
}
