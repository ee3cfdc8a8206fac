// The data directory: made once, complete or not at all, and owned by the user that serves it.
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Binaries, ServerUser } from './binaries.ts'

export const DATABASE_USER = 'flotilla'
const PASSWORD_FILE = 'flotilla.password'

export type DataFolder = { readonly path: string; readonly password: string }

export function prepareDataFolder(
  folder: string,
  binaries: Binaries,
  user: ServerUser,
): DataFolder {
  const path = placeOf(folder, user)
  if (!existsSync(join(path, 'PG_VERSION'))) createCluster(path, binaries, user)
  const found = readFileSync(join(path, 'PG_VERSION'), 'utf8').trim()
  if (found !== binaries.version.split('.')[0]) {
    throw new Error(
      `${folder} holds data of PostgreSQL ${found}, but the installed server is ${binaries.version}; ` +
        'dump and restore it, or move the folder away to begin anew',
    )
  }
  return { path, password: readFileSync(join(path, PASSWORD_FILE), 'utf8').trim() }
}

/**
 * `data` in the folder itself; where the server's user cannot reach that (a checkout in root's home,
 * say), a link from there to a place of the machine. Who deletes the link gives the data up.
 */
function placeOf(folder: string, user: ServerUser): string {
  const inside = join(folder, 'data')
  if (isLink(inside) && existsSync(inside)) return realpathSync(inside)
  if (user === null || canReach(folder, user)) return inside
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 16)
  for (const root of placesFor(folder)) {
    const outside = join(root, 'flotilla', digest)
    try {
      rmSync(outside, { recursive: true, force: true })
      mkdirSync(outside, { recursive: true, mode: 0o755 })
      if (!canReach(outside, user)) continue
      rmSync(inside, { recursive: true, force: true })
      symlinkSync(join(outside, 'data'), inside)
      return join(outside, 'data')
    } catch {
      // Not writable: the next place.
    }
  }
  throw new Error(`the user of the database server (uid ${user.uid}) cannot reach ${folder}`)
}

/** What belongs to a temporary folder is temporary as well. */
function placesFor(folder: string): string[] {
  const temporary = realpathSync(tmpdir())
  return folder.startsWith(`${temporary}/`) ? [temporary] : ['/var/lib', temporary]
}

/** Made beside its place and renamed, so that a kill in the middle leaves nothing half made. */
function createCluster(path: string, binaries: Binaries, user: ServerUser): void {
  const partial = `${path}.new`
  const passwordFile = `${path}.password`
  rmSync(partial, { recursive: true, force: true })
  rmSync(passwordFile, { force: true })
  mkdirSync(partial, { mode: 0o700 })
  writeFileSync(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 })
  if (user !== null) {
    for (const each of [partial, passwordFile]) chownSync(each, user.uid, user.gid)
  }
  const answer = spawnSync(
    binaries.initdb,
    [
      `--pgdata=${partial}`,
      `--username=${DATABASE_USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
    ],
    { encoding: 'utf8', cwd: '/', env: { ...process.env, LC_ALL: 'C' }, ...user },
  )
  if (answer.status !== 0) throw new Error(`initdb failed: ${answer.stderr || answer.stdout}`)
  renameSync(passwordFile, join(partial, PASSWORD_FILE))
  chmodSync(partial, 0o700)
  renameSync(partial, path)
}

function canReach(folder: string, user: { uid: number; gid: number }): boolean {
  const options = { cwd: '/', uid: user.uid, gid: user.gid }
  return spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], options).status === 0
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
}
