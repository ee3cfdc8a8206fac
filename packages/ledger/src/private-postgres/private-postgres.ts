// A PostgreSQL server of our own for the deployment that has nothing installed. Starting is
// recovering: whatever a killed run left (a running server, a lock file, a half-made directory) is
// cleared away first; a server that dies under us is started again on the same port. It ends with
// its owner, and it writes to disk as durably as any other (fsync stays on).
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Client } from 'pg'
import { pause, waitFor } from '../clock.ts'
import { type LedgerLogger, silentLogger } from '../logger.ts'
import { type Binaries, findBinaries, type ServerUser, serverUser } from './binaries.ts'
import { DATABASE_USER, type DataFolder, prepareDataFolder } from './data-folder.ts'
import { type FolderLock, lockFolder } from './lock.ts'
import { areGone, stopProcessesIn } from './processes.ts'

const READY_WITHIN_MS = 60_000
const LOCK_WITHIN_MS = 5_000
const RESTART_PAUSE_MS = 250
const DATABASE = 'flotilla'
const NOTE_FILE = 'server.json'
/** Part of util-linux, on every Linux but the smallest. */
const SETPRIV = 'setpriv'

export type PrivatePostgres = {
  readonly url: string
  /** The server's main process, null while it is down. */
  readonly pid: () => number | null
  /** Stops the server fast but cleanly, within two seconds in the normal case. */
  stop(): Promise<void>
}

export type PrivatePostgresOptions = {
  /** Holds the data, the server's log and a note of its address. */
  readonly folder: string
  readonly logger?: LedgerLogger
  /** 20 unless told otherwise: memory is counted per connection. */
  readonly connectionsMax?: number
}

export async function startPrivatePostgres(
  options: PrivatePostgresOptions,
): Promise<PrivatePostgres> {
  mkdirSync(options.folder, { recursive: true })
  const folder = realpathSync(options.folder)
  const lock = await lockFolder(folder, LOCK_WITHIN_MS)
  const server = new SupervisedServer({ ...options, folder }, lock)
  try {
    await server.start()
  } catch (error) {
    await server.stop()
    throw error
  }
  return { url: server.url, pid: () => server.pid, stop: () => server.stop() }
}

/** The address of the server that another process of ours runs on this folder, if it wrote one. */
export function findPrivatePostgres(folder: string): string | null {
  try {
    const note: unknown = JSON.parse(readFileSync(join(folder, NOTE_FILE), 'utf8'))
    if (typeof note !== 'object' || note === null || !('url' in note)) return null
    return typeof note.url === 'string' ? note.url : null
  } catch {
    return null
  }
}

class SupervisedServer {
  readonly #folder: string
  readonly #logger: LedgerLogger
  readonly #connectionsMax: number
  readonly #lock: FolderLock
  readonly #user: ServerUser = serverUser()
  #binaries: Binaries | null = null
  #data: DataFolder | null = null
  #port = 0
  #serving = false
  #recovering = false
  #child: ChildProcess | null = null
  #stopping: Promise<void> | null = null

  constructor(options: PrivatePostgresOptions, lock: FolderLock) {
    this.#folder = options.folder
    this.#logger = options.logger ?? silentLogger
    this.#connectionsMax = options.connectionsMax ?? 20
    this.#lock = lock
  }

