// Real time for infrastructure: waiting for a server, retrying, leases. Nothing of the market's
// time passes through here.

export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve()
      return
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
  })
}

/** Milliseconds of a clock that never goes back; only differences mean anything. */
export function monotonicMs(): number {
  return performance.now()
}

/** Asks again and again until the answer is not null, or gives null when the time is over. */
export async function waitFor<T>(
  ask: () => T | null | Promise<T | null>,
  options: { withinMs: number; everyMs?: number },
): Promise<T | null> {
  const deadline = monotonicMs() + options.withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== null) return answer
    if (monotonicMs() >= deadline) return null
    await pause(options.everyMs ?? 20)
  }
}
