export { Adx } from './adx.ts'
export { Atr } from './atr.ts'
export type { Bar } from './bar.ts'
export { Bollinger } from './bollinger.ts'
export { Donchian } from './donchian.ts'
export { Ema } from './ema.ts'
export { IndicatorSet } from './indicator-set.ts'
export { Macd } from './macd.ts'
export { Obv, ObvChange } from './obv.ts'
export { Rsi } from './rsi.ts'
export { Sma } from './sma.ts'
export {
  adx,
  atr,
  bollinger,
  donchian,
  ema,
  library,
  macd,
  obv,
  rsi,
  sma,
  stddev,
  stochastic,
  volatility,
  vwap,
} from './spec.ts'
export type {
  AdxValue,
  BandValue,
  IndicatorSpec,
  LibraryKind,
  MacdValue,
  StochasticValue,
  ValueOf,
} from './spec.ts'
export { StandardDeviation } from './standard-deviation.ts'
export { Stochastic } from './stochastic.ts'
export {
  candlesToFirstValue,
  candlesToSettle,
  formatIndicator,
  IndicatorSyntaxError,
  parseIndicator,
  partsOf,
  valueNames,
} from './text.ts'
export { Volatility } from './volatility.ts'
export { RollingVwap, Vwap } from './vwap.ts'
