import { propertySeed } from '@flotilla/runtime/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { analysedCandle, minute, resampled } from '../testing.ts'
import { CandleBuilder, MarketAnalysis } from './index.ts'
import type { AnalysedCandle, BuiltCandle } from './index.ts'

const places = 5
const span = places * minute

/** What befalls a base candle; a delay counts candles that come before it does. */
const fate = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ kind: 'in time' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'never' } as const) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('late' as const), delay: fc.nat(7) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('corrected' as const),
      delay: fc.nat(7),
      by: fc.integer({ min: -900, max: 900 }),
    }),
  },
)
type Fate = typeof fate extends fc.Arbitrary<infer Value> ? Value : never
type Arrival = { readonly at: number; readonly candle: AnalysedCandle }

function arrivalsOf(fates: readonly Fate[]): AnalysedCandle[] {
  const arrivals = fates.flatMap((each, index): Arrival[] => {
    const candle = analysedCandle(index)
    if (each.kind === 'never') return []
    if (each.kind === 'in time') return [{ at: index, candle }]
    if (each.kind === 'late') return [{ at: index + each.delay + 0.5, candle }]
    const close = candle.close + each.by
    const corrected = {
      ...candle,
      high: candle.high + Math.max(0, each.by),
      low: candle.low + Math.min(0, each.by),
      close,
      closeText: String(close),
      volume: candle.volume + Math.abs(each.by),
    }
    return [
      { at: index, candle },
      { at: index + each.delay + 0.5, candle: corrected },
    ]
  })
  return arrivals.toSorted((left, right) => left.at - right.at).map(({ candle }) => candle)
}

/** Newest-known figures of every base candle that has come; what is over is resampled from it. */
function plainly(arrivals: readonly AnalysedCandle[]): Omit<BuiltCandle, 'missing'>[] {
  const known = new Map<number, AnalysedCandle>()
  const told = new Map<number, AnalysedCandle>()
  const from = Math.ceil(arrivals[0]!.openTime / span) * span
  let newest = Number.NEGATIVE_INFINITY
  for (const candle of arrivals) {
    const overBefore = Math.floor(candle.openTime / span) * span
    const tellBefore = (end: number): void => {
      const sorted = [...known.values()].toSorted((left, right) => left.openTime - right.openTime)
      for (const each of resampled(sorted, places)) {
        if (each.openTime < from || each.closeTime > end || told.has(each.openTime)) continue
        told.set(each.openTime, each)
      }
    }
    const isNewest = candle.openTime > newest
    if (isNewest) tellBefore(overBefore)
    known.set(candle.openTime, candle)
    newest = Math.max(newest, candle.openTime)
    if (isNewest) tellBefore(candle.closeTime)
  }
  return [...told.values()]
}

it('missing, late and corrected base candles end in the candle that their figures make', () => {
  fc.assert(
    fc.property(fc.array(fate, { minLength: 1, maxLength: 40 }), (fates) => {
      const arrivals = arrivalsOf(fates)
      if (arrivals.length === 0) return
      const builder = new CandleBuilder(span, minute)
      const told: BuiltCandle[] = []
      let newest = Number.NEGATIVE_INFINITY
      for (const candle of arrivals) {
        if (candle.openTime > newest) told.push(...builder.add(candle))
        else builder.correct(candle)
        newest = Math.max(newest, candle.openTime)
      }
      expect(told.map(({ missing: _missing, ...candle }) => candle)).toEqual(plainly(arrivals))
      for (const { missing } of told) expect(missing).toBeLessThan(places)
    }),
    { numRuns: 500, seed: propertySeed },
  )
})

it('what is said of higher timeframes does not depend on when the agent was started', () => {
  const series = { venue: 'simulator', symbol: 'BTC/USDT', timeframe: '1m' } as const
  const start = (): MarketAnalysis =>
    new MarketAnalysis({ series, timeframes: ['3m', '15m', '5m', '1m'], indicators: [] })
  const length = 10_000
  const said = (market: MarketAnalysis, from: number): Saying[] => {
    const sayings: Saying[] = []
    for (let index = from; index < length; index += 1) {
      market.feed(analysedCandle(index), (analysis, candle) => {
        const { messageId } = analysis.report(candle, 'live')
        const words = [analysis.series.timeframe, messageId, candle.closeText].join(' ')
        sayings.push({ words, values: [...analysis.values] })
      })
    }
    return sayings
  }
  const whole = said(start(), 0)
  fc.assert(
    fc.property(fc.integer({ min: 9_000, max: length - 40 }), (from) => {
      const restarted = start()
      const first = (restarted.warmUpFrom(openTimeOf(from)) - openTimeOf(0)) / minute
      for (let index = first; index < from; index += 1) restarted.feed(analysedCandle(index))
      const after = said(restarted, from)
      const before = whole.slice(-after.length)
      expect(after.map(({ words }) => words)).toEqual(before.map(({ words }) => words))
      expect(after.length).toBeGreaterThan(length - from)
      after.forEach(({ values }, at) => {
        values.forEach((value, place) => {
          expect(Math.abs(value - before[at]!.values[place]!)).toBeLessThan(1e-6)
        })
      })
    }),
    { numRuns: 8, seed: propertySeed },
  )
})

type Saying = { readonly words: string; readonly values: readonly number[] }

function openTimeOf(index: number): number {
  return analysedCandle(index).openTime
}
