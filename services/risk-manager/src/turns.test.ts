import { intent } from './testing.ts'
import { describe, expect, it, test } from 'vitest'
import { compareIntents } from './core/index.ts'
import { Turns } from './turns.ts'

describe('turns', () => {
  const waits = () => {
    const windows: PromiseWithResolvers<void>[] = []
    const turns = new Turns<number>({
      windowMs: 5,
      compare: (one, other) => other - one,
      sleep: () => {
        const window = Promise.withResolvers<void>()
        windows.push(window)
        return window.promise
      },
    })
    const went: number[] = []
    const ask = (value: number) => turns.take(value).then(() => went.push(value))
    return { windows, went, ask }
  }

  it('go by rank within a window, and window by window', async () => {
    const { windows, went, ask } = waits()
    const first = [ask(1), ask(3), ask(2)]
    expect(windows).toHaveLength(1)
    windows[0]!.resolve()
    await Promise.all(first)
    const second = [ask(9)]
    expect(windows).toHaveLength(2)
    windows[1]!.resolve()
    await Promise.all(second)
    expect(went).toEqual([3, 2, 1, 9])
  })

  it('are given when the wait is broken off', async () => {
    const { windows, went, ask } = waits()
    const asked = [ask(1), ask(2)]
    windows[0]!.reject(new Error('the agent stops'))
    await Promise.all(asked)
    expect(went).toEqual([2, 1])
  })

  it('are at once without a window', async () => {
    const sleep = () => Promise.reject(new Error('nobody waits'))
    const turns = new Turns<number>({ windowMs: 0, compare: () => 0, sleep })
    await turns.take(1)
  })
})

test('exits come first, then priority, then confidence, then who asked first', () => {
  const asking = [
    intent({ reason: 'late', confidence: 90, strategy: 'b' }),
    intent({ reason: 'sure', confidence: 95, strategy: 'b' }),
    intent({ reason: 'prior', confidence: 60, strategy: 'a' }),
    intent({ reason: 'early', confidence: 90, strategy: 'c' }),
    intent({ reason: 'exit', confidence: 0, purpose: 'exit', side: 'sell' }),
  ]
  const priorities = new Map([['a', 1]])
  const sorted = asking.toSorted((one, other) => compareIntents(one, other, priorities))
  expect(sorted.map(({ reason }) => reason)).toEqual(['exit', 'prior', 'sure', 'late', 'early'])
})
