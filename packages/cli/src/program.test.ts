import { describe, expect, test } from 'vitest'
import { examples } from './examples.ts'
import { runProgram } from './program.ts'
import { createTestTerminal } from './testing.ts'

async function run(...words: string[]) {
  const terminal = createTestTerminal()
  const code = await runProgram(words, terminal)
  return { code, out: terminal.printed.join('\n'), err: terminal.complained.join('\n') }
}

test('help shows every command with an example', async () => {
  const { code, out } = await run('--help')
  expect(code).toBe(0)
  for (const [name, example] of Object.entries(examples)) {
    expect(out).toMatch(new RegExp(`^  ${name} `, 'm'))
    expect(out).toContain(example)
  }
})

test.each(Object.keys(examples))("the help of %s has the command's example", async (name) => {
  const { code, out } = await run(name, '--help')
  expect(code).toBe(0)
  expect(out).toContain(examples[name as keyof typeof examples])
})

test.each(Object.entries(examples))('the example of %s is understood', async (name, example) => {
  const words = example.slice(example.indexOf('-- ') + 3).split(' ')
  expect(words[0]).toBe(name)
  const flags = words.filter((word) => word.startsWith('--'))
  const { out } = await run(...words.slice(0, name === 'dead-letters' ? 2 : 1), '--help')
  for (const flag of flags) expect(out).toContain(flag)
})

describe('a slip is answered with what was meant', () => {
  test.each([
    [['strat'], 'start'],
    [['start', '--sped', '2'], '--speed'],
    [['dead-leters'], 'dead-letters'],
    [['dead-letters', 'lst'], 'list'],
    [['control', 'puase'], 'pause'],
    [['logs', '--folow'], '--follow'],
  ])('%j', async (words, meant) => {
    const { code, err } = await run(...words)
    expect(code).toBe(1)
    expect(err).toMatch(/Did you mean/)
    expect(err).toContain(meant)
  })

  test.each([
    [['start', '--speed', 'fast'], /Give a number from 0\.1/],
    [['start', '--speed', '0'], /Give a number from 0\.1/],
    [['start', '--seed', '1.5'], /Give a whole number/],
    [['start', '--http-port', '70000'], /from 0 to 65535/],
    [['control', 'pause', '--symbol', 'bitcoin'], /symbol like BTC\/USDT/],
    [['logs', '-n', '-3'], /Give a number from 0/],
  ])('%j says what is wanted', async (words, wanted) => {
    const { code, err } = await run(...words)
    expect(code).toBe(1)
    expect(err).toMatch(wanted)
  })
})
