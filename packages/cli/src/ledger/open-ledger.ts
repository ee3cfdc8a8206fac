import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { SharedConfig } from '@flotilla/fleet'
import {
  findPrivatePostgres,
  FolderInUseError,
  openPostgresLedger,
  startPrivatePostgres,
  type LedgerReads,
  type PrivatePostgres,
} from '@flotilla/ledger'
import { OperatorError } from '../operator/link.ts'
import { stateFolder } from '../places.ts'
import { runningIn } from '../single/run-note.ts'
import { worldName } from '../single/world.ts'

export type OpenedLedger = {
  readonly reads: LedgerReads
  /** Where the answer comes from, for people. */
  readonly source: string
  close(): Promise<void>
}

/** Long enough for a server that is just starting; a wrong address is said soon. */
const patienceMs = 10_000

/** The ledger at the address given or configured, else the private one of a fleet of this folder. */
export async function openLedger(
  shared: SharedConfig,
  url: string | undefined,
): Promise<OpenedLedger> {
  const given = url ?? (shared.ledger.kind === 'postgres' ? shared.ledger.url : undefined)
  if (given !== undefined) return readFrom(given, 'the given ledger', async () => {})
  if (shared.ledger.kind === 'postgres') {
    throw new OperatorError('ledger.url is not set; set it, or give --ledger <url>')
  }
  return openPrivate(shared)
}

async function openPrivate(shared: SharedConfig): Promise<OpenedLedger> {
  const state = stateFolder()
  const name = await chosenWorld(state, shared)
  if (name === null) {
    throw new OperatorError('no fleet has traded here yet; start one by `flotilla start`')
  }
  const folder = join(state, name, 'postgres')
  const isRunning = (await runningIn(join(state, name))) !== null
  const own = isRunning ? null : await startUnlessServed(folder)
  const address = own?.url ?? findPrivatePostgres(folder)
  if (address === null) throw new OperatorError(`the ledger in ${folder} cannot be reached now`)
  const how = own === null ? 'running' : 'stopped; its database is up for this answer only'
  return readFrom(address, `${name} (${how})`, async () => own?.stop())
}

/** Where the fleet that runs or ran here keeps what is its own; null when none did. */
export async function worldFolder(shared: SharedConfig): Promise<string | null> {
  const name = await chosenWorld(stateFolder(), shared)
  return name === null ? null : join(stateFolder(), name)
}

/** Null when another process serves the folder: a fleet that is just starting, or another look. */
async function startUnlessServed(folder: string): Promise<PrivatePostgres | null> {
  try {
    return await startPrivatePostgres({ folder })
  } catch (error) {
    if (error instanceof FolderInUseError) return null
    throw error
  }
}

async function readFrom(
  url: string,
  source: string,
  after: () => Promise<void>,
): Promise<OpenedLedger> {
  try {
    const ledger = await openPostgresLedger({ url, connectionsMax: 2, retryForMs: patienceMs })
    const close = async (): Promise<void> => {
      await ledger.close()
      await after()
    }
    return { reads: ledger, source, close }
  } catch (error) {
    await after()
    const reason = error instanceof Error ? error.message : String(error)
    throw new OperatorError(`the ledger does not answer: ${reason}`, { cause: error })
  }
}

/** The world of a fleet that runs now, else the configured one, else the one that traded last. */
async function chosenWorld(state: string, shared: SharedConfig): Promise<string | null> {
  const worlds = existsSync(state)
    ? readdirSync(state).filter((name) => existsSync(join(state, name, 'postgres')))
    : []
  const notes = await Promise.all(
    worlds.map(async (name) => ({ name, note: await runningIn(join(state, name)) })),
  )
  const [running] = notes
    .filter(({ note }) => note !== null)
    .toSorted((left, right) => (right.note?.startedAt ?? 0) - (left.note?.startedAt ?? 0))
  if (running !== undefined) return running.name
  const configured = worldName(shared)
  if (worlds.includes(configured)) return configured
  const usedAt = (name: string): number => statSync(join(state, name, 'postgres')).mtimeMs
  return worlds.toSorted((left, right) => usedAt(right) - usedAt(left))[0] ?? null
}
