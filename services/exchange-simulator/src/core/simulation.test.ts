import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { newOrder } from '../testing/builders.ts'
import { candle, syntheticTapes, tapeOf, world } from '../testing/worlds.ts'
import {
  advance,
  formatUnits,
  MINUTE_MS,
  movePrice,
  openMarkets,
  submitOco,
  submitOrder,
  units,
  type Simulation,
} from './index.ts'
import { bookAt } from './books.ts'

const NOON = Date.UTC(2026, 10, 21, 12) / MINUTE_MS
const START = NOON * MINUTE_MS

function btc(shape: Parameters<typeof newOrder>[0]) {
  return newOrder({ symbol: 'BTCUSDT', ...shape })
}

/** Exactly what a minute does to an OCO with its target at 110 and its stop at 95. */
function ocoThrough(...candles: Parameters<typeof tapeOf>[1][number][]): string[] {
  const simulation = world(
    { 'BTC/USDT': tapeOf(NOON, [candle(100, 100, 100, 100), ...candles]) },
    { BTC: '1', USDT: '0' },
  )
  openMarkets(simulation, START + 30_000)
  const leg = { side: 'SELL', quantity: 1 } as const
  submitOco(
    simulation.engine,
    {
      listClientOrderId: 'list',
      above: btc({ ...leg, type: 'LIMIT_MAKER', price: 110, clientOrderId: 'target' }),
      below: btc({ ...leg, type: 'STOP_LOSS', stopPrice: 95, clientOrderId: 'stop' }),
    },
    simulation.now,
  )
  advance(simulation, START + (candles.length + 1) * MINUTE_MS - 1)
  return simulation.engine.markets
    .get('BTCUSDT')!
    .orders.all()
    .map((order) => `${order.clientOrderId} ${order.status}`)
}

describe('inside a candle', () => {
  test.each([
    ['only the target', candle(100, 111, 99, 104), ['stop EXPIRED', 'target FILLED']],
    ['only the stop', candle(100, 103, 94, 99), ['stop FILLED', 'target EXPIRED']],
    [
      'both, rising: the low comes first',
      candle(100, 112, 94, 105),
      ['stop FILLED', 'target EXPIRED'],
    ],
    [
      'both, falling: the high comes first',
      candle(105, 112, 94, 100),
      ['stop EXPIRED', 'target FILLED'],
    ],
    ['neither', candle(100, 109, 96, 100), ['stop NEW', 'target NEW']],
  ])('%s', (_name, bar, expected) => {
    expect(ocoThrough(bar)).toEqual(expected)
  })

  test('a gap passes over the stop and sells below it', () => {
    expect(ocoThrough(null, null, candle(90, 91, 89, 90))).toEqual([
      'stop FILLED',
      'target EXPIRED',
    ])
  })
})

test('resting orders trade at the second in which the price gets there', () => {
  const simulation = world(
    { 'BTC/USDT': tapeOf(NOON, [candle(100, 100, 100, 100), candle(100, 120, 99, 119)]) },
    { BTC: '1', USDT: '0' },
  )
  openMarkets(simulation, START)
  submitOrder(simulation.engine, btc({ side: 'SELL', price: 110, quantity: 1 }), START)
  advance(simulation, START + 2 * MINUTE_MS - 1)
  const [trade] = simulation.engine.markets.get('BTCUSDT')!.trades
  expect(formatUnits(trade!.price)).toBe('110.00000000')
  expect(trade!.time % 1_000).toBe(0)
  expect(trade!.time).toBeGreaterThan(START + MINUTE_MS + 8_000)
  expect(trade!.time).toBeLessThan(START + 2 * MINUTE_MS)
})

test('time only goes forward, and a recording that has ended closes its market', () => {
  const simulation = world(
    { 'BTC/USDT': tapeOf(NOON, [candle(100, 100, 100, 100), candle(100, 100, 100, 100)]) },
    { USDT: '1000' },
  )
  openMarkets(simulation, START)
  advance(simulation, START + MINUTE_MS)
  advance(simulation, START)
  expect(simulation.now).toBe(START + MINUTE_MS)
  const buy = () =>
    submitOrder(simulation.engine, btc({ type: 'MARKET', quantity: 1 }), simulation.now).kind
  expect(buy()).toBe('accepted')
  advance(simulation, START + 2 * MINUTE_MS)
  expect(buy()).toBe('refused')
})

