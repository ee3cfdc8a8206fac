/**
 * What a strategy is. An author gives `defineStrategy` one pure function from an analysis to a wish;
 * the same file then runs live, on paper and in a backtest. What the function sees is one closed
 * candle's analysis, its own position and its own state: it cannot reach anything else, so it cannot
 * look ahead.
 */
import type { SignalsComputed } from '@flotilla/contracts'
import type { IndicatorSpec, ValueOf } from '@flotilla/indicators'
import type { Decimal } from '@flotilla/money'
import type { z } from 'zod'

/** Whatever survives JSON. It is kept across restarts. */
export type StrategyState =
  | null
  | boolean
  | number
  | string
  | readonly StrategyState[]
  | { readonly [key: string]: StrategyState }

/** The indicators a strategy needs, under names of its own. */
export type Needs = Readonly<Record<string, IndicatorSpec>>

export type ValuesOf<Need extends Needs> = { readonly [Name in keyof Need]: ValueOf<Need[Name]> }

export type HeldPosition = {
  /** Of the base asset; a statistic, not the ledger's figure. */
  readonly quantity: number
  readonly averageEntryPrice: number | null
}

export type StrategyContext<Parameters, State, Need extends Needs> = {
  readonly symbol: string
  readonly timeframe: string
  /** Of the candle, epoch milliseconds; the market's time is `closeTime`. */
  readonly openTime: number
  readonly closeTime: number
  /** The candle's close. */
  readonly price: number
  /** All of them have a value: a strategy is not asked before. */
  readonly indicators: ValuesOf<Need>
  readonly readings: SignalsComputed['readings']
  readonly score: number | null
  /** What this strategy holds of the symbol; null when it is flat. */
  readonly position: HeldPosition | null
  readonly parameters: Parameters
  readonly state: State
}

export type EnterWish = {
  readonly action: 'enter'
  /** 0 to 100. */
  readonly confidence: number
  /** One sentence for people. */
  readonly reason: string
  /** How far below the price the stop is suggested; 5 unless given. */
  readonly stopLossPercent?: number
  /** How far above the price the profit is taken; 10 unless given. */
  readonly takeProfitPercent?: number
  /**
   * When what is traded on began, epoch milliseconds: the start of a pump, not this candle. Entries
   * into what began too long ago are filtered; one without it is taken to begin with its candle.
   */
  readonly setupSince?: number
}

export type ExitWish = {
  readonly action: 'exit'
  readonly confidence: number
  readonly reason: string
}

export type Reaction<State> = {
  readonly state: State
  readonly wish: EnterWish | ExitWish | null
}

export type StrategyDefinition<
  Schema extends z.ZodObject,
  State extends StrategyState,
  Need extends Needs,
> = {
  /** Kebab-case; how configuration and messages name it. */
  readonly name: string
  readonly summary: string
  /** Every parameter with its range and default, so that it can be checked and optimised. */
  readonly parameters: Schema
  readonly needs: (parameters: z.infer<Schema>) => { readonly indicators: Need }
  readonly initialState: State
  readonly onAnalysis: (context: StrategyContext<z.infer<Schema>, State, Need>) => Reaction<State>
}

/** A strategy as the fleet handles it, whatever its parameters and state are. */
export type Strategy = {
  readonly name: string
  readonly summary: string
  readonly parameters: z.ZodObject
  /** @throws z.ZodError when the parameters are out of their ranges. */
  configure(parameters: unknown): ConfiguredStrategy
}

export type ConfiguredStrategy = {
  readonly name: string
  readonly indicators: readonly IndicatorSpec[]
  readonly initialState: StrategyState
  /** @throws StrategyFaultError when the strategy's answer makes no sense. */
  evaluate(input: EvaluationInput): Evaluation
}

export type EvaluationInput = {
  readonly analysis: SignalsComputed
  readonly position: HeldPosition | null
  readonly state: StrategyState
}

export type Evaluation =
  /** Values that are not in the analysis: not warm yet, or not computed at all. */
  | { readonly kind: 'not-warm'; readonly missing: readonly string[] }
  | { readonly kind: 'evaluated'; readonly state: StrategyState; readonly wish: PricedWish | null }

export type PricedWish =
  | {
      readonly action: 'enter'
      readonly confidence: number
      readonly reason: string
      readonly expectedPrice: Decimal
      readonly stopLossPrice: Decimal
      readonly takeProfitPrice: Decimal
      /** Null when the entry began with its candle. */
      readonly setupSince: number | null
    }
  | {
      readonly action: 'exit'
      readonly confidence: number
      readonly reason: string
      readonly expectedPrice: Decimal
    }
