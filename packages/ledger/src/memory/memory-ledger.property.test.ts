import { Decimal, sum } from '@flotilla/money'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Ledger } from '../port.ts'
import { opening, randomBatches } from '../testing/random-units.ts'
import { snapshot } from '../testing/snapshot.ts'
import { createMemoryLedger } from './memory-ledger.ts'

it('never holds more than there is, and reserved is what held reservations have left', async () => {
  await fc.assert(
    fc.asyncProperty(randomBatches, async (batches) => {
      const ledger = createMemoryLedger()
      await ledger.commit(opening)
      for (const batch of batches) {
        await ledger.commit(batch)
        await checkBalances(ledger)
      }
    }),
    { numRuns: 150 },
  )
})

it('is changed by a committed unit only', async () => {
  await fc.assert(
    fc.asyncProperty(randomBatches, async (batches) => {
      const ledger = createMemoryLedger()
      await ledger.commit(opening)
      for (const unit of batches.flat()) {
        const before = await snapshot(ledger)
        const [outcome] = await ledger.commit([unit])
        const expected = outcome?.kind === 'committed' ? await snapshot(ledger) : before
        expect(await snapshot(ledger)).toEqual(expected)
      }
    }),
    { numRuns: 60 },
  )
})

async function checkBalances(ledger: Ledger): Promise<void> {
  for (const account of ['paper', 'other']) {
    const open = await ledger.loadOpenReservations(account)
    for (const { asset, total, reserved } of await ledger.loadBalances(account)) {
      const left = open
        .filter((each) => each.asset === asset)
        .map((each) => each.amount.minus(each.consumed))
      expect(reserved.toString()).toBe(sum(left).toString())
      expect(reserved.atLeast(Decimal.zero) && reserved.atMost(total)).toBe(true)
    }
  }
}
