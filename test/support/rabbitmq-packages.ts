import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { unpackPackages } from './debian-packages.ts'

// Where a RabbitMQ for tests comes from: the installed one, or Debian's packages, downloaded and
// unpacked into a cache without installing anything and without root.

const run = promisify(execFile)

const cache = resolve(import.meta.dirname, '../../node_modules/.cache/flotilla/rabbitmq')

export type RabbitBinaries = {
  /** The folder with rabbitmq-server and rabbitmqctl. */
  readonly sbin: string
  /** The folder with erl. */
  readonly erlang: string
  readonly epmd: string
  /** Libraries that the packages brought along, for the dynamic linker. */
  readonly libraries: string | null
}

export type Missing = { readonly missing: string }

let found: Promise<RabbitBinaries | Missing> | null = null

/** The binaries, fetched at the first call; or one line saying what is missing. */
export function rabbitBinaries(): Promise<RabbitBinaries | Missing> {
  found ??= find()
  return found
}

async function find(): Promise<RabbitBinaries | Missing> {
  const installed = await binariesUnder('/')
  if (installed !== null) return installed
  try {
    if (!existsSync(cache)) {
      await unpackPackages(cache, { choose: packagesOf, finish: writeErlWrapper })
    }
    const unpacked = await binariesUnder(cache)
    if (unpacked !== null) return unpacked
    return { missing: howToGetIt('the unpacked packages hold no rabbitmq-server') }
  } catch (error) {
    return { missing: howToGetIt(firstLine(error)) }
  }
}

function howToGetIt(reason: string): string {
  return `no RabbitMQ for tests (${reason}): run "apt-get install rabbitmq-server"`
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n').slice(0, 2).join(' ')
}

async function binariesUnder(root: string): Promise<RabbitBinaries | null> {
  const versions = await entries(join(root, 'usr/lib/rabbitmq/lib'))
  const server = versions.find((name) => name.startsWith('rabbitmq_server-'))
  const erts = (await entries(join(root, 'usr/lib/erlang'))).find((name) =>
    name.startsWith('erts-'),
  )
  if (server === undefined || erts === undefined) return null
  return {
    sbin: join(root, 'usr/lib/rabbitmq/lib', server, 'sbin'),
    erlang: root === '/' ? '/usr/bin' : join(root, 'bin'),
    epmd: join(root, 'usr/lib/erlang', erts, 'bin/epmd'),
    libraries: root === '/' ? null : (await libraryFolders(root)).join(':'),
  }
}

async function libraryFolders(root: string): Promise<string[]> {
  const triples = (await entries(join(root, 'usr/lib'))).filter((name) => name.includes('-linux-'))
  return triples.map((triple) => join(root, 'usr/lib', triple))
}

async function entries(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}

/** The broker, its Erlang and the libraries that a bare system may lack. */
async function packagesOf(options: readonly string[]): Promise<string[]> {
  const only = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances']
  const flags = only.map((relation) => `--no-${relation}`)
  const { stdout } = await run(
    'apt-cache',
    [...options, 'depends', '--recurse', ...flags, 'rabbitmq-server'],
    { maxBuffer: 2 ** 24 },
  )
  const names = stdout.split('\n').filter((line) => /^[a-z0-9]/.test(line))
  return names.filter((name) => /^(rabbitmq-server|erlang-[a-z0-9-]+|libssl[0-9a-z]+)$/.test(name))
}

/** Debian's own script names the installed place; this one finds its place by itself. */
async function writeErlWrapper(root: string): Promise<void> {
  const erts = (await entries(join(root, 'usr/lib/erlang'))).find((name) =>
    name.startsWith('erts-'),
  )
  const script = [
    '#!/bin/sh',
    'ROOTDIR=$(cd "$(dirname "$0")/../usr/lib/erlang" && pwd)',
    `BINDIR=$ROOTDIR/${erts ?? 'erts'}/bin`,
    'EMU=beam PROGNAME=erl',
    'export ROOTDIR BINDIR EMU PROGNAME',
    'exec "$BINDIR/erlexec" "$@"',
  ]
  await mkdir(join(root, 'bin'))
  await writeFile(join(root, 'bin/erl'), `${script.join('\n')}\n`)
  await chmod(join(root, 'bin/erl'), 0o755)
}
