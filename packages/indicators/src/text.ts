import { definitionNamed, definitionOf, examples } from './definitions.ts'
import type { Definition } from './definition.ts'
import type { IndicatorSpec } from './spec.ts'

/** `ema(12)`, `adx(14,wilder)`: the form used in configuration and in messages to people. */
export function formatIndicator(spec: IndicatorSpec): string {
  const numbers = definitionOf(spec).numbersOf(spec)
  const convention = 'convention' in spec ? spec.convention : undefined
  const given = convention === undefined ? numbers : [...numbers, convention]
  return given.length === 0 ? spec.kind : `${spec.kind}(${given.join(',')})`
}

/** The parts of a spec's value, in the order in which a set lays them out. */
export function partsOf(spec: IndicatorSpec): readonly string[] {
  return definitionOf(spec).parts
}

/** The names of a spec's parts: `ema(12)`, `macd(12,26,9).signal`. */
export function valueNames(spec: IndicatorSpec): readonly string[] {
  const name = formatIndicator(spec)
  const parts = partsOf(spec)
  return parts.length === 1 ? [name] : parts.map((part) => `${name}.${part}`)
}

/** The number of candles with which the last of the spec's values appears, at the earliest. */
export function candlesToFirstValue(spec: IndicatorSpec): number {
  return definitionOf(spec).candlesToFirstValue(spec)
}

/**
 * The number of candles after which the value no longer depends (to 1e-12 of the price) on the
 * candle that was first. A warm-up of this length makes a restart invisible. The length of a candle
 * matters to what begins anew with the day.
 */
export function candlesToSettle(spec: IndicatorSpec, intervalMs: number): number {
  return definitionOf(spec).candlesToSettle(spec, intervalMs)
}

export class IndicatorSyntaxError extends Error {
  override readonly name = 'IndicatorSyntaxError'
}

const periodMaximum = 10_000

/** Reads `ema(12)`, `rsi`, `macd(12, 26, 9)`; left-out numbers take their usual values. */
export function parseIndicator(text: string): IndicatorSpec {
  const match = /^([a-z]+)(?:\(([^()]*)\))?$/.exec(text.replaceAll(/\s/g, ''))
  const definition = definitionNamed(match?.[1] ?? '')
  if (definition === undefined) {
    throw new IndicatorSyntaxError(`'${text}' is no indicator; known: ${examples.join(', ')}`)
  }
  const words = (match?.[2] ?? '').split(',').filter((word) => word !== '')
  const convention = definition.conventions.find((each) => each === words.at(-1))
  const numbers = (convention === undefined ? words : words.slice(0, -1)).map(Number)
  const [required, allowed] = definition.numbers
  if (numbers.length < required || numbers.length > allowed) {
    const usage = usageOf(definition)
    throw new IndicatorSyntaxError(`'${text}' has the wrong number of arguments: ${usage}`)
  }
  const spec = definition.make(numbers, convention)
  const fault = faultOf(spec)
  if (fault !== null) throw new IndicatorSyntaxError(`'${text}': ${fault}: ${usageOf(definition)}`)
  return spec
}

/** `adx(14), or with a convention at its end: wilder`. */
function usageOf({ example, conventions }: Definition<IndicatorSpec>): string {
  if (conventions.length === 0) return example
  return `${example}, or with a convention at its end: ${conventions.join(', ')}`
}

function faultOf(spec: IndicatorSpec): string | null {
  const definition = definitionOf(spec)
  // Only a multiplier may have a fraction.
  const numbers = definition.numbersOf(spec)
  const periods = spec.kind === 'bollinger' ? numbers.slice(0, 1) : numbers
  for (const period of periods) {
    if (!Number.isInteger(period) || period < 1 || period > periodMaximum) {
      return `a period must be a whole number from 1 to ${periodMaximum}`
    }
  }
  return definition.fault?.(spec) ?? null
}
