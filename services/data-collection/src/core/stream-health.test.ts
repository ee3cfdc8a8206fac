import { describe, expect, it } from 'vitest'
import {
  dropped,
  heard,
  isSilent,
  isTrusted,
  mayOpen,
  modeOf,
  opened,
  opening,
  provenBy,
  streamAtStart,
} from './stream-health.ts'
import type { StreamHealth, StreamLimits } from './stream-health.ts'

const limits: StreamLimits = {
  dropsMax: 3,
  dropWindowMs: 600_000,
  reopenMs: 1_000,
  restMs: 300_000,
  stableMs: 60_000,
  silenceMaxMs: 30_000,
}

const openAt = (health: StreamHealth, now: number) => opened(opening(health), now)
const dropAt = (health: StreamHealth, now: number) => dropped(health, limits, { now, spread: 0 })

/** Opens and drops at each of the moments. */
function afterDrops(...moments: readonly number[]): StreamHealth {
  return moments.reduce((health, now) => dropAt(openAt(health, now), now), streamAtStart)
}

describe('a stream', () => {
  it('is believed as soon as it is open for the first time', () => {
    expect(isTrusted(streamAtStart)).toBe(false)
    expect(mayOpen(streamAtStart, 0)).toBe(true)
    expect(mayOpen(opening(streamAtStart), 0)).toBe(false)
    expect(modeOf(openAt(streamAtStart, 5))).toBe('streaming')
  })

  it('is opened again at once after one drop, a little later after the next', () => {
    expect(afterDrops(1_000).retryAt).toBe(1_000)
    expect(afterDrops(1_000, 2_000).retryAt).toBe(3_000)
    expect(isTrusted(openAt(afterDrops(1_000, 2_000), 3_000))).toBe(true)
  })

  it('is given up after repeated drops, and not touched for a while', () => {
    const health = afterDrops(1_000, 2_000, 3_000)
    expect(modeOf(health)).toBe('polling')
    expect(mayOpen(health, 302_999)).toBe(false)
    expect(mayOpen(health, 303_000)).toBe(true)
  })

  it('is not given up for drops that are far apart', () => {
    expect(afterDrops(0, 400_000, 700_000, 1_100_000).surrenders).toBe(0)
  })

  it('must hold for a while after it was given up before polling rests', () => {
    const open = openAt(afterDrops(1_000, 2_000, 3_000), 400_000)
    expect(modeOf(provenBy(open, 459_999, limits))).toBe('on trial')
    const heardOf = heard(open, 459_000)
    expect(modeOf(provenBy(heardOf, 460_000, limits))).toBe('streaming')
  })

  it('does not prove itself by silence', () => {
    const open = openAt(afterDrops(1_000, 2_000, 3_000), 400_000)
    expect(isTrusted(provenBy(open, 900_000, limits))).toBe(false)
  })

  it('that drops on trial is left alone for twice as long, eight times at most', () => {
    let health = afterDrops(1_000, 2_000, 3_000)
    const rests: number[] = []
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const now = health.retryAt
      health = dropAt(openAt(health, now), now)
      rests.push((health.retryAt - now) / limits.restMs)
    }
    expect(rests).toEqual([2, 4, 8, 8, 8])
  })

  it('that has proved itself begins with a clean record', () => {
    const open = heard(openAt(afterDrops(1_000, 2_000, 3_000), 400_000), 470_000)
    const proven = provenBy(open, 470_000, limits)
    expect(dropAt(proven, 480_000)).toMatchObject({ surrenders: 0, retryAt: 480_000 })
  })

  it('that says nothing for too long counts as broken', () => {
    const open = heard(openAt(streamAtStart, 0), 10_000)
    expect(isSilent(open, 40_000, limits)).toBe(false)
    expect(isSilent(open, 40_001, limits)).toBe(true)
    expect(isSilent(dropAt(open, 40_001), 99_999, limits)).toBe(false)
  })

  it('of several replicas is not opened in the same instant', () => {
    const spread = dropped(openAt(afterDrops(1, 2), 3), limits, { now: 3, spread: 1 })
    expect(spread.retryAt).toBe(3 + limits.restMs * 1.25)
  })
})
