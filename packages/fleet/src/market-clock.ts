import { createRealClock, createScaledClock } from '@flotilla/runtime'
import type { Clock, TaskErrorHandler } from '@flotilla/runtime'
import type { SharedConfig } from './shared-config.ts'

/**
 * The clock of the market that is traded: the wall clock at a real venue, the simulator's at the
 * simulator. The simulator is asked once for its time; from then on both run at the same speed from
 * the same wall clock, so processes on one machine agree.
 */
export async function marketClockOf(
  shared: SharedConfig,
  onTaskError: TaskErrorHandler,
): Promise<Clock> {
  const { venue, simulator } = shared
  if (venue.kind !== 'simulator' || venue.url === undefined) return createRealClock(onTaskError)
  const { marketMs, realMs } = await askTime(venue.url)
  return createScaledClock({ marketMs, realMs, speed: simulator.speed }, onTaskError)
}

/** A simulator that starts at the same moment as its clients needs a while to answer. */
const attemptsMax = 60
const pauseMs = 500
const timeoutMs = 2_000

async function askTime(url: string): Promise<{ marketMs: number; realMs: number }> {
  const pause = createRealClock()
  let reason = 'no answer'
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    if (attempt > 0) await pause.sleep(pauseMs)
    try {
      const before = pause.now()
      const signal = AbortSignal.timeout(timeoutMs)
      const response = await fetch(new URL('/api/v3/time', url), { signal })
      const body: unknown = await response.json()
      const realMs = (before + pause.now()) / 2
      const marketMs = serverTimeOf(body)
      if (marketMs !== null) return { marketMs, realMs }
      reason = `status ${response.status} without serverTime`
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error)
    }
  }
  throw new Error(`the simulator at ${url} does not tell its time: ${reason}`)
}

function serverTimeOf(body: unknown): number | null {
  if (typeof body !== 'object' || body === null || !('serverTime' in body)) return null
  return typeof body.serverTime === 'number' ? body.serverTime : null
}
