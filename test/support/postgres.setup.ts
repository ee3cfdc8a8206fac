// One private PostgreSQL for a whole test run, with a migrated database to copy from.
import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPostgresLedger, type PrivatePostgres, startPrivatePostgres } from '@flotilla/ledger'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The run's server; null where none can be had. */
    postgresUrl: string | null
  }
}

export const TEMPLATE = 'ledger_template'

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(fastFolder(), 'flotilla-postgres-'))
  // The server runs as another user when we are root.
  chmodSync(folder, 0o755)
  const server = await startOrSayWhyNot(folder)
  project.provide('postgresUrl', server?.url ?? null)
  return async () => {
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function startOrSayWhyNot(folder: string): Promise<PrivatePostgres | null> {
  try {
    const server = await startPrivatePostgres({ folder, connectionsMax: 100 })
    await createTemplate(server.url)
    return server
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    console.warn(`tests with PostgreSQL are skipped: ${reason}`)
    return null
  }
}

async function createTemplate(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(`create database ${TEMPLATE}`)
  await client.end()
  const template = new URL(url)
  template.pathname = `/${TEMPLATE}`
  const ledger = await openPostgresLedger({ url: template.href })
  await ledger.close()
}

/** Hundreds of fresh databases are made in a run: memory spares the disk, where there is enough. */
function fastFolder(): string {
  const memory = '/dev/shm'
  try {
    const { bavail, bsize } = statfsSync(memory)
    return bavail * bsize > 2 ** 31 ? memory : tmpdir()
  } catch {
    return tmpdir()
  }
}
