import type { Bar } from './bar.ts'
import type { IndicatorSpec } from './spec.ts'

/** Takes a candle and writes the indicator's values into their places. */
export type Kernel = (bar: Bar) => void

export type Definition<Spec extends IndicatorSpec> = {
  readonly example: string
  /** How many numbers its text must have, and may have. */
  readonly numbers: readonly [required: number, allowed: number]
  readonly conventions: readonly string[]
  /** Names of its values, in the order of their places; one value needs no name. */
  readonly parts: readonly string[]
  make(numbers: readonly number[], convention?: string): Spec
  /** What is wrong with numbers that are each in their range. */
  fault?(spec: Spec): string | null
  numbersOf(spec: Spec): readonly number[]
  /** The number of candles with which the last of its values appears, at the earliest. */
  candlesToFirstValue(spec: Spec): number
  /** The number of candles after which no value depends on the candle that was first. */
  candlesToSettle(spec: Spec, intervalMs: number): number
  createKernel(spec: Spec, values: Float64Array, at: number): Kernel
}

/** What is forgotten: to 1e-12 of what it was. */
export const decades = 12 * Math.LN10

/** Candles in which an exponential average forgets. */
export function forgets(period: number): number {
  return Math.ceil((decades * (period + 1)) / 2)
}

/** Wilder's smoothing is that of an average of nearly twice the period. */
export function forgetsByWilder(period: number): number {
  return Math.ceil(decades * period)
}
