import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createSimulator, type Simulator, type SimulatorConfigInput } from '../index.ts'
import { startSimulator, type Started } from '../testing/started-simulator.ts'
import type { WireClient } from '../testing/wire-client.ts'

const START = Date.UTC(2026, 0, 5)

let folder = ''
const open: Simulator[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flotilla-recordings-'))
})

afterEach(async () => {
  for (const simulator of open.splice(0)) await simulator.stop()
  rmSync(folder, { recursive: true })
})

function write(name: string, content: string | ArrayBuffer): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : new Uint8Array(content))
  return path
}

async function start(config: SimulatorConfigInput): Promise<Started> {
  const balances = { USDT: '1000', BTC: '5' }
  const started = await startSimulator({ clock: 'manual', balances, ...config })
  open.push(started.simulator)
  return started
}

/** Trades at a second and millisecond of the recording. */
const trades = [
  [500, '100.00', '2', 'buy'],
  [1_400, '101.00', '1', 'buy'],
  [1_600, '99.00', '3', 'sell'],
  [61_200, '98.50', '1.5', 'sell'],
  [125_000, '97.00', '1', 'sell'],
] as const
const tradeHeader = 'timestamp_ms,price,quantity,taker_side'
const tradeRows = trades.map(([at, ...rest]) => [START + at, ...rest].join(','))
const tradeText = [tradeHeader, ...tradeRows].join('\n')

const bookHeader = 'timestamp_ms,update_id,bid1_p,bid1_q,bid2_p,bid2_q,ask1_p,ask1_q,ask2_p,ask2_q'
const bookRows = [
  [START + 300, 1, '99.90', '4', '99.80', '5', '100.10', '6', '100.20', '7'],
  [START + 60_900, 2, '98.40', '4', '98.30', '5', '98.60', '1', '98.70', '9'],
]
const bookText = [bookHeader, ...bookRows.map((row) => row.join(','))].join('\n')

const files = () => ({
  trades: [write('binance_BTC-USDT_trades.csv', tradeText)],
  books: [write('binance_BTC-USDT_book.csv', bookText)],
})

async function rows(client: WireClient, path: string): Promise<unknown[][]> {
  return (await client.public(path, 'symbol=BTCUSDT&interval=1m')).body as unknown as unknown[][]
}

const bid = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' }

