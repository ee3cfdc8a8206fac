// Is the mean of a series of paired differences anything but chance? Answered by the stationary
// bootstrap: the series is drawn again and again in blocks of random length, so that what follows upon
// each other in time stays together, and the mean of each draw is looked at.
//
// Sources: Politis and Romano, "The Stationary Bootstrap", Journal of the American Statistical
// Association 89 (1994), for the draw; Davison and Hinkley, "Bootstrap Methods and their Application"
// (1997), section 4.4 for the p-value and 5.3 for the percentile interval; the length of the
// blocks grows with the cube root of the series (Hall, Horowitz and Jing, Biometrika 82, 1995).
//
// Statistics, hence numbers: nothing is paid with them.
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export type BootstrapOptions = {
  /** The same seed gives the same answer. */
  readonly seed: number
  /** How many draws; 1 or more. */
  readonly draws: number
  /** Mean length of a block, 1 or more: 1 draws every value by itself. */
  readonly blockLength: number
  /** Of the interval, 0.95 for 95 %. */
  readonly level: number
}

export type Estimate = {
  /** The statistic of the series itself. */
  readonly value: number
  /** The interval in which the level's share of the draws lies. */
  readonly low: number
  readonly high: number
  /** How often chance alone would bring a value as far from zero, 0 to 1. */
  readonly pValue: number
  /** Standard deviation over the draws. */
  readonly standardError: number
}

/** `max(1, round(n^(1/3)))`. */
export function blockLengthOf(count: number): number {
  return Math.max(1, Math.round(Math.cbrt(count)))
}

/**
 * The statistic of paired series, drawn with the same indices from all of them: the market, which they
 * share, is the same in each draw.
 *
 * p = (1 + #{|t* - t| >= |t|}) / (draws + 1), t* of the draws and t of the series: the draws, moved
 * to a mean of zero, are what would come of no difference at all.
 * @throws RangeError where there is no value to draw.
 */
export function bootstrap<Sample>(
  series: readonly Sample[],
  statistic: (sample: readonly Sample[]) => number,
  options: BootstrapOptions,
): Estimate {
  if (series.length === 0) throw new RangeError('there is nothing to draw from')
  const value = statistic(series)
  const draw = createDraw(series.length, options)
  const drawn = Array.from({ length: options.draws }, () =>
    statistic(draw().map((index) => series[index]!)),
  ).toSorted((left, right) => left - right)
  // A hair's breadth of rounding must not decide about equality.
  const far = Math.abs(value) * (1 - 1e-12)
  const asFar = drawn.filter((each) => Math.abs(each - value) >= far).length
  const tail = (1 - options.level) / 2
  return {
    value,
    low: quantileOf(drawn, tail),
    high: quantileOf(drawn, 1 - tail),
    pValue: (1 + asFar) / (options.draws + 1),
    standardError: deviationOf(drawn),
  }
}

/** Each call gives the indices of one draw, as many as the series has values. */
export function createDraw(
  count: number,
  { seed, blockLength }: Pick<BootstrapOptions, 'seed' | 'blockLength'>,
): () => readonly number[] {
  const random = xoroshiro128plus(seed)
  return () => {
    let index = 0
    return Array.from({ length: count }, (_, position) => {
      const anew = position === 0 || uniformFloat64(random) < 1 / blockLength
      index = anew ? uniformInt(random, 0, count - 1) : (index + 1) % count
      return index
    })
  }
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length
}

/** Of the population: divided by n. */
export function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values)
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)))
}

/** Of sorted values, with linear interpolation between neighbours. */
function quantileOf(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below] ?? Number.NaN
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? low
  return low + (high - low) * (place - below)
}
