import { epochMs } from '@flotilla/contracts'
import type { SignalsComputed } from '@flotilla/contracts'
import { partsOf, valueNames } from '@flotilla/indicators'
import type { IndicatorSpec } from '@flotilla/indicators'
import { Decimal } from '@flotilla/money'
import type { z } from 'zod'
import type {
  ConfiguredStrategy,
  EnterWish,
  Evaluation,
  EvaluationInput,
  ExitWish,
  Needs,
  PricedWish,
  Strategy,
  StrategyDefinition,
  StrategyState,
  ValuesOf,
} from './strategy.ts'

/** The strategy's answer makes no sense: a fault of its author, told with the strategy's name. */
export class StrategyFaultError extends Error {
  override readonly name = 'StrategyFaultError'
}

/** Defaults of the product: a loss of 5 % and a profit of 10 % close a position. */
export const stopLossPercentDefault = 5
export const takeProfitPercentDefault = 10

export function defineStrategy<
  Schema extends z.ZodObject,
  State extends StrategyState,
  Need extends Needs,
>(definition: StrategyDefinition<Schema, State, Need>): Strategy {
  const { name, summary, parameters } = definition
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new StrategyFaultError(`'${name}' is no strategy name: use lower case and hyphens`)
  }
  return {
    name,
    summary,
    parameters,
    configure: (given) => configure(definition, parameters.parse(given)),
  }
}

function configure<Schema extends z.ZodObject, State extends StrategyState, Need extends Needs>(
  definition: StrategyDefinition<Schema, State, Need>,
  parameters: z.infer<Schema>,
): ConfiguredStrategy {
  const needs = definition.needs(parameters).indicators
  const specs = Object.values(needs)
  return {
    name: definition.name,
    indicators: specs,
    initialState: definition.initialState,
    evaluate: (input) => evaluate({ definition, parameters, needs, specs }, input),
  }
}

type Configured<Schema extends z.ZodObject, State extends StrategyState, Need extends Needs> = {
  readonly definition: StrategyDefinition<Schema, State, Need>
  readonly parameters: z.infer<Schema>
  readonly needs: Need
  readonly specs: readonly IndicatorSpec[]
}

function evaluate<Schema extends z.ZodObject, State extends StrategyState, Need extends Needs>(
  configured: Configured<Schema, State, Need>,
  input: EvaluationInput,
): Evaluation {
  const { definition, parameters, needs, specs } = configured
  const { analysis, position } = input
  const missing = specs
    .flatMap((spec) => valueNames(spec))
    .filter((name) => analysis.indicators[name] === undefined)
  if (missing.length > 0) return { kind: 'not-warm', missing }
  const reaction = definition.onAnalysis({
    symbol: analysis.symbol,
    timeframe: analysis.timeframe,
    openTime: epochMs(analysis.candleOpenTime),
    closeTime: epochMs(analysis.candleCloseTime),
    price: Number(analysis.close),
    indicators: valuesOf(needs, analysis),
    readings: analysis.readings,
    score: analysis.score,
    position,
    parameters,
    // The state is what this very strategy returned before, or its initial state.
    state: input.state as State,
  })
  const wish = reaction.wish === null ? null : price(definition.name, reaction.wish, analysis)
  return { kind: 'evaluated', state: reaction.state, wish }
}

function valuesOf<Need extends Needs>(needs: Need, analysis: SignalsComputed): ValuesOf<Need> {
  const entries = Object.entries(needs).map(([name, spec]) => [name, valueOf(spec, analysis)])
  // Each entry has the shape that its spec's kind says; the compiler cannot follow that through.
  return Object.fromEntries(entries) as ValuesOf<Need>
}

function valueOf(
  spec: IndicatorSpec,
  analysis: SignalsComputed,
): number | Readonly<Record<string, number>> {
  const values = valueNames(spec).map((name) => analysis.indicators[name] as number)
  const parts = partsOf(spec)
  if (parts.length === 1) return values[0] as number
  return Object.fromEntries(parts.map((part, index) => [part, values[index] as number]))
}

function price(
  strategy: string,
  wish: EnterWish | ExitWish,
  analysis: SignalsComputed,
): PricedWish {
  const { confidence, reason } = wish
  if (!(confidence >= 0 && confidence <= 100)) {
    throw new StrategyFaultError(`${strategy}: confidence ${confidence} is not from 0 to 100`)
  }
  if (reason.trim() === '' || reason.length > 500) {
    throw new StrategyFaultError(`${strategy}: a wish needs a reason of 1 to 500 characters`)
  }
  const expectedPrice = Decimal.from(analysis.close)
  if (wish.action === 'exit') return { action: 'exit', confidence, reason, expectedPrice }
  return {
    action: 'enter',
    confidence,
    reason,
    expectedPrice,
    ...exitsOf(strategy, wish, expectedPrice),
  }
}

function exitsOf(
  strategy: string,
  wish: EnterWish,
  expectedPrice: Decimal,
): { readonly stopLossPrice: Decimal; readonly takeProfitPrice: Decimal } {
  const { stopLossPercent = stopLossPercentDefault, takeProfitPercent = takeProfitPercentDefault } =
    wish
  if (!(stopLossPercent > 0 && stopLossPercent < 100 && takeProfitPercent > 0)) {
    throw new StrategyFaultError(
      `${strategy}: a stop of ${stopLossPercent} % and a profit of ${takeProfitPercent} % make no sense`,
    )
  }
  return {
    stopLossPrice: expectedPrice.times(share(100 - stopLossPercent)),
    takeProfitPrice: expectedPrice.times(share(100 + takeProfitPercent)),
  }
}

/** Per cent as an exact factor with six digits, which is finer than anyone sets a stop. */
function share(percent: number): Decimal {
  return Decimal.scaled(BigInt(Math.round(percent * 10_000)), 6)
}
