import { Decimal } from '@flotilla/money'
import { describe, expect, it } from 'vitest'
import { lastDueAt, nextDueAt, review } from './index.ts'
import type { ClosedTrade, DynamicFilters } from './index.ts'

const day = 86_400_000
const minute = 60_000
/** A review at 00:05 UTC. */
const now = Date.UTC(2026, 0, 20, 0, 5)
const middle: DynamicFilters = {
  confidenceMin: 74,
  quoteVolume24hMin: 30_000,
  spreadMaxPercent: 1.5,
  setupAgeHoursMax: 96,
}

/** `wins` trades of +`gain` R, then the rest of −1 R, spread evenly over the window before `now`. */
function history(options: {
  trades: number
  wins: number
  gain?: number
  days?: number
}): ClosedTrade[] {
  const { trades, wins, gain = 1, days = 13 } = options
  return Array.from({ length: trades }, (_, index) => {
    // Wins and losses alternate, so that every stretch of the history is alike.
    const won = Math.floor(((index + 1) * wins) / trades) > Math.floor((index * wins) / trades)
    return trade(now - Math.round(((index + 1) / trades) * days * day), won ? gain : -1)
  })
}

function trade(closedAt: number, rMultiple: number | null): ClosedTrade {
  return { closedAt, profit: Decimal.from(String(100 * (rMultiple ?? 1))), rMultiple }
}

const look = (trades: readonly ClosedTrade[], filters = middle) =>
  review(filters, trades, { now, dueAt: now })
const tighter: DynamicFilters = {
  confidenceMin: 76,
  quoteVolume24hMin: 34_000,
  spreadMaxPercent: 1.3,
  setupAgeHoursMax: 72,
}
const looser: DynamicFilters = {
  confidenceMin: 72,
  quoteVolume24hMin: 26_000,
  spreadMaxPercent: 1.7,
  setupAgeHoursMax: 120,
}

describe('a made-up history moves the filters as it should', () => {
  it.each<[string, Parameters<typeof history>[0], string, DynamicFilters, RegExp]>([
    ['no trade at all', { trades: 0, wins: 0 }, 'too-few-trades', middle, /^0 closed trades/],
    [
      'nine trades, all of them lost',
      { trades: 9, wins: 0 },
      'too-few-trades',
      middle,
      /^9 closed trades in 14 days are fewer than 10/,
    ],
    ['ten trades, all of them lost', { trades: 10, wins: 0 }, 'tighten', tighter, /win rate below/],
    [
      'few wins, however large they are',
      { trades: 20, wins: 7, gain: 5 },
      'tighten',
      tighter,
      /win rate below 40 %: 1\.429 trades a day, win rate 35 %, mean R 1\.1/,
    ],
    [
      'many wins that do not pay for the losses',
      { trades: 20, wins: 12, gain: 0.5 },
      'tighten',
      tighter,
      /^mean R below 0/,
    ],
    [
      'many trades for little',
      { trades: 120, wins: 62 },
      'tighten',
      tighter,
      /^more than 8 trades a day/,
    ],
    ['many trades for enough', { trades: 120, wins: 80 }, 'hold', middle, /^nothing to mend/],
    [
      'few trades, and good ones',
      { trades: 12, wins: 8 },
      'loosen',
      looser,
      /^good results in fewer than 2 trades a day: 0\.857 trades a day, win rate 67 %, mean R 0\.333/,
    ],
    [
      'few trades, and middling ones',
      { trades: 12, wins: 6, gain: 1.1 },
      'hold',
      middle,
      /^nothing/,
    ],
    ['good ones, and enough of them', { trades: 40, wins: 26 }, 'hold', middle, /^nothing to mend/],
  ])('%s', (_history, options, verdict, filters, why) => {
    const result = look(history(options))
    expect(result.review).toMatchObject({ verdict, why: expect.stringMatching(why) as string })
    expect(result.filters).toEqual(filters)
  })
})

describe('every limit is met by what is exactly at it', () => {
  it.each<[string, Parameters<typeof history>[0], string, RegExp]>([
    ['40 % won are enough', { trades: 20, wins: 8, gain: 2 }, 'hold', /win rate 40 %/],
    ['a mean R of 0 is enough', { trades: 20, wins: 10 }, 'hold', /mean R 0$/],
    ['8 trades a day are not too many', { trades: 112, wins: 56 }, 'hold', /: 8 trades a day/],
    ['one more is', { trades: 113, wins: 58 }, 'tighten', /^more than 8 .*: 8\.071 trades a day/],
    ['2 trades a day are not too few', { trades: 28, wins: 20 }, 'hold', /: 2 trades a day/],
    ['one less is', { trades: 27, wins: 20 }, 'loosen', /: 1\.929 trades a day/],
    ['half of them won, for a mean R of 0.2', won(1.4), 'loosen', /win rate 50 %, mean R 0\.2$/],
    ['and for a little less', won(1.38), 'hold', /mean R 0\.19$/],
  ])('%s', (_limit, options, verdict, why) => {
    const { review: told } = look(history(options))
    expect(told).toMatchObject({ verdict, why: expect.stringMatching(why) as string })
  })

  function won(gain: number) {
    return { trades: 20, wins: 10, gain }
  }
})

