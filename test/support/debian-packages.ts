// Programs for tests from Debian's packages, downloaded and unpacked into a cache without installing
// anything and without root.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Works in a folder of its own and moves the result into place at the end: two test runs that
 * start at the same moment both do the work, and neither sees half of the other's.
 */
export async function unpackPackages(
  destination: string,
  what: {
    /** The names of the packages; asked with the options that apt needs to know of them. */
    readonly choose: (aptOptions: readonly string[]) => Promise<readonly string[]>
    /** The last touch to what was unpacked. */
    readonly finish?: (root: string) => Promise<void>
  },
): Promise<void> {
  await mkdir(dirname(destination), { recursive: true })
  const work = await mkdtemp(`${destination}-`)
  try {
    const root = join(work, 'root')
    await mkdir(root)
    for (const archive of await download(work, what.choose)) {
      await run('dpkg-deb', ['-x', archive, root])
    }
    await what.finish?.(root)
    await rename(root, destination).catch((error: unknown) => {
      if (!existsSync(destination)) throw error
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function download(
  work: string,
  choose: (aptOptions: readonly string[]) => Promise<readonly string[]>,
): Promise<string[]> {
  const lists = join(work, 'lists')
  const archives = join(work, 'archives')
  await mkdir(join(lists, 'partial'), { recursive: true })
  await mkdir(join(archives, 'partial'), { recursive: true })
  const own = [`Dir::State::lists=${lists}`, `Dir::Cache=${work}`, 'Debug::NoLocking=1']
  const options = own.flatMap((option) => ['-o', option])
  await run('apt-get', [...options, '-qq', 'update'])
  const packages = await choose(options)
  await run('apt-get', [...options, '-qq', 'download', ...packages], { cwd: archives })
  const files = (await readdir(archives)).filter((name) => name.endsWith('.deb'))
  return files.map((name) => join(archives, name))
}
