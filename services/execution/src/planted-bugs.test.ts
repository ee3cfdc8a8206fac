// The test of the tests: each fault that is planted must be found by the life of a desk.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deskProperty } from './testing/desk-life.ts'
import { plantedBugs } from './testing/planted-bugs.ts'

/** Most faults show within some dozen lives; who hides longer than this is not found. */
const LIVES_MAX = 20_000

describe('a desk that', () => {
  it.each(Object.entries(plantedBugs))(
    '%s is found out',
    async (_, plant) => {
      const found = await fc.check(deskProperty(plant), {
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
