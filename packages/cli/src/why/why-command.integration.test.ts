import { openPostgresLedger } from '@flotilla/ledger'
import { bought, entryName, tellStories, waiting } from '@flotilla/lineage/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createTestDatabase,
  hasPostgres,
  type TestDatabase,
} from '../../../../test/support/postgres.ts'
import { runProgram } from '../program.ts'
import { createTestTerminal } from '../testing.ts'

describe.skipIf(!hasPostgres)('why, asked at a PostgreSQL', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
    const ledger = await openPostgresLedger({ url: database.url })
    await tellStories(ledger)
    await ledger.close()
  })
  afterAll(() => database.drop())

  async function run(subject: string, url = database.url) {
    const terminal = createTestTerminal()
    const code = await runProgram(['why', subject, '--ledger', url], terminal)
    return { code, out: terminal.printed.join('\n'), err: terminal.complained.join('\n') }
  }

  test.each([entryName, bought, 'BTC/USDT'])(
    '%s is answered from candle to fill',
    async (subject) => {
      const { code, out, err } = await run(subject)
      expect([code, err]).toEqual([0, ''])
      expect(out).toContain('from the given ledger')
      expect(out).toMatch(
        /1m candle[^]*wishes to buy[^]*approved[^]*used[^]*flstest-e1[^]*trade t-9/,
      )
      expect(out).toMatch(/what was said[^]*order sent[^]*buy filled/)
    },
  )

  test('what only the outbox knows is found as well', async () => {
    const { code, out } = await run(waiting)
    expect([code, out]).toEqual([0, expect.stringMatching(/none yet/)])
  })

  test('what nobody knows ends with 1 and says what can be asked', async () => {
    const { code, err } = await run('flsnobody-e1')
    expect(code).toBe(1)
    expect(err).toMatch(/knows nothing of flsnobody-e1; give the name of an order/)
  })

  test('a ledger that does not answer is said to be so', async () => {
    const { code, err } = await run('BTC/USDT', `${database.url}-gone`)
    expect(code).toBe(1)
    expect(err).toMatch(/^flotilla: the ledger does not answer: .*does not exist/)
  })
})
