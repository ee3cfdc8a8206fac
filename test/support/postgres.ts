// Fresh databases for tests on the run's private PostgreSQL.
import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'
import { TEMPLATE } from './postgres.setup.ts'

/** False where no server can be had: skip with it. */
export const hasPostgres: boolean = inject('postgresUrl') !== null

export type TestDatabase = {
  readonly url: string
  /** Forgets all rows: far quicker than another database. */
  empty(): Promise<void>
  drop(): Promise<void>
}

const EMPTY = `do $$
begin
  execute (
    select 'truncate ' || string_agg(quote_ident(tablename), ', ') from pg_tables
    where schemaname = 'public' and tablename <> 'ledger_migrations'
  );
end $$`

/** An empty database with the newest schema, nobody else's. Drop it when the test is over. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = inject('postgresUrl')
  if (server === null) throw new Error('no PostgreSQL for tests: skip with hasPostgres')
  const name = `test_${randomBytes(8).toString('hex')}`
  await administer(server, `create database ${name} template ${TEMPLATE}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    url: url.href,
    empty: () => administer(url.href, EMPTY),
    drop: () => administer(server, `drop database if exists ${name} with (force)`),
  }
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
