/**
 * Time as agents see it. Market time is the time of the candles: real time on a live venue, faster on
 * the simulator, moved by hand in tests. Nobody but this file and the test clock reads the wall clock,
 * so that the same agent runs unchanged in all of them. Reconnects and HTTP time limits are not market
 * time: they use `realClock`.
 */
export type Timer = {
  /** Ends the repetition and waits for a task that is still running. */
  stop(): Promise<void>
}

export type Clock = {
  /** Milliseconds since 1970, market time. */
  now(): number
  /** Resolves after `ms` of market time; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Runs the task every `ms` of market time, never twice at once; the first time after `ms`. */
  every(ms: number, task: () => Promise<void> | void): Timer
}

export type TaskErrorHandler = (error: unknown) => void

export type ClockAnchor = {
  /** The wall-clock moment, ms since 1970, at which market time was `marketMs`. */
  readonly realMs: number
  readonly marketMs: number
  /** Market milliseconds per real millisecond. */
  readonly speed: number
}

/** A repeated task that fails must not stop the repetition, and must not be silent. */
function reportTaskError(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error), 'ClockTaskError')
}

export function createRealClock(onTaskError: TaskErrorHandler = reportTaskError): Clock {
  return createScaledClock({ realMs: 0, marketMs: 0, speed: 1 }, onTaskError)
}

export function createScaledClock(
  anchor: ClockAnchor,
  onTaskError: TaskErrorHandler = reportTaskError,
): Clock {
  if (!(anchor.speed > 0) || !Number.isFinite(anchor.speed)) {
    throw new RangeError(`clock speed must be a positive number, got ${anchor.speed}`)
  }
  const now = (): number =>
    Math.floor(anchor.marketMs + (Date.now() - anchor.realMs) * anchor.speed)
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    waitReal(ms / anchor.speed, signal)
  return {
    now,
    sleep,
    every: (ms, task) => repeat({ intervalMs: ms, now, sleep, onTaskError }, task),
  }
}

/** For what is not market time: reconnects, HTTP time limits, shutdown deadlines. */
export const realClock: Clock = createRealClock()

type RepeatOptions = {
  readonly intervalMs: number
  readonly now: () => number
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly onTaskError: TaskErrorHandler
}

/** Keeps the beat: a slow task delays the next tick, and ticks it overran are skipped, not caught up. */
function repeat(options: RepeatOptions, task: () => Promise<void> | void): Timer {
  const { intervalMs, now, sleep, onTaskError } = options
  const abort = new AbortController()
  const run = async (): Promise<void> => {
    let next = now() + intervalMs
    while (!abort.signal.aborted) {
      try {
        await sleep(Math.max(0, next - now()), abort.signal)
      } catch {
        return
      }
      try {
        await task()
      } catch (error) {
        onTaskError(error)
      }
      const late = Math.max(0, now() - next)
      next += intervalMs * (1 + Math.floor(late / intervalMs))
    }
  }
  const running = run()
  return {
    stop: () => {
      abort.abort()
      return running
    },
  }
}

/** setTimeout counts in 32-bit milliseconds; a longer delay would fire at once. */
const timeoutMsMax = 2 ** 31 - 1

async function waitReal(ms: number, signal?: AbortSignal): Promise<void> {
  let rest = Math.max(0, ms)
  do {
    const part = Math.min(rest, timeoutMsMax)
    await waitOnce(part, signal)
    rest -= part
  } while (rest > 0)
}

function waitOnce(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(asError(signal.reason))
      return
    }
    const onAbort = (): void => {
      clearTimeout(timeout)
      reject(asError(signal?.reason))
    }
    const timeout = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted')
}