  get url(): string {
    return this.#urlOf(DATABASE)
  }

  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  async start(): Promise<void> {
    this.#binaries = findBinaries(this.#user)
    this.#data = prepareDataFolder(this.#folder, this.#binaries, this.#user)
    rmSync(join(this.#folder, 'server.log'), { force: true })
    await this.#launchOnFreePort()
    await this.#createDatabase()
    this.#serving = true
    const note = JSON.stringify({ url: this.url, owner: process.pid })
    writeFileSync(join(this.#folder, NOTE_FILE), `${note}\n`, { mode: 0o600 })
  }

  /** Between finding a free port and using it another program may take it. */
  async #launchOnFreePort(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#port = await freePort()
      try {
        return await this.#launch()
      } catch (error) {
        if (attempt === 3 || !this.#logTail().includes('could not bind')) throw error
      }
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    if (this.#data !== null) await stopProcessesIn(this.#data.path)
    rmSync(join(this.#folder, NOTE_FILE), { force: true })
    await this.#lock.release()
  }

  async #launch(): Promise<void> {
    const data = this.#data!
    const left = await stopProcessesIn(data.path)
    if (left > 0) this.#logger.warn({ folder: this.#folder }, 'stopped the server of a killed run')
    // Nobody serves the directory now, so a lock file in it is stale, whatever number it names.
    rmSync(join(data.path, 'postmaster.pid'), { force: true })
    const child = this.#spawn(data.path)
    const end = { reason: null as string | null }
    child.once('error', (error) => {
      end.reason = error.message
    })
    child.once('exit', (code, signal) => {
      end.reason ??= `it ended with ${signal ?? `code ${code}`}: ${this.#logTail()}`
      void this.#onExit(child)
    })
    const settled = (): true | null => (end.reason !== null || isReady(data.path) ? true : null)
    const inTime = await waitFor(settled, { withinMs: READY_WITHIN_MS })
    if (end.reason !== null) throw new Error(`the private PostgreSQL does not start: ${end.reason}`)
    if (inTime === null) throw new Error(`the private PostgreSQL is not ready: ${this.#logTail()}`)
    this.#logger.info({ port: this.#port, pid: child.pid }, 'private database server ready')
  }

  #spawn(dataFolder: string): ChildProcess {
    const log = openSync(join(this.#folder, 'server.log'), 'a', 0o600)
    const { line, user } = this.#command(dataFolder)
    const [command, ...arguments_] = line
    const child = spawn(command!, arguments_, {
      cwd: '/',
      // A session of its own: an interrupt at the terminal is for us, who stop it when all is flushed.
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, LC_ALL: 'C' },
      ...user,
    })
    closeSync(log)
    this.#child = child
    return child
  }

  /** A server that dies without being asked to is started again where its clients look for it. */
  async #onExit(child: ChildProcess): Promise<void> {
    if (this.#child !== child) return
    this.#child = null
    // A new attempt that dies as well is the business of the loop that made it.
    if (!this.#serving || this.#recovering) return
    this.#recovering = true
    while (this.#isWanted()) {
      this.#logger.error(
        { folder: this.#folder },
        'private database server died, starting it again',
      )
      try {
        await areGone(this.#data!.path, 2_000)
        if (this.#isWanted()) await this.#launch()
        break
      } catch (error) {
        this.#logger.error({ error }, 'private database server did not start')
        await pause(RESTART_PAUSE_MS)
      }
    }
    this.#recovering = false
  }

  #isWanted(): boolean {
    return this.#stopping === null
  }

  /** With setpriv the kernel ends the server when its owner dies, however that happens. */
  #command(dataFolder: string): { line: string[]; user: ServerUser } {
    const server = [this.#binaries!.postgres, '-D', dataFolder, ...this.#settings()]
    if (!hasSetpriv()) return { line: server, user: this.#user }
    const user = this.#user
    const identity =
      user === null ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups']
    const line = [SETPRIV, ...identity, '--pdeathsig', 'INT', '--', ...server]
    return { line, user: null }
  }

  /**
   * Small in memory, silent when all is well, reachable from this machine only. Of the shared buffers only
   * what was touched takes memory; with fewer of them the indexes of some ten thousand decisions no longer
   * fit, and every commit writes their pages out and reads them again.
   */
  #settings(): string[] {
    const settings: Record<string, string | number> = {
      port: this.#port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: 'on',
      synchronous_commit: 'on',
      wal_level: 'minimal',
      max_wal_senders: 0,
      shared_buffers: '64MB',
      wal_buffers: '4MB',
      huge_pages: 'off',
      max_connections: this.#connectionsMax,
      max_worker_processes: 2,
      max_parallel_workers: 0,
      autovacuum_max_workers: 1,
      jit: 'off',
      log_min_messages: 'warning',
      ...(this.#binaries!.version.startsWith('18') ? { io_method: 'sync' } : {}),
    }
    return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  }

  async #createDatabase(): Promise<void> {
    const client = new Client({ connectionString: this.#urlOf('postgres') })
    // The query fails with it as well; without a listener the process would end instead.
    client.on('error', () => {})
    await client.connect()
    try {
      const found = await client.query('select from pg_database where datname = $1', [DATABASE])
      if (found.rowCount === 0) await client.query(`create database ${DATABASE}`)
    } finally {
      await client.end()
    }
  }

  #urlOf(database: string): string {
    return `postgres://${DATABASE_USER}:${this.#data!.password}@127.0.0.1:${this.#port}/${database}`
  }

  #logTail(): string {
    try {
      return readFileSync(join(this.#folder, 'server.log'), 'utf8')
        .trim()
        .split('\n')
        .slice(-5)
        .join(' | ')
    } catch {
      return 'no log'
    }
  }
}

/** The server writes its state into the last line of its lock file. */
function isReady(dataFolder: string): boolean {
  try {
    const lines = readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n')
    return lines[7]?.trim() === 'ready'
  } catch {
    return false
  }
}

function hasSetpriv(): boolean {
  return spawnSync(SETPRIV, ['--version']).status === 0
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}
