// A second simulator is the venue: its public feed comes through ccxt's streams, over the wire.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createSimulator, type Simulator, type SimulatorConfigInput } from '../index.ts'
import { guardLoopback, type LoopbackGuard } from '../testing/loopback-guard.ts'
import { wireClient, type WireClient } from '../testing/wire-client.ts'

const LONG = 60_000

let venue: Simulator
let guard: LoopbackGuard
let theirs: WireClient
const open: Simulator[] = []

beforeAll(async () => {
  guard = guardLoopback()
  venue = createSimulator({
    config: { seed: 7, symbols: ['BTC/USDT', 'ETH/USDT'], control: { enabled: true } },
    folder: null,
  })
  await venue.start()
  theirs = wireClient({ url: venue.url, now: () => venue.now() })
}, LONG)

afterAll(async () => {
  for (const simulator of open) await simulator.stop()
  await venue.stop()
  guard.lift()
})

async function follow(change: SimulatorConfigInput['follow']): Promise<Simulator> {
  const simulator = createSimulator({
    config: {
      symbols: ['BTC/USDT'],
      balances: { USDT: '100000' },
      follow: { historyMinutes: 90, silenceMaxMs: 2_000, ...change! },
    },
    folder: null,
  })
  await simulator.start()
  open.push(simulator)
  return simulator
}

type PublicTrade = { readonly price: string; readonly qty: string; readonly isBuyerMaker: boolean }

async function tradesOf(client: WireClient): Promise<string[]> {
  const { body } = await client.public('trades', 'symbol=BTCUSDT&limit=30')
  return (body as unknown as PublicTrade[]).map(
    ({ price, qty, isBuyerMaker }) => `${price} ${qty} ${isBuyerMaker}`,
  )
}

test(
  'its candles, trades and book are the market here, and the market closes with its silence',
  async () => {
    // A minute that ends while we come may not have been whole when it was asked for.
    const minute = Math.floor(venue.now() / 60_000) * 60_000
    const simulator = await follow({ venue: 'binance', url: venue.url })
    const client = wireClient({ url: simulator.url, now: () => simulator.now() })

    // The past: their candles are ours.
    const past = `symbol=BTCUSDT&interval=1m&startTime=${minute - 3_600_000}&endTime=${minute - 1}`
    const [ours, known] = await Promise.all([
      client.public('klines', past),
      theirs.public('klines', past),
    ])
    const prices = (rows: unknown): string[][] => (rows as string[][]).map((row) => row.slice(0, 6))
    expect(prices(ours.body)).toEqual(prices(known.body))
    expect(prices(ours.body).length).toBeGreaterThanOrEqual(59)

    // The present: each trade of theirs, in their order, and a book of theirs.
    await vi.waitFor(async () => {
      const heard = await tradesOf(client)
      const told = await tradesOf(theirs)
      const both = heard.filter((trade) => told.includes(trade))
      expect(both.length).toBeGreaterThanOrEqual(3)
      expect(told.filter((trade) => both.includes(trade))).toEqual(both)
    }, LONG)
    const depth = await client.public('depth', 'symbol=BTCUSDT&limit=10')
    expect(depth.body['bids']).toHaveLength(10)

    // An order is filled at the prices of that book.
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01' }
    // A machine that stands still for seconds is a venue that is silent: the market opens again.
    const bought = await vi.waitFor(async () => {
      const answer = await client.signed('POST', 'order', order)
      expect(answer.body).toMatchObject({ status: 'FILLED' })
      return answer
    }, LONG)
    const [fill] = bought.body['fills'] as { price: string }[]
    const there = await theirs.public('ticker/price', 'symbol=BTCUSDT')
    const distance = Number(fill!.price) / Number(there.body['price']) - 1
    expect(Math.abs(distance)).toBeLessThan(0.01)

    // Silence: cut for a while, by the venue's own faults.
    const faults = `${venue.controlUrl}/__sim/faults`
    const silence = { kind: 'F26', match: { path: '/ws/*' } }
    await fetch(faults, { method: 'POST', body: JSON.stringify(silence) })
    await vi.waitFor(async () => {
      const refused = await client.signed('POST', 'order', order)
      expect(refused.body).toMatchObject({ code: -1013, msg: 'Market is closed.' })
    }, LONG)
    await fetch(faults, { method: 'DELETE' })
    await vi.waitFor(async () => {
      expect((await client.signed('POST', 'order', order)).status).toBe(200)
    }, LONG)
  },
  3 * LONG,
)

test(
  'a venue or symbol that is not there is said so, and nothing stays open',
  { timeout: LONG },
  async () => {
    await expect(follow({ venue: 'nowhere', url: venue.url })).rejects.toThrow(
      /ccxt knows no venue "nowhere"/,
    )
    const absent = createSimulator({
      config: { symbols: ['DOGE/USDT'], follow: { venue: 'binance', url: venue.url } },
      folder: null,
    })
    await expect(absent.start()).rejects.toThrow(/binance does not list DOGE\/USDT/)
  },
)

test('nothing went further than this machine', () => {
  expect(guard.attempts).toEqual([])
})
