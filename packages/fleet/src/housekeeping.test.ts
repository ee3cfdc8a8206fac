import { createTestContext } from '@flotilla/runtime/testing'
import { expect, it } from 'vitest'
import { keepHouse } from './housekeeping.ts'

it('forgets what is older than the days to keep, each hour, whatever fails', async () => {
  const ages: number[] = []
  const slept: number[] = []
  await keepHouse({
    ledger: {
      prune: async ({ ageMs }) => {
        ages.push(ageMs)
        if (ages.length === 1) throw new Error('the ledger is away')
      },
    },
    keepDays: 2,
    logger: createTestContext('risk-manager').logger,
    sleep: async (ms) => {
      slept.push(ms)
      if (slept.length === 4) throw new Error('the term is over')
    },
  })
  expect(ages).toEqual([172_800_000, 172_800_000, 172_800_000])
  expect(slept).toEqual([60_000, 3_600_000, 3_600_000, 3_600_000])
})
