// Makes the checkout ready and runs one of the repository's commands in it.
//
// Plain JavaScript without dependencies, for it has to run on a machine that holds nothing but
// Node 18 or newer and npm: it installs what the lockfile names (a current Node among it) when the
// manifests have changed since the last time, and then hands over to that Node.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PNPM = 'pnpm@12.21.0'
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const stampFile = join(root, 'node_modules', '.flotilla-stamp')
const bin = (name) => join(root, 'node_modules', '.bin', name)

const COMMANDS = {
  start: ['packages/cli/src/main.ts', 'start'],
  logs: ['packages/cli/src/main.ts', 'logs'],
  flotilla: ['packages/cli/src/main.ts'],
  test: ['scripts/test.ts'],
  bench: ['bench/main.ts'],
  generate: ['scripts/generate.ts'],
  goldens: [bin('vitest'), 'run', 'services/risk-manager/src/core', '--update'],
  lint: [bin('oxlint'), '--type-aware', '--deny-warnings'],
  types: [bin('tsc'), '--noEmit', '-p', '.'],
  format: [bin('oxfmt'), '--check'],
  'format:fix': [bin('oxfmt')],
  unused: [bin('knip'), '--no-progress'],
}

const [name, ...rest] = process.argv.slice(2)
const command = COMMANDS[name]
if (command === undefined) {
  console.error(`flotilla: no such command: ${name}; one of ${Object.keys(COMMANDS).join(', ')}`)
  process.exit(2)
}
install()
run(command[0], [...command.slice(1), ...rest])

function install() {
  const digest = manifestDigest()
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === digest) return
  console.error('flotilla: setting up (once after each change of dependencies) ...')
  const arguments_ = ['exec', '--yes', `--package=${PNPM}`, '--', 'pnpm', 'install']
  const result = spawnSync('npm', [...arguments_, '--frozen-lockfile', '--prefer-offline'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    env: installerEnvironment(),
  })
  if (result.status !== 0) {
    console.error(result.stdout ?? '')
    console.error('flotilla: the set-up failed; see above. Is the npm registry within reach?')
    process.exit(1)
  }
  writeFileSync(stampFile, digest)
}

/** Settings of an outer npm (scripts, workspaces, prefixes) must not leak into the installer. */
function installerEnvironment() {
  const kept = /^npm_config_(registry|cafile|ca|strict_ssl|cache|userconfig|https?_proxy|noproxy)$/i
  const entries = Object.entries(process.env).filter(
    ([key]) => !/^npm_/i.test(key) || kept.test(key),
  )
  return { ...Object.fromEntries(entries), CI: '1' }
}

function manifestDigest() {
  const hash = createHash('sha256').update(process.platform).update(process.arch)
  for (const file of manifests()) hash.update(file).update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

function manifests() {
  const members = ['packages', 'services'].flatMap((folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder))
          .sort()
          .map((member) => join(folder, member, 'package.json'))
      : [],
  )
  const files = ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', ...members]
  return files.filter((file) => existsSync(join(root, file)))
}

function run(entry, arguments_) {
  const current = Number(process.versions.node.split('.')[0])
  const node = current >= 24 ? process.execPath : bin('node')
  const script = /\.(ts|mjs)$/.test(entry)
  const child = spawn(script ? node : entry, script ? [entry, ...arguments_] : arguments_, {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`,
      FLOTILLA_INVOKED_FROM: process.env.INIT_CWD ?? process.cwd(),
      ...compiledModules(),
    },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal))
  }
  watchParent(child)
  child.on('error', (error) => {
    console.error(`flotilla: cannot run ${entry}: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 1))
}

/**
 * Where Node keeps modules that it has compiled: our processes, and theirs, start in half the time and
 * without the memory of the compiler. Tests count on nothing that an earlier run has left.
 */
function compiledModules() {
  if (name === 'test' || process.env.NODE_COMPILE_CACHE !== undefined) return {}
  return { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'flotilla', 'compiled') }
}

/** npm dies of a signal without passing it on: a changed parent is the signal that was lost. */
function watchParent(child) {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    child.kill('SIGTERM')
  }, 500)
  timer.unref()
}
