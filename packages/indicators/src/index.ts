export { Atr } from './atr.ts'
export { Bollinger } from './bollinger.ts'
export { Ema } from './ema.ts'
export { IndicatorSet } from './indicator-set.ts'
export { Macd } from './macd.ts'
export type { MacdPeriods, MacdSeeding } from './macd.ts'
export { Rsi } from './rsi.ts'
export { Sma } from './sma.ts'
export {
  atr,
  bollinger,
  candlesToFirstValue,
  candlesToSettle,
  ema,
  formatIndicator,
  IndicatorSyntaxError,
  macd,
  parseIndicator,
  partsOf,
  rsi,
  sma,
  valueNames,
} from './spec.ts'
export type {
  AtrSpec,
  BollingerSpec,
  EmaSpec,
  IndicatorSpec,
  MacdSpec,
  RsiSpec,
  SmaSpec,
} from './spec.ts'
