import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { candle, epoch, minute } from '../testing.ts'
import { believeClosed, skewOf } from './venue-clock.ts'

describe('the difference of the clocks', () => {
  it('is what is left when the way is taken out of account', () => {
    expect(skewOf({ askedAt: 1_000, answeredAt: 1_100, venueTime: 301_050 })).toBe(299_950)
    expect(skewOf({ askedAt: 300_000, answeredAt: 300_100, venueTime: 50 })).toBe(-299_950)
  })

  it('is nothing while the way explains it', () => {
    expect(skewOf({ askedAt: 1_000, answeredAt: 3_000, venueTime: 2_900 })).toBe(0)
    expect(skewOf({ askedAt: 1_000, answeredAt: 3_000, venueTime: 1_001 })).toBe(0)
  })

  it('is never more than the true one, and short of it by the time of the way at most', () => {
    const duration = fc.integer({ min: 0, max: 5_000 })
    fc.assert(
      fc.property(fc.integer({ min: -600_000, max: 600_000 }), duration, duration, (...draw) => {
        const [truth, there, back] = draw
        const askedAt = epoch
        const answeredAt = askedAt + there + back
        const skew = skewOf({ askedAt, answeredAt, venueTime: askedAt + there + truth })
        expect(Math.abs(skew)).toBeLessThanOrEqual(Math.abs(truth) + 1)
        expect(Math.abs(truth - skew)).toBeLessThanOrEqual(there + back + 1)
      }),
    )
  })
})

it('a candle that ends in the future is forming, whoever calls it closed', () => {
  const [over, last, forming] = [candle(0), candle(1), candle(2)]
  const told = believeClosed([over, last, forming], epoch + 2 * minute)
  expect(told.map(({ closed }) => closed)).toEqual([true, true, false])
  expect(believeClosed([{ ...over, closed: false }], epoch + 9 * minute)[0]?.closed).toBe(false)
})
