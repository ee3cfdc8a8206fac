import { Client } from 'pg'
import { expect, it } from 'vitest'
import { createTestDatabase, hasPostgres } from '../../../../test/support/postgres.ts'
import { adjust, funded, message, outcomesOf, unit } from '../testing/index.ts'
import { openPostgresLedger } from './postgres-ledger.ts'

const DAY_MS = 86_400_000

it.skipIf(!hasPostgres)(
  'what may come twice within the time to keep is still recognised, and the rest is forgotten',
  async () => {
    const database = await createTestDatabase()
    const ledger = await openPostgresLedger({ url: database.url })
    const client = new Client({ connectionString: database.url })
    await client.connect()
    const age = (days: number, causes: readonly string[], said: readonly string[]) =>
      client.query(
        `with old as (update inbox set received_at = now() - $1 * interval '1 day'
           where message_id = any($2))
         update outbox set created_at = now() - $1 * interval '1 day' where message_id = any($3)`,
        [days, causes, said],
      )
    const done = (name: string) =>
      unit([adjust('USDT', '1')], { causeId: name, outgoing: [message(name)] })
    const idOf = (name: string) => message(name).messageId
    const count = async (table: string) =>
      Number(
        (await client.query<{ count: string }>(`select count(*) from ${table}`)).rows[0]!.count,
      )
    try {
      // More than one statement takes at once.
      const many = Array.from({ length: 5_100 }, (_, index) => `old-${index}`)
      await client.query(
        `insert into inbox select 'execution', n, now() - interval '40 days' from unnest($1::text[]) n`,
        [many],
      )
      await ledger.commit([funded('0'), ...['new', 'young', 'old', 'unsaid'].map(done)])
      await ledger.markPublished(['new', 'young', 'old'].map(idOf))
      await age(13.9, ['young'], [idOf('young')])
      await age(14.1, ['old', 'unsaid'], ['old', 'unsaid'].map(idOf))
      await ledger.prune({ ageMs: 14 * DAY_MS })

      expect(await count('inbox')).toBe(2)
      expect(await outcomesOf(ledger, [done('new'), done('young')])).toEqual([
        'duplicate',
        'duplicate',
      ])
      expect(await ledger.wasProcessed('risk-manager', 'old')).toBe(false)
      // Nobody has heard it yet.
      const left = await ledger.unpublished('risk-manager', 9)
      expect(left.map((each) => each.message.messageId)).toEqual([idOf('unsaid')])
      expect(await count('outbox')).toBe(3)
      // The connection that commits has its slot still.
      expect(await outcomesOf(ledger, [done('next')])).toEqual(['committed'])
      expect((await ledger.loadBalances('paper'))[0]?.total.toString()).toBe('5')
    } finally {
      await client.end()
      await ledger.close()
      await database.drop()
    }
  },
)
