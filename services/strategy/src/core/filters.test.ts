import { describe, expect, it } from 'vitest'
import { desk, epoch, memory, minute, openFilters, signals, surroundings } from '../testing.ts'
import { freshRecord, onAnalysis } from './index.ts'
import type { Filters, Quote, Surroundings, SymbolRecord } from './index.ts'

const now = epoch + minute
const quote: Quote = { quoteVolume24h: 20_000, spreadPercent: 1, observedAt: now - 30_000 }

/** What the filters answer an entry of confidence 60 whose set-up began two hours ago. */
function ask(filters: Partial<Filters>, around: Partial<Surroundings> = {}) {
  const decision = onAnalysis(desk, memory(), {
    message: signals(0, { 'ema(2)': 2 }),
    surroundings: surroundings({ now, quote, filters: { ...openFilters, ...filters }, ...around }),
  })
  if (decision.kind !== 'decided') throw new Error(decision.kind)
  return decision.withheld.map(({ code, figures }) => ({ code, ...figures }))
}

describe('a filter lets pass what is at its limit, and refuses what is beyond with its numbers', () => {
  it.each<[string, Partial<Filters>, Partial<Filters>, object]>([
    [
      'the score',
      { confidenceMin: 60 },
      { confidenceMin: 60.1 },
      { code: 'confidence_below_minimum', confidence: 60, confidenceMin: 60.1 },
    ],
    [
      'the quote volume',
      { quoteVolume24hMin: 20_000 },
      { quoteVolume24hMin: 20_001 },
      {
        code: 'quote_volume_below_minimum',
        quoteVolume24h: 20_000,
        quoteVolume24hMin: 20_001,
      },
    ],
    [
      'the spread',
      { spreadMaxPercent: 1 },
      { spreadMaxPercent: 0.9 },
      { code: 'spread_above_maximum', spreadPercent: 1, spreadMaxPercent: 0.9 },
    ],
    [
      'the age of the set-up',
      { setupAgeHoursMax: 2 },
      { setupAgeHoursMax: 1.5 },
      { code: 'setup_too_old', setupAgeHours: 2, setupAgeHoursMax: 1.5 },
    ],
  ])('%s', (_filter, passing, refusing, refusal) => {
    expect(ask(passing)).toEqual([])
    expect(ask(refusing)).toEqual([refusal])
  })

  it.each<[string, Partial<SymbolRecord>, object]>([
    [
      'a pause after the last trade',
      { entryCooldownUntil: now + 5_000 },
      { code: 'symbol_cooldown', remainingMs: 5_000 },
    ],
    [
      'a quarantine',
      { quarantinedUntil: now + 7_000 },
      { code: 'symbol_quarantined', remainingMs: 7_000 },
    ],
  ])('%s, until it is over', (_filter, record, refusal) => {
    const at = (offset: number) =>
      ask({}, { now: now + offset, record: { ...freshRecord, ...record } })
    expect(at(0)).toEqual([refusal])
    expect(at(7_000)).toEqual([])
  })
})

describe('what nobody knows is refused, but only where it is asked for', () => {
  const limits = { quoteVolume24hMin: 1, spreadMaxPercent: 50 }
  const unknown = (tickerAgeMs: number | null) => [
    { code: 'quote_volume_unknown', quoteVolume24hMin: 1, tickerAgeMs },
    { code: 'spread_unknown', spreadMaxPercent: 50, tickerAgeMs },
  ]

  it('without a ticker', () => {
    expect(ask(limits, { quote: null })).toEqual(unknown(null))
    expect(ask({}, { quote: null })).toEqual([])
  })

  it('with a ticker that is too old', () => {
    const aged = (ageMs: number) => ({ quote: { ...quote, observedAt: now - ageMs } })
    expect(ask(limits, aged(5 * minute))).toEqual([])
    expect(ask(limits, aged(5 * minute + 1))).toEqual(unknown(5 * minute + 1))
  })

  it('with a ticker that does not say', () => {
    const silent = { quote: { ...quote, quoteVolume24h: null, spreadPercent: null } }
    expect(ask(limits, silent)).toEqual(unknown(30_000))
  })

  it('a set-up that began with its candle has no age', () => {
    const message = signals(0, { 'ema(2)': 1 })
    const filters = { ...openFilters, setupAgeHoursMax: 0.001 }
    const decision = onAnalysis(desk, memory(), {
      message,
      surroundings: surroundings({ filters }),
    })
    expect(decision).toMatchObject({ withheld: [] })
  })
})

it('every filter that refuses is told, not only the first', () => {
  const codes = ask(
    { confidenceMin: 70, quoteVolume24hMin: 1e6, spreadMaxPercent: 0.1, setupAgeHoursMax: 1 },
    { record: { ...freshRecord, entryCooldownUntil: now + 1, quarantinedUntil: now + 1 } },
  ).map(({ code }) => code)
  expect(codes).toEqual([
    'confidence_below_minimum',
    'quote_volume_below_minimum',
    'spread_above_maximum',
    'setup_too_old',
    'symbol_cooldown',
    'symbol_quarantined',
  ])
})