describe('recorded trades and books', () => {
  test('are told one by one, each when its second has ended, and make up the candles', async () => {
    const { simulator, client } = await start(files())
    expect(simulator.now()).toBe(START + 1_000)
    const told = async (): Promise<unknown[]> => {
      const { body } = await client.public('trades', 'symbol=BTCUSDT')
      return (body as unknown as { time: number; price: string; isBuyerMaker: boolean }[]).map(
        ({ time, price, isBuyerMaker }) => [time - START, Number(price), isBuyerMaker],
      )
    }
    expect(await told()).toEqual([[500, 100, false]])
    simulator.advanceTo(START + 1_999)
    expect(await told()).toHaveLength(1)
    simulator.advanceTo(START + 2_000)
    expect(await told()).toEqual([
      [500, 100, false],
      [1_400, 101, false],
      [1_600, 99, true],
    ])
    simulator.advanceTo(START + 120_000)
    const [first, second] = await rows(client, 'klines')
    const candle = (row: unknown[] | undefined) => row!.slice(1, 9).map(Number)
    expect(candle(first)).toEqual([100, 101, 99, 99, 6, START + 59_999, 598, 3])
    expect(candle(second)).toEqual([98.5, 98.5, 98.5, 98.5, 1.5, START + 119_999, 147.75, 1])
  })

  test('the book is the recorded one, and nobody stands there when it is too old', async () => {
    const { simulator, client } = await start(files())
    const { body } = await client.public('depth', 'symbol=BTCUSDT')
    expect(body['bids']).toEqual([
      ['99.90000000', '4.00000000'],
      ['99.80000000', '5.00000000'],
    ])
    expect(body['asks']).toEqual([
      ['100.10000000', '6.00000000'],
      ['100.20000000', '7.00000000'],
    ])
    simulator.advanceTo(START + 20_000)
    const later = await client.public('depth', 'symbol=BTCUSDT')
    expect((later.body['bids'] as unknown[]).length).toBeGreaterThan(2)
  })

  test('an order takes what the recorded book offers, level by level', async () => {
    const { client } = await start(files())
    const { body } = await client.signed('POST', 'order', {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'MARKET',
      quantity: '7',
    })
    const fills = body['fills'] as { price: string; qty: string }[]
    expect(fills.map(({ price, qty }) => [Number(price), Number(qty)])).toEqual([
      [100.1, 6],
      [100.2, 1],
    ])
  })

  test('a resting order waits until the market trades through it, and takes no more than that', async () => {
    const { simulator, client } = await start(files())
    const place = (name: string, price: string, quantity: string) =>
      client.signed('POST', 'order', {
        ...bid,
        price,
        quantity,
        newClientOrderId: name,
      })
    await place('through', '99.50', '4')
    await place('touched', '99.00', '1')
    simulator.advanceTo(START + 2_500)
    const state = async (name: string) => {
      const query = { symbol: 'BTCUSDT', origClientOrderId: name }
      const { body } = await client.signed('GET', 'order', query)
      return [body['status'], Number(body['executedQty'])]
    }
    // Three were sold at 99: whoever bid more would have had them, whoever bid 99 stood behind.
    expect(await state('through')).toEqual(['PARTIALLY_FILLED', 3])
    expect(await state('touched')).toEqual(['NEW', 0])
    simulator.advanceTo(START + 62_000)
    expect(await state('touched')).toEqual(['FILLED', 1])
  })

  test('a stop is triggered by a recorded trade within the second', async () => {
    const { simulator, client } = await start(files())
    await client.signed('POST', 'order', {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'STOP_LOSS',
      newClientOrderId: 'stop',
      stopPrice: '100.90',
      quantity: '0.1',
    })
    simulator.advanceTo(START + 2_000)
    const query = { symbol: 'BTCUSDT', origClientOrderId: 'stop' }
    expect((await client.signed('GET', 'order', query)).body['status']).toBe('FILLED')
  })

  test('at the end of the recording the market closes', async () => {
    const { simulator, client } = await start(files())
    simulator.advanceTo(simulator.endOfData()!)
    const { body } = await client.public('exchangeInfo')
    expect(body['symbols']).toMatchObject([{ symbol: 'BTCUSDT', status: 'BREAK' }])
  })

  test.runIf(existsSync('../shared/market-data/ticks'))(
    'six minutes of a real market pass as they were recorded',
    async () => {
      const ticks = '../shared/market-data/ticks/binance_BTC-USDT'
      const { simulator, client } = await start({
        trades: [`${ticks}_trades_2024-08-08.csv.gz`],
        books: [`${ticks}_book20-1s_2024-08-08.csv.gz`],
        balances: { BTC: '1', USDT: '1000' },
      })
      const sale = { symbol: 'BTCUSDT', side: 'SELL', type: 'LIMIT', timeInForce: 'GTC' }
      const far = { price: '70000', quantity: '0.1' }
      await client.signed('POST', 'order', { ...sale, ...far })
      simulator.advanceTo(Date.UTC(2024, 7, 8, 23, 59))
      // The archive's candle of 23:56 to 23:57, from another recording of the same market.
      const minute = Date.UTC(2024, 7, 8, 23, 56)
      const query = `symbol=BTCUSDT&interval=1m&startTime=${minute}&limit=1`
      const { body } = await client.public('klines', query)
      const [row] = body as unknown as string[][]
      expect(row!.slice(1, 6).map(Number)).toEqual(await archived(minute))
    },
  )

  /** That minute of the recorded trades, added up here by hand. */
  async function archived(minute: number): Promise<number[]> {
    const { readFileSync } = await import('node:fs')
    const { gunzipSync } = await import('node:zlib')
    const file = '../shared/market-data/ticks/binance_BTC-USDT_trades_2024-08-08.csv.gz'
    const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n').slice(1)
    const cells = lines.map((line) => line.split(',').slice(0, 3).map(Number))
    const inside = cells.filter(([time]) => time! >= minute && time! < minute + 60_000)
    const prices = inside.map(([, price]) => price!)
    const volume =
      inside.reduce((sum, [, , quantity]) => sum + Math.round(quantity! * 1e8), 0) / 1e8
    return [prices[0]!, Math.max(...prices), Math.min(...prices), prices.at(-1)!, volume]
  }
})

