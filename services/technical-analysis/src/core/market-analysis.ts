/**
 * The analysis of one symbol in all its timeframes: the base candles as they come, and the candles
 * of higher timeframes that are built from them.
 */
import { timeframeMs } from '@flotilla/contracts'
import type { Timeframe } from '@flotilla/contracts'
import type { IndicatorSpec } from '@flotilla/indicators'
import { Analysis } from './analysis.ts'
import type { AnalysedCandle, AnalysedSeries, Step } from './analysis.ts'
import { CandleBuilder } from './candle-builder.ts'

/** Is told of each candle that an analysis has just been fed with, before it is fed with the next. */
export type Listener = (
  analysis: Analysis,
  candle: AnalysedCandle,
  circumstances: {
    /** False for a candle that was only known to be over when a later one came. */
    readonly onTime: boolean
    /** How many base candles it had to do without. */
    readonly missing: number
  },
) => void

const inTime = Object.freeze({ onTime: true, missing: 0 })

type Higher = { readonly analysis: Analysis; readonly builder: CandleBuilder }

export class MarketAnalysis {
  readonly base: Analysis
  readonly #higher: readonly Higher[]

  constructor(options: {
    readonly series: AnalysedSeries
    /** Higher ones; each a multiple of the series' own. */
    readonly timeframes: readonly Timeframe[]
    readonly indicators: readonly IndicatorSpec[]
  }) {
    const { series, indicators } = options
    const baseIntervalMs = timeframeMs[series.timeframe]
    this.base = new Analysis({ series, intervalMs: baseIntervalMs, indicators })
    this.#higher = higherThan(series.timeframe, options.timeframes).map((timeframe) => {
      const intervalMs = timeframeMs[timeframe]
      return {
        builder: new CandleBuilder(intervalMs, baseIntervalMs),
        analysis: new Analysis({
          series: { ...series, timeframe },
          intervalMs,
          indicators,
          base: series,
        }),
      }
    })
  }

  /** The base first, then upwards. */
  get analyses(): readonly Analysis[] {
    return [this.base, ...this.#higher.map(({ analysis }) => analysis)]
  }

  stepTo(openTime: number): Step {
    return this.base.stepTo(openTime)
  }

  /** What to feed first, without telling of it, for everything to be warm at that time. */
  warmUpFrom(to: number): number {
    const memoryMs = this.analyses.map((each) => each.candlesToSettle * each.intervalMs)
    const longestMs = this.analyses.at(-1)!.intervalMs
    return Math.floor((to - Math.max(...memoryMs)) / longestMs) * longestMs
  }

  feed(candle: AnalysedCandle, listener?: Listener): void {
    this.base.feed(candle)
    listener?.(this.base, candle, inTime)
    for (const { analysis, builder } of this.#higher) {
      for (const built of builder.add(candle)) {
        analysis.feed(built)
        const { missing } = built
        listener?.(analysis, built, { missing, onTime: built.closeTime === candle.closeTime })
      }
    }
  }

  /** Takes a base candle that came late or again; true when it changed a candle that is being built. */
  correct(candle: AnalysedCandle): boolean {
    return this.#higher.filter(({ builder }) => builder.correct(candle)).length > 0
  }

  /** Forgets everything but its levels. */
  reset(): void {
    for (const analysis of this.analyses) analysis.reset()
    for (const { builder } of this.#higher) builder.reset()
  }
}

/** Once each, the shortest first. */
function higherThan(base: Timeframe, timeframes: readonly Timeframe[]): Timeframe[] {
  return [...new Set(timeframes)]
    .filter((timeframe) => timeframe !== base)
    .toSorted((left, right) => timeframeMs[left] - timeframeMs[right])
}
