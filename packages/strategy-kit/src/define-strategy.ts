import { epochMs } from '@flotilla/contracts'
import type { SignalsComputed } from '@flotilla/contracts'
import { partsOf, valueNames } from '@flotilla/indicators'
import type { IndicatorSpec } from '@flotilla/indicators'
import type { z } from 'zod'
import { pricedWish, StrategyFaultError } from './priced-wish.ts'
import type {
  ConfiguredStrategy,
  Evaluation,
  EvaluationInput,
  Needs,
  Strategy,
  StrategyDefinition,
  StrategyState,
  ValuesOf,
} from './strategy.ts'

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
  const wish = reaction.wish === null ? null : pricedWish(definition.name, reaction.wish, analysis)
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