describe('passing over quiet minutes changes nothing', () => {
  const tapes = syntheticTapes(11, ['BTC/USDT', 'ETH/USDT'])

  function trading(): Simulation {
    const simulation = world(
      { 'BTC/USDT': tapes[0]!, 'ETH/USDT': tapes[1]! },
      { USDT: '100000', BTC: '1', ETH: '10' },
    )
    openMarkets(simulation, START)
    return simulation
  }

  function place(simulation: Simulation, plan: readonly (readonly [number, number])[]): void {
    for (const [index, [kind, offset]] of plan.entries()) {
      const symbol = kind % 2 === 0 ? 'BTCUSDT' : 'ETHUSDT'
      const market = simulation.engine.markets.get(symbol)!
      const at = (percent: number): number =>
        Math.round((Number(market.lastPrice) / 1e8) * (1 + percent / 1_000))
      const type = (['LIMIT', 'STOP_LOSS', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT'] as const)[kind % 4]!
      const side = kind % 3 === 0 ? 'BUY' : 'SELL'
      const isUp = (type === 'STOP_LOSS' || type === 'STOP_LOSS_LIMIT') === (side === 'BUY')
      const price =
        type === 'LIMIT' ? at(side === 'BUY' ? -offset : offset) : at(isUp ? offset : -offset)
      const isTrailing = kind > 8
      const isFree = type === 'LIMIT' || (isTrailing && offset % 2 === 0)
      submitOrder(
        simulation.engine,
        newOrder({
          symbol,
          type,
          side,
          quantity: 0.05,
          trailingDelta: isTrailing ? 10 + offset * 3 : 0,
          price: type === 'LIMIT' || type === 'STOP_LOSS_LIMIT' ? price : 0,
          stopPrice: isFree ? 0 : price,
          clientOrderId: `o${index}`,
        }),
        simulation.now,
      )
    }
  }

  function outcome({ engine }: Simulation): unknown {
    return [...engine.markets.values()].map(({ trades, orders, lastPrice }) => ({
      lastPrice,
      trades: trades.all().map(({ id, time, price, quantity }) => [id, time, price, quantity]),
      orders: orders
        .all()
        .map(({ status, workingAt, trailingAt, extreme }) => [
          status,
          workingAt,
          trailingAt,
          extreme,
        ]),
    }))
  }

  /** No minute is passed over: every price of every second is printed. */
  function walkTo({ engine, feeds }: Simulation, end: number): void {
    for (let now = START + 1_000; now <= end; now += 1_000) {
      for (const feed of feeds) {
        const price = feed.history.price(now)
        const levels = bookAt(feed, { price, second: now / 1_000 })
        movePrice(engine, feed.market, { price, levels, now })
      }
    }
  }

  test('one leap ends as a walk of single seconds does', () => {
    const orders = fc.array(fc.tuple(fc.nat(11), fc.integer({ min: 1, max: 12 })), {
      minLength: 1,
      maxLength: 6,
    })
    fc.assert(
      fc.property(orders, fc.array(fc.nat(90_000), { maxLength: 5 }), (plan, pauses) => {
        const [leap, walk] = [trading(), trading()]
        for (const simulation of [leap, walk]) place(simulation, plan)
        const end = START + 120 * MINUTE_MS
        for (const pause of pauses) advance(leap, leap.now + pause)
        advance(leap, end)
        walkTo(walk, end)
        expect(outcome(walk)).toEqual(outcome(leap))
      }),
      { numRuns: 25, seed: propertySeed },
    )
  })
})

test('what the account, the house and the fees hold never changes in sum', () => {
  const simulation = world(
    { 'BTC/USDT': syntheticTapes(4, ['BTC/USDT'])[0]! },
    { USDT: '100000', BTC: '2' },
  )
  openMarkets(simulation, START)
  for (let hour = 0; hour < 200; hour += 1) {
    const side = hour % 2 === 0 ? 'BUY' : 'SELL'
    submitOrder(
      simulation.engine,
      btc({ type: 'MARKET', side, quantity: 0.013, clientOrderId: `h${hour}` }),
      simulation.now,
    )
    advance(simulation, simulation.now + 3_600_000)
  }
  const sums = ['USDT', 'BTC'].map((asset) => {
    const { free, locked, house, fees } = simulation.engine.holdings.get(asset)!
    return free + locked + house + fees
  })
  expect(simulation.engine.markets.get('BTCUSDT')!.trades.length).toBe(200)
  expect(sums).toEqual([units('100000'), units('2')])
})
