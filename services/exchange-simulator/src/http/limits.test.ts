import { expect, test } from 'vitest'
import { SimulatorConfigSchema } from '../config.ts'
import { Limits } from './limits.ts'

test('what was used is kept for as long as the minute lasts, and no longer', () => {
  // A clock that goes on between some looks at it, and not between others.
  let now = Date.UTC(2026, 10, 2, 12)
  let looks = 0
  const realNow = () => {
    looks += 1
    if (looks % 3 === 0) now += 1
    return now
  }
  const limits = new Limits(SimulatorConfigSchema.parse({}), realNow)
  for (let count = 1; count <= 1_000; count += 1) {
    expect(limits.enter(1)).toBeNull()
    limits.countOrders(1)
    expect([limits.usedWeight, limits.orderCount.day]).toEqual([count, count])
  }
  now += 60_000
  expect([limits.usedWeight, limits.orderCount.day]).toEqual([0, 1_000])
})
