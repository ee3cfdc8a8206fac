import { describe, expect, it } from 'vitest'
import { afterFault, healthy, jitterOf, mayAsk, mustProbe } from './index.ts'
import type { SourceFault, SourceHealth } from './index.ts'

const passing: SourceFault = { reason: 'timeout', permanent: false, retryAfterMs: null }
const limits = { minimumMs: 1_000, maximumMs: 60_000, spread: 0 }

describe('the health of a source', () => {
  it('a passing fault is waited out, twice as long each time, up to a limit', () => {
    let health: SourceHealth = healthy
    const waits = Array.from({ length: 8 }, () => {
      health = afterFault(health, passing, { ...limits, now: 0 })
      return health.state === 'degraded' ? health.retryAt : null
    })
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
  })

  it('it is asked again when the wait is over, not before', () => {
    const health = afterFault(healthy, passing, { ...limits, now: 500 })
    expect([mayAsk(health, 1_499), mayAsk(health, 1_500)]).toEqual([false, true])
  })

  it('a wait that the venue asks for is kept, also when it is longer than ours', () => {
    const fault = { ...passing, retryAfterMs: 90_000 }
    expect(afterFault(healthy, fault, { ...limits, now: 0 })).toMatchObject({ retryAt: 90_000 })
  })

  it('the spread makes the wait up to a quarter longer', () => {
    expect(afterFault(healthy, passing, { ...limits, now: 0, spread: 1 })).toMatchObject({
      retryAt: 1_250,
    })
  })

  it('a fault that only a person can mend disables for good', () => {
    const disabled = afterFault(healthy, { ...passing, permanent: true }, { ...limits, now: 0 })
    expect(disabled.state).toBe('disabled')
    expect(mayAsk(disabled, Number.MAX_SAFE_INTEGER)).toBe(false)
    expect(afterFault(disabled, passing, { ...limits, now: 0 })).toBe(disabled)
  })

  it('after several faults in a row a small question goes first', () => {
    let health: SourceHealth = healthy
    const probes = Array.from({ length: 5 }, () => {
      health = afterFault(health, passing, { ...limits, now: 0 })
      return mustProbe(health, 3)
    })
    expect(probes).toEqual([false, false, true, true, true])
    expect(mustProbe(healthy, 1)).toBe(false)
  })

  it('jitter comes from a seed: the same again, other for another attempt or another seed', () => {
    const draws = Array.from({ length: 200 }, (_, attempt) => jitterOf('one', attempt))
    expect(draws).toEqual(Array.from({ length: 200 }, (_, attempt) => jitterOf('one', attempt)))
    expect(new Set([...draws, jitterOf('two', 0)]).size).toBe(201)
    expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true)
    const mean = draws.reduce((total, draw) => total + draw, 0) / draws.length
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.1)
  })
})
