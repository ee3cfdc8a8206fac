import { createHash } from 'node:crypto'
import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { candle, syntheticTapes, tapeOf } from '../testing/worlds.ts'
import { levelsAround, stressAfter } from './liquidity.ts'
import {
  createHistory,
  intervalOf,
  profileOf,
  rulesOf,
  MINUTE_MS,
  units,
  type Candle,
  type Tape,
} from './index.ts'
import { candleUntil, pathOf, priceAt } from './path.ts'
import { createRecordedTape, readRecording } from './recorded.ts'
import { SYNTHETIC_ORIGIN } from './synthetic.ts'

const SYMBOLS = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT']
const NOON = Date.UTC(2026, 10, 21, 12) / MINUTE_MS

function digest(tape: Tape, from: number, count: number): string {
  const hash = createHash('sha256')
  for (let minute = from; minute < from + count; minute += 1) {
    hash.update(Object.values(tape.candle(minute)!).join(','))
  }
  return hash.digest('hex')
}

function closes(tape: Tape, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Number(tape.candle(NOON + index)!.close))
}

function returns(prices: readonly number[]): number[] {
  return prices.slice(1).map((price, index) => Math.log(price / prices[index]!))
}

function correlation(left: readonly number[], right: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
  const [a, b] = [mean(left), mean(right)]
  const covariance = mean(left.map((value, index) => (value - a) * (right[index]! - b)))
  const deviation = (values: readonly number[], center: number) =>
    Math.sqrt(mean(values.map((value) => (value - center) ** 2)))
  return covariance / (deviation(left, a) * deviation(right, b))
}

describe('the seeded market', () => {
  test('the same seed is the same tape, in whatever order it is read', () => {
    const [first] = syntheticTapes(7, SYMBOLS)
    const [second] = syntheticTapes(7, SYMBOLS)
    for (let back = 20_000; back > 0; back -= 777) second!.candle(NOON + back)
    expect(digest(second!, NOON, 2_000)).toBe(digest(first!, NOON, 2_000))
  })

  test('the tape of seed 1 is what it always was', () => {
    const tapes = syntheticTapes(1, SYMBOLS)
    expect(tapes.map((tape) => digest(tape, NOON, 1_000).slice(0, 16))).toMatchInlineSnapshot(`
      [
        "c5f714adb307a8e4",
        "dc922dcbdcf208d0",
        "cf2f414d1f70a959",
      ]
    `)
  })

  test('another seed, or another symbol, is another tape', () => {
    const [bitcoin, ether] = syntheticTapes(1, SYMBOLS)
    const [other] = syntheticTapes(2, SYMBOLS)
    expect(digest(other!, NOON, 10)).not.toBe(digest(bitcoin!, NOON, 10))
    expect(digest(ether!, NOON, 10)).not.toBe(digest(bitcoin!, NOON, 10))
  })

  test('every minute is a whole candle that opens where the last one closed', () => {
    for (const tape of syntheticTapes(3, SYMBOLS)) {
      let before: Candle | null = null
      for (let minute = NOON; minute < NOON + 3_000; minute += 1) {
        const now: Candle = tape.candle(minute)!
        expect(now.low > 0n && now.volume > 0n).toBe(true)
        expect(now.high >= now.open && now.high >= now.close).toBe(true)
        expect(now.low <= now.open && now.low <= now.close).toBe(true)
        expect(before === null || before.close === now.open).toBe(true)
        before = now
      }
    }
  })

  test('symbols move together, calm and turbulent times alternate, and prices stay near home', () => {
    const [bitcoin, ether] = syntheticTapes(5, SYMBOLS)
    const prices = closes(bitcoin!, 30 * 1_440)
    const moves = returns(prices)
    expect(correlation(moves, returns(closes(ether!, 30 * 1_440)))).toBeGreaterThan(0.4)
    const hours = Array.from({ length: 180 }, (_, block) => {
      const part = moves.slice(block * 240, (block + 1) * 240)
      return Math.sqrt(part.reduce((sum, move) => sum + move ** 2, 0) / part.length)
    })
    expect(Math.max(...hours) / Math.min(...hours)).toBeGreaterThan(2)
    expect(Math.max(...prices) / 64_000e8).toBeLessThan(3)
    expect(Math.min(...prices) / 64_000e8).toBeGreaterThan(1 / 3)
  })

  test('there is nothing before its origin, and years of it after', () => {
    const [tape] = syntheticTapes(1, SYMBOLS)
    expect(tape!.candle(SYNTHETIC_ORIGIN - 1)).toBeNull()
    expect(tape!.candle(SYNTHETIC_ORIGIN)).not.toBeNull()
    expect(tape!.candle(SYNTHETIC_ORIGIN + 20 * 525_600)).not.toBeNull()
  })
})

function profileRules() {
  const { tick, step } = profileOf('BTC/USDT')
  return { rules: rulesOf('BTC/USDT', { tick: units(tick), step: units(step) }) }
}

