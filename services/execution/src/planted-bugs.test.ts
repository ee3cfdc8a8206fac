// The test of the tests: each fault that is planted must be found by the life of a desk.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commands, haltingCommands } from './testing/desk-commands.ts'
import {
  convertingHabits,
  deskProperty,
  keepingHabits,
  offers,
  plainHabits,
} from './testing/desk-life.ts'
import {
  convertBugs,
  haltBugs,
  ladderBugs,
  plantedBugs,
  restBugs,
  watchBugs,
  weakBugs,
} from './testing/planted-bugs.ts'

/** Most faults show within some dozen lives; who hides longer than this is not found. */
const LIVES_MAX = 20_000

const plain = { among: offers.slice(0, 1), own: plainHabits, happens: commands }

/** Each set with what it shows in: venues that do most by themselves or less, and what happens there. */
const sets = [
  [plantedBugs, plain],
  [watchBugs, { ...plain, among: offers.slice(1) }],
  [weakBugs, { ...plain, among: offers.slice(1) }],
  [ladderBugs, { ...plain, among: offers }],
  [haltBugs, { ...plain, happens: haltingCommands }],
  [convertBugs, { ...plain, own: convertingHabits }],
  [restBugs, { ...plain, own: keepingHabits }],
] as const

const bugs = sets.flatMap(([set, scene]) =>
  Object.entries(set).map(([name, plant]) => [name, plant, scene] as const),
)

/** What the tests must not let through in any case, and under which of our names each is switched on. */
const mustBeFound: Readonly<Record<string, string>> = {
  'blind retry': 'sends an order again when its answer is lost',
  'client id reused': 'uses a name for a second request',
  'fee ignored': 'ignores fees that are paid in base',
  'wrong stop direction': 'puts the stop above and the target below',
  'acknowledgement before commit': 'calls the venue and acknowledges before it commits',
  'rounding up a sell': 'rounds a sale up',
  'both exits sent where both are watched': 'sends both exits of a position that it watches',
  'stop left when the target is taken': 'takes the target and leaves the stop',
  'parts of the target that come to too much':
    'takes the parts of the target from twice what is held',
}

it('every fault that must be found is switched on, and there are many more', () => {
  const names = bugs.map(([name]) => name)
  for (const name of Object.values(mustBeFound)) expect(names).toContain(name)
  expect(new Set(names).size).toBe(names.length)
  expect(names.length).toBeGreaterThanOrEqual(30)
})

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
