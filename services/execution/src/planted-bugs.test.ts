// The test of the tests: each fault that is planted must be found by the life of a desk.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commands, haltingCommands } from './testing/desk-commands.ts'
import { convertingHabits, deskProperty, offers, plainHabits } from './testing/desk-life.ts'
import { convertBugs, haltBugs, plantedBugs, watchBugs } from './testing/planted-bugs.ts'

/** Most faults show within some dozen lives; who hides longer than this is not found. */
const LIVES_MAX = 20_000

const plain = { among: offers.slice(0, 1), own: plainHabits, happens: commands }

/** Each set with what it shows in: venues that do most by themselves or less, and what happens there. */
const sets = [
  [plantedBugs, plain],
  [watchBugs, { ...plain, among: offers.slice(1) }],
  [haltBugs, { ...plain, happens: haltingCommands }],
  [convertBugs, { ...plain, own: convertingHabits }],
] as const

const bugs = sets.flatMap(([set, scene]) =>
  Object.entries(set).map(([name, plant]) => [name, plant, scene] as const),
)

describe('a desk that', () => {
  it.each(bugs)(
    '%s is found out',
    async (_, plant, scene) => {
      const found = await fc.check(deskProperty(plant, scene), {
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
