// Two accounts that took the same intents, told by their equity over the same time: what each earned, at
// what risk, and whether the difference is more than chance.
import { bootstrap, blockLengthOf, deviationOf, meanOf, type Estimate } from './bootstrap.ts'

export type EquityPoint = { readonly at: number; readonly equity: number }

export type AccountSeries = { readonly account: string; readonly points: readonly EquityPoint[] }

export type ComparisonOptions = {
  /** Length of a period of return; chosen by the length of the series unless given. */
  readonly periodMs: number | null
  readonly seed: number
  readonly draws: number
  /** Of the intervals, 0.95 for 95 %. */
  readonly level: number
}

export type AccountFigures = {
  readonly account: string
  readonly from: number
  readonly to: number
  /** Of the whole time, 0.1 for ten per cent. */
  readonly return: number
  /** Mean and deviation of the returns of a period. */
  readonly meanReturn: number
  readonly volatility: number
  /** Mean return by its deviation, of one period, not annualised; null where nothing moved. */
  readonly sharpe: number | null
  /** The deepest fall below a peak, as a share of it. */
  readonly drawdownMax: number
}

export type Comparison = {
  readonly accounts: readonly [AccountFigures, AccountFigures]
  readonly periodMs: number
  readonly periods: number
  readonly blockLength: number
  readonly seed: number
  readonly draws: number
  readonly level: number
  /** First less second, of a period. */
  readonly meanReturnDifference: Estimate
  /** Null where one of the two did not move in some of the draws. */
  readonly sharpeDifference: Estimate | null
}

const minute = 60_000
/** From a day down; the longest that leaves enough periods. */
export const periodsMs = [1_440, 240, 60, 15, 5, 1].map((minutes) => minutes * minute)
const periodsEnough = 30
/** Fewer say nothing. */
const periodsMin = 8

export class TooLittleError extends Error {
  override readonly name = 'TooLittleError'
}

/** @throws TooLittleError where the two have too little time in common. */
export function compare(
  first: AccountSeries,
  second: AccountSeries,
  options: ComparisonOptions,
): Comparison {
  const span = commonSpan(first, second)
  const periodMs = options.periodMs ?? periodFor(span)
  const [ofFirst, ofSecond] = [first, second].map(({ points }) => sampled(points, span, periodMs))
  const periods = Math.min(ofFirst!.length, ofSecond!.length) - 1
  if (periods < periodsMin) {
    throw new TooLittleError(
      `${first.account} and ${second.account} have ${Math.max(0, periods)} periods of ` +
        `${periodMs / minute} minutes in common, and at least ${periodsMin} are needed; ` +
        'let both trade longer, or choose a shorter period',
    )
  }
  const pairs = returnsOf(ofFirst!).map(
    (one, index) => [one, returnsOf(ofSecond!)[index]!] as const,
  )
  const { seed, draws, level } = options
  const blockLength = blockLengthOf(periods)
  const how = { seed, draws, level, blockLength }
  const sharpe = bootstrap(pairs, sharpeDifference, how)
  return {
    accounts: [
      figuresOf(first.account, span, ofFirst!),
      figuresOf(second.account, span, ofSecond!),
    ],
    periodMs,
    periods,
    ...how,
    meanReturnDifference: bootstrap(pairs, meanDifference, how),
    sharpeDifference: Object.values(sharpe).every(Number.isFinite) ? sharpe : null,
  }
}

type Span = { readonly from: number; readonly to: number }
type Pair = readonly [first: number, second: number]

function meanDifference(pairs: readonly Pair[]): number {
  return meanOf(pairs.map(([one, other]) => one - other))
}

function sharpeDifference(pairs: readonly Pair[]): number {
  const of = (side: 0 | 1): number => {
    const returns = pairs.map((pair) => pair[side])
    return meanOf(returns) / deviationOf(returns)
  }
  return of(0) - of(1)
}

function commonSpan(first: AccountSeries, second: AccountSeries): Span {
  for (const { account, points } of [first, second]) {
    if (points.length === 0)
      throw new TooLittleError(`no valuation of account ${account} is stored`)
  }
  return {
    from: Math.max(first.points[0]!.at, second.points[0]!.at),
    to: Math.min(first.points.at(-1)!.at, second.points.at(-1)!.at),
  }
}

function periodFor({ from, to }: Span): number {
  return periodsMs.find((period) => (to - from) / period >= periodsEnough) ?? periodsMs.at(-1)!
}

/** The equity at the end of each period: the newest valuation up to then. */
function sampled(points: readonly EquityPoint[], { from, to }: Span, periodMs: number): number[] {
  const values: number[] = []
  let index = 0
  for (let at = from; at <= to; at += periodMs) {
    while (index + 1 < points.length && points[index + 1]!.at <= at) index += 1
    values.push(points[index]!.equity)
  }
  return values
}

/** Logarithmic: they add up over time. */
function returnsOf(values: readonly number[]): number[] {
  return values.slice(1).map((value, index) => Math.log(value / values[index]!))
}

function figuresOf(account: string, { from, to }: Span, values: readonly number[]): AccountFigures {
  const returns = returnsOf(values)
  const volatility = deviationOf(returns)
  const meanReturn = meanOf(returns)
  return {
    account,
    from,
    to,
    return: values.at(-1)! / values[0]! - 1,
    meanReturn,
    volatility,
    sharpe: volatility === 0 ? null : meanReturn / volatility,
    drawdownMax: drawdownMaxOf(values),
  }
}

function drawdownMaxOf(values: readonly number[]): number {
  let peak = -Infinity
  let deepest = 0
  for (const value of values) {
    peak = Math.max(peak, value)
    deepest = Math.max(deepest, 1 - value / peak)
  }
  return deepest
}
