import { expect, it } from 'vitest'
import { holesBetween } from './index.ts'

it('what is missing between neighbours is named, what is there is not', () => {
  expect(holesBetween([], 10)).toEqual([])
  expect(holesBetween([0, 10, 20], 10)).toEqual([])
  expect(holesBetween([0, 10, 40, 50, 70], 10)).toEqual([
    { from: 20, to: 40 },
    { from: 60, to: 70 },
  ])
})
