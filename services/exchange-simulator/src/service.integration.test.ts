import { fork, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createManualClock } from '@flotilla/runtime/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createSimulator, type SimulatorConfigInput } from './index.ts'
import { START } from './testing/started-simulator.ts'
import { wireClient, type WireClient } from './testing/wire-client.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flotilla-simulator-'))
})

/** Whatever a failing test leaves behind. */
const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

type Ledger = {
  readonly now: number
  readonly orders: { clientOrderId: string; status: string; executedQty: string }[]
  readonly trades: { id: number }[]
  readonly balances: { asset: string; free: string; locked: string }[]
  readonly requests: { arrival: number }[]
}

async function ledgerAt(controlUrl: string | null): Promise<Ledger> {
  const response = await fetch(`${controlUrl ?? ''}/__sim/ledger`)
  return (await response.json()) as Ledger
}

describe('killed in the middle of its work', () => {
  type Started = { process: ChildProcess; url: string; controlUrl: string; now: number }

  function start(config: SimulatorConfigInput): Promise<Started> {
    const child = fork(new URL('./testing/simulator-process.ts', import.meta.url), [
      folder,
      JSON.stringify({ control: { enabled: true }, ...config }),
    ])
    children.push(child)
    return new Promise((resolve, reject) => {
      child.once('message', (message: Omit<Started, 'process'>) =>
        resolve({ process: child, ...message }),
      )
      child.once('exit', (code) => reject(new Error(`the simulator ended early: ${code}`)))
    })
  }

  async function kill({ process }: Started): Promise<void> {
    const ended = new Promise((resolve) => process.once('exit', resolve))
    process.kill('SIGKILL')
    await ended
  }

  test('nothing that was acknowledged is lost, whenever it dies', async () => {
    const config = { clock: 'manual', startAt: START } as const
    const acknowledged = new Map<string, string>()
    let killed = 0
    for (let round = 0; round < 4; round += 1) {
      const simulator = await start(config)
      const before = await ledgerAt(simulator.controlUrl)
      const known = new Map(before.orders.map((order) => [order.clientOrderId, order.executedQty]))
      for (const [name, executed] of acknowledged)
        expect([name, known.get(name)]).toEqual([name, executed])
      expect(before.requests.map(({ arrival }) => arrival)).toEqual(
        before.requests.map((_request, index) => index + 1),
      )
      const client = wireClient({ url: simulator.url, now: () => simulator.now })
      const isLast = round === 3
      const work = trade(client, { round, acknowledged, orders: isLast ? 3 : 10_000 })
      const enough = 5 + round * 9
      while (!isLast && acknowledged.size < killed + enough) await nextTurn()
      if (isLast) await work
      await kill(simulator)
      killed = acknowledged.size
      await work
    }
    expect(acknowledged.size).toBeGreaterThan(30)
  })

  const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

  type Work = { round: number; acknowledged: Map<string, string>; orders: number }

  async function trade(client: WireClient, { round, acknowledged, orders }: Work): Promise<void> {
    for (let index = 0; index < orders; index += 1) {
      const name = `r${round}-${index}`
      try {
        const answer = await client.signed('POST', 'order', {
          symbol: 'BTCUSDT',
          side: index % 2 === 0 ? 'BUY' : 'SELL',
          type: 'MARKET',
          quantity: index % 2 === 0 ? '0.0002' : '0.0001',
          newClientOrderId: name,
        })
        if (answer.status === 200) acknowledged.set(name, String(answer.body['executedQty']))
      } catch {
        return
      }
    }
  }

  test('market time goes on as if it had not been killed', async () => {
    const config = { speed: 100, startAt: START }
    const first = await start(config)
    const { now: seen } = await ledgerAt(first.controlUrl)
    await kill(first)
    const second = await start(config)
    expect(seen).toBeGreaterThan(START)
    expect(second.now).toBeGreaterThanOrEqual(seen)
    await kill(second)
  })
})

