export {
  defineStrategy,
  stopLossPercentDefault,
  StrategyFaultError,
  takeProfitPercentDefault,
} from './define-strategy.ts'
export { clampConfidence, exitParameters, period } from './parameters.ts'
export { shippedStrategies } from './shipped.ts'
export { emaCrossover } from './strategies/ema-crossover.ts'
export { rsiReversion } from './strategies/rsi-reversion.ts'
export type {
  BollingerValue,
  ConfiguredStrategy,
  EnterWish,
  Evaluation,
  EvaluationInput,
  ExitWish,
  HeldPosition,
  MacdValue,
  Needs,
  PricedWish,
  Reaction,
  Strategy,
  StrategyContext,
  StrategyDefinition,
  StrategyState,
  ValueOf,
  ValuesOf,
} from './strategy.ts'
export {
  atr,
  bollinger,
  ema,
  formatIndicator,
  macd,
  rsi,
  sma,
  type IndicatorSpec,
} from '@flotilla/indicators'
