import { describe } from 'vitest'
import { createTestDatabase, hasPostgres } from '../../../../test/support/postgres.ts'
import { describeLedger } from '../ledger.conformance.ts'
import { openPostgresLedger } from './postgres-ledger.ts'

describe.skipIf(!hasPostgres)('on a real server', () => {
  describeLedger('the PostgreSQL ledger', async () => {
    const database = await createTestDatabase()
    const ledger = await openPostgresLedger({ url: database.url })
    return {
      ledger,
      close: async () => {
        await ledger.close()
        await database.drop()
      },
    }
  })
})
