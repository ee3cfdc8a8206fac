// Prices by hand, over the wire: what a client sees of a script, what orders make of it, and that the same
// script is the same market.
import { afterEach, expect, test } from 'vitest'
import type { Simulator } from '../index.ts'
import { startSimulatorByHand, START } from '../testing/started-simulator.ts'
import { openTalk, PATIENCE } from '../testing/socket-client.ts'
import type { WireClient } from '../testing/wire-client.ts'

const SECOND = 1_000

let simulator: Simulator
let client: WireClient

async function start(config: object = {}): Promise<void> {
  ;({ simulator, client } = await startSimulatorByHand({
    balances: { USDT: '1000000', BTC: '5' },
    control: { enabled: true },
    ...config,
  }))
}

afterEach(() => simulator.stop())

type Shown = { error?: string; markets?: { symbol: string; price: string; status: string }[] }

async function market(method: string, body?: object, query = ''): Promise<Shown> {
  const answer = await fetch(`${simulator.controlUrl ?? ''}/__sim/market${query}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return (await answer.json()) as Shown
}

const script = (steps: object[], more: object = {}) =>
  market('POST', { symbol: 'BTCUSDT', steps, ...more })
const pass = (seconds: number) => simulator.advanceTo(simulator.now() + seconds * SECOND)
const price = async (symbol = 'BTCUSDT') =>
  Number((await client.public('ticker/price', `symbol=${symbol}`)).body['price'])

test('a price is there with the next second: in tickers, book, candles, trades and streams', async () => {
  await start()
  const socket = await openTalk(simulator.url, '/stream?streams=btcusdt@trade/btcusdt@kline_1m')
  const other = await price('ETHUSDT')
  await script([{ do: 'set', price: '40000.00' }])
  pass(1)
  expect(await price()).toBe(40_000)
  expect(await price('ETHUSDT')).toBeGreaterThan(other * 0.9)
  const { body } = await client.public('ticker/bookTicker', 'symbol=BTCUSDT')
  expect(Number(body['bidPrice'])).toBeLessThan(40_000)
  expect(Number(body['askPrice'])).toBeGreaterThan(40_000)
  const [candle] = (await client.public('klines', 'symbol=BTCUSDT&interval=1m&limit=1'))
    .body as unknown as string[][]
  expect([Number(candle![3]), Number(candle![4])]).toEqual([40_000, 40_000])
  const [trade] = (await client.public('trades', 'symbol=BTCUSDT&limit=1')).body as unknown as {
    price: string
  }[]
  expect(trade!.price).toBe('40000.00000000')
  const told = (stream: string) =>
    socket.heard.filter((one) => one['stream'] === (stream as never)).map((one) => one['data'])
  await expect
    .poll(() => told('btcusdt@trade').at(-1), PATIENCE)
    .toMatchObject({ p: '40000.00000000' })
  await expect
    .poll(() => told('btcusdt@kline_1m').at(-1), PATIENCE)
    .toMatchObject({ k: { c: '40000.00000000' } })
  socket.socket.terminate()
})

test('orders meet every second of a move: a limit on the way fills, a stop triggers', async () => {
  await start()
  await script([{ do: 'set', price: '50000.00' }])
  pass(1)
  const order = { symbol: 'BTCUSDT', quantity: '0.01', timeInForce: 'GTC' }
  const place = (name: string, fields: Record<string, string>) =>
    client.signed('POST', 'order', { ...order, newClientOrderId: name, ...fields })
  await place('dip', { side: 'BUY', type: 'LIMIT', price: '49000.00' })
  const stop = { stopPrice: '48000.00', price: '47000.00' }
  await place('stop', { side: 'SELL', type: 'STOP_LOSS_LIMIT', ...stop })
  await place('deep', { side: 'BUY', type: 'LIMIT', price: '44000.00' })
  await script([{ do: 'move', percent: -10, seconds: 20 }])
  const stateOf = async (name: string) =>
    (await client.signed('GET', 'order', { symbol: 'BTCUSDT', origClientOrderId: name })).body
  pass(5)
  expect(await price()).toBe(48_750)
  expect([(await stateOf('dip'))['status'], (await stateOf('stop'))['status']]).toEqual([
    'FILLED',
    'NEW',
  ])
  pass(15)
  expect(await price()).toBe(45_000)
  expect(await stateOf('stop')).toMatchObject({ status: 'FILLED' })
  expect(await stateOf('deep')).toMatchObject({ status: 'NEW' })
})

test('a market halts and opens when the script says so, with a gap between', async () => {
  await start()
  await script([
    { do: 'set', price: '50000.00' },
    { do: 'wait', seconds: 9 },
    { do: 'halt', status: 'BREAK' },
    { do: 'wait', seconds: 10 },
    { do: 'set', price: '45000.00' },
    { do: 'open' },
  ])
  const buy = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01' }
  const code = async () => (await client.signed('POST', 'order', buy)).body.code
  const status = async () =>
    (await market('GET')).markets!.find(({ symbol }) => symbol === 'BTCUSDT')!.status
  pass(10)
  expect([await price(), await code()]).toEqual([50_000, undefined])
  pass(1)
  expect([await status(), await price(), await code()]).toEqual(['BREAK', 50_000, -1013])
  pass(9)
  expect(await status()).toBe('BREAK')
  // The first price of an open market comes with the second after.
  pass(3)
  expect([await status(), await price(), await code()]).toEqual(['TRADING', 45_000, undefined])
})

test('the same script at the same moment is the same market, to the last trade', async () => {
  const run = async () => {
    await start({ seed: 7 })
    await script(
      [
        { do: 'jump', percent: 5 },
        { do: 'wait', seconds: 30 },
        { do: 'replay', prices: ['60000.00', '60100.00', '59900.00'], seconds: 3 },
        { do: 'move', price: '61000.00', seconds: 45 },
        { do: 'free' },
      ],
      { at: START + 10_000 },
    )
    for (let step = 0; step < 20; step += 1) pass(step)
    const trades = (await client.public('aggTrades', 'symbol=BTCUSDT&limit=200')).body
    const candles = (await client.public('klines', 'symbol=BTCUSDT&interval=1m&limit=10')).body
    const book = (await client.public('depth', 'symbol=BTCUSDT&limit=20')).body
    return JSON.stringify([trades, candles, book])
  }
  const first = await run()
  await simulator.stop()
  expect(await run()).toBe(first)
})

test('a script ends where it is taken away, and halts of an older one do not come', async () => {
  await start()
  const own = await price()
  await script([{ do: 'set', price: '1000.00' }, { do: 'wait', seconds: 5 }, { do: 'halt' }])
  pass(2)
  expect(await price()).toBe(1_000)
  await market('DELETE', undefined, '?symbol=BTCUSDT')
  pass(10)
  expect((await market('GET')).markets).toMatchObject([{ status: 'TRADING' }, {}, {}])
  expect(Math.abs((await price()) / own - 1)).toBeLessThan(0.05)
})

test.each([
  [{ steps: [{ do: 'set', price: '1' }] }, /symbol is missing/],
  [{ symbol: 'NOPE', steps: [{ do: 'free' }] }, /symbol is NOPE, but there are only BTCUSDT/],
  [{ symbol: 'BTCUSDT', steps: [{ do: 'set', price: '1.001' }] }, /multiple of 0.01000000/],
  [{ symbol: 'BTCUSDT', steps: [{ do: 'set', price: '0' }] }, /is 0/],
  [{ symbol: 'BTCUSDT', steps: [{ do: 'fly' }] }, /do/],
  [{ steps: [{ do: 'move', seconds: 3 }] }, /one of the two/],
  [{ steps: [{ do: 'jump', percent: -100 }] }, /percent/],
  [{ steps: [{ do: 'free' }], at: START }, /can begin at \d+ at the earliest/],
  [{ steps: [] }, /steps/],
  [{ percent: 1, minuets: 2 }, /minuets/],
])('%o is refused, and nothing moves', async (wish, reason) => {
  await start()
  expect((await market('POST', wish)).error).toMatch(reason)
  const { markets } = await market('GET')
  expect(markets).toEqual(markets!.map((one) => ({ ...one, script: [] })))
})
