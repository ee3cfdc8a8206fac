import { describe, expect, test } from 'vitest'
import { accepted, desktop, type OrderShape } from '../testing/builders.ts'
import { units } from './index.ts'

/** A world of large numbers, so that the examples of the venue's documents can be played as they are. */
function wide() {
  const desk = desktop(
    { USDT: 1_000_000, BTC: 10 },
    {
      tick: units('0.5'),
      priceMax: units('1000000'),
      notionalMax: units('1000000'),
      percent: {
        BUY: { up: units('5'), down: units('0.2') },
        SELL: { up: units('5'), down: units('0.2') },
      },
    },
  )
  desk.market.averagePrice = units('40000')
  desk.move(40_000)
  return desk
}

describe("the scenarios of the venue's FAQ on trailing stops", () => {
  test.each<[string, OrderShape, number[], number]>([
    [
      'A: a purchase above the price',
      { type: 'STOP_LOSS_LIMIT', stopPrice: 44_000, trailingDelta: 500, price: 45_000 },
      [37_000, 44_000, 45_000, 46_000, 42_000, 44_099.5],
      44_100,
    ],
    [
      'B: a sale below the price',
      {
        side: 'SELL',
        type: 'STOP_LOSS_LIMIT',
        stopPrice: 39_000,
        trailingDelta: 1_000,
        price: 38_000,
      },
      [41_500, 39_000, 37_000, 41_000, 36_900.5],
      36_900,
    ],
    [
      'C: a purchase below the price',
      { type: 'TAKE_PROFIT_LIMIT', stopPrice: 38_000, trailingDelta: 850, price: 38_500 },
      [42_000, 38_000, 37_000, 39_000, 38_000, 40_144.5],
      40_145,
    ],
    [
      'D: a sale above the price',
      {
        side: 'SELL',
        type: 'TAKE_PROFIT_LIMIT',
        stopPrice: 42_000,
        trailingDelta: 750,
        price: 41_000,
      },
      [41_500, 39_000, 42_000, 45_000, 44_000, 46_500, 43_013],
      43_012.5,
    ],
    [
      'E: a sale that follows at once',
      { side: 'SELL', type: 'STOP_LOSS_LIMIT', trailingDelta: 700, price: 39_000 },
      [42_000, 39_500, 45_500, 42_315.5],
      42_315,
    ],
  ])('%s', (_name, shape, quiet, trigger) => {
    const desk = wide()
    const stop = accepted(desk.send({ ...shape, quantity: 1 }))
    for (const price of quiet) desk.move(price)
    expect(stop.workingAt).toBe(-1)
    desk.move(trigger)
    expect(stop.workingAt).toBeGreaterThan(0)
    expect(desk.market.trailing.size).toBe(0)
  })
})

test('it tells since when it follows, and a trade of the account counts as a price too', () => {
  const desk = desktop()
  const stop = accepted(
    desk.send({ side: 'SELL', type: 'STOP_LOSS', stopPrice: 98, trailingDelta: 100, quantity: 1 }),
  )
  expect([stop.trailingAt, stop.extreme]).toEqual([-1, 0n])
  accepted(desk.send({ side: 'SELL', type: 'MARKET', quantity: 15 }))
  expect([stop.trailingAt, stop.extreme]).toEqual([2_000, units('98')])
})

test.each<[string, OrderShape, string]>([
  ['nearer than the venue allows', { trailingDelta: 9 }, 'Filter failure: TRAILING_DELTA'],
  ['farther than the venue allows', { trailingDelta: 2_001 }, 'Filter failure: TRAILING_DELTA'],
  [
    'already where it would begin',
    { trailingDelta: 100, stopPrice: 100 },
    'Stop price would trigger immediately.',
  ],
])('%s', (_name, shape, message) => {
  const request = { side: 'SELL', type: 'STOP_LOSS', quantity: 1, ...shape } as const
  expect(desktop().send(request)).toMatchObject({ message })
})

test('a purchase without a stop price holds what the last price makes of it', () => {
  const desk = desktop({ USDT: 1_000, BTC: 0 })
  accepted(desk.send({ type: 'TAKE_PROFIT', trailingDelta: 100, quantity: 9 }))
  expect(desk.balance('USDT')).toEqual({ free: '100', locked: '900' })
})