describe('stopped and started', () => {
  const config = { clock: 'manual', startAt: START, control: { enabled: true } } as const

  test('resting orders, stops and lists are still there and still work', async () => {
    const first = createSimulator({ config, folder })
    await first.start()
    const client = wireClient({ url: first.url, now: () => first.now() })
    const priceOf = async () =>
      Number((await client.public('ticker/price', 'symbol=BTCUSDT')).body['price'])
    const price = await priceOf()
    await client.signed('POST', 'order', {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'MARKET',
      quantity: '0.01',
    })
    const list = await client.signed('POST', 'orderList/oco', {
      symbol: 'BTCUSDT',
      side: 'SELL',
      quantity: '0.00999',
      aboveType: 'LIMIT_MAKER',
      abovePrice: (price * 1.005).toFixed(2),
      belowType: 'STOP_LOSS',
      belowStopPrice: (price * 0.995).toFixed(2),
    })
    expect(list.status).toBe(200)
    const before = await ledgerAt(first.controlUrl)
    await first.stop()

    const second = createSimulator({ config, folder })
    await second.start()
    expect(await ledgerAt(second.controlUrl)).toEqual(before)
    second.advanceTo(START + 48 * 3_600_000)
    const { orders } = await ledgerAt(second.controlUrl)
    expect(orders.map(({ status }) => status).sort()).toEqual(['EXPIRED', 'FILLED', 'FILLED'])
    await second.stop()
  })

  test('a folder belongs to one market', async () => {
    const first = createSimulator({ config, folder })
    await first.start()
    await first.stop()
    const other = createSimulator({ config: { ...config, seed: 2 }, folder })
    await expect(other.start()).rejects.toThrow(/another market \(seed 1\), this one is seed 2/)
  })
})

describe('time', () => {
  test('a given clock rules, and a day of it passes as one', async () => {
    const clock = createManualClock(START)
    const simulator = createSimulator({ config: {}, clock, folder: null })
    await simulator.start()
    const client = wireClient({ url: simulator.url, now: () => clock.now() })
    await clock.advance(86_400_000)
    const { body } = await client.public('time')
    expect(body).toEqual({ serverTime: START + 86_400_000 })
    await simulator.stop()
  })

  test('the control port moves a manual clock, and only forward', async () => {
    const simulator = createSimulator({
      config: { clock: 'manual', startAt: START, control: { enabled: true } },
      folder: null,
    })
    await simulator.start()
    const move = async (body: unknown) => {
      const address = `${simulator.controlUrl ?? ''}/__sim/clock`
      const response = await fetch(address, { method: 'POST', body: JSON.stringify(body) })
      return [response.status, ((await response.json()) as { now?: number }).now]
    }
    expect(await move({ advanceTo: START + 5 })).toEqual([200, START + 5])
    expect(await move({ advanceBy: 10 })).toEqual([200, START + 15])
    expect(await move({ advanceTo: START })).toEqual([400, undefined])
    expect(await move('nonsense')).toEqual([400, undefined])
    await simulator.stop()
  })

  test('the control port is shut unless it is opened', async () => {
    const simulator = createSimulator({ config: {}, folder: null })
    await simulator.start()
    expect(simulator.controlUrl).toBeNull()
    expect((await fetch(`${simulator.url}/__sim/ledger`)).status).toBe(404)
    await simulator.stop()
  })
})

