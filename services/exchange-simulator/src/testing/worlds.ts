import {
  createEngine,
  createHistory,
  createMood,
  createSyntheticTape,
  profileOf,
  rulesOf,
  units,
  type Candle,
  type Feed,
  type Simulation,
  type Tape,
} from '../core/index.ts'

export function syntheticTapes(seed: number, symbols: readonly string[]): Tape[] {
  const mood = createMood(seed)
  return symbols.map((symbol) => {
    const profile = profileOf(symbol)
    const rules = rulesOf(symbol, { tick: units(profile.tick), step: units(profile.step) })
    return createSyntheticTape(mood, { symbol, profile, tick: rules.tick, step: rules.step })
  })
}

/** An engine on tapes, at no moment yet. */
export function world(
  tapes: Readonly<Record<string, Tape>>,
  balances: Readonly<Record<string, string>>,
): Simulation {
  const rules = Object.keys(tapes).map((symbol) => {
    const profile = profileOf(symbol)
    return rulesOf(symbol, { tick: units(profile.tick), step: units(profile.step) })
  })
  const engine = createEngine({
    rules,
    makerFee: units('0.001'),
    takerFee: units('0.001'),
    balances: new Map(Object.entries(balances).map(([asset, amount]) => [asset, units(amount)])),
  })
  const feeds: Feed[] = Object.values(tapes).map((tape, index) => {
    const rule = rules[index]!
    const history = createHistory(tape, { seed: index, tick: rule.tick })
    return {
      market: engine.markets.get(rule.symbol)!,
      history,
      own: history,
      liquidity: { rules: rule, seed: index, spread: units('0.0001') },
      gaps: [],
      script: { stretches: [] },
    }
  })
  return { engine, feeds, now: 0 }
}

/** A tape of given candles, one a minute from minute `from`; null is a gap. */
export function tapeOf(from: number, candles: readonly (Candle | null)[]): Tape {
  return {
    from,
    to: from + candles.length,
    candle: (minute) => candles[minute - from] ?? null,
  }
}

export function candle(open: number, high: number, low: number, close: number): Candle {
  const [a, b, c, d] = [open, high, low, close].map((price) => units(price.toFixed(2)))
  return { open: a!, high: b!, low: c!, close: d!, volume: units('60') }
}
