import { candleMessageId } from '@flotilla/contracts'
import type { AnyMessage, MessageOfType } from '@flotilla/contracts'
import { ema, IndicatorSet, obv, sma, type IndicatorSpec } from '@flotilla/indicators'
import { describe, expect, it } from 'vitest'
import { analysedCandle, epoch, minute, series } from '../testing.ts'
import { Analysis, readingIndicators } from './index.ts'

type Signals = MessageOfType<'analysis.signals.computed.v1'>

function start(indicators: readonly IndicatorSpec[] = [sma(20)]): Analysis {
  return new Analysis({ series, intervalMs: minute, indicators })
}

function feed(analysis: Analysis, from: number, to: number): Analysis {
  for (let index = from; index < to; index += 1) analysis.feed(analysedCandle(index))
  return analysis
}

/** After so many candles of the given closes, ten up and ten down from each. */
function afterCloses(closes: readonly number[]): Signals['payload'] {
  const analysis = start()
  let last = analysedCandle(0)
  for (const [index, close] of closes.entries()) {
    last = { ...analysedCandle(index), high: close + 10, low: close - 10, close }
    analysis.feed(last)
  }
  return (analysis.report(last, 'live') as Signals).payload
}

describe('the order of candles', () => {
  const running = feed(start(), 0, 10)

  it('the next candle is next, what was seen is known', () => {
    expect(running.stepTo(epoch + 10 * minute)).toEqual({ kind: 'next' })
    expect(running.stepTo(epoch + 9 * minute)).toEqual({ kind: 'known' })
    expect(running.stepTo(epoch)).toEqual({ kind: 'known' })
  })

  it('a candle behind a hole names what is missing', () => {
    expect(running.stepTo(epoch + 13 * minute)).toEqual({
      kind: 'missing',
      from: epoch + 10 * minute,
      to: epoch + 13 * minute,
      cold: false,
    })
  })

  it('the first candle, and one behind a hole longer than any memory, start cold', () => {
    const settle = running.candlesToSettle * minute
    const far = epoch + 9 * minute + settle + minute
    for (const [analysis, openTime] of [
      [start(), epoch],
      [running, far],
    ] as const) {
      expect(analysis.stepTo(openTime)).toEqual({
        kind: 'missing',
        from: openTime - settle,
        to: openTime,
        cold: true,
      })
    }
  })

  it('a reset forgets everything', () => {
    const analysis = feed(start(), 0, 50)
    expect(analysis.warm).toBe(true)
    analysis.reset()
    expect(analysis).toMatchObject({ warm: false, lastOpenTime: null })
  })

  it('a reset forgets no level: it goes on from the candle where it was', () => {
    const whole = feed(start([obv()]), 0, 60)
    const torn = feed(start([obv()]), 0, 50)
    torn.reset()
    torn.reset()
    feed(torn, 30, 60)
    const at = whole.names.indexOf('obv')
    expect(torn.values[at]).toBe(whole.values[at])
    expect(feed(start([obv()]), 30, 60).values[at]).not.toBe(whole.values[at])
  })

  it('a level whose candle never comes again begins anew', () => {
    const torn = feed(start([obv()]), 0, 50)
    torn.reset()
    feed(torn, 70, 80)
    const fresh = feed(start([obv()]), 70, 80)
    const at = fresh.names.indexOf('obv')
    expect(torn.values[at]).toBe(fresh.values[at])
  })
})

describe('what is said of a candle', () => {
  it('carries every value that is warm, and no other', () => {
    const analysis = feed(start([sma(20), ema(200)]), 0, 60)
    const { payload } = analysis.report(analysedCandle(59), 'live') as Signals
    const set = new IndicatorSet([...readingIndicators, sma(20)])
    for (let index = 0; index < 60; index += 1) {
      set.update(analysedCandle(index))
    }
    expect(payload.indicators).toEqual(
      Object.fromEntries(set.names.map((name, at) => [name, set.values[at]])),
    )
  })

  it('belongs to the candle’s message, also when the candle came from the store', () => {
    const message: AnyMessage = feed(start(), 0, 3).report(analysedCandle(2), 'backfill')
    const id = candleMessageId(series, epoch + 2 * minute)
    expect(message).toMatchObject({ causationId: id, correlationId: id })
  })

  it('readings are unknown until their indicators are warm', () => {
    expect(afterCloses([1, 2, 3])).toMatchObject({
      readings: { trend: null, momentum: null, volatilityPercent: null },
      score: null,
    })
    const { readings, score } = afterCloses(Array.from({ length: 26 }, (_, at) => 100 + at))
    expect(readings.trend).not.toBeNull()
    expect(readings.momentum).toBeNull()
    expect(score).toBeNull()
  })

  it('a market that rises is bullish, one that falls bearish, to the same degree', () => {
    const rising = Array.from({ length: 100 }, (_, at) => 1_000 + at * (at > 90 ? 4 : 2))
    const up = afterCloses(rising)
    const down = afterCloses(rising.map((close) => 3_000 - close))
    expect(up.readings.trend).toBeGreaterThan(50)
    expect(up.readings.momentum).toBeGreaterThan(50)
    expect(up.score).toBeGreaterThan(50)
    expect(down.score).toBeCloseTo(-(up.score ?? 0), 1)
    expect(down.readings.trend).toBeCloseTo(-(up.readings.trend ?? 0), 1)
  })

  it('a market that stands still leans nowhere', () => {
    const { readings, score } = afterCloses(Array.from({ length: 60 }, () => 1_000))
    expect(readings).toEqual({ trend: 0, momentum: 0, volatilityPercent: 2 })
    expect(score).toBe(0)
  })
})
