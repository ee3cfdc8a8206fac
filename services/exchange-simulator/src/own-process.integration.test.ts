// The exchange as an operator starts it: a process of its own that reads the fleet's flotilla.yaml.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'flotilla-own-process-'))
let child: ChildProcess | null = null

afterEach(() => {
  child?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

type Opening = {
  readonly url: string
  readonly controlUrl: string | null
  readonly marketTime: string
}

async function start(settings: string): Promise<Opening> {
  const file = join(folder, 'flotilla.yaml')
  writeFileSync(file, `venue: { url: 'http://127.0.0.1:0' }\nhttp: { port: 0 }\n${settings}`)
  const started = spawn(process.execPath, [new URL('./main.ts', import.meta.url).pathname], {
    env: { ...process.env, FLOTILLA_CONFIG: file, FLOTILLA_FOLDER: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child = started
  for await (const line of createInterface({ input: started.stdout })) {
    const entry = JSON.parse(line) as Opening & { msg?: string }
    if (entry.msg === 'exchange simulator open') return entry
  }
  throw new Error('the process ended before it was open')
}

test('moment, fees, limits and the control port are as flotilla.yaml says', async () => {
  const opening = await start(`simulator:
  speed: 1
  startAt: 2026-01-05T00:00:00Z
  fees: { taker: 0.002 }
  limits: { weightPerMinute: 77 }
  control: { enabled: true }
`)
  expect(opening.marketTime).toMatch(/^2026-01-05T00:0/)
  const read = async (url: string): Promise<unknown> => (await fetch(url)).json()
  expect(await read(`${opening.controlUrl ?? ''}/__sim/faults`)).toMatchObject({ faults: [] })
  expect(await read(`${opening.url}/sapi/v1/asset/tradeFee?symbol=BTCUSDT`)).toMatchObject([
    { takerCommission: '0.002' },
  ])
  expect(await read(`${opening.url}/api/v3/exchangeInfo`)).toMatchObject({
    rateLimits: expect.arrayContaining([
      expect.objectContaining({ rateLimitType: 'REQUEST_WEIGHT', limit: 77 }),
    ]) as unknown,
  })
})
