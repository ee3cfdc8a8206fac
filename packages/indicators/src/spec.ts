/**
 * An indicator as data: what strategies declare, configuration names and analysis computes. Each
 * spec has one text form (`macd(12,26,9)`) and one name per value (`macd(12,26,9).signal`), which is
 * how its values are called in messages.
 */
export type IndicatorSpec = SmaSpec | EmaSpec | RsiSpec | MacdSpec | BollingerSpec | AtrSpec

export type SmaSpec = { readonly kind: 'sma'; readonly period: number }
export type EmaSpec = { readonly kind: 'ema'; readonly period: number }
export type RsiSpec = { readonly kind: 'rsi'; readonly period: number }
export type AtrSpec = { readonly kind: 'atr'; readonly period: number }
export type MacdSpec = {
  readonly kind: 'macd'
  readonly fast: number
  readonly slow: number
  readonly signal: number
}
export type BollingerSpec = {
  readonly kind: 'bollinger'
  readonly period: number
  /** Half the width of the bands in standard deviations. */
  readonly multiplier: number
}

export const sma = (period: number): SmaSpec => ({ kind: 'sma', period })
export const ema = (period: number): EmaSpec => ({ kind: 'ema', period })
export const rsi = (period = 14): RsiSpec => ({ kind: 'rsi', period })
export const atr = (period = 14): AtrSpec => ({ kind: 'atr', period })
export const macd = (fast = 12, slow = 26, signal = 9): MacdSpec => ({
  kind: 'macd',
  fast,
  slow,
  signal,
})
export const bollinger = (period = 20, multiplier = 2): BollingerSpec => ({
  kind: 'bollinger',
  period,
  multiplier,
})

/** `ema(12)`: the form used in configuration and in messages to people. */
export function formatIndicator(spec: IndicatorSpec): string {
  return `${spec.kind}(${argumentsOf(spec).join(',')})`
}

/** The parts of a spec's value, in the order in which a set lays them out. */
export function partsOf(spec: IndicatorSpec): readonly string[] {
  if (spec.kind === 'macd') return ['line', 'signal', 'histogram']
  if (spec.kind === 'bollinger') return ['middle', 'upper', 'lower']
  return ['value']
}

/** The names of a spec's parts: `ema(12)`, `macd(12,26,9).signal`. */
export function valueNames(spec: IndicatorSpec): readonly string[] {
  const name = formatIndicator(spec)
  const parts = partsOf(spec)
  return parts.length === 1 ? [name] : parts.map((part) => `${name}.${part}`)
}

/** The number of candles with which the last of the spec's values appears. */
export function candlesToFirstValue(spec: IndicatorSpec): number {
  switch (spec.kind) {
    case 'sma':
    case 'ema':
    case 'bollinger':
      return spec.period
    case 'rsi':
    case 'atr':
      return spec.period + 1
    case 'macd':
      return spec.slow + spec.signal - 1
  }
}

/**
 * The number of candles after which the value no longer depends (to 1e-12 of the price) on the
 * candle that was first. A warm-up of this length makes a restart invisible.
 */
export function candlesToSettle(spec: IndicatorSpec): number {
  const decades = 12 * Math.LN10
  switch (spec.kind) {
    case 'sma':
    case 'bollinger':
      return spec.period
    case 'ema':
      return spec.period + Math.ceil((decades * (spec.period + 1)) / 2)
    case 'macd':
      return spec.slow + spec.signal + Math.ceil((decades * (spec.slow + spec.signal + 2)) / 2)
    case 'rsi':
    case 'atr':
      return spec.period + 1 + Math.ceil(decades * spec.period)
  }
}

export class IndicatorSyntaxError extends Error {
  override readonly name = 'IndicatorSyntaxError'
}

const periodMaximum = 10_000

/** Reads `ema(12)`, `rsi`, `macd(12, 26, 9)`; left-out arguments take their usual values. */
export function parseIndicator(text: string): IndicatorSpec {
  const match = /^([a-z]+)(?:\(([^()]*)\))?$/.exec(text.replaceAll(/\s/g, ''))
  const kind = match?.[1] ?? ''
  const form = forms[kind]
  if (form === undefined) {
    const known = Object.values(forms).map((each) => each.example)
    throw new IndicatorSyntaxError(`'${text}' is no indicator; known: ${known.join(', ')}`)
  }
  const given = match?.[2] ?? ''
  const numbers = given === '' ? [] : given.split(',').map(Number)
  if (numbers.length < form.required || numbers.length > form.allowed) {
    throw new IndicatorSyntaxError(`'${text}' has the wrong number of arguments: ${form.example}`)
  }
  const spec = form.make(numbers)
  const fault = faultOf(spec)
  if (fault !== null) throw new IndicatorSyntaxError(`'${text}': ${fault}`)
  return spec
}

type Form = {
  readonly example: string
  readonly required: number
  readonly allowed: number
  make(numbers: readonly number[]): IndicatorSpec
}

const forms: Readonly<Record<string, Form>> = {
  sma: { example: 'sma(20)', required: 1, allowed: 1, make: ([period]) => sma(period as number) },
  ema: { example: 'ema(12)', required: 1, allowed: 1, make: ([period]) => ema(period as number) },
  rsi: { example: 'rsi(14)', required: 0, allowed: 1, make: ([period]) => rsi(period) },
  atr: { example: 'atr(14)', required: 0, allowed: 1, make: ([period]) => atr(period) },
  macd: {
    example: 'macd(12,26,9)',
    required: 0,
    allowed: 3,
    make: ([fast, slow, signal]) => macd(fast, slow, signal),
  },
  bollinger: {
    example: 'bollinger(20,2)',
    required: 0,
    allowed: 2,
    make: ([period, multiplier]) => bollinger(period, multiplier),
  },
}

function faultOf(spec: IndicatorSpec): string | null {
  if (spec.kind === 'bollinger' && !(spec.multiplier > 0 && spec.multiplier <= 100)) {
    return 'the multiplier must be above 0 and at most 100'
  }
  for (const period of periodsOf(spec)) {
    if (!Number.isInteger(period) || period < 1 || period > periodMaximum) {
      return `a period must be a whole number from 1 to ${periodMaximum}`
    }
  }
  if (spec.kind === 'macd' && spec.fast >= spec.slow) return 'fast must be less than slow'
  return null
}

function argumentsOf(spec: IndicatorSpec): readonly number[] {
  return spec.kind === 'bollinger' ? [spec.period, spec.multiplier] : periodsOf(spec)
}

function periodsOf(spec: IndicatorSpec): readonly number[] {
  return spec.kind === 'macd' ? [spec.fast, spec.slow, spec.signal] : [spec.period]
}
