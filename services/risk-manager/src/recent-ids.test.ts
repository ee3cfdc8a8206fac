import { expect, it } from 'vitest'
import { RecentIds } from './recent-ids.ts'

it('the newest ids are known, and never more than twice as many', () => {
  const ids = new RecentIds(10)
  const known = (): number => names.filter((name) => ids.has(name)).length
  const names = Array.from({ length: 95 }, (_, index) => `id ${index}`)
  for (const [index, name] of names.entries()) {
    ids.add(name)
    const newest = names.slice(Math.max(0, index - 9), index + 1)
    expect(newest.every((each) => ids.has(each))).toBe(true)
    expect(known()).toBeLessThanOrEqual(20)
  }
})