describe('the book after a minute', () => {
  const shape = { ...profileRules(), seed: 3, spread: units('0.0001') }
  const bookAfter = (minute: Candle | null) => {
    const stress = stressAfter(minute)
    const levels = levelsAround(shape, units('60000'), { second: 1_000, stress })
    const [bid, ask] = [levels('BUY', 0)!, levels('SELL', 0)!]
    return { spread: ask.price - bid.price, depth: bid.quantity }
  }
  const calm = bookAfter(null)

  test('is the even one when nothing has happened', () => {
    expect(calm.spread).toBe(units('6'))
    expect(bookAfter(candle(60_000, 60_060, 59_990, 60_010))).toEqual(calm)
  })

  test('is wider and thinner when prices have run, and ten times at the most', () => {
    const nervous = bookAfter(candle(60_000, 60_600, 60_000, 60_600))
    expect(nervous.spread).toBe(calm.spread * 4n)
    expect(nervous.depth).toBeLessThan(calm.depth / 3n)
    const crashed = bookAfter(candle(60_000, 60_000, 40_000, 41_000))
    expect(crashed.spread).toBe(calm.spread * 10n)
  })
})

describe('the walk inside a minute', () => {
  const shape = { seed: 1, tick: units('0.01') }

  test.each([
    ['a rising minute visits its low first', candle(100, 110, 95, 105), ['low', 'high']],
    ['a falling minute visits its high first', candle(105, 110, 95, 100), ['high', 'low']],
  ])('%s', (_name, bar, order) => {
    const path = pathOf(bar, NOON, shape)
    const prices = Array.from({ length: 60 }, (_, second) => priceAt(path, second))
    const at = { low: prices.indexOf(bar.low), high: prices.indexOf(bar.high) }
    expect(at.low >= 0 && at.high >= 0).toBe(true)
    expect(
      Object.entries(at)
        .sort((a, b) => a[1] - b[1])
        .map(([name]) => name),
    ).toEqual(order)
    expect([prices[0], prices[59]]).toEqual([bar.open, bar.close])
  })

  test('the candle so far is the highest and lowest of the prices so far', () => {
    const price = fc.integer({ min: 9_000, max: 11_000 })
    fc.assert(
      fc.property(fc.tuple(price, price, price, price), fc.nat(99_999), (drawn, minute) => {
        const [low, open, close, high] = [...drawn].sort((a, b) => a - b)
        const bar = candle(open! / 100, high! / 100, low! / 100, close! / 100)
        const path = pathOf(bar, minute, shape)
        const prices: bigint[] = []
        for (let second = 0; second < 60; second += 1) {
          prices.push(priceAt(path, second))
          const seen = candleUntil(bar, path, second)
          const sorted = [...prices].sort((a, b) => (a < b ? -1 : 1))
          expect([seen.low, seen.high]).toEqual([sorted[0], sorted.at(-1)])
          expect(seen.close).toBe(prices.at(-1))
        }
        expect(candleUntil(bar, path, 59)).toEqual(bar)
      }),
      { numRuns: 200, seed: propertySeed },
    )
  })
})

describe('history', () => {
  const minutes = [
    candle(100, 103, 99, 102),
    candle(102, 104, 101, 103),
    null,
    candle(103, 105, 98, 99),
  ]
  const history = createHistory(tapeOf(NOON, minutes), { seed: 1, tick: units('0.01') })
  const end = (NOON + 4) * MINUTE_MS

  test('the reference price is a mean of the seconds that have a price', () => {
    const first = (NOON * MINUTE_MS) / 1_000
    expect(history.reference((first - 1) * 1_000)).toBe(0n)
    expect(history.reference(first * 1_000)).toBe(units('100'))
    const second = first + 40
    const prices = Array.from({ length: 10 }, (_, back) => history.price((second - back) * 1_000))
    const sum = prices.reduce((total, price) => total + price, 0n)
    expect(history.reference(second * 1_000)).toBe(sum / 10n)
  })

  test('candles of several minutes join their parts, gaps left out', () => {
    expect(history.bar(NOON, NOON + 4, end)).toMatchObject({
      open: units('100'),
      high: units('105'),
      low: units('98'),
      close: units('99'),
      volume: units('180'),
      trades: 180,
    })
    expect(history.bar(NOON + 2, NOON + 3, end)).toBeNull()
  })

  test('the price of a gap and of the time after the end is the last one known', () => {
    expect(history.price((NOON + 2) * MINUTE_MS + 5_000)).toBe(units('103'))
    expect(history.price(end + 3_600_000)).toBe(units('99'))
  })

  test('the trades of the seconds make up the candle', () => {
    const trades = Array.from({ length: 60 }, (_, second) =>
      history.trades(NOON * 60 + second),
    ).flat()
    expect(trades.reduce((sum, trade) => sum + trade.quantity, 0n)).toBe(units('60'))
    const prices = trades.map((trade) => trade.price)
    expect(prices.reduce((a, b) => (a > b ? a : b))).toBe(units('103'))
  })

  test('whole hours are the same as their minutes', () => {
    const [tape] = syntheticTapes(1, SYMBOLS)
    const long = createHistory(tape!, { seed: 1, tick: units('0.01') })
    const [from, to] = [NOON - 333, NOON + 222]
    const now = (to + 5) * MINUTE_MS
    const whole = long.bar(from, to, now)!
    const parts = Array.from({ length: to - from }, (_, offset) => tape!.candle(from + offset)!)
    expect(whole.volume).toBe(parts.reduce((sum, part) => sum + part.volume, 0n))
    expect(whole.high).toBe(parts.reduce((high, part) => (part.high > high ? part.high : high), 0n))
    expect(long.bar(from, to, now)).toEqual(whole)
  })
})

