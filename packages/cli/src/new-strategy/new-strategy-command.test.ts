/** What the generator writes is good as it stands: typed, formatted, and its tests pass. */
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkout } from '../places.ts'
import { createTestTerminal } from '../testing.ts'
import { newStrategy } from './new-strategy-command.ts'
import { overview, planStrategy, shippedList } from './plan.ts'

const run = promisify(execFile)
const slow = 300_000
let root = ''

/** As much of a checkout as a strategy needs, with the modules that are installed here. */
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'flotilla-new-strategy-'))
  const kit = 'packages/strategy-kit'
  for (const path of [`${kit}/src`, `${kit}/package.json`, 'docs/strategies', '.oxfmtrc.json']) {
    cpSync(join(checkout, path), join(root, path), { recursive: true })
  }
  symlinkSync(join(checkout, kit, 'node_modules'), join(root, kit, 'node_modules'))
  symlinkSync(join(checkout, 'node_modules'), join(root, 'node_modules'))
  const compiler = { extends: join(checkout, 'tsconfig.json'), include: [`${kit}/src`] }
  writeFileSync(join(root, 'tsconfig.json'), JSON.stringify(compiler))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Resolves when the tool is content; its words are in the error when it is not. */
async function tool(name: string, ...words: readonly string[]): Promise<string> {
  const entries = Object.entries(process.env).filter(([key]) => !key.startsWith('VITEST'))
  const { stdout } = await run(join(checkout, 'node_modules', '.bin', name), words, {
    cwd: root,
    env: { ...Object.fromEntries(entries), NODE_ENV: 'test', NO_COLOR: '1' },
    timeout: slow,
  })
  return stdout
}

function generate(name: string) {
  const terminal = createTestTerminal()
  const code = newStrategy(name, terminal, root)
  return { code, printed: terminal.printed.join('\n'), complained: terminal.complained.join('\n') }
}

describe('a generated strategy', () => {
  test('is written with test and page, and the fleet knows it', () => {
    const { code, printed } = generate('my-idea')
    expect(code).toBe(0)
    expect(printed).toContain('wrote    packages/strategy-kit/src/strategies/my-idea.ts')
    expect(printed).toContain('npm test -- packages/strategy-kit/src/strategies/my-idea.test.ts')
    const list = readFileSync(join(root, shippedList), 'utf8')
    expect(list).toContain("import { myIdea } from './strategies/my-idea.ts'\n")
    expect(list).toContain('  myIdea,\n]')
    expect(readFileSync(join(root, overview), 'utf8')).toContain('[my-idea](my-idea.md)')
  })

  test('is never written over', () => {
    const { code, complained } = generate('my-idea')
    expect(code).toBe(1)
    expect(complained).toMatch(/my-idea\.ts is there already/)
    expect(generate('ema-crossover').complained).toMatch(/ema-crossover\.ts is there already/)
  })

  test('may be called like a word of the language, or come first or last', () => {
    for (const name of ['new', 'a-first-one', 'zig-zag-2']) expect(generate(name).code).toBe(0)
    const list = readFileSync(join(root, shippedList), 'utf8')
    const paths = [...list.matchAll(/from '(\.\/strategies\/.*)'/g)].map(([, path = '']) => path)
    expect(paths).toEqual(paths.toSorted((left, right) => (left < right ? -1 : 1)))
    expect(list).toContain("import { newStrategy } from './strategies/new.ts'")
  })

  test('passes its own tests and those of every strategy', { timeout: slow }, async () => {
    const files = ['strategies', 'documents', 'look-ahead']
    const output = await tool('vitest', 'run', '--root', root, '--testTimeout=120000', ...files)
    expect(output).toMatch(/Test Files +\d+ passed/)
    expect(output).toContain('my-idea.test.ts')
  })

  test('has sound types', { timeout: slow }, async () => {
    await expect(tool('tsc', '--noEmit', '-p', root)).resolves.toBe('')
  })

  test('is formatted', { timeout: slow }, async () => {
    await expect(tool('oxfmt', '--check', 'packages')).resolves.toMatch(/correct format/)
  })
})

describe('what cannot be done is said', () => {
  const bare = { exists: () => false, read: () => null }

  test.each(['My Idea', '2fast', 'my_idea', '../escape', '', 'a--b', 'x'.repeat(65)])(
    '%j is no name',
    (name) => {
      expect(planStrategy(name, bare)).toMatchObject({
        kind: 'refused',
        reason: expect.stringContaining('no strategy name') as string,
      })
    },
  )

  test('a list that was changed beyond recognition is left alone', () => {
    expect(planStrategy('my-idea', bare)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('shipped.ts is not what it was') as string,
    })
  })

  test('a folder that cannot be written to', () => {
    const terminal = createTestTerminal()
    rmSync(join(root, 'docs/strategies/half.md'), { force: true })
    symlinkSync(join(root, 'nowhere', 'half.md'), join(root, 'docs/strategies/half.md'))
    expect(newStrategy('half', terminal, root)).toBe(1)
    expect(terminal.complained.join('\n')).toMatch(/not everything could be written: E/)
  })
})
