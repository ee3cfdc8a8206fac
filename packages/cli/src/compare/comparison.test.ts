import { describe, expect, test } from 'vitest'
import { compare, periodsMs, type AccountSeries, type EquityPoint } from './comparison.ts'
import { comparisonText } from './comparison-text.ts'

const minute = 60_000
const options = { periodMs: minute, seed: 1, draws: 999, level: 0.95 }

function series(account: string, values: readonly number[], startAt = 0): AccountSeries {
  const points = values.map((equity, index): EquityPoint => ({
    at: startAt + index * minute,
    equity,
  }))
  return { account, points }
}

/** The same market for both: up and down, with a share of the account in it. */
function invested(share: number, count = 60, drift = 0): number[] {
  let equity = 1_000
  let state = 42
  return Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647
    equity *= 1 + share * ((state / 2_147_483_647 - 0.5) * 0.01 + drift)
    return equity
  })
}

test('figures of an account are those of its series', () => {
  const one = series('one', [100, 110, 99, 99, 118.8, 118.8, 118.8, 118.8, 118.8])
  const { accounts, periods } = compare(one, series('two', Array(9).fill(50)), options)
  expect(periods).toBe(8)
  expect(accounts[0].return).toBeCloseTo(0.188, 12)
  expect(accounts[0].meanReturn).toBeCloseTo(Math.log(1.188) / 8, 12)
  expect(accounts[0].drawdownMax).toBeCloseTo(0.1, 12)
  expect(accounts[1]).toMatchObject({ return: 0, volatility: 0, sharpe: null, drawdownMax: 0 })
})

test('an account compared with itself is no better', () => {
  const same = invested(0.8)
  const { meanReturnDifference, sharpeDifference } = compare(
    series('one', same),
    series('two', same),
    options,
  )
  expect(meanReturnDifference).toMatchObject({ value: 0, pValue: 1, low: 0, high: 0 })
  expect(sharpeDifference).toMatchObject({ value: 0, pValue: 1 })
})

test('30 % and 80 % of the same trades differ in return, and hardly in what they earn for their risk', () => {
  const bold = series('bold', invested(0.8, 200, 0.003))
  const cautious = series('cautious', invested(0.3, 200, 0.003))
  const comparison = compare(bold, cautious, options)
  expect(comparison.meanReturnDifference.value).toBeGreaterThan(0)
  expect(comparison.meanReturnDifference.pValue).toBeLessThan(0.05)
  expect(Math.abs(comparison.sharpeDifference?.value ?? 1)).toBeLessThan(0.05)
  const [one, other] = comparison.accounts
  expect(one.volatility / other.volatility).toBeCloseTo(8 / 3, 1)
})

test('the same seed gives the same comparison', () => {
  const pair = [series('one', invested(0.8)), series('two', invested(0.3))] as const
  expect(compare(...pair, options)).toEqual(compare(...pair, options))
  expect(compare(...pair, { ...options, seed: 2 })).not.toEqual(compare(...pair, options))
})

describe('the time that counts', () => {
  test('is what both have, sampled at the end of each period', () => {
    const early = series('early', invested(0.8, 60))
    const late = series('late', invested(0.3, 60), 20 * minute)
    const { accounts, periods } = compare(early, late, options)
    expect([accounts[0].from, accounts[0].to]).toEqual([20 * minute, 59 * minute])
    expect(periods).toBe(39)
  })

  test.each([
    [31, 1],
    [151, 5],
    [40 * 1_440 + 1, 1_440],
  ])('of %i minutes falls into periods of %i', (count, minutes) => {
    const sparse = (share: number) => {
      const { points } = series('x', invested(share, count))
      return points.filter((_, index) => index % minutes === 0 || index === count - 1)
    }
    const chosen = compare(
      { account: 'one', points: sparse(0.8) },
      { account: 'two', points: sparse(0.3) },
      { ...options, periodMs: null, draws: 1 },
    )
    expect(chosen.periodMs).toBe(minutes * minute)
    expect(periodsMs).toContain(chosen.periodMs)
  })

  test('that is too short is refused, and says what would do', () => {
    const short = series('one', invested(0.8, 5))
    expect(() => compare(short, series('two', invested(0.3, 5)), options)).toThrow(
      /one and two have 4 periods of 1 minutes in common, and at least 8 are needed/,
    )
    expect(() => compare(series('one', []), short, options)).toThrow(/no valuation of account one/)
  })
})

test('the report names accounts, differences and what they are worth', () => {
  const comparison = compare(
    series('bold', invested(0.8, 200, 0.003)),
    series('cautious', invested(0.3, 200, 0.003)),
    options,
  )
  const text = comparisonText(comparison, false)
  expect(text).toMatch(/^bold and cautious, 1970-01-01T00:00:00\.000Z to .*: 199 periods of 1 min/)
  expect(text).toMatch(/bold less cautious +difference +95 % interval +p/)
  expect(text).toMatch(/bold earned more, and chance alone is an unlikely reason \(p 0\.\d{4}\)/)
  expect(text).toMatch(/999 draws in blocks of\n +6 periods on average, seed 1/)
})
