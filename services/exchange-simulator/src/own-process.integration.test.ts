// The exchange as an operator starts it: a process of its own that reads the fleet's flotilla.yaml.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createSimulator, type Simulator } from './index.ts'

let folder = ''
let child: ChildProcess | null = null

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flotilla-own-process-'))
})

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

describe('prices come from where flotilla.yaml says, as fast as it says', () => {
  const START = Date.UTC(2025, 0, 6)
  const minutes = Array.from({ length: 600 }, (_, minute) => minute)

  function write(name: string, content: string | ArrayBuffer): string {
    const path = join(folder, name)
    writeFileSync(path, typeof content === 'string' ? content : Buffer.from(content))
    return path
  }

  /** A price that tells its minute. */
  const priceOf = (minute: number): number => 100 + minute

  function csv(name: string, header: string, row: (minute: number) => string): string {
    return write(name, `${[header, ...minutes.map(row)].join('\n')}\n`)
  }

  type Column = {
    readonly name: string
    readonly data: unknown[]
    readonly type: 'INT64' | 'DOUBLE' | 'STRING'
  }
  const column = (name: string, type: Column['type'], of: (minute: number) => unknown): Column => ({
    name,
    type,
    data: minutes.map(of),
  })
  const parquet = (name: string, columns: Column[]): string =>
    write(name, parquetWriteBuffer({ columnData: columns }))
  const times = column('timestamp_ms', 'INT64', (minute) => BigInt(START + minute * 60_000))

  const candleCsv = () =>
    csv('binance_LTC-USDT_1m.csv', 'timestamp_ms,open,high,low,close,volume', (minute) => {
      const price = priceOf(minute)
      return `${START + minute * 60_000},${price},${price},${price},${price},5`
    })
  const candleParquet = () =>
    parquet('candles.parquet', [
      column('symbol', 'STRING', () => 'LTC/USDT'),
      times,
      ...['open', 'high', 'low', 'close'].map((name) => column(name, 'DOUBLE', priceOf)),
      column('volume', 'DOUBLE', () => 5),
    ])
  const tradeCsv = () =>
    csv('binance_LTC-USDT_trades.csv', 'timestamp_ms,price,quantity,taker_side', (minute) => {
      return `${START + minute * 60_000},${priceOf(minute)},1,buy`
    })
  const tradeParquet = () =>
    parquet('trades.parquet', [
      column('symbol', 'STRING', () => 'LTC/USDT'),
      times,
      column('price', 'DOUBLE', priceOf),
      column('quantity', 'DOUBLE', () => 1),
      column('taker_side', 'STRING', () => 'sell'),
    ])
  const bookParquet = () =>
    parquet('books.parquet', [
      column('symbol', 'STRING', () => 'LTC/USDT'),
      times,
      column('bid1_p', 'DOUBLE', (minute) => priceOf(minute) - 1),
      column('bid1_q', 'DOUBLE', () => 7),
      column('ask1_p', 'DOUBLE', (minute) => priceOf(minute) + 1),
      column('ask1_q', 'DOUBLE', () => 8),
    ])

  const read = async (url: string): Promise<unknown> => (await fetch(url)).json()

  test.each([
    ['candles of a CSV', () => `candles: ['${candleCsv()}']`],
    ['candles of a Parquet file', () => `candles: ['${candleParquet()}']`],
    ['trades of a CSV', () => `trades: ['${tradeCsv()}']`],
    [
      'trades and books of Parquet files',
      () => `trades: ['${tradeParquet()}']\n  books: ['${bookParquet()}']`,
    ],
  ])('%s, 600 times as fast', { timeout: 120_000 }, async (_name, source) => {
    const { url, marketTime } = await start(
      `simulator:\n  speed: 600\n  historyMinutes: 60\n  ${source()}\n`,
    )
    const from = Date.parse(marketTime)
    expect(from).toBeGreaterThanOrEqual(START + 60 * 60_000)
    const now = async () =>
      ((await read(`${url}/api/v3/time`)) as { serverTime: number }).serverTime
    await expect.poll(now, { timeout: 60_000 }).toBeGreaterThan(from + 2 * 60_000)
    const rows = (await read(`${url}/api/v3/klines?symbol=LTCUSDT&interval=1m&limit=30`)) as [
      number,
      string,
    ][]
    for (const [time, open] of rows) {
      expect(Number(open)).toBe(priceOf((time - START) / 60_000))
    }
    expect(rows).toHaveLength(30)
  })

  describe('a live venue', () => {
    let venue: Simulator

    beforeEach(async () => {
      venue = createSimulator({
        config: { seed: 9, symbols: ['LTC/USDT'] },
        folder: null,
      })
      await venue.start()
    })

    afterEach(() => venue.stop())

    test('is followed through ccxt, in its own time', { timeout: 120_000 }, async () => {
      const begun = venue.now()
      const { url } = await start(
        `symbols: ['LTC/USDT']
simulator:
  speed: 1
  follow: { venue: binance, url: '${venue.url}', historyMinutes: 30 }
`,
      )
      // Candles of before the start, by their time: a minute may end between the two questions.
      const candles = async (from: string) => {
        const path = `/api/v3/klines?symbol=LTCUSDT&interval=1m&endTime=${begun - 180_000}&limit=20`
        const rows = (await read(`${from}${path}`)) as string[][]
        return rows.map((row) => row.slice(0, 5).map(Number))
      }
      const ours = await candles(url)
      expect(ours).toHaveLength(20)
      expect(ours).toEqual(await candles(venue.url))
    })
  })
})
