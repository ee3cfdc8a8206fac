// The command against the simulator over its wire.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSimulator } from '@flotilla/exchange-simulator'
import type { Simulator } from '@flotilla/exchange-simulator'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runProgram } from '../program.ts'
import { createTestTerminal } from '../testing.ts'
import { header } from './candle-file.ts'

const startAt = '2026-01-05T00:00:00.000Z'
const minute = 60_000
const begin = Date.parse(startAt)

let simulator: Simulator
let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flotilla-download-'))
  simulator = createSimulator({
    config: { startAt, symbols: ['BTC/USDT'] },
    folder: join(folder, 'simulator'),
  })
  await simulator.start()
  const config = join(folder, 'flotilla.yaml')
  writeFileSync(config, `venue: { url: '${simulator.url}' }\nsimulator: { speed: 1 }\n`)
}, 60_000)
afterAll(async () => {
  await simulator.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function download(...flags: string[]) {
  const terminal = createTestTerminal()
  const words = ['download', '--config', join(folder, 'flotilla.yaml'), '--symbol', 'BTC/USDT']
  const out = ['--out', join(folder, 'out.csv')]
  const code = await runProgram([...words, ...out, ...flags], terminal)
  return { code, printed: terminal.printed, complained: terminal.complained }
}

const times = (): number[] =>
  readFileSync(join(folder, 'out.csv'), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',')[0]))

it(
  'fetches a range, and goes on where it stopped without a row twice',
  { timeout: 60_000 },
  async () => {
    const from = ['--from', '2026-01-04T00:00Z']
    const first = await download(...from, '--to', '2026-01-04T12:00Z')
    expect(first.complained).toEqual([])
    expect(first.code).toBe(0)
    expect(readFileSync(join(folder, 'out.csv'), 'utf8')).toMatch(new RegExp(`^${header}\n`))
    expect(times()).toHaveLength(720)
    expect(first.printed.at(-2)).toBe('no gaps')

    const second = await download(...from, '--to', startAt)
    expect(second.printed[0]).toBe('goes on after 2026-01-04T11:59Z')
    expect(second.code).toBe(0)
    const expected = Array.from({ length: 1_440 }, (_, at) => begin - (1_440 - at) * minute)
    expect(times()).toEqual(expected)

    const third = await download('--from', '2026-01-03', '--to', startAt)
    expect(third.code).toBe(1)
    expect(third.complained.join()).toMatch(/the venue has earlier candles; choose another --out/)
  },
)

it(
  'writes Parquet too, goes on with it, and turns it into the same CSV',
  { timeout: 60_000 },
  async () => {
    const parquet = join(folder, 'out.parquet')
    const from = ['--from', '2026-01-03T00:00Z', '--out', parquet]
    const first = await download(...from, '--to', '2026-01-03T12:00Z')
    expect(first.complained).toEqual([])
    expect(existsSync(`${parquet}.csv`)).toBe(false)
    const second = await download(...from, '--to', '2026-01-04T00:00Z')
    expect(second.printed[0]).toBe('goes on after 2026-01-03T11:59Z')

    const [csv, back] = [join(folder, 'plain.csv'), join(folder, 'back.csv')]
    const plain = await download('--from', '2026-01-03T00:00Z', '--to', '2026-01-04', '--out', csv)
    expect(plain.code).toBe(0)
    const terminal = createTestTerminal()
    expect(await runProgram(['convert-candles', parquet, back], terminal)).toBe(0)
    expect(readFileSync(back, 'utf8')).toBe(readFileSync(csv, 'utf8'))
    expect(await runProgram(['convert-candles', join(folder, 'none.csv'), back], terminal)).toBe(1)
    expect(terminal.complained.join()).toMatch(/none\.csv: there is no such file/)
  },
)

it('says what is wrong with what was asked for', { timeout: 60_000 }, async () => {
  const unlisted = await download('--symbol', 'DOGE/USDT', '--from', '2026-01-04')
  expect(unlisted.code).toBe(1)
  expect(unlisted.complained.join()).toMatch(/does not list DOGE\/USDT/)
  const backwards = await download('--from', '2026-01-04', '--to', '2026-01-03')
  expect(backwards.complained.join()).toMatch(/--from is not before --to/)
  const vague = await download('--from', 'yesterday')
  expect(vague.complained.join()).toMatch(/Give a day or a moment/)
})
