import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  adx,
  atr,
  bollinger,
  donchian,
  ema,
  IndicatorSet,
  macd,
  obv,
  parseIndicator,
  rsi,
  sma,
  stddev,
  stochastic,
  volatility,
  vwap,
} from './index.ts'
import type { Bar, IndicatorSpec } from './index.ts'

/** What a window of so many candles says; what was before it cannot matter. */
const windowed: readonly IndicatorSpec[] = [
  sma(20),
  bollinger(),
  bollinger(20, 2, 'sample'),
  stochastic(9, 3, 3),
  donchian(20),
  donchian(19, 'previous'),
  stddev(20),
  volatility(19),
  volatility(19, 'sample'),
  obv(19),
  vwap(20),
]
const specs: readonly IndicatorSpec[] = [
  ...windowed,
  ema(12),
  ema(26, 'first-price'),
  rsi(14),
  macd(),
  parseIndicator('macd(12,26,9,independent)'),
  atr(14),
  atr(14, 'first-range'),
  adx(14),
  adx(14, 'wilder'),
  obv(),
  vwap(),
  ...['wma(20)', 'hma(16)', 'smma(14)', 'dema(14)', 'tema(9)', 'kama(10)'].map(parseIndicator),
  ...['roc(14)', 'cmo(14)', 'cci(20)', 'williams(14)', 'choppiness(14)'].map(parseIndicator),
  ...['mfi(14)', 'cmf(20)', 'vwma(14)'].map(parseIndicator),
]

const quarterHour = 900_000
/** 2026-01-05T07:30:00Z: the first midnight comes with candle 66. */
const epoch = 1_767_598_200_000

const price = fc.double({ min: 0.01, max: 100_000, noNaN: true })
const shape = fc.record({
  first: price,
  second: price,
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  /** Eighths are exact in sums, as a level that is carried on must be. */
  eighths: fc.nat(8_000),
})
const bars = fc.array(shape, { minLength: 1, maxLength: 160 }).map((shapes) => {
  return shapes.map(({ first, second, share, eighths }, index): Bar => {
    const low = Math.min(first, second)
    const high = Math.max(first, second)
    const close = low + (high - low) * share
    return { openTime: timeOf(index), high, low, close, volume: eighths / 8 }
  })
})

/** How near floating-point numbers come to each other is not left to chance. */
const seed = 20_240_805

function timeOf(index: number): number {
  return epoch + index * quarterHour
}

function start(of: readonly IndicatorSpec[] = specs): IndicatorSet {
  return new IndicatorSet(of, quarterHour)
}

function feed(set: IndicatorSet, series: readonly Bar[]): IndicatorSet {
  for (const bar of series) set.update(bar)
  return set
}

/** A market that wanders on from candle `from`. */
function wander(seed: number, { from, count }: { from: number; count: number }): Bar[] {
  return Array.from({ length: count }, (_, index) => {
    const close = 1_000 + 80 * Math.sin((seed % 97) + index * 0.17) + 9 * Math.sin(index * 2.3)
    const openTime = timeOf(from + index)
    return { openTime, high: close + 1, low: close - 1, close, volume: (index * 7) % 31 }
  })
}

describe('indicator set', () => {
  it('fed in any chunks ends with the same digits as fed whole', () => {
    fc.assert(
      fc.property(bars, fc.array(fc.nat(40), { maxLength: 12 }), (series, cuts) => {
        const whole = feed(start(), series)
        const chunked = start()
        let from = 0
        for (const cut of cuts) {
          feed(chunked, series.slice(from, from + cut))
          from += cut
        }
        feed(chunked, series.slice(from))
        expect([...chunked.values]).toEqual([...whole.values])
      }),
    )
  })

  it('keeps nothing of the object that it is fed with', () => {
    fc.assert(
      fc.property(bars, (series) => {
        const whole = feed(start(), series)
        const reused = start()
        const scratch = { ...(series[0] as Bar) }
        for (const bar of series) reused.update(Object.assign(scratch, bar))
        expect([...reused.values]).toEqual([...whole.values])
      }),
    )
  })

  it('window indicators do not depend on what was before the window', () => {
    fc.assert(
      fc.property(bars, fc.integer(), (before, seed) => {
        const window = wander(seed, { from: before.length, count: 20 })
        const old = feed(feed(start(windowed), before), window)
        const young = feed(start(windowed), window)
        expect([...old.values]).toEqual([...young.values])
        expect(young.complete).toBe(true)
      }),
    )
  })

  it('after the settling time a restart that carries levels on cannot be told', () => {
    fc.assert(
      fc.property(bars, fc.integer(), (before, seed) => {
        const old = feed(start(), before)
        const young = start()
        const { candlesToSettle: count } = young
        const market = wander(seed, { from: before.length, count })
        feed(old, market)
        feed(young, market)
        for (const name of young.levelNames) young.carryOn(name, old.get(name))
        const next = wander(seed + 1, { from: before.length + count, count: 30 })
        for (const bar of next) {
          old.update(bar)
          young.update(bar)
          const apart = young.names.filter((name) => !near(young.get(name), old.get(name)))
          expect(apart).toEqual([])
        }
      }),
      { numRuns: 20, seed },
    )
  })

  it('values stay in their ranges', () => {
    fc.assert(
      fc.property(bars, (series) => {
        const set = feed(start(), series)
        if (series.length < 80) return
        const within = (name: string, [least, most]: readonly [number, number]): void => {
          expect(set.get(name)).toBeGreaterThanOrEqual(least - 1e-9)
          expect(set.get(name)).toBeLessThanOrEqual(most + 1e-9)
        }
        for (const name of ['rsi(14)', 'stochastic(9,3,3).k', 'stochastic(9,3,3).d']) {
          within(name, [0, 100])
        }
        for (const name of ['adx(14).adx', 'adx(14).plus', 'adx(14,wilder).minus']) {
          within(name, [0, 100])
        }
        const channel = ['donchian(20).lower', 'donchian(20).upper'].map((name) => set.get(name))
        const [lowest, highest] = channel as [number, number]
        within('atr(14)', [0, 100_000])
        within('volatility(19)', [0, 100])
        within('bollinger(20,2).middle', [
          set.get('bollinger(20,2).lower'),
          set.get('bollinger(20,2).upper'),
        ])
        within('sma(20)', [lowest, highest])
        within('vwap(20)', [lowest, highest])
        within('donchian(20).middle', [lowest, highest])
      }),
      { seed },
    )
  })

  it('the extremes of a channel are those of a plain look at all its candles', () => {
    const at = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(at, fc.integer({ min: 1, max: 9 }), (prices, period) => {
        const set = start([donchian(period)])
        prices.forEach((close, index) => {
          set.update({ openTime: timeOf(index), high: close, low: close, close, volume: 0 })
          if (index + 1 < period) return
          const seen = prices.slice(index + 1 - period, index + 1)
          expect(set.get(`donchian(${period}).upper`)).toBe(Math.max(...seen))
          expect(set.get(`donchian(${period}).lower`)).toBe(Math.min(...seen))
        })
      }),
    )
  })
})

/** To 1e-9 of a market around 1,000; both without a value is the same, too. */
function near(left: number, right: number): boolean {
  return Object.is(left, right) || Math.abs(left - right) < 1e-6
}
