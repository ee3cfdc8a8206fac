import { openPostgresLedger, type Ledger } from '@flotilla/ledger'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createTestDatabase,
  hasPostgres,
  type TestDatabase,
} from '../../../test/support/postgres.ts'
import { surviveDeath } from './testing/deaths.ts'
import { createWorld, type Rig } from './testing/rig.ts'

describe.skipIf(!hasPostgres)('the execution agent on PostgreSQL', () => {
  let database: TestDatabase
  let ledger: Ledger
  const dead: Rig[] = []
  beforeAll(async () => {
    database = await createTestDatabase()
    ledger = await openPostgresLedger({ url: database.url })
  })
  afterAll(async () => {
    await Promise.all(dead.map((rig) => rig.agent.stop()))
    await ledger.close()
    await database.drop()
  })

  it('dies at any commit or call, and its heir loses nothing and doubles nothing', async () => {
    let survived = false
    let moment = 0
    while (!survived && moment < 200) {
      moment += 1
      await database.empty()
      const world = await createWorld(ledger)
      survived = await surviveDeath({ world, moment, bury: (rig) => dead.push(rig) })
    }
    expect(survived).toBe(true)
    expect(moment).toBeGreaterThan(15)
  })
})
