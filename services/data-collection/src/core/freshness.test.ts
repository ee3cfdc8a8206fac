import { describe, expect, it } from 'vitest'
import { assessFreshness } from './index.ts'
import type { SymbolAges } from './index.ts'

const minute = 60_000
const now = 1_000 * minute
const limits = { now, startedAt: 0, ageMaxMs: 5 * minute, intervalMs: minute }
const fresh: SymbolAges = { symbol: 'BTC/USDT', candleAt: now - 30_000, tickerAt: now - 1_000 }
const none: ReadonlySet<string> = new Set()

function reasonOf(ages: Partial<SymbolAges>, more: Partial<typeof limits> = {}): string | null {
  const [change] = assessFreshness(none, [{ ...fresh, ...ages }], { ...limits, ...more })
  return change?.reason ?? null
}

describe('the data of a symbol', () => {
  it.each<[string, Partial<SymbolAges>, Partial<typeof limits>, string | null]>([
    ['is fresh when both came lately', {}, {}, null],
    ['is fresh with a ticker at the limit', { tickerAt: now - 5 * minute }, {}, null],
    [
      'is stale with a ticker beyond it',
      { tickerAt: now - 5 * minute - 1_000 },
      {},
      'BTC/USDT: newest ticker is 301 s old; at most 300 s are allowed',
    ],
    ['is fresh while the next candle may still come', { candleAt: now - 6 * minute }, {}, null],
    [
      'is stale when it is overdue',
      { candleAt: now - 7 * minute },
      {},
      'BTC/USDT: newest candle is 420 s old; at most 300 s are allowed',
    ],
    [
      'of hours is fresh for hours',
      { candleAt: now - 62 * minute },
      { intervalMs: 3_600_000 },
      null,
    ],
    [
      'that never came is as old as the agent',
      { candleAt: null, tickerAt: null },
      { startedAt: now - 10 * minute },
      'BTC/USDT: no ticker for 600 s, no candle for 600 s; at most 300 s are allowed',
    ],
    [
      'is not yet missed right after the start',
      { candleAt: null, tickerAt: null },
      { startedAt: now - minute },
      null,
    ],
  ])('%s', (_what, ages, more, reason) => {
    expect(reasonOf(ages, more)).toBe(reason)
  })
})

it('only changes are told, in both directions', () => {
  const old = { ...fresh, tickerAt: 0 }
  const known = new Set(['BTC/USDT'])
  expect(assessFreshness(none, [fresh], limits)).toEqual([])
  expect(assessFreshness(known, [old], limits)).toEqual([])
  expect(assessFreshness(known, [fresh], limits)).toEqual([
    { symbol: 'BTC/USDT', stale: false, reason: 'the data of BTC/USDT is fresh again' },
  ])
})
