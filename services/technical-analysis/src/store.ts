import type { MarketStore, StoredIndicator } from '@flotilla/market-store'
import { rangeName, volatilityNames } from './core/index.ts'
import type { AnalysedCandle, AnalysedSeries, Analysis, Levels } from './core/index.ts'

/** Opening times: `from` inclusive, `to` exclusive. */
type Range = { readonly from: number; readonly to: number }

/** As many candles as fit into memory easily; a day and a half of one-minute candles is 2,160. */
const pageCandles = 10_000

export type AnalysedValues = readonly StoredIndicator[]

/** The market store as this agent uses it: candles to warm up from, a place for values. */
export class AnalysisStore {
  readonly #store: MarketStore
  readonly #names: 'all' | 'volatility'
  #rows: StoredIndicator[] = []

  constructor(store: MarketStore, names: 'all' | 'volatility') {
    this.#store = store
    this.#names = names
  }

  /** The candles of a range of any length, oldest first and not too many at once. */
  async *pages(analysis: Analysis, { from, to }: Range): AsyncGenerator<AnalysedCandle[]> {
    const pageMs = pageCandles * analysis.intervalMs
    for (let start = from; start < to; start += pageMs) {
      const range = { from: start, to: Math.min(start + pageMs, to) }
      const candles = await this.candles(analysis.series, range)
      if (candles.length > 0) yield candles
    }
  }

  async candles(series: AnalysedSeries, range: Range): Promise<AnalysedCandle[]> {
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

  /** What the analysis counted up to its newest candle at that time, as far as it is known. */
  async levelsAt(analysis: Analysis, time: number): Promise<Levels> {
    const closeTime = Math.floor(time / analysis.intervalMs) * analysis.intervalMs
    const values = new Map<string, number>()
    for (const name of analysis.levelNames) {
      const last = await this.#store.lastIndicator({ ...analysis.series, name })
      if (last?.at === closeTime) values.set(name, last.value)
    }
    return { openTime: closeTime - analysis.intervalMs, values }
  }

  /** The values to keep of the candle that the analysis has just been fed with. */
  valuesOf({ series, names, levelNames, values }: Analysis, at: number): AnalysedValues {
    const rows: StoredIndicator[] = []
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index] as string
      const value = values[index] as number
      if (Number.isNaN(value)) continue
      const always = volatilityNames.includes(name) || levelNames.includes(name)
      if (this.#names === 'all' || always) rows.push({ ...series, name, at, value })
    }
    return rows
  }

  /** Remembers values of candles that have been told, to be written with others. */
  keep(rows: AnalysedValues): void {
    this.#rows.push(...rows)
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
