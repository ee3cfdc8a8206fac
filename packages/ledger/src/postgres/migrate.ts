// Brings the database to the newest schema. Several agents may start at once: one migrates, the
// others wait for it.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { PoolClient } from 'pg'

const FOLDER = join(import.meta.dirname, '..', '..', 'migrations')
const TABLE = 'ledger_migrations'

/** Asks first with one cheap query, so that a normal start does not even load the migrator. */
export async function migrate(client: PoolClient): Promise<void> {
  if (await isNewest(client)) return
  const { runner } = await import('node-pg-migrate')
  await runner({
    dbClient: client,
    dir: FOLDER,
    direction: 'up',
    migrationsTable: TABLE,
    advisoryLockMode: 'wait',
    log: () => {},
  })
}

async function isNewest(client: PoolClient): Promise<boolean> {
  const exists = await client.query(`select to_regclass('${TABLE}') as name`)
  if (exists.rows[0]?.name == null) return false
  const { rows } = await client.query<{ name: string }>(`select name from ${TABLE}`)
  const done = new Set(rows.map((row) => row.name))
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.sql'))
  return files.every((file) => done.has(file.slice(0, -'.sql'.length)))
}
