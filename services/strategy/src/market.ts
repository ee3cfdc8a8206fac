import { timeframeMs } from '@flotilla/contracts'
import type { TradingState } from '@flotilla/contracts'
import { shippedStrategies } from '@flotilla/strategy-kit'
import type { Strategy } from '@flotilla/strategy-kit'
import { Mutex } from 'async-mutex'
import { freshMemory, freshRecord } from './core/index.ts'
import type { Desk, DeskLimits, DeskMemory, Filters, KnownPosition } from './core/index.ts'
import type { Quote, SymbolLimits, SymbolRecord } from './core/index.ts'
import type { StrategyConfig } from './config.ts'
import type { Deps } from './service.ts'
import { deskKey, symbolKey } from './store.ts'

export type RunningDesk = {
  readonly key: string
  /** Which entry of the configuration it runs. */
  readonly entry: StrategyConfig['strategies'][number]
  desk: Desk
  memory: DeskMemory
}

/** One symbol: its desks, and the lock that makes what happens to them one after another. */
export type Market = {
  readonly symbol: string
  /** Of the record in the ledger. */
  readonly key: string
  readonly lock: Mutex
  readonly desks: readonly RunningDesk[]
  position: KnownPosition | undefined
  tradingState: TradingState
  quote: Quote | null
  record: SymbolRecord
}

export function marketOf({ config, shared }: Deps, symbol: string): Market {
  const desks = config.strategies
    .filter(({ symbols }) => symbols === undefined || symbols.includes(symbol))
    .map((entry): RunningDesk => {
      const found = shippedStrategies.find(({ name }) => name === entry.name)
      if (found === undefined) throw new Error(`no strategy is called ${entry.name}`)
      const desk: Desk = {
        id: entry.id ?? entry.name,
        account: shared.account.id,
        venue: shared.venue.id,
        symbol,
        timeframe: shared.timeframe,
        strategy: found.configure(entry.parameters),
      }
      return { key: deskKey(desk), entry, desk, memory: freshMemory(desk.strategy) }
    })
  return {
    symbol,
    key: symbolKey(shared.venue.id, symbol),
    lock: new Mutex(),
    desks,
    position: undefined,
    tradingState: 'active',
    quote: null,
    record: freshRecord,
  }
}

/**
 * Puts a new version of its strategy in a desk's place. What the old one remembers is kept when both begin
 * with the same state, for then it means the same; the open intent and the pauses are the desk's own.
 */
export function withStrategy(
  { desk, entry, memory }: RunningDesk,
  strategy: Strategy,
): Pick<RunningDesk, 'desk' | 'memory'> & { readonly keepsState: boolean } {
  const configured = strategy.configure(entry.parameters)
  const keepsState =
    JSON.stringify(configured.initialState) === JSON.stringify(desk.strategy.initialState)
  const state = keepsState ? memory.state : configured.initialState
  return { desk: { ...desk, strategy: configured }, memory: { ...memory, state }, keepsState }
}

export function limitsOf({ config, shared }: Deps): DeskLimits {
  const interval = timeframeMs[shared.timeframe]
  return {
    signalAgeMaxMs: config.signalAgeCandles * interval,
    entryLifetimeMs: config.entryLifetimeCandles * interval,
    exitLifetimeMs: config.exitLifetimeCandles * interval,
    entryCooldownMs: config.cooldownMs,
    exitCooldownMs: Math.min(config.cooldownMs, interval),
    openIntentGraceMs: config.openIntentGraceMs,
  }
}

export function filtersOf({ config }: Deps): Filters {
  const { confidenceMin, quoteVolume24hMin, spreadMaxPercent, setupAgeHoursMax } = config
  const { tickerAgeMaxMs } = config
  return { confidenceMin, quoteVolume24hMin, spreadMaxPercent, setupAgeHoursMax, tickerAgeMaxMs }
}

export function symbolLimitsOf({ config }: Deps): SymbolLimits {
  return {
    cooldownMs: config.symbolCooldownMs,
    quarantineFailures: config.quarantine.failures,
    quarantineWithinMs: config.quarantine.withinMs,
    quarantineMs: config.quarantine.forMs,
  }
}

const strictness: readonly TradingState[] = ['active', 'paused', 'flattened', 'halted']

export function stricter(left: TradingState, right: TradingState): TradingState {
  return strictness.indexOf(left) > strictness.indexOf(right) ? left : right
}
