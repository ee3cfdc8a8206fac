export { consensusOf } from './consensus.ts'
export { defineStrategy } from './define-strategy.ts'
export { clampConfidence, exitParameters, period } from './parameters.ts'
export {
  stopLossPercentDefault,
  StrategyFaultError,
  takeProfitPercentDefault,
} from './priced-wish.ts'
export { shippedStrategies, strategyFolder } from './shipped.ts'
export { bollingerBreakout } from './strategies/bollinger-breakout.ts'
export { consensus } from './strategies/consensus.ts'
export { emaCrossover } from './strategies/ema-crossover.ts'
export { momentumBreakout } from './strategies/momentum-breakout.ts'
export { rsiReversion } from './strategies/rsi-reversion.ts'
export type {
  ConfiguredStrategy,
  EnterWish,
  Evaluation,
  EvaluationInput,
  ExitWish,
  HeldPosition,
  Needs,
  PricedWish,
  Reaction,
  Strategy,
  StrategyContext,
  StrategyDefinition,
  StrategyState,
  ValuesOf,
} from './strategy.ts'
export {
  adx,
  atr,
  bollinger,
  donchian,
  ema,
  formatIndicator,
  library,
  macd,
  obv,
  rsi,
  sma,
  stddev,
  stochastic,
  volatility,
  vwap,
} from '@flotilla/indicators'
export type {
  AdxValue,
  BandValue,
  IndicatorSpec,
  MacdValue,
  StochasticValue,
  ValueOf,
} from '@flotilla/indicators'
