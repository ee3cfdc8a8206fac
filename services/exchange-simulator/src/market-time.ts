import { createScaledClock, realClock, type Clock, type ClockAnchor } from '@flotilla/runtime'
import type { SimulatorConfig } from './config.ts'
import type { Markets } from './markets.ts'
import type { SimulatorOptions } from './simulator.ts'
import type { SimulatorMemory } from './store.ts'

export type TimeChoice = {
  readonly options: SimulatorOptions
  readonly config: SimulatorConfig
  readonly markets: Markets
  readonly memory: SimulatorMemory
}

export type MarketTime = {
  readonly start: number
  /** Null when time moves by hand only. */
  readonly clock: Clock | null
  readonly anchor: ClockAnchor
}

/** A given clock rules; then what a former run left; then the config; then the present. */
export function chooseTime(choice: TimeChoice): MarketTime {
  const { options, config, memory } = choice
  const realMs = realClock.now()
  const given = options.clock
  const start =
    given === undefined ? ownStart(choice, realMs) : Math.max(given.now(), memory.marketTime ?? 0)
  const anchor = { realMs, marketMs: start, speed: config.speed }
  if (config.clock === 'manual') return { start, clock: null, anchor }
  return { start, clock: given ?? createScaledClock(anchor), anchor }
}

function ownStart({ config, markets, memory }: TimeChoice, realMs: number): number {
  if (config.clock === 'manual') return memory.marketTime ?? markets.startAt ?? realMs
  if (config.speed === 1 && markets.startAt === null) return realMs
  return resumedTime(memory, realMs, config.speed) ?? markets.startAt ?? realMs
}

/** After a crash of a few seconds the agents still count on the market having gone on. */
const CRASH_MS_MAX = 600_000

/** The market stands still while it is stopped; a run that was killed goes on as if it had not been. */
function resumedTime(memory: SimulatorMemory, realMs: number, speed: number): number | null {
  const { marketTime, cutAt } = memory
  if (marketTime === null || cutAt === null) return marketTime
  const missed = realMs - cutAt
  return missed < 0 || missed > CRASH_MS_MAX ? marketTime : marketTime + Math.floor(missed * speed)
}