describe('intervals', () => {
  const start = (name: string, text: string) => {
    const interval = intervalOf(name)!
    const minute = interval.startOf(Date.parse(text) / MINUTE_MS)
    const iso = (value: number) => new Date(value * MINUTE_MS).toISOString().slice(0, 16)
    return [iso(minute), iso(interval.next(minute)), iso(interval.previous(minute))]
  }

  test.each([
    ['4h', '2024-02-29T15:01Z', ['2024-02-29T12:00', '2024-02-29T16:00', '2024-02-29T08:00']],
    ['1w', '2024-02-29T15:01Z', ['2024-02-26T00:00', '2024-03-04T00:00', '2024-02-19T00:00']],
    ['1M', '2024-02-29T15:01Z', ['2024-02-01T00:00', '2024-03-01T00:00', '2024-01-01T00:00']],
    ['1M', '2023-12-31T23:59Z', ['2023-12-01T00:00', '2024-01-01T00:00', '2023-11-01T00:00']],
  ])('%s at %s', (name, text, expected) => {
    expect(start(name, text)).toEqual(expected)
  })

  test('months are those of the calendar, for a century', () => {
    const interval = intervalOf('1M')!
    for (let month = 0; month < 1_200; month += 1) {
      const minute = Date.UTC(1990, month, 1) / MINUTE_MS
      expect(interval.startOf(minute)).toBe(minute)
      expect(interval.next(minute)).toBe(Date.UTC(1990, month + 1, 1) / MINUTE_MS)
      expect(interval.startOf(minute - 1)).toBe(Date.UTC(1990, month - 1, 1) / MINUTE_MS)
    }
  })

  test('case matters, and nonsense is none', () => {
    expect(intervalOf('1m')).not.toBe(intervalOf('1M'))
    expect(intervalOf('7m')).toBeNull()
  })
})

describe('recorded candles', () => {
  const rows = (lines: readonly [number, string][]) =>
    lines.map(([minute, prices]) => `${(NOON + minute) * MINUTE_MS},${prices}`)

  test('minutes as they were, gaps left open, steps found from the digits', () => {
    const recording = readRecording(
      rows([
        [0, '100,103.5,99,102,7.125'],
        [1, '102,104,101,103,5'],
        [3, '103,105,98,99.25,1'],
      ]),
      'file',
    )
    const tape = createRecordedTape(recording, 1)
    expect([recording.tick, recording.step]).toEqual([units('0.01'), units('0.001')])
    expect([tape.from, tape.to]).toEqual([NOON, NOON + 4])
    expect(tape.candle(NOON)).toEqual({
      open: units('100'),
      high: units('103.5'),
      low: units('99'),
      close: units('102'),
      volume: units('7.125'),
    })
    expect([NOON - 1, NOON + 2, NOON + 4].map((minute) => tape.candle(minute))).toEqual([
      null,
      null,
      null,
    ])
  })

  test('longer candles are cut into minutes that join to them exactly', () => {
    const lines = Array.from({ length: 12 }, (_, hour): [number, string] => {
      const open = 100 + ((hour * 7) % 13)
      const close = 100 + ((hour * 11) % 17)
      return [
        hour * 60,
        `${open},${Math.max(open, close) + 3},${Math.min(open, close) - 2},${close},600`,
      ]
    })
    const recording = readRecording(rows(lines), 'file')
    const tape = createRecordedTape(recording, 9)
    const history = createHistory(tape, { seed: 9, tick: recording.tick })
    for (const [minute, text] of lines) {
      const from = NOON + minute
      const bar = history.bar(from, from + 60, (from + 61) * MINUTE_MS)!
      const [open, high, low, close, volume] = text.split(',').map((value) => units(value))
      expect(bar).toMatchObject({ open, high, low, close, volume })
    }
  })

  test.each([
    [
      'a time that goes back',
      [`${NOON * MINUTE_MS},1,1,1,1,1`, '5,1,1,1,1,1'],
      /row 2 is not later/,
    ],
    ['a price that is none', ['0,1,x,1,1,1', '60000,1,1,1,1,1'], /row 1 has the high "x"/],
    ['a price of nothing', ['0,1,1,0,1,1', '60000,1,1,1,1,1'], /row 1 has the low "0"/],
    ['a missing volume', ['0,1,1,1,1', '60000,1,1,1,1,1'], /row 1 has the volume ""/],
    ['a single candle', ['0,1,1,1,1,1'], /at least two/],
    ['seconds', ['0,1,1,1,1,1', '1000,1,1,1,1,1'], /shorter than a minute/],
  ])('%s is refused with its row', (_name, lines, message) => {
    expect(() => readRecording(lines, 'file.csv')).toThrow(message)
  })
})
