import { afterAll, beforeAll, describe } from 'vitest'
import {
  createTestDatabase,
  hasPostgres,
  type TestDatabase,
} from '../../../../test/support/postgres.ts'
import { describeLedger } from '../ledger.conformance.ts'
import { openPostgresLedger } from './postgres-ledger.ts'

describe.skipIf(!hasPostgres)('on a real server', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database.drop())

  describeLedger('the PostgreSQL ledger', async () => {
    const ledger = await openPostgresLedger({ url: database.url })
    return {
      ledger,
      close: async () => {
        await ledger.close()
        await database.empty()
      },
    }
  })
})
