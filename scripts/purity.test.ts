// The rule that a core is pure is kept by the linter. Here a violation of each kind is planted, to
// prove that the rule bites; a rule that reports nothing looks like a house in order.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, cpSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flotilla-purity-'))
  cpSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  cpSync(join(root, 'tsconfig.json'), join(folder, 'tsconfig.json'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, '.gitignore'), 'node_modules\n')
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, 'services/planted/src/core'), { recursive: true })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function lint(code: string): Promise<string> {
  const file = join(folder, 'services/planted/src/core/planted.ts')
  writeFileSync(file, code)
  return new Promise((resolve) => {
    const oxlint = join(root, 'node_modules/.bin/oxlint')
    execFile(oxlint, [file], { cwd: folder }, (_, stdout) => resolve(stdout))
  })
}

test('an innocent core passes', async () => {
  const code = 'export const twice = (value: number): number => value * 2\n'
  expect(await lint(code)).toMatch(/Found 0 warnings and 0 errors/)
})

test.each([
  ['the clock', 'export const now = (): number => Date.now()\n', /take the time as a value/],
  ['a new date', 'export const now = (): Date => new Date()\n', /take the time as a value/],
  ['randomness', 'export const luck = (): number => Math.random()\n', /seeded random source/],
  ['a timer', 'export const wait = (): unknown => setTimeout(() => 1, 1)\n', /does not wait/],
  ['the environment', 'export const home = process.env\n', /does not see the process/],
  ['the network', "export const get = () => fetch('http://x')\n", /no input or output/],
  ['the file system', "export { readFileSync } from 'node:fs'\n", /core\/ is pure/],
  ['a driver', "import { Pool } from 'pg'\nexport const pool = new Pool()\n", /no input or output/],
  ['the bus', "import { x } from '@flotilla/bus'\nexport const y = x\n", /no input or output/],
  ['its own shell', "import { x } from '../service.ts'\nexport const y = x\n", /its own shell/],
])('%s in a core is reported', async (_, code, report) => {
  expect(await lint(code)).toMatch(report)
})
