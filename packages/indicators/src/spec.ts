/**
 * An indicator as data: what strategies declare, configuration names and analysis computes. Each
 * spec has one text form (`macd(12,26,9)`) and one name per value (`macd(12,26,9).signal`), which is
 * how its values are called in messages. Without a convention it follows TA-Lib.
 */
import type { AdxSeeding } from './adx.ts'
import type { AtrSeeding } from './atr.ts'
import type { DonchianSpan } from './donchian.ts'
import type { EmaSeeding } from './ema.ts'
import type { MacdPeriods, MacdSeeding } from './macd.ts'
import type { ObvStart } from './obv.ts'
import type { DeviationBasis } from './standard-deviation.ts'
import type { StochasticPeriods } from './stochastic.ts'

export type IndicatorSpec =
  | AdxSpec
  | AtrSpec
  | BollingerSpec
  | DonchianSpec
  | EmaSpec
  | LibrarySpec
  | MacdSpec
  | ObvSpec
  | RsiSpec
  | SmaSpec
  | StandardDeviationSpec
  | StochasticSpec
  | VolatilitySpec
  | VwapSpec

type Periodic<Kind extends string, Convention extends string = never> = {
  readonly kind: Kind
  readonly period: number
  readonly convention?: Convention
}

export type SmaSpec = Periodic<'sma'>
export type EmaSpec = Periodic<'ema', Exclude<EmaSeeding, 'average'>>
export type RsiSpec = Periodic<'rsi'>
export type AtrSpec = Periodic<'atr', Exclude<AtrSeeding, 'ta-lib'>>
export type AdxSpec = Periodic<'adx', Exclude<AdxSeeding, 'ta-lib'>>
export type DonchianSpec = Periodic<'donchian', Exclude<DonchianSpan, 'current'>>
export type StandardDeviationSpec = Periodic<'stddev', Exclude<DeviationBasis, 'population'>>
export type VolatilitySpec = Periodic<'volatility', Exclude<DeviationBasis, 'population'>>
export type MacdSpec = MacdPeriods & {
  readonly kind: 'macd'
  readonly convention?: Exclude<MacdSeeding, 'aligned'>
}
export type StochasticSpec = StochasticPeriods & { readonly kind: 'stochastic' }
export type BollingerSpec = {
  readonly kind: 'bollinger'
  readonly period: number
  /** Half the width of the bands in standard deviations. */
  readonly multiplier: number
  readonly convention?: Exclude<DeviationBasis, 'population'>
}
export type ObvSpec = {
  readonly kind: 'obv'
  /** The change within so many candles; without it, the level since counting began. */
  readonly period?: number
  readonly convention?: Exclude<ObvStart, 'first-volume'>
}
export type VwapSpec = {
  readonly kind: 'vwap'
  /** Of so many candles; without it, since the last UTC midnight. */
  readonly period?: number
}

/** Computed by the library that is kept for what is rarely asked for. */
export type LibraryKind =
  | 'cci'
  | 'choppiness'
  | 'cmf'
  | 'cmo'
  | 'dema'
  | 'hma'
  | 'kama'
  | 'mfi'
  | 'roc'
  | 'smma'
  | 'tema'
  | 'vwma'
  | 'williams'
  | 'wma'
export type LibrarySpec = { readonly kind: LibraryKind; readonly period: number }

export const sma = (period: number): SmaSpec => ({ kind: 'sma', period })
export const rsi = (period = 14): RsiSpec => ({ kind: 'rsi', period })

export function ema(period: number, convention?: EmaSpec['convention']): EmaSpec {
  return { kind: 'ema', period, ...given({ convention }) }
}

export function atr(period = 14, convention?: AtrSpec['convention']): AtrSpec {
  return { kind: 'atr', period, ...given({ convention }) }
}

export function adx(period = 14, convention?: AdxSpec['convention']): AdxSpec {
  return { kind: 'adx', period, ...given({ convention }) }
}

export function donchian(period = 20, convention?: DonchianSpec['convention']): DonchianSpec {
  return { kind: 'donchian', period, ...given({ convention }) }
}

export function stddev(
  period = 20,
  convention?: StandardDeviationSpec['convention'],
): StandardDeviationSpec {
  return { kind: 'stddev', period, ...given({ convention }) }
}

export function volatility(period = 20, convention?: VolatilitySpec['convention']): VolatilitySpec {
  return { kind: 'volatility', period, ...given({ convention }) }
}

export function bollinger(
  period = 20,
  multiplier = 2,
  convention?: BollingerSpec['convention'],
): BollingerSpec {
  return { kind: 'bollinger', period, multiplier, ...given({ convention }) }
}

export function macd(fast = 12, slow = 26, signal = 9): MacdSpec {
  return { kind: 'macd', fast, slow, signal }
}

export function stochastic(range = 14, smoothing = 3, signal = 3): StochasticSpec {
  return { kind: 'stochastic', range, smoothing, signal }
}

export function obv(period?: number, convention?: ObvSpec['convention']): ObvSpec {
  return { kind: 'obv', ...given({ period, convention }) }
}

/** `library('cci', 20)`. */
export function library(kind: LibraryKind, period: number): LibrarySpec {
  return { kind, period }
}

export const vwap = (period?: number): VwapSpec => ({ kind: 'vwap', ...given({ period }) })

export type MacdValue = {
  readonly line: number
  readonly signal: number
  readonly histogram: number
}
/** Bollinger bands and Donchian channels. */
export type BandValue = {
  readonly middle: number
  readonly upper: number
  readonly lower: number
}
export type StochasticValue = { readonly k: number; readonly d: number }
export type AdxValue = { readonly adx: number; readonly plus: number; readonly minus: number }

/** What a spec computes: a number, or several by name. */
export type ValueOf<Spec extends IndicatorSpec> = Spec extends MacdSpec
  ? MacdValue
  : Spec extends BollingerSpec | DonchianSpec
    ? BandValue
    : Spec extends StochasticSpec
      ? StochasticValue
      : Spec extends AdxSpec
        ? AdxValue
        : number

type Given<Options> = { readonly [Name in keyof Options]?: NonNullable<Options[Name]> }

/** Only the options that were given, so that equal specs are equal. */
function given<Options extends Readonly<Record<string, unknown>>>(
  options: Options,
): Given<Options> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Given<Options>
}
