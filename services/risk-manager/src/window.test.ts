import { describe, expect, it } from 'vitest'
import { BatchWindow } from './window.ts'

describe('a window', () => {
  const opened = () => {
    const windows: PromiseWithResolvers<void>[] = []
    const window = new BatchWindow(5, () => {
      windows.push(Promise.withResolvers<void>())
      return windows.at(-1)!.promise
    })
    const through: number[] = []
    const come = (value: number) => window.pass().then(() => through.push(value))
    return { windows, through, come }
  }

  it('lets all go together when it is over, and the next one opens another', async () => {
    const { windows, through, come } = opened()
    const first = [come(1), come(2)]
    expect(windows).toHaveLength(1)
    expect(through).toEqual([])
    windows[0]!.resolve()
    await Promise.all(first)
    const second = come(3)
    expect(windows).toHaveLength(2)
    windows[1]!.resolve()
    await second
    expect(through).toEqual([1, 2, 3])
  })

  it('lets all go when its time is broken off', async () => {
    const { windows, through, come } = opened()
    const all = [come(1), come(2)]
    windows[0]!.reject(new Error('the agent stops'))
    await Promise.all(all)
    expect(through).toEqual([1, 2])
  })

  it('of no length keeps nobody', async () => {
    const window = new BatchWindow(0, () => Promise.reject(new Error('nobody waits')))
    await expect(window.pass()).resolves.toBeUndefined()
  })
})
