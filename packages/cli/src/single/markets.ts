import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { simulatorKeys } from '@flotilla/fleet'
import type { SharedConfig } from '@flotilla/fleet'
import { createScaledClock } from '@flotilla/runtime'
import type { Clock, Logger, TaskErrorHandler } from '@flotilla/runtime'
import type { Simulator } from '@flotilla/exchange-simulator'
import type { World } from './world.ts'

/** The simulator of a single-process fleet, and market time as it runs there. */
export type OwnMarket = {
  readonly simulator: Simulator
  readonly clock: Clock
  /** The configuration with the simulator's address and keys in it. */
  readonly shared: SharedConfig
}

export type OwnMarketOptions = {
  readonly shared: SharedConfig
  readonly world: World
  readonly logger: Logger
  /** 0 takes a free port. */
  readonly port: number
  /** Of a further account: an exchange of its own, with its own wallet. */
  readonly account?: string
  /** The market's time, where another exchange keeps it already. */
  readonly clock?: Clock
  readonly onTaskError: TaskErrorHandler
}

/** Recorded market that lies in the past at the first moment, so that indicators are warm at once. */
const recordedHistoryMinutes = 500

/**
 * Where a seeded market begins: always at the same moment, so that a seed is the same market for
 * everybody, with the same trades.
 */
const seededStart = '2026-01-05T00:00:00.000Z'

export async function startOwnMarket(options: OwnMarketOptions): Promise<OwnMarket> {
  const { shared, world, logger, port, onTaskError, account, clock } = options
  const { createSimulator } = await import('@flotilla/exchange-simulator')
  const simulator = createSimulator({
    config: {
      ...shared.simulator,
      port,
      symbols: shared.symbols,
      ...beginningOf(shared.simulator),
      ...simulatorKeys,
    },
    folder: join(world.folder, account === undefined ? 'simulator' : `simulator-${account}`),
    ...(clock === undefined ? {} : { clock }),
    logger,
    // Nobody catches it: an exchange that cannot write down what it did must not go on.
    onBroken: (error) =>
      queueMicrotask(() => {
        throw error
      }),
  })
  await simulator.start()
  return {
    simulator,
    clock: clock ?? createScaledClock(simulator.anchor(), onTaskError),
    shared: { ...shared, venue: { ...shared.venue, url: simulator.url, ...simulatorKeys } },
  }
}

/** A moment that the configuration names comes before any of ours. */
function beginningOf(simulator: SharedConfig['simulator']): {
  startAt?: string
  historyMinutes?: number
} {
  const { candles, trades, follow, startAt } = simulator
  const historyMinutes =
    simulator.historyMinutes ?? (candles.length === 0 ? 0 : recordedHistoryMinutes)
  if (startAt !== undefined) return { historyMinutes, startAt }
  const isSeeded = candles.length + trades.length === 0 && follow === undefined
  return isSeeded ? { startAt: seededStart } : { historyMinutes }
}

/** What is replayed: candles or trades. */
export function recordingsOf({ candles, trades }: SharedConfig['simulator']): readonly string[] {
  return [...candles, ...trades]
}

export type Recorded =
  | { readonly kind: 'symbols'; readonly symbols: readonly string[] }
  | { readonly kind: 'problem'; readonly problem: string }

/** Which symbols the files hold, by their names or by their column `symbol`, or what is wrong with them. */
export async function readRecordedSymbols(files: readonly string[]): Promise<Recorded> {
  const found = new Set<string>()
  for (const file of files) {
    if (!existsSync(file)) return problem(`there is no file ${file} to replay; check the path`)
    const named = symbolOfRecording(basename(file))
    const symbols = named === null ? await symbolsIn(file) : [named]
    if (typeof symbols === 'string') return problem(symbols)
    if (symbols.length === 0) {
      return problem(
        `the name of ${file} does not say its symbol, nor has it a column symbol; ` +
          'call it <venue>_<BASE>-<QUOTE>_<timeframe>_<range>.csv, as binance_BTC-USDT_1m_2024-08.csv.gz',
      )
    }
    for (const symbol of symbols) found.add(symbol)
  }
  return { kind: 'symbols', symbols: [...found] }
}

function problem(text: string): Recorded {
  return { kind: 'problem', problem: text }
}

/** A text is what is wrong with the file. */
async function symbolsIn(file: string): Promise<readonly string[] | string> {
  const { symbolsInside } = await import('@flotilla/exchange-simulator')
  try {
    return await symbolsInside(file)
  } catch (error) {
    return `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** `binance_BTC-USDT_1m_2024-08.csv.gz` holds BTC/USDT; null when the name does not say. */
export function symbolOfRecording(file: string): string | null {
  const match = /(?:^|[_/])([A-Z0-9]+)-([A-Z0-9]+)_/.exec(file)
  return match === null ? null : `${match[1]}/${match[2]}`
}
