// The test of the tests: each fault that is planted must be found by the life of a desk.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deskProperty, offers, plainHabits } from './testing/desk-life.ts'
import { plantedBugs, watchBugs } from './testing/planted-bugs.ts'

/** Most faults show within some dozen lives; who hides longer than this is not found. */
const LIVES_MAX = 20_000

/** Each with the venues where it shows: the one that does most by itself, or those that do less. */
const bugs = [
  ...Object.entries(plantedBugs).map(([name, plant]) => [name, plant, offers.slice(0, 1)] as const),
  ...Object.entries(watchBugs).map(([name, plant]) => [name, plant, offers.slice(1)] as const),
]

describe('a desk that', () => {
  it.each(bugs)(
    '%s is found out',
    async (_, plant, among) => {
      const found = await fc.check(deskProperty(plant, among, plainHabits), {
        numRuns: LIVES_MAX,
        seed: 20_240_805,
        // The first life that shows it is enough: nobody reads the shortest one.
        endOnFailure: true,
      })
      expect(found.failed).toBe(true)
      // A fault that only breaks the harness would be found by anything.
      expect(found.errorInstance).not.toBeInstanceOf(TypeError)
      expect(found.errorInstance).not.toBeInstanceOf(ReferenceError)
    },
    600_000,
  )
})
