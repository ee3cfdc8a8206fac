// From which correlation on two symbols are one bet, on both sides of that edge.
import { expect, test } from 'vitest'
import { caps, decimal } from '../testing.ts'
import { verdictOf } from '../testing/verdicts.ts'
import type { Book } from './book.ts'
import { correlationOf, noteBar } from './history.ts'

const candles = 10
const closes = {
  'BTC/USDT': [100, 102, 101, 104, 103, 107, 105, 106, 109, 108, 111],
  'ETH/USDT': [50, 51, 50.4, 52, 51.8, 53, 52.9, 52.2, 54, 53.9, 55],
}

function noteCloses(book: Pick<Book, 'histories'>): void {
  for (const [symbol, each] of Object.entries(closes)) {
    for (const [index, close] of each.entries()) {
      const openTime = index * 60_000
      const times = { openTime, closeTime: openTime + 60_000 }
      noteBar(book.histories, symbol, { ...times, high: close, low: close, close })
    }
  }
}

function correlation(): number {
  const histories: Book['histories'] = new Map()
  noteCloses({ histories })
  const [one = [], other = []] = histories.values()
  return correlationOf(one, other, candles)!
}

test.each([
  {
    above: 0,
    adjustments: ['correlation-capped'],
    title: 'one bet at the correlation of the limit',
  },
  { above: 1e-9, adjustments: [], title: 'two bets just below it' },
])('two symbols are $title', ({ above, adjustments }) => {
  const moved = correlation()
  expect(moved).toBeGreaterThan(0.5)
  expect(moved).toBeLessThan(1 - 1e-6)
  const verdict = verdictOf({
    title: '',
    // ETH is 2500 of 12500, and together they may be 3500.
    book: { funds: { USDT: '10000', ETH: '1' }, positions: { 'ETH/USDT': '1' } },
    prepare: noteCloses,
    limits: {
      balanceShare: decimal('0.2'),
      caps: caps({
        correlatedShareMax: decimal('0.28'),
        correlationMin: moved + above,
        correlationCandles: candles,
      }),
    },
    denied: null,
  })
  const amount = decimal(above === 0 ? '1000' : '2000')
  expect(verdict.kind === 'approved' && verdict.approved).toMatchObject({
    reserve: { amount },
    sizing: { adjustments },
  })
})