describe('Parquet', () => {
  const column = (name: string, data: unknown[], type: 'INT64' | 'DOUBLE' | 'STRING') => ({
    name,
    data,
    type,
  })

  test('holds the same market as CSV does', async () => {
    const parquet = write(
      'binance_BTC-USDT_trades.parquet',
      parquetWriteBuffer({
        columnData: [
          column(
            'timestamp_ms',
            trades.map(([at]) => BigInt(START + at)),
            'INT64',
          ),
          column(
            'price',
            trades.map(([, price]) => Number(price)),
            'DOUBLE',
          ),
          column(
            'quantity',
            trades.map(([, , quantity]) => quantity),
            'STRING',
          ),
          column(
            'taker_side',
            trades.map(([, , , side]) => side),
            'STRING',
          ),
        ],
      }),
    )
    const answers: unknown[] = []
    for (const file of [files().trades, [parquet]]) {
      const { simulator, client } = await start({ trades: file })
      simulator.advanceTo(START + 126_000)
      answers.push([
        await rows(client, 'klines'),
        (await client.public('depth', 'symbol=BTCUSDT')).body,
      ])
    }
    expect(answers[1]).toEqual(answers[0])
  })

  test('holds candles of several symbols', async () => {
    const times = [0, 0, 60_000, 60_000].map((at) => BigInt(START + at))
    const prices = [100, 2_000.5, 101.25, 2_001]
    const path = write(
      'candles.parquet',
      parquetWriteBuffer({
        columnData: [
          column('symbol', ['BTC/USDT', 'ETH/USDT', 'BTC/USDT', 'ETH/USDT'], 'STRING'),
          column('timestamp_ms', times, 'INT64'),
          ...['open', 'high', 'low', 'close'].map((name) => column(name, prices, 'DOUBLE')),
          column('volume', [1, 2, 3, 4], 'DOUBLE'),
        ],
      }),
    )
    const { client } = await start({ candles: [path], startAt: START + 60_000 })
    const { body } = await client.public('ticker/price')
    expect(body).toEqual([
      { symbol: 'BTCUSDT', price: '101.25000000' },
      { symbol: 'ETHUSDT', price: '2001.00000000' },
    ])
  })
})

describe('what is wrong with a recording is said', () => {
  test.each([
    ['an unknown side', `${tradeHeader}\n${START},1,1,up`, /row 1 has the taker_side "up"/],
    ['a price that is none', `${tradeHeader}\n${START},x,1,buy`, /row 1 has the price "x"/],
    [
      'a step back in time',
      `${tradeHeader}\n${START},1,1,buy\n${START - 1},1,1,buy`,
      /row 2 is earlier than the row before it/,
    ],
    ['no side at all', `timestamp_ms,price,quantity\n${START},1,1`, /no column taker_side/],
    ['nothing in it', tradeHeader, /at least one trade/],
  ])('%s', async (_name, text, message) => {
    const trades = [write('binance_BTC-USDT_trades.csv', text)]
    await expect(start({ trades })).rejects.toThrow(message)
  })

  test('books without trades of the symbol, and books that cross themselves', async () => {
    const [book] = files().books
    const other = write('binance_ETH-USDT_trades.csv', tradeText)
    await expect(start({ trades: [other], books: [book!] })).rejects.toThrow(
      /books of BTC\/USDT, but no trades of it/,
    )
    const crossed = [START, 1, '2', '1', '1', '1', '1.5', '1', '3', '1'].join(',')
    const wrong = write('binance_BTC-USDT_wrong.csv', `${bookHeader}\n${crossed}`)
    await expect(start({ trades: files().trades, books: [wrong] })).rejects.toThrow(
      /row 1 is no book/,
    )
  })

  test('prices from two places, or books from none', () => {
    const config = (wrong: SimulatorConfigInput) => () =>
      createSimulator({ config: wrong, folder: null })
    expect(config({ candles: ['a'], trades: ['b'] })).toThrow(/keep one of them/)
    expect(config({ books: ['a'] })).toThrow(/books need the trades/)
    expect(config({ follow: { venue: 'kraken' }, speed: 60 })).toThrow(/set it to 1/)
    expect(config({ follow: { venue: 'kraken' }, clock: 'manual' })).toThrow(/waits for nobody/)
    expect(config({ follow: { venue: 'Kraken!' } })).toThrow(/not a ccxt id/)
  })
})
