// Two accounts in one fleet, as an operator meets them: each with its own policy on the same intents, each
// commanded alone or together, and compared afterwards.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeFolder } from './flotilla-command.ts'
import type { Folder, Run } from './flotilla-command.ts'
import { eventually } from './support/eventually.ts'

const bought = /execution +\[cautious\] .* position .*, stop [0-9]/
const sold = /\[cautious\] .* order sent: flatten sell/

/** A fleet on two busy cores takes its time. */
const patience = { timeout: 240_000 }

const settings = `
simulator: { speed: 600 }
http: { port: 0 }
risk: { balanceShare: 0.3, exposureShareMax: 1 }
accounts:
  cautious: { risk: { balanceShare: 0.03 } }
strategy:
  symbolCooldownMs: 0
  strategies: [{ name: ema-crossover }, { name: rsi-reversion }, { name: momentum-breakout }]
`

let folder: Folder
let fleet: Run

beforeAll(() => {
  folder = makeFolder()
  writeFileSync(join(folder.path, 'flotilla.yaml'), settings)
  fleet = folder.run(['start'])
})
afterAll(() => folder.remove())

async function json(...words: string[]): Promise<unknown> {
  const run = folder.run([...words, '--json'])
  expect([await run.ended, run.errors]).toEqual([0, []])
  return JSON.parse(run.lines.join('\n'))
}

async function command(...words: string[]): Promise<void> {
  const run = folder.run(['control', ...words])
  expect([await run.ended, run.errors]).toEqual([0, []])
}

test('both take the same intent, each by its own policy', patience, async () => {
  await Promise.all([
    fleet.line(/execution +[A-Z]+\/USDT position .*, stop [0-9]/),
    fleet.line(bought),
  ])
  const decisions = (await json('decisions', '--verdict', 'approved')) as {
    account: string
    intentId: string
    sizing: { amount: string }
  }[]
  const cautious = decisions.findLast(({ account }) => account === 'cautious')
  const main = decisions.find(
    (each) => each.account === 'main' && each.intentId === cautious?.intentId,
  )
  expect(Number(main?.sizing.amount)).toBeGreaterThan(5 * Number(cautious?.sizing.amount))
})

test(
  'one is told to flatten and stays out, and the other keeps what it holds',
  patience,
  async () => {
    const toCautious = ['--account', 'cautious', '--reason', 'enough']
    const isSold = async () => fleet.lines.some((line) => sold.test(line))
    await command('flatten', ...toCautious)
    await fleet.line(/risk-manager +\[cautious\] trading flattened: enough/)
    // Ten minutes pass in a second: whoever held nothing at that moment has to buy again first.
    while (!(await eventually(isSold, Boolean, { withinMs: 5_000 }).catch(() => false))) {
      await command('resume', ...toCautious)
      const before = fleet.lines.length
      const holds = async () => fleet.lines.slice(before).some((line) => bought.test(line))
      await eventually(holds, Boolean, { withinMs: 120_000, everyMs: 20 })
      await command('flatten', ...toCautious)
    }
    expect(
      fleet.lines.filter((line) => /execution +[A-Z]+\/USDT order sent: flatten/.test(line)),
    ).toEqual([])
  },
)

test('what the two policies earned is compared', patience, async () => {
  const words = ['compare', 'main', 'cautious', '--period', '5', '--draws', '500', '--json']
  const compared = async () => {
    const run = folder.run(words)
    return { code: await run.ended, lines: run.lines, errors: run.errors }
  }
  // A fast machine is here before the accounts have lived long enough to be compared.
  const { lines } = await eventually(compared, ({ code }) => code === 0, { withinMs: 120_000 })
  expect(JSON.parse(lines.join('\n'))).toMatchObject({
    accounts: [{ account: 'main' }, { account: 'cautious' }],
    periodMs: 300_000,
    draws: 500,
    meanReturnDifference: { pValue: expect.any(Number) as number },
  })
})

test(
  'one is paused and one stays flattened, and it is written down by whom',
  patience,
  async () => {
    await command('pause', '--reason', 'news at three')
    await fleet.line(/risk-manager +trading paused: news at three/)
    fleet.kill('SIGTERM')
    expect(await fleet.ended).toBe(0)
    const { states, commands } = (await json('commands')) as {
      states: unknown[]
      commands: { command: string; account: string }[]
    }
    const paused = { symbol: null, state: 'paused', reason: 'news at three' }
    const flattened = { symbol: null, state: 'flattened', reason: 'enough' }
    expect(states).toHaveLength(2)
    expect(states).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ account: 'main', ...paused }),
        expect.objectContaining({ account: 'cautious', ...flattened }),
      ]),
    )
    const given = new Set(commands.map(({ command: name, account }) => `${name} ${account}`))
    given.delete('resume cautious')
    expect([...given].toSorted()).toEqual(['flatten cautious', 'pause cautious', 'pause main'])
    expect(await json('equity', '--account', 'cautious', '--limit', '2')).toHaveLength(2)
  },
)
