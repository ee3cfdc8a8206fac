// Two or three accounts that share every intent, one ledger, one inbox and one outbox.
import type { Ledger } from '@flotilla/ledger'
import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accountsProperty } from './testing/accounts-world.ts'
import { newTally } from './testing/tally.ts'

/** FLOTILLA_SEQUENCES=50000 looks longer. */
const sequences = Number(process.env['FLOTILLA_SEQUENCES'] ?? 800)

describe('accounts side by side, whatever happens to one of them', () => {
  it(
    'each keep 0 <= reserved <= total, their own books and budgets, and decide each intent once',
    { timeout: 20 * 60_000 },
    async () => {
      const tally = newTally()
      await fc.assert(accountsProperty({ tally }), {
        numRuns: sequences,
        seed: propertySeed,
        timeout: 60_000,
      })
      for (const [what, times] of Object.entries(tally)) {
        expect(times, what).toBeGreaterThan(sequences / 100)
      }
    },
  )

  it.each([
    { fault: 'share one inbox and one memory', options: { viewOf: (ledger: Ledger) => ledger } },
    {
      fault: 'have one whose second leader proves nothing',
      options: { plant: (account: string) => (account === 'main' ? {} : { unfenced: true }) },
    },
    {
      fault: 'have one that keeps a book in doubt',
      options: { plant: (account: string) => (account === 'main' ? { keepsBook: true } : {}) },
    },
  ])('that $fault are found out', { timeout: 10 * 60_000 }, async ({ options }) => {
    const found = await fc.check(accountsProperty(options), {
      seed: 20_240_805,
      endOnFailure: true,
      numRuns: 1_000,
      timeout: 60_000,
    })
    expect(found.failed).toBe(true)
    expect(found.errorInstance).not.toBeInstanceOf(TypeError)
    expect(found.errorInstance).not.toBeInstanceOf(ReferenceError)
  })
})
