import type { Logger } from '@flotilla/runtime'
import type { SimulatorConfig } from './config.ts'
import {
  createEngine,
  createGappedTape,
  createHistory,
  createMood,
  createRecordedTape,
  createScriptedTape,
  createSyntheticTape,
  createTradeTape,
  hashText,
  MINUTE_MS,
  mix,
  profileOf,
  rulesOf,
  units,
  type Engine,
  type Feed,
  type Simulation,
  type SymbolRules,
  type Tape,
} from './core/index.ts'
import { followVenue, type Followed } from './live/follow-venue.ts'
import { readCandleFiles } from './recordings/candle-files.ts'
import { readTradeFiles } from './recordings/trade-files.ts'

export type Markets = {
  readonly simulation: Simulation
  /** The moments between which there are prices. */
  readonly from: number
  readonly to: number | null
  /** Where market time begins when nothing else says so; null for the present. */
  readonly startAt: number | null
  /** Names the prices, so that a folder is not opened with other ones. */
  readonly origin: string
  /** Hangs up on the venue that is followed. */
  close(): Promise<void>
}

type Source = { readonly tape: Tape; readonly rules: SymbolRules }

type Sources = {
  readonly list: readonly Source[]
  readonly origin: string
  readonly followed: Followed | null
}

/** Symbols, prices and an untouched account, as the config describes them. */
export async function createMarkets(config: SimulatorConfig, logger: Logger): Promise<Markets> {
  const { list: sources, origin, followed } = await openSources(config, logger)
  const engine = createEngine({
    rules: sources.map(({ rules }) => rules),
    makerFee: units(config.fees.maker),
    takerFee: units(config.fees.taker),
    balances: new Map(
      Object.entries(config.balances).map(([asset, amount]) => [asset, units(amount)]),
    ),
  })
  const feeds = sources.flatMap((source) => feedOf(config, engine, source) ?? [])
  const from = Math.max(...sources.map(({ tape }) => tape.opensAt ?? tape.from * MINUTE_MS))
  const ends = sources.flatMap(({ tape }) => (tape.to === null ? [] : [tape.to * MINUTE_MS]))
  const recordedStart = ends.length > 0 ? from + config.historyMinutes * MINUTE_MS : null
  return {
    simulation: { engine, feeds, now: 0 },
    from,
    to: ends.length === 0 ? null : Math.max(...ends),
    startAt: config.startAt ?? recordedStart,
    origin,
    close: async () => followed?.stop(),
  }
}

/** A gap moves the tape, and a script comes over both. */
function feedOf(config: SimulatorConfig, engine: Engine, { tape, rules }: Source): Feed | null {
  const market = engine.markets.get(rules.symbol)
  if (market === undefined) return null
  const seed = mix(config.seed, hashText(rules.symbol))
  const { tick, step } = rules
  const shape = { seed, tick, step }
  const gaps: Feed['gaps'] = []
  const script: Feed['script'] = { stretches: [] }
  const gapped = createGappedTape(tape, gaps, tick)
  const spread = units((config.spreadBasisPoints / 10_000).toFixed(8))
  return {
    market,
    history: createHistory(createScriptedTape(gapped, script, shape), shape),
    own: createHistory(gapped, shape),
    liquidity: { rules, seed, spread },
    gaps,
    script,
  }
}

async function openSources(config: SimulatorConfig, logger: Logger): Promise<Sources> {
  const { candles, trades, books, follow } = config
  if (follow !== undefined) {
    const followed = await followVenue({ ...follow, symbols: config.symbols, logger })
    const list = followed.sources.map(({ symbol, live, tick, step }) => ({
      tape: live.tape,
      rules: rulesOf(symbol, { tick, step }),
    }))
    return { list, origin: `live ${follow.venue}`, followed }
  }
  if (trades.length > 0) {
    const list = await tradeSources(config)
    return { list, origin: `trades ${[...trades, ...books].join(' ')}`, followed: null }
  }
  if (candles.length > 0) {
    const list = await candleSources(config)
    return { list, origin: `candles ${candles.join(' ')}`, followed: null }
  }
  return { list: syntheticSources(config), origin: `seed ${config.seed}`, followed: null }
}

function syntheticSources(config: SimulatorConfig): Source[] {
  const mood = createMood(config.seed)
  return [...new Set(config.symbols)].map((symbol) => {
    const profile = profileOf(symbol)
    const rules = rulesOf(symbol, { tick: units(profile.tick), step: units(profile.step) })
    const { tick, step } = rules
    return { rules, tape: createSyntheticTape(mood, { symbol, profile, tick, step }) }
  })
}

/** Every recorded symbol is a market. */
async function candleSources(config: SimulatorConfig): Promise<Source[]> {
  const recordings = await readCandleFiles(config.candles)
  return [...recordings].map(([symbol, recording]) => ({
    tape: createRecordedTape(recording, mix(config.seed, hashText(symbol))),
    rules: rulesOf(symbol, { tick: recording.tick, step: recording.step }),
  }))
}

async function tradeSources(config: SimulatorConfig): Promise<Source[]> {
  const recordings = await readTradeFiles(config)
  return [...recordings].map(([symbol, recording]) => ({
    tape: createTradeTape(recording),
    rules: rulesOf(symbol, { tick: recording.tick, step: recording.step }),
  }))
}
