import { describe, expect, test } from 'vitest'
import { createRealClock, createScaledClock } from './clock.ts'
import { createManualClock } from './testing/index.ts'

describe('scaled clock', () => {
  test('market time runs from its anchor, faster by its speed', () => {
    const realMs = Date.now() - 1_000
    const clock = createScaledClock({ realMs, marketMs: 5_000_000, speed: 60 })
    expect(clock.now()).toBeGreaterThanOrEqual(5_060_000)
    expect(clock.now()).toBeLessThan(5_060_000 + 60 * 30_000)
  })

  test('a sleep lasts its market time', async () => {
    const clock = createScaledClock({ realMs: Date.now(), marketMs: 0, speed: 1_000 })
    const before = clock.now()
    await clock.sleep(20_000)
    expect(clock.now() - before).toBeGreaterThanOrEqual(19_000)
  })

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('the speed %d is refused', (speed) => {
    expect(() => createScaledClock({ realMs: 0, marketMs: 0, speed })).toThrow(/positive number/)
  })

  test('a sleep ends early when it is aborted', async () => {
    const abort = new AbortController()
    const sleep = createRealClock().sleep(3_600_000, abort.signal)
    abort.abort(new Error('enough'))
    await expect(sleep).rejects.toThrow('enough')
    await expect(createRealClock().sleep(1, abort.signal)).rejects.toThrow('enough')
  })

  test('a sleep beyond 32 bits of milliseconds does not end at once', async () => {
    const abort = new AbortController()
    let ended = false
    const sleep = createRealClock()
      .sleep(2 ** 33, abort.signal)
      .finally(() => (ended = true))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(ended).toBe(false)
    abort.abort()
    await expect(sleep).rejects.toThrow('aborted')
  })

  test('a repeated task goes on after a failure, which is reported', async () => {
    const errors: unknown[] = []
    const { promise: third, resolve } = Promise.withResolvers<void>()
    const clock = createRealClock((error) => errors.push(error))
    let runs = 0
    const timer = clock.every(1, () => {
      runs += 1
      if (runs === 3) resolve()
      throw new Error(`run ${runs}`)
    })
    await third
    await timer.stop()
    expect(errors.map(String)).toEqual(['Error: run 1', 'Error: run 2', 'Error: run 3'])
  })

  test('stop waits for the task that runs, and none begins after it', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
    let finished = 0
    const timer = createRealClock().every(1, async () => {
      begin()
      await gate
      finished += 1
    })
    await begun
    const stopped = timer.stop()
    open()
    await stopped
    expect(finished).toBe(1)
  })
})

describe('manual clock', () => {
  test('fires what falls due in order of time and awaits it', async () => {
    const clock = createManualClock(1_000)
    const seen: string[] = []
    clock.every(10, async () => {
      await Promise.resolve()
      seen.push(`every ${clock.now()}`)
    })
    void clock.sleep(15).then(() => seen.push(`sleep ${clock.now()}`))
    await clock.advance(30)
    expect(seen).toEqual(['every 1010', 'sleep 1015', 'every 1020', 'every 1030'])
    expect(clock.now()).toBe(1_030)
  })

  test('a task that waits on the clock itself does not hold time up', async () => {
    const clock = createManualClock(0)
    const seen: number[] = []
    clock.every(100, async () => {
      await clock.sleep(5)
      seen.push(clock.now())
    })
    await clock.advance(250)
    expect(seen).toEqual([105, 205])
  })

  test('a stopped repetition and an aborted sleep leave nothing waiting', async () => {
    const clock = createManualClock(0)
    const abort = new AbortController()
    const timer = clock.every(10, () => undefined)
    const sleep = clock.sleep(10, abort.signal)
    expect(clock.waiting()).toBe(2)
    await timer.stop()
    abort.abort()
    await expect(sleep).rejects.toThrow('aborted')
    expect(clock.waiting()).toBe(0)
  })
})
