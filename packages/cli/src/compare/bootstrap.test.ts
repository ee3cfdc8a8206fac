import { describe, expect, test } from 'vitest'
import { blockLengthOf, bootstrap, createDraw, deviationOf, meanOf } from './bootstrap.ts'

const options = { seed: 1, draws: 10_000, blockLength: 1, level: 0.95 }

/** Numbers without a pattern, the same in each run. */
function noise(count: number, seed: number): number[] {
  let state = seed
  return Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647 - 0.5
  })
}

/** Every value leans on the one before it. */
function leaning(count: number, seed: number): number[] {
  let last = 0
  return noise(count, seed).map((step) => (last = 0.7 * last + step))
}

describe('the p-value', () => {
  test('of no difference at all is 1', () => {
    const estimate = bootstrap([0, 0, 0, 0], meanOf, options)
    expect(estimate).toEqual({ value: 0, low: 0, high: 0, pValue: 1, standardError: 0 })
  })

  test('of a difference that never varies is the smallest there is', () => {
    const estimate = bootstrap([0.5, 0.5, 0.5, 0.5], meanOf, options)
    expect(estimate).toMatchObject({ value: 0.5, low: 0.5, high: 0.5, pValue: 1 / 10_001 })
  })

  test('is that of all equally likely draws, counted one by one', () => {
    const series = [3, 1, -2, 4]
    const mean = meanOf(series)
    const every = series.flatMap((a) =>
      series.flatMap((b) => series.flatMap((c) => series.map((d) => meanOf([a, b, c, d])))),
    )
    const exact = every.filter((each) => Math.abs(each - mean) >= mean - 1e-9).length / every.length
    expect(every).toHaveLength(256)
    expect(exact).toBe(63 / 256)
    const { pValue } = bootstrap(series, meanOf, { ...options, draws: 40_000 })
    // Four times the standard error of counting 40,000 draws.
    expect(Math.abs(pValue - exact)).toBeLessThan(4 * Math.sqrt((exact * (1 - exact)) / 40_000))
  })

  test('calls chance a difference about as often as it says', () => {
    const runs = 300
    const wrong = Array.from({ length: runs }, (_, run) => {
      const series = noise(60, 1_000 + 7 * run)
      return bootstrap(series, meanOf, { ...options, draws: 399, seed: run }).pValue < 0.05
    }).filter(Boolean).length
    // 5 % of 300 are 15; a fair coin of that kind falls outside of 4 to 30 once in two thousand times.
    expect(wrong).toBeGreaterThanOrEqual(4)
    expect(wrong).toBeLessThanOrEqual(30)
  })

  test('is small for a difference that is there', () => {
    const series = noise(120, 5).map((each) => each + 0.25)
    expect(bootstrap(series, meanOf, options).pValue).toBeLessThan(0.001)
  })
})

describe('the spread of the draws', () => {
  test('of single values is the deviation by the root of the count', () => {
    const series = noise(50, 3)
    const { standardError } = bootstrap(series, meanOf, { ...options, draws: 20_000 })
    expect(standardError / (deviationOf(series) / Math.sqrt(50))).toBeCloseTo(1, 1)
  })

  /** Lemma 1 of Politis and Romano (1994): what the draws of all blocks come to, without drawing. */
  function varianceOf(series: readonly number[], blockLength: number): number {
    const count = series.length
    const mean = meanOf(series)
    const covariance = (lag: number): number => {
      const products = series.slice(lag).map((value, index) => {
        return (value - mean) * (series[index]! - mean)
      })
      return products.reduce((total, each) => total + each, 0) / count
    }
    const stay = 1 - 1 / blockLength
    let variance = covariance(0)
    for (let lag = 1; lag < count; lag += 1) {
      const weight = (1 - lag / count) * stay ** lag + (lag / count) * stay ** (count - lag)
      variance += 2 * weight * covariance(lag)
    }
    return variance / count
  }

  test.each([1, 4, 10])('of blocks of %i on average is that of the formula', (blockLength) => {
    const series = leaning(80, 11)
    const { standardError } = bootstrap(series, meanOf, { ...options, blockLength, draws: 20_000 })
    expect(standardError / Math.sqrt(varianceOf(series, blockLength))).toBeCloseTo(1, 1)
  })

  test('is wider in blocks where values lean on each other', () => {
    const series = leaning(200, 11)
    const of = (blockLength: number) => bootstrap(series, meanOf, { ...options, blockLength })
    expect(of(8).standardError).toBeGreaterThan(1.5 * of(1).standardError)
  })

  test('lies in the interval, wider at a higher level', () => {
    const series = noise(60, 9)
    const [narrow, wide] = [0.8, 0.99].map((level) =>
      bootstrap(series, meanOf, { ...options, level }),
    )
    expect(narrow!.low).toBeLessThan(narrow!.value)
    expect(narrow!.high).toBeGreaterThan(narrow!.value)
    expect(wide!.low).toBeLessThan(narrow!.low)
    expect(wide!.high).toBeGreaterThan(narrow!.high)
  })
})

describe('a draw', () => {
  test('is as long as the series and of its indices, the same for the same seed', () => {
    const [draw, again, other] = [1, 1, 2].map((seed) => createDraw(40, { seed, blockLength: 5 }))
    const indices = draw!()
    expect(indices).toHaveLength(40)
    expect(indices.every((index) => Number.isInteger(index) && index >= 0 && index < 40)).toBe(true)
    expect(again!()).toEqual(indices)
    expect(other!()).not.toEqual(indices)
  })

  test('goes on with the next value as often as the mean length says', () => {
    const draw = createDraw(100, { seed: 4, blockLength: 5 })
    let follows = 0
    for (let run = 0; run < 200; run += 1) {
      const indices = draw()
      follows += indices.slice(1).filter((index, at) => index === (indices[at]! + 1) % 100).length
    }
    // Four in five go on; of those that do not, one in a hundred hits the next by chance.
    expect(follows / (200 * 99)).toBeCloseTo(0.8 + 0.2 / 100, 1)
  })

  test('of nothing is refused', () => {
    expect(() => bootstrap([], meanOf, options)).toThrow(/nothing to draw/)
  })
})

test.each([
  [1, 1],
  [8, 2],
  [30, 3],
  [1_000, 10],
])('%i values are drawn in blocks of %i', (count, length) => {
  expect(blockLengthOf(count)).toBe(length)
})