describe('recordings', () => {
  const minutes = (count: number) =>
    Array.from(
      { length: count },
      (_, minute) => `${START - 30_000 + minute * 60_000},100,101,99,100.5,7`,
    )
  const header = 'timestamp_ms,open,high,low,close,volume'

  test('several symbols in one file, named by a column', async () => {
    const file = join(folder, 'market.csv')
    const lines = minutes(3).flatMap((row) =>
      ['ABC/USDT', 'XYZ/USDT'].map((name) => `${name},${row}`),
    )
    writeFileSync(file, [`symbol,${header}`, ...lines].join('\n'))
    const simulator = createSimulator({
      config: { candles: [file], clock: 'manual' },
      folder: null,
    })
    await simulator.start()
    const client = wireClient({ url: simulator.url, now: () => simulator.now() })
    const { body } = await client.public('ticker/price')
    expect((body as unknown as { symbol: string }[]).map(({ symbol }) => symbol)).toEqual([
      'ABCUSDT',
      'XYZUSDT',
    ])
    await simulator.stop()
  })

  test('at the end of the data the market closes, and says so', async () => {
    const file = join(folder, 'test_ABC-USDT_1m.csv')
    writeFileSync(file, [header, ...minutes(3)].join('\n'))
    const simulator = createSimulator({
      config: { candles: [file], clock: 'manual', control: { enabled: true } },
      folder: null,
    })
    await simulator.start()
    const client = wireClient({ url: simulator.url, now: () => simulator.now() })
    const end = START - 30_000 + 3 * 60_000
    expect(simulator.endOfData()).toBe(end)
    const buy = () =>
      client.signed('POST', 'order', {
        symbol: 'ABCUSDT',
        side: 'BUY',
        type: 'MARKET',
        quantity: '1',
      })
    expect((await buy()).status).toBe(200)
    simulator.advanceTo(end + 3_600_000)
    expect((await buy()).body).toEqual({ code: -1013, msg: 'Market is closed.' })
    const klines = await client.public('klines', 'symbol=ABCUSDT&interval=1m')
    expect(klines.body).toHaveLength(3)
    const clock = await fetch(`${simulator.controlUrl ?? ''}/__sim/clock`)
    expect(await clock.json()).toMatchObject({ endOfData: end, isAtEnd: true })
    await simulator.stop()
  })

  test.each([
    ['time before the data', { startAt: START - 3_600_000 }, /no prices at .* the data are from/],
    ['time after the data', { startAt: START + 3_600_000 }, /no prices at/],
  ])('%s is refused', async (_name, config, message) => {
    const file = join(folder, 'test_ABC-USDT_1m.csv')
    writeFileSync(file, [header, ...minutes(3)].join('\n'))
    const simulator = createSimulator({ config: { candles: [file], ...config }, folder: null })
    await expect(simulator.start()).rejects.toThrow(message)
  })

  test.each([
    ['a name without a symbol', 'prices.csv', header, /neither a column "symbol" nor a name/],
    ['a missing column', 'test_ABC-USDT_1m.csv', 'time,open', /no column timestamp_ms/],
  ])('%s is refused', (_name, name, head, message) => {
    const file = join(folder, name)
    writeFileSync(file, [head, ...minutes(3)].join('\n'))
    const simulator = createSimulator({ config: { candles: [file] }, folder: null })
    return expect(simulator.start()).rejects.toThrow(message)
  })

  const recorded = join(import.meta.dirname, '../../../../shared/market-data/candles')
  const file = join(recorded, 'binance_BTC-USDT_1m_2024-08.csv.gz')

  test.skipIf(!existsSync(file))(
    'a real month passes in seconds, with a stop waiting',
    async () => {
      const simulator = createSimulator({
        config: { candles: [file], clock: 'manual', control: { enabled: true } },
        folder,
      })
      await simulator.start()
      const client = wireClient({ url: simulator.url, now: () => simulator.now() })
      await client.signed('POST', 'order', {
        symbol: 'BTCUSDT',
        side: 'BUY',
        type: 'MARKET',
        quantity: '0.01',
      })
      const stop = await client.signed('POST', 'order', {
        symbol: 'BTCUSDT',
        side: 'SELL',
        type: 'STOP_LOSS',
        quantity: '0.00999',
        stopPrice: '50000',
      })
      expect(stop.status).toBe(200)
      const start = simulator.now()
      for (let minute = 1; minute <= 44_639; minute += 1)
        simulator.advanceTo(start + minute * 60_000)
      const { orders, trades } = await ledgerAt(simulator.controlUrl)
      expect(orders.map(({ status }) => status)).toEqual(['FILLED', 'FILLED'])
      // The crash of 5 August 2024 went below 50,000 between one and two in the afternoon.
      const crash = (trades[1] as unknown as { time: number }).time
      expect(new Date(crash).toISOString().slice(0, 10)).toBe('2024-08-05')
      await simulator.stop()
    },
  )
})
