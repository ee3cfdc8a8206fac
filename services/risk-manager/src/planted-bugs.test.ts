// The test of the tests: each fault that is planted must be found by the interleavings.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deskProperty } from './testing/desk-happenings.ts'
import { plantedBugs, pausingUnderMutex } from './testing/planted-bugs.ts'

/** Most faults show within some dozen sequences; who hides longer than this is not found. */
const sequencesMax = 5_000
const common = { seed: 20_240_805, endOnFailure: true }

describe('a risk manager that', () => {
  it.each(Object.entries(plantedBugs))(
    '%s is found out',
    async (_, plant) => {
      const found = await fc.check(deskProperty({ plant }), {
        ...common,
        numRuns: sequencesMax,
        timeout: 60_000,
      })
      expect(found.failed).toBe(true)
      // A fault that only breaks the harness would be found by anything.
      expect(found.errorInstance).not.toBeInstanceOf(TypeError)
      expect(found.errorInstance).not.toBeInstanceOf(ReferenceError)
    },
    600_000,
  )

  it('pauses between check and reservation keeps its word under the mutex', async () => {
    const sequences = { ...common, numRuns: 200 }
    const found = await fc.check(deskProperty({ plant: pausingUnderMutex }), sequences)
    expect(found.failed).toBe(false)
  })
})
