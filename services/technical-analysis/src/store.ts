import type { MarketStore, StoredIndicator } from '@flotilla/market-store'
import { rangeName, volatilityNames } from './core/index.ts'
import type { AnalysedCandle, AnalysedSeries, Analysis, Levels } from './core/index.ts'

/** The market store as this agent uses it: candles to warm up from, a place for values. */
export class AnalysisStore {
  readonly #store: MarketStore
  readonly #names: 'all' | 'volatility'
  #rows: StoredIndicator[] = []

  constructor(store: MarketStore, names: 'all' | 'volatility') {
    this.#store = store
    this.#names = names
  }

  /** `from` inclusive, `to` exclusive, by opening time, oldest first. */
  async candles(
    series: AnalysedSeries,
    range: { readonly from: number; readonly to: number },
  ): Promise<AnalysedCandle[]> {
    const stored = await this.#store.candles({ ...series, ...range })
    return stored.map(({ openTime, closeTime, high, low, close, baseVolume }) => ({
      openTime,
      closeTime,
      high: high.toNumber(),
      low: low.toNumber(),
      close: close.toNumber(),
      closeText: close.toString(),
      volume: baseVolume.toNumber(),
    }))
  }

  /** Close time of the newest candle whose analysis was stored; null when none was. */
  async analysedUntil(series: AnalysedSeries): Promise<number | null> {
    const last = await this.#store.lastIndicator({ ...series, name: rangeName })
    return last?.at ?? null
  }

  /** What the analysis counted up to the candle that closed at that time, as far as it is known. */
  async levelsAt(analysis: Analysis, closeTime: number): Promise<Levels> {
    const values = new Map<string, number>()
    for (const name of analysis.levelNames) {
      const last = await this.#store.lastIndicator({ ...analysis.series, name })
      if (last?.at === closeTime) values.set(name, last.value)
    }
    return { openTime: closeTime - analysis.intervalMs, values }
  }

  /** Remembers the values of a candle, to be written with others. */
  save(analysis: Analysis, at: number): void {
    const { series, names, levelNames, values } = analysis
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index] as string
      const value = values[index] as number
      if (Number.isNaN(value)) continue
      const always = volatilityNames.includes(name) || levelNames.includes(name)
      if (this.#names === 'volatility' && !always) continue
      this.#rows.push({ ...series, name, at, value })
    }
    if (this.#rows.length >= rowsMax) void this.write()
  }

  /** Never rejects: a store that is away is the store's own matter. */
  async write(): Promise<void> {
    if (this.#rows.length === 0) return
    const rows = this.#rows
    this.#rows = []
    await this.#store.writeIndicators(rows)
  }

  async flush(): Promise<void> {
    await this.write()
    await this.#store.flush()
  }
}

const rowsMax = 2_000
