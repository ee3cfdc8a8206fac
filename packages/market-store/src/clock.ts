// Real time for retries and batches: an outage of the store is not market time.

export type Cancel = () => void

/** Does not keep the process alive: what must be written before the end is written by `close`. */
export function after(delayMs: number, task: () => void): Cancel {
  const timer = setTimeout(task, delayMs)
  timer.unref()
  return () => clearTimeout(timer)
}

/** Resolves when the work has ended or the time is up, whichever comes first. */
export async function settledWithin(work: Promise<void>, timeoutMs: number): Promise<void> {
  let cancel: Cancel = () => {}
  const timeUp = new Promise<void>((resolve) => {
    cancel = after(timeoutMs, resolve)
  })
  await Promise.race([work, timeUp])
  cancel()
}

export function systemTimeMs(): number {
  return Date.now()
}
