import { describe, expect, it } from 'vitest'

import { VenueTime } from './venue-time.ts'

/** Our clock and the venue's, with answers that take as long as the test says. */
function clocks(options: { aheadMs: number; tookMs: readonly number[] }) {
  let now = 1_000_000
  let asked = 0
  const time = new VenueTime({
    ask: async () => {
      const took = options.tookMs[asked % options.tookMs.length] ?? 0
      asked += 1
      now += took / 2
      const venueTime = now + options.aheadMs
      now += took / 2
      return venueTime
    },
    now: () => now,
    intervalMs: 1_000_000,
  })
  return { time, asked: () => asked, actual: () => now + options.aheadMs }
}

describe('the time of the venue', () => {
  it.each([-90_000, 0, 90_000])('is never ahead of its clock, %i ms from ours', async (aheadMs) => {
    const { time, actual } = clocks({ aheadMs, tookMs: [400, 20, 100] })
    await time.ensure()
    expect(time.current()).toBeLessThanOrEqual(actual())
    expect(actual() - time.current()).toBe(10)
  })

  it('is measured once for several who ask at the same moment, and not again while it is fresh', async () => {
    const { time, asked } = clocks({ aheadMs: 0, tookMs: [10] })
    await Promise.all([time.ensure(), time.ensure()])
    await time.ensure()
    expect(asked()).toBe(3)
  })

  it('stays what it was when a later measurement fails', async () => {
    let fails = false
    const time = new VenueTime({
      ask: async () => {
        if (fails) throw new Error('down')
        return 5_000
      },
      now: () => 1_000,
      intervalMs: 0,
    })
    await time.ensure()
    fails = true
    await time.ensure()
    expect(time.current()).toBe(5_000)
  })

  it('fails loudly when it could never be measured', async () => {
    const ask = () => Promise.reject(new Error('down'))
    const time = new VenueTime({ ask, now: () => 0, intervalMs: 0 })
    await expect(time.ensure()).rejects.toThrow('down')
  })
})
