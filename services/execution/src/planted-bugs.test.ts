// The test of the tests: each fault that is planted must be found by the life of a desk.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commands, haltingCommands } from './testing/desk-commands.ts'
import { deskProperty, offers, plainHabits } from './testing/desk-life.ts'
import { haltBugs, plantedBugs, watchBugs } from './testing/planted-bugs.ts'

/** Most faults show within some dozen lives; who hides longer than this is not found. */
const LIVES_MAX = 20_000

const most = offers.slice(0, 1)
const less = offers.slice(1)

/** Each with what it shows in: venues that do most by themselves or less, and what happens there. */
const bugs = [
  ...Object.entries(plantedBugs).map(
    (bug) => [...bug, { among: most, happens: commands }] as const,
  ),
  ...Object.entries(watchBugs).map((bug) => [...bug, { among: less, happens: commands }] as const),
  ...Object.entries(haltBugs).map(
    (bug) => [...bug, { among: most, happens: haltingCommands }] as const,
  ),
]

describe('a desk that', () => {
  it.each(bugs)(
    '%s is found out',
    async (_, plant, scene) => {
      const found = await fc.check(deskProperty(plant, { ...scene, own: plainHabits }), {
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
