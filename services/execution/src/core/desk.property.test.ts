import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { deskProperty } from '../testing/desk-life.ts'

describe('the desk', () => {
  it('neither doubles nor loses an order on any venue, through any crash', async () => {
    await fc.assert(deskProperty(), {
      numRuns: Number(process.env['FLOTILLA_PROPERTY_RUNS'] ?? 2_000),
      seed: propertySeed,
    })
  }, 600_000)
})
