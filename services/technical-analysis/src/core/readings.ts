/**
 * What the indicators say, on one scale: -100 is as bearish as it gets, 100 as bullish. The readings
 * always rest on the same indicators, so that a figure means the same in every configuration.
 * Distances are measured in average true ranges: what is far in a quiet market is near in a wild one.
 */
import type { SignalsComputed } from '@flotilla/contracts'
import { atr, ema, formatIndicator, macd, rsi, valueNames, volatility } from '@flotilla/indicators'
import type { IndicatorSpec } from '@flotilla/indicators'

export type Readings = SignalsComputed['readings'] & { readonly score: number | null }

const fastAverage = ema(12)
const slowAverage = ema(26)
const strength = rsi(14)
const convergence = macd(12, 26, 9)
const range = atr(14)
/** No reading rests on it; who sizes positions asks the store for it. */
const spread = volatility(20)

/** Always computed, whatever else is configured. */
export const readingIndicators: readonly IndicatorSpec[] = [
  fastAverage,
  slowAverage,
  strength,
  convergence,
  range,
  spread,
]

/** It is also the mark of how far analysis has come. */
export const rangeName = formatIndicator(range)
/** Always stored. */
export const volatilityNames: readonly string[] = [rangeName, formatIndicator(spread)]

/** A histogram of a quarter of the range is already a strong one. */
const histogramScale = 4
const trendShare = 0.6
const momentumShare = 0.4

/** Where the values of the readings stand in a set, found once. */
export type ReadingPositions = Readonly<
  Record<'fast' | 'slow' | 'strength' | 'histogram' | 'range', number>
>

export function findPositions(names: readonly string[]): ReadingPositions {
  const find = (spec: IndicatorSpec): number => names.indexOf(valueNames(spec).at(-1) as string)
  return {
    fast: find(fastAverage),
    slow: find(slowAverage),
    strength: find(strength),
    histogram: find(convergence),
    range: find(range),
  }
}

export function read(values: Float64Array, at: ReadingPositions, close: number): Readings {
  const trueRange = values[at.range] as number
  const distance = (values[at.fast] as number) - (values[at.slow] as number)
  const trend = lean(distance, trueRange)
  const push = lean((values[at.histogram] as number) * histogramScale, trueRange)
  const swing = (values[at.strength] as number) - 50
  const momentum = push === null ? null : known(swing + push / 2)
  return {
    trend,
    momentum,
    volatilityPercent: known((100 * trueRange) / close),
    score:
      trend === null || momentum === null
        ? null
        : known(trendShare * trend + momentumShare * momentum),
  }
}

/** A distance as a reading; without any movement there is no lean. */
function lean(distance: number, trueRange: number): number | null {
  if (trueRange === 0) return 0
  return known(100 * Math.tanh(distance / trueRange))
}

/** Two digits are more than a reading is good for. */
function known(value: number): number | null {
  return Number.isNaN(value) ? null : Math.round(value * 100) / 100
}
