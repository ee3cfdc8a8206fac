import type { MarketStore, StoredIndicator } from '@flotilla/market-store'
import { rangeName } from './core/index.ts'
import type { AnalysedCandle, AnalysedSeries, Analysis } from './core/index.ts'

/** The market store as this agent uses it: candles to warm up from, a place for values. */
export class AnalysisStore {
  readonly #store: MarketStore
  readonly #names: 'all' | 'volatility'

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
    return stored.map(({ openTime, closeTime, high, low, close }) => ({
      openTime,
      closeTime,
      high: high.toNumber(),
      low: low.toNumber(),
      close: close.toString(),
    }))
  }

  /** Close time of the newest candle whose analysis was stored; null when none was. */
  async analysedUntil(series: AnalysedSeries): Promise<number | null> {
    const last = await this.#store.lastIndicator({ ...series, name: rangeName })
    return last?.at ?? null
  }

  async save(analysis: Analysis, at: number): Promise<void> {
    const { series, names, values } = analysis
    const rows: StoredIndicator[] = []
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index] as string
      const value = values[index] as number
      if (Number.isNaN(value) || (this.#names === 'volatility' && name !== rangeName)) continue
      rows.push({ ...series, name, at, value })
    }
    await this.#store.writeIndicators(rows)
  }

  async flush(): Promise<void> {
    await this.#store.flush()
  }
}
