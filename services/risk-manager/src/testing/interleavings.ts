import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deskProperty } from './desk-happenings.ts'
import { newTally } from './tally.ts'

/** Of each of the four parts; FLOTILLA_SEQUENCES=50000 looks longer. */
const sequences = Number(process.env['FLOTILLA_SEQUENCES'] ?? 5_000)

/** Each part begins elsewhere. */
export function describeInterleavings(part: 1 | 2 | 3 | 4): void {
  describe('whatever happens, in whatever order, and whoever else believes to lead', () => {
    it(
      '0 <= reserved <= total at every commit, and nothing is lost',
      { timeout: 20 * 60_000 },
      async () => {
        const tally = newTally()
        // Each takes milliseconds: one that hangs is a failure of its own, with its seed.
        await fc.assert(deskProperty({ tally }), {
          numRuns: sequences,
          seed: propertySeed + part,
          timeout: 60_000,
        })
        // What never happened was not tried.
        for (const [what, times] of Object.entries(tally)) {
          expect(times, what).toBeGreaterThan(sequences / 100)
        }
      },
    )
  })
}
