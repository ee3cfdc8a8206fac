import { realClock } from './clock.ts'
import { keepYoung } from './engine.ts'
import type { Logger } from './logger.ts'

/**
 * The life of a process: start, wait for a reason to stop, stop within the deadline, say how it went.
 * Reasons are a signal, the end of the parent (npm passes SIGTERM only to its shell, and an orphan
 * would trade on unseen), work that is done, and a fault nobody caught.
 */
export type Life = {
  start(): Promise<void>
  /** Must cope with a start that was cut short. */
  stop(): Promise<void>
}

export type LifeOptions = {
  readonly logger: Logger
  /** Ends by itself when this resolves: a given duration, say. */
  readonly until?: Promise<void>
  readonly stopMsMax?: number
  /** The process to watch; tests give their own. */
  readonly host?: LifeHost
}

export type LifeHost = {
  readonly ppid: number
  readonly detached: boolean
  on(event: string, listener: (value: unknown) => void): unknown
  off(event: string, listener: (value: unknown) => void): unknown
}

/** Graceful stops are promised within five seconds; the rest is for the process to end. */
const stopMsMaxDefault = 4_500

/** Ctrl-C reaches us twice, from the terminal and from npm: the second is not a wish to hurry. */
const repeatedSignalMs = 2_000

const parentCheckMs = 500

type StopReason = { readonly code: number; readonly reason: string }

/** Runs it and returns the exit code: 0 when it stopped well. */
export async function live(life: Life, options: LifeOptions): Promise<number> {
  const { logger } = options
  keepYoung()
  const reasons = watchReasons(options)
  try {
    const started = life.start().then(
      () => null,
      (error: unknown): StopReason => {
        logger.error({ err: error }, 'start failed')
        return { code: 1, reason: 'start failed' }
      },
    )
    const early = await Promise.race([reasons.stopping, started])
    const { code, reason } = early ?? (await reasons.stopping)
    logger.info({ reason }, 'stopping')
    const stopped = await stopWithin(life, options)
    return stopped ? code : 1
  } finally {
    reasons.close()
  }
}

function watchReasons(options: LifeOptions): { stopping: Promise<StopReason>; close(): void } {
  const { logger, until } = options
  const host = options.host ?? processHost
  const { promise: stopping, resolve } = Promise.withResolvers<StopReason>()
  let signaledAt: number | null = null

  const onSignal = (signal: unknown): void => {
    const now = realClock.now()
    if (signaledAt === null) {
      signaledAt = now
      resolve({ code: 0, reason: String(signal) })
    } else if (now - signaledAt > repeatedSignalMs) {
      logger.error({ signal: String(signal) }, 'stopping at once on a repeated signal')
      process.exit(1)
    }
  }
  const onFault = (error: unknown): void => {
    logger.fatal({ err: error }, 'fault that nobody handled')
    resolve({ code: 1, reason: 'fault' })
  }
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP']
  const faults = ['uncaughtException', 'unhandledRejection']
  for (const signal of signals) host.on(signal, onSignal)
  for (const fault of faults) host.on(fault, onFault)

  const parent = host.ppid
  const parentCheck = setInterval(() => {
    if (host.ppid !== parent && !host.detached)
      resolve({ code: 0, reason: 'parent process is gone' })
  }, parentCheckMs)
  until?.then(() => resolve({ code: 0, reason: 'duration is over' }), onFault)

  return {
    stopping,
    close: () => {
      clearInterval(parentCheck)
      for (const signal of signals) host.off(signal, onSignal)
      for (const fault of faults) host.off(fault, onFault)
    },
  }
}

async function stopWithin(life: Life, options: LifeOptions): Promise<boolean> {
  const { logger } = options
  const stopMsMax = options.stopMsMax ?? stopMsMaxDefault
  const { promise: late, resolve } = Promise.withResolvers<'late'>()
  const deadline = setTimeout(() => resolve('late'), stopMsMax)
  try {
    const outcome = await Promise.race([life.stop().then(() => 'stopped' as const), late])
    if (outcome === 'late') {
      logger.error({ stopMsMax }, 'stop took too long')
      return false
    }
    logger.info('stopped')
    return true
  } catch (error) {
    logger.error({ err: error }, 'stop failed')
    return false
  } finally {
    clearTimeout(deadline)
  }
}

const processHost: LifeHost = {
  get ppid() {
    return process.ppid
  },
  /** For who starts us from a shell that is meant to go away. */
  get detached() {
    return process.env['FLOTILLA_DETACHED'] === '1'
  },
  on: (event, listener) => process.on(event, listener),
  off: (event, listener) => process.off(event, listener),
}
