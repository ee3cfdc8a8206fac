import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ack, connectRabbit } from '@flotilla/bus'
import type { Bus } from '@flotilla/bus'
import { partitionOf, streams } from '@flotilla/contracts'
import { openSqliteMarketStore } from '@flotilla/market-store'
import type { MarketStore } from '@flotilla/market-store'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freshVhost, sharedRabbit } from '../../../test/support/rabbitmq-shared.ts'
import { candleMessage, storedCandle } from './testing.ts'
import { furthestApart, numbersIn, numbersOf, uninterrupted } from './testing/stage.ts'
import type { Signals } from './testing/stage.ts'

// Replicas as they run in production: processes of their own, a broker, one market store.

const rabbit = await sharedRabbit()
/** One of each partition. */
const symbols = ['ATOM/USDT', 'ETH/USDT', 'SOL/USDT', 'BTC/USDT']
const candles = 120

type Replica = {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  readonly lines: readonly { readonly msg: string }[]
}

let folder: string
let url: string
let bus: Bus
let store: MarketStore
let replicas: Replica[]
let heard: Signals[]
let lookers: (() => void)[]

beforeEach(async () => {
  if (rabbit === null) return
  folder = mkdtempSync(join(tmpdir(), 'flotilla-replicas-'))
  writeFileSync(
    join(folder, 'flotilla.yaml'),
    // Nobody here calls the venue; a simulator would have to run for its time to be asked.
    `venue: { kind: binance, id: simulator, testnet: true }\nbus: { kind: rabbitmq }\n` +
      `symbols: [${symbols.join(', ')}]\nhttp: { port: 0 }\n` +
      'logs: { format: json }\nanalysis: { indicators: [] }\n',
  )
  replicas = []
  heard = []
  lookers = []
  url = await freshVhost(rabbit)
  bus = await connectRabbit({ url })
  store = openSqliteMarketStore({ file: join(folder, 'market.sqlite') })
  for (const symbol of symbols) {
    await store.writeCandles(numbersOf(-600, 0).map((at) => ({ ...storedCandle(at), symbol })))
  }
  await bus.subscribe({
    agent: 'strategy',
    types: ['analysis.signals.computed.v1'],
    handler: async ({ message }) => {
      heard.push(message as Signals)
      for (const look of lookers) look()
      return ack
    },
  })
})

afterEach(async () => {
  if (rabbit === null) return
  for (const { child } of replicas) child.kill('SIGKILL')
  await Promise.all(replicas.map(({ ended }) => ended))
  await bus.close()
  await store.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** Resolves when the replica is on the bus. */
async function start(environment: Record<string, string> = {}): Promise<Replica> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    cwd: folder,
    env: { ...process.env, FLOTILLA_BUS__URL: url, FLOTILLA_FOLDER: folder, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: { readonly msg: string }[] = []
  let complaint = ''
  child.stderr.on('data', (data: Buffer) => (complaint += data.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  replicas.push({ child, ended, lines })
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = JSON.parse(line) as { readonly msg: string }
      lines.push(entry)
      if (entry.msg === 'agent started') resolve()
    })
    void ended.then(() => reject(new Error(`a replica ended: ${complaint}`)))
  })
  return replicas.at(-1)!
}

/** Tells the first candle and stops well: the store then knows how far analysis has come. */
async function begin(): Promise<void> {
  const { child, ended } = await start()
  await tell(0, 1)
  await until(() => heard.length >= symbols.length)
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
}

/** As data-collection does: told first and stored then, symbol by symbol. */
async function tell(from: number, to: number): Promise<void> {
  for (const at of numbersOf(from, to)) {
    await bus.publishAll(symbols.map((symbol) => candleMessage(at, 'live', { symbol })))
    await store.writeCandles(symbols.map((symbol) => ({ ...storedCandle(at), symbol })))
  }
}

async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise<void>((resolve) => lookers.push(resolve))
}

/** What was told of a symbol, each message once, in the order in which it came first. */
function toldOf(symbol: string): readonly Signals[] {
  const mine = heard.filter(({ payload }) => payload.symbol === symbol)
  const ids = mine.map(({ messageId }) => messageId)
  return mine.filter(({ messageId }, at) => ids.indexOf(messageId) === at)
}

const isAllTold = (): boolean =>
  symbols.every((symbol) => numbersIn(toldOf(symbol)).includes(candles - 1))

function expectTheWholeMarket(): void {
  for (const symbol of symbols) {
    const told = toldOf(symbol)
    expect([symbol, ...numbersIn(told)]).toEqual([symbol, ...numbersOf(0, candles)])
    const last = told.at(-1)!.payload.indicators
    expect(furthestApart(last, uninterrupted(-600, candles))).toBeLessThan(1e-6)
  }
}

describe.skipIf(rabbit === null)('two processes over RabbitMQ', () => {
  test('one stops in the middle, the other goes on: nothing is skipped, nothing repeated', async () => {
    await begin()
    const first = await start()
    await start()
    const telling = tell(1, candles)
    await until(() => heard.length >= symbols.length * 30)
    first.child.kill('SIGTERM')
    expect(await first.ended).toBe(0)
    await telling
    await until(isAllTold)
    expectTheWholeMarket()
    expect(heard).toHaveLength(symbols.length * candles)
  })

  test('one is killed in the middle: nothing is skipped, what comes again has the same id', async () => {
    await begin()
    const first = await start()
    await start()
    const telling = tell(1, candles)
    await until(() => heard.length >= symbols.length * 30)
    first.child.kill('SIGKILL')
    await first.ended
    await telling
    await until(isAllTold)
    expectTheWholeMarket()
  })

  test('each takes its partitions, and a third one those of one that has gone', async () => {
    const low = await start({ FLOTILLA_ANALYSIS__PARTITIONS: '[0, 1]' })
    await start({ FLOTILLA_ANALYSIS__PARTITIONS: '[2, 3]' })
    await tell(0, 40)
    await until(() => heard.length >= symbols.length * 40)
    low.child.kill('SIGTERM')
    expect(await low.ended).toBe(0)
    await tell(40, 80)
    const highOnly = symbols.filter((each) => partitionOf(each, streams.candles.partitions) >= 2)
    await until(() => highOnly.every((symbol) => toldOf(symbol).length === 80))
    expect(heard).toHaveLength(symbols.length * 40 + highOnly.length * 40)
    await start({ FLOTILLA_ANALYSIS__PARTITIONS: '[0, 1]' })
    await tell(80, candles)
    await until(isAllTold)
    expectTheWholeMarket()
    expect(heard).toHaveLength(symbols.length * candles)
  })
})
