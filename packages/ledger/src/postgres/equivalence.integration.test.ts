import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTestDatabase, hasPostgres } from '../../../../test/support/postgres.ts'
import { createMemoryLedger } from '../memory/memory-ledger.ts'
import type { Ledger, Unit } from '../port.ts'
import { opening, randomBatches } from '../testing/random-units.ts'
import { snapshot } from '../testing/snapshot.ts'
import { openPostgresLedger } from './postgres-ledger.ts'

describe.skipIf(!hasPostgres)('PostgreSQL and memory', () => {
  it('come to the same outcomes and the same state, in batches and one by one', async () => {
    const database = await createTestDatabase()
    const ledger = await openPostgresLedger({ url: database.url })
    try {
      await fc.assert(
        fc.asyncProperty(randomBatches, async (batches) => {
          await database.empty()
          await compare(ledger, batches)
        }),
        { numRuns: 100, interruptAfterTimeLimit: 60_000 },
      )
    } finally {
      await ledger.close()
      await database.drop()
    }
  })
})

async function compare(ledger: Ledger, batches: readonly Unit[][]): Promise<void> {
  const memory = createMemoryLedger()
  expect(await kinds(ledger, opening)).toEqual(await kinds(memory, opening))
  for (const batch of batches) {
    // Memory takes a batch one by one.
    expect(await kinds(ledger, batch)).toEqual(await kinds(memory, batch))
    expect(await snapshot(ledger)).toEqual(await snapshot(memory))
  }
}

async function kinds(ledger: Ledger, units: readonly Unit[]): Promise<string[]> {
  return (await ledger.commit(units)).map((outcome) => outcome.kind)
}