describe('what is looked at', () => {
  it('trades older than 14 days, and those of the future, are not', () => {
    const old = Array.from({ length: 20 }, (_, index) => trade(now - 14 * day - index, -1))
    const edge = trade(now - 14 * day + 1, -1)
    expect(look([...old, trade(now + 1, -1)]).review.figures.trades).toBe(0)
    expect(look([...old, edge]).review.figures.trades).toBe(1)
  })

  it('win rate and mean R are those of the last 30, the number of trades is that of all', () => {
    const won = Array.from({ length: 30 }, (_, index) => trade(now - index * minute, 2))
    const lostBefore = Array.from({ length: 30 }, (_, index) => trade(now - day - index, -1))
    expect(look([...won, ...lostBefore]).review.figures).toEqual({
      trades: 60,
      tradesPerDay: 4.286,
      winRate: 1,
      meanRMultiple: 2,
    })
  })

  it('the order in which trades come does not matter', () => {
    const trades = history({ trades: 50, wins: 20 })
    expect(look(trades.toReversed())).toEqual(look(trades))
  })

  it('trades without a known stop count for the win rate alone', () => {
    const unknown = Array.from({ length: 12 }, (_, index) => trade(now - index * day, null))
    expect(look(unknown).review).toMatchObject({
      verdict: 'hold',
      figures: { winRate: 1, meanRMultiple: null },
      why: expect.stringContaining('mean R unknown') as string,
    })
  })
})

describe('hard ranges', () => {
  const poor = history({ trades: 20, wins: 2 })
  const good = history({ trades: 12, wins: 10 })
  const often = (filters: DynamicFilters, trades: readonly ClosedTrade[]) => {
    let result = { ...look(trades, filters) }
    for (let times = 1; times < 50; times++) result = look(trades, result.filters)
    return result
  }

  it('are reached step by step and never left, and at the end nothing changes any more', () => {
    expect(often(middle, poor)).toMatchObject({
      filters: {
        confidenceMin: 82,
        quoteVolume24hMin: 60_000,
        spreadMaxPercent: 0.7,
        setupAgeHoursMax: 24,
      },
      review: { verdict: 'tighten', changes: [] },
    })
    expect(often(middle, good)).toMatchObject({
      filters: {
        confidenceMin: 68,
        quoteVolume24hMin: 8_000,
        spreadMaxPercent: 2.4,
        setupAgeHoursMax: 168,
      },
      review: { verdict: 'loosen', changes: [] },
    })
  })

  it('filters that are off come in at the lenient end when they are tightened', () => {
    const off = {
      confidenceMin: 0,
      quoteVolume24hMin: 0,
      spreadMaxPercent: null,
      setupAgeHoursMax: null,
    }
    expect(look(poor, off).filters).toEqual({
      confidenceMin: 68,
      quoteVolume24hMin: 8_000,
      spreadMaxPercent: 2.4,
      setupAgeHoursMax: 168,
    })
    expect(look(good, off)).toMatchObject({ filters: off, review: { changes: [] } })
  })

  it('filters stricter than their range are not loosened by tightening', () => {
    const strict = {
      confidenceMin: 95,
      quoteVolume24hMin: 1e6,
      spreadMaxPercent: 0.1,
      setupAgeHoursMax: 2,
    }
    expect(look(poor, strict).filters).toEqual(strict)
    expect(look(good, strict).filters).toEqual({
      confidenceMin: 82,
      quoteVolume24hMin: 60_000,
      spreadMaxPercent: 0.7,
      setupAgeHoursMax: 26,
    })
  })
})

it('every change is recorded with before, after and why', () => {
  const { review: done } = look(history({ trades: 10, wins: 0 }))
  const why = 'win rate below 40 %: 0.714 trades a day, win rate 0 %, mean R -1'
  expect(done).toEqual({
    dueAt: '2026-01-20T00:05:00.000Z',
    reviewedAt: '2026-01-20T00:05:00.000Z',
    figures: { trades: 10, tradesPerDay: 0.714, winRate: 0, meanRMultiple: -1 },
    verdict: 'tighten',
    why,
    changes: [
      { filter: 'confidenceMin', before: 74, after: 76, why },
      { filter: 'quoteVolume24hMin', before: 30_000, after: 34_000, why },
      { filter: 'spreadMaxPercent', before: 1.5, after: 1.3, why },
      { filter: 'setupAgeHoursMax', before: 96, after: 72, why },
    ],
  })
})

it('a review is due at 00:05 UTC of every day', () => {
  expect(lastDueAt(now)).toBe(now)
  expect(lastDueAt(now - 1)).toBe(now - day)
  expect(lastDueAt(now + day - 1)).toBe(now)
  expect(nextDueAt(now)).toBe(now + day)
  expect(nextDueAt(now - 1)).toBe(now)
})
