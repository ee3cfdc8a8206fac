import { readCandleFiles } from './candle-files.ts'
import type { SimulatorConfig } from './config.ts'
import {
  createEngine,
  createGappedTape,
  createHistory,
  createMood,
  createRecordedTape,
  createSyntheticTape,
  hashText,
  MINUTE_MS,
  mix,
  profileOf,
  rulesOf,
  units,
  type Feed,
  type Simulation,
  type SymbolRules,
  type Tape,
} from './core/index.ts'

export type Markets = {
  readonly simulation: Simulation
  /** The moments between which there are prices. */
  readonly from: number
  readonly to: number | null
  /** Where market time begins when nothing else says so; null for the present. */
  readonly startAt: number | null
  /** Names the prices, so that a folder is not opened with other ones. */
  readonly origin: string
}

type Source = { readonly tape: Tape; readonly rules: SymbolRules }

/** Symbols, prices and an untouched account, as the config describes them. */
export function createMarkets(config: SimulatorConfig): Markets {
  const isRecorded = config.candles.length > 0
  const sources = isRecorded ? recordedSources(config) : syntheticSources(config)
  const engine = createEngine({
    rules: sources.map(({ rules }) => rules),
    makerFee: units(config.fees.maker),
    takerFee: units(config.fees.taker),
    balances: new Map(
      Object.entries(config.balances).map(([asset, amount]) => [asset, units(amount)]),
    ),
  })
  const feeds = sources.flatMap(({ tape, rules }) => {
    const seed = mix(config.seed, hashText(rules.symbol))
    const market = engine.markets.get(rules.symbol)
    const gaps: Feed['gaps'] = []
    const history = createHistory(createGappedTape(tape, gaps, rules.tick), {
      seed,
      tick: rules.tick,
    })
    const spread = units((config.spreadBasisPoints / 10_000).toFixed(8))
    const liquidity = { rules, seed, spread }
    return market === undefined ? [] : [{ market, history, liquidity, gaps }]
  })
  const from = Math.max(...sources.map(({ tape }) => tape.from)) * MINUTE_MS
  const ends = sources.flatMap(({ tape }) => (tape.to === null ? [] : [tape.to * MINUTE_MS]))
  const recordedStart = isRecorded ? from + config.historyMinutes * MINUTE_MS : null
  return {
    simulation: { engine, feeds, now: 0 },
    from,
    to: ends.length === 0 ? null : Math.max(...ends),
    startAt: config.startAt ?? recordedStart,
    origin: isRecorded ? `candles ${[...config.candles].join(' ')}` : `seed ${config.seed}`,
  }
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

/** Every recorded symbol is a market; one that is asked for but not recorded is a mistake. */
function recordedSources(config: SimulatorConfig): Source[] {
  const recordings = readCandleFiles(config.candles)
  return [...recordings].map(([symbol, recording]) => ({
    tape: createRecordedTape(recording, mix(config.seed, hashText(symbol))),
    rules: rulesOf(symbol, { tick: recording.tick, step: recording.step }),
  }))
}
