import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { hasPostgres } from '../../../../test/support/postgres.ts'
import { FolderInUseError } from './lock.ts'
import {
  findPrivatePostgres,
  type PrivatePostgres,
  startPrivatePostgres,
} from './private-postgres.ts'
import { processesIn } from './processes.ts'

const OWNER = join(import.meta.dirname, '../../../../test/support/private-postgres-owner.ts')
const PATIENCE = { timeout: 60_000, interval: 50 }

describe.skipIf(!hasPostgres)('the private PostgreSQL', () => {
  let folder: string
  const started: PrivatePostgres[] = []
  const owners: ChildProcess[] = []

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-private-'))
    chmodSync(folder, 0o755)
  })
  afterEach(async () => {
    for (const owner of owners.splice(0)) owner.kill('SIGKILL')
    for (const server of started.splice(0)) await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function start(place = folder): Promise<PrivatePostgres> {
    const server = await startPrivatePostgres({ folder: place })
    started.push(server)
    return server
  }

  const serving = (): number[] => processesIn(join(realpathSync(folder), 'data'))

  /** The server of a process of its own, which can be killed. */
  async function startOwner(environment: NodeJS.ProcessEnv): Promise<OwnedServer> {
    const owner = spawn(process.execPath, [OWNER, folder], {
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    owners.push(owner)
    const [line] = (await once(createInterface(owner.stdout), 'line')) as [string]
    const [pid, url] = line.split(' ')
    return { owner, pid: Number(pid), url: url! }
  }

  it('serves, stops and keeps what was written, with its own data directory only', async () => {
    const first = await start()
    await query(first.url, 'create table kept as select 42 as answer')
    expect(findPrivatePostgres(folder)).toBe(first.url)
    expect(await query(first.url, 'show fsync')).toEqual([{ fsync: 'on' }])
    await first.stop()
    expect(serving()).toEqual([])
    expect(findPrivatePostgres(folder)).toBeNull()
    const second = await start()
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }])
  })

  it('asks for its password', async () => {
    const { url } = await start()
    const wrong = new URL(url)
    wrong.password = 'guessed'
    await expect(query(wrong.href, 'select 1')).rejects.toThrow('password authentication failed')
  })

  it('comes back at the same address when it is killed', async () => {
    const server = await start()
    await query(server.url, 'create table kept as select 42 as answer')
    const before = server.pid()!
    process.kill(before, 'SIGKILL')
    await vi.waitFor(() => expect(server.pid() ?? before).not.toBe(before), PATIENCE)
    const rows = await vi.waitFor(() => query(server.url, 'select answer from kept'), PATIENCE)
    expect(rows).toEqual([{ answer: 42 }])
  })

  it('ends when its owner is killed, and the next start finds everything', async () => {
    const { owner, url } = await startOwner(process.env)
    await query(url, 'create table kept as select 42 as answer')
    owner.kill('SIGKILL')
    await vi.waitFor(() => expect(serving()).toEqual([]), PATIENCE)
    const next = await start()
    expect(await query(next.url, 'select answer from kept')).toEqual([{ answer: 42 }])
  })

  it('that outlived its owner is stopped by the next start', async () => {
    const { owner, pid, url } = await startOwner({ ...process.env, PATH: '/nowhere' })
    await query(url, 'create table kept as select 42 as answer')
    owner.kill('SIGKILL')
    await once(owner, 'exit')
    expect(serving()).toContain(pid)
    const next = await start()
    expect(serving()).toContain(next.pid())
    expect(serving()).not.toContain(pid)
    expect(await query(next.url, 'select answer from kept')).toEqual([{ answer: 42 }])
  })

  it('starts past the lock file of a killed server, whatever process has its number now', async () => {
    const first = await start()
    await first.stop()
    writeFileSync(join(folder, 'data', 'postmaster.pid'), `${process.pid}\n`)
    const second = await start()
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('has one owner at a time', async () => {
    const server = await start()
    await expect(startPrivatePostgres({ folder })).rejects.toBeInstanceOf(FolderInUseError)
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it.skipIf(process.getuid?.() !== 0)(
    'finds a place when its user cannot enter the folder',
    async () => {
      const closed = join(folder, 'closed')
      mkdirSync(closed, { mode: 0o700 })
      const inside = join(closed, 'postgres')
      const first = await start(inside)
      await query(first.url, 'create table kept as select 42 as answer')
      await first.stop()
      const link = join(inside, 'data')
      expect(lstatSync(link).isSymbolicLink()).toBe(true)
      const outside = realpathSync(link)
      const second = await start(inside)
      expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }])
      await second.stop()
      rmSync(join(outside, '..'), { recursive: true, force: true })
    },
  )
})

type OwnedServer = { readonly owner: ChildProcess; readonly pid: number; readonly url: string }

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
