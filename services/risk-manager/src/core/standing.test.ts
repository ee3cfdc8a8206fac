import { createMessage, instant, Resume, type AnyMessage } from '@flotilla/contracts'
import { describe, expect, it } from 'vitest'
import { book, decimal, intentMessage, limits, testNow, type BookOptions } from '../testing.ts'
import { checkRow, type Row } from '../testing/verdicts.ts'
import { applyAll, notePrice, type Book } from './book.ts'
import { decide } from './decide.ts'
import { nextRegime, type Regime } from './drawdown.ts'
import type { Limits } from './limits.ts'
import { observe } from './observe.ts'
import { takeCommand } from './commands.ts'
import { takeStock } from './take-stock.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const since = instant(testNow - hourMs)

/** A day that began with so much, and a peak. */
const stands = (start: string, peak = start, regime: Regime = 'normal') => {
  return (made: Book) => {
    made.standing = {
      day: { day: '2026-01-05', startEquity: decimal(start) },
      drawdown: { regime, since, peak: decimal(peak) },
      valued: null,
    }
  }
}
const owns = (usdt: string): BookOptions => ({ funds: { USDT: usdt } })
const tenth: Partial<Limits> = { balanceShare: decimal('0.1') }

const rows: Row[] = [
  {
    title: 'a loss of the day just below the limit lets an entry pass',
    book: owns('950.01'),
    prepare: stands('1000'),
    limits: tenth,
    denied: null,
  },
  {
    title: 'a loss of the day at the limit ends entries',
    book: owns('950'),
    prepare: stands('1000'),
    limits: tenth,
    denied: {
      code: 'daily_loss_reached',
      day: '2026-01-05',
      startEquity: '1000',
      loss: '50',
      lossMax: '50',
    },
  },
  {
    title: 'a loss that is not yet realised counts',
    book: { funds: { USDT: '900', BTC: '0.001' }, positions: { 'BTC/USDT': '0.001' } },
    prepare: stands('1000'),
    limits: { ...tenth, addToPositions: true },
    denied: { code: 'daily_loss_reached', loss: '50' },
  },
  {
    title: 'on the next day the loss of the day before is forgotten',
    book: owns('950'),
    prepare: (made) => {
      stands('1000')(made)
      made.standing = { ...made.standing, day: { day: '2026-01-04', startEquity: decimal('1000') } }
    },
    limits: tenth,
    denied: null,
  },
  {
    title: 'just above the depth of defense a size is whole',
    book: owns('900.01'),
    prepare: stands('900', '1000'),
    limits: tenth,
    denied: null,
    adjustments: [],
  },
  {
    title: 'at the depth of defense it is halved',
    book: owns('900'),
    prepare: stands('900', '1000'),
    limits: tenth,
    denied: null,
    adjustments: ['defense x0.5'],
    size: '0.00089 for 45 USDT',
  },
  {
    title: 'just above the depth of halt it is halved still',
    book: owns('800.01'),
    prepare: stands('800', '1000'),
    limits: tenth,
    denied: null,
    adjustments: ['defense x0.5'],
  },
  {
    title: 'at the depth of halt there is none',
    book: owns('800'),
    prepare: stands('800', '1000'),
    limits: tenth,
    denied: { code: 'drawdown_halt', equity: '800', peak: '1000', since: instant(testNow) },
  },
  {
    title: 'a new peak is no drawdown',
    book: owns('1200'),
    prepare: stands('1000'),
    limits: tenth,
    denied: null,
    adjustments: [],
  },
]

describe('the account as a whole, on both sides of each edge', () => {
  it.each(rows)('$title', checkRow)
})

describe('a regime', () => {
  const at = (regime: Regime, equity: string): Regime =>
    nextRegime(regime, {
      equity: decimal(equity),
      peak: decimal('1000'),
      limits: limits().drawdown,
    })

  it.each<[Regime, string, Regime]>([
    ['normal', '900.01', 'normal'],
    ['normal', '900', 'defense'],
    ['normal', '800', 'halt'],
    ['defense', '949.99', 'defense'],
    ['defense', '950', 'normal'],
    ['defense', '800.01', 'defense'],
    ['defense', '800', 'halt'],
    ['halt', '849.99', 'halt'],
    ['halt', '850', 'defense'],
    ['halt', '949.99', 'defense'],
    ['halt', '950', 'normal'],
  ])('%s at %s of a peak of 1000 becomes %s', (regime, equity, next) => {
    expect(at(regime, equity)).toBe(next)
  })

  const regimesSaid = (messages: readonly AnyMessage[]): string[] =>
    messages.flatMap(({ type, payload }) =>
      type === 'risk.regime.changed.v1' ? [`${payload.from} ${payload.to}`] : [],
    )

  it('that changes is written and said once, by the decision that notices it', () => {
    const made = book(owns('900'))
    stands('900', '1000')(made)
    const question = { book: made, limits: limits(tenth), now: testNow }
    const first = decide({ ...question, message: intentMessage() })
    expect(regimesSaid(first.outgoing)).toEqual(['normal defense'])
    applyAll(made, first.changes)
    const symbol = 'ETH/USDT'
    const second = decide({ ...question, message: intentMessage({ symbol }) })
    expect(regimesSaid(second.outgoing)).toEqual([])
    expect(second.changes.map(({ kind }) => kind)).toEqual(['reservation-held'])
  })

  it('names how deep the account is', () => {
    const made = book(owns('877.77'))
    stands('900', '1000')(made)
    const { outgoing } = takeStock({ book: made, limits: limits(), now: testNow })
    expect(outgoing[0]?.payload).toEqual({
      account: 'main',
      from: 'normal',
      to: 'defense',
      drawdownPercent: 12.22,
      reason: 'equity 877.77 is 12.22 % below its peak 1000',
    })
  })

  it('of halt ends when the account is resumed, and its peak with it', () => {
    const made = book(owns('700'))
    stands('700', '1000', 'halt')(made)
    const watched = { book: made, limits: limits(), now: testNow }
    const work = takeCommand(watched, resume(null))
    applyAll(made, work.changes)
    expect(regimesSaid(work.outgoing)).toEqual(['halt normal'])
    expect(made.standing.drawdown).toMatchObject({ regime: 'normal', peak: decimal('700') })
    expect(observe(watched).drawdown.regime).toBe('normal')
  })

  it('of halt does not end when one symbol is resumed', () => {
    const made = book(owns('700'))
    stands('700', '1000', 'halt')(made)
    const work = takeCommand({ book: made, limits: limits(), now: testNow }, resume('BTC/USDT'))
    expect(regimesSaid(work.outgoing)).toEqual([])
  })
})

describe('a day', () => {
  const look = (made: Book, now: number) => {
    const work = takeStock({ book: made, limits: limits(), now })
    applyAll(made, work.changes)
    return made.standing.day
  }
  const priced = (made: Book, price: string, at: number) =>
    notePrice(made, 'BTC/USDT', { price: decimal(price), at, source: 'market' })

  it('begins with what is there at the very first look', () => {
    const made = book(owns('1000'))
    expect(look(made, testNow)).toEqual({ day: '2026-01-05', startEquity: decimal('1000') })
    expect(made.standing.drawdown).toMatchObject({ regime: 'normal', peak: decimal('1000') })
  })

  it('keeps its start, however often one looks and the book is rebuilt', () => {
    const made = book({ funds: { USDT: '0', BTC: '1' } })
    look(made, testNow)
    priced(made, '40000', testNow + hourMs)
    const again = book({ funds: { USDT: '0', BTC: '1' }, prices: { 'BTC/USDT': '40000' } })
    again.standing = made.standing
    expect(look(again, testNow + 2 * hourMs)?.startEquity.toString()).toBe('50000')
  })

  it('that began while nobody looked began with the last valuation before it', () => {
    const made = book({ funds: { USDT: '0', BTC: '1' } })
    look(made, testNow + 23 * hourMs)
    priced(made, '40000', testNow + 30 * hourMs)
    expect(look(made, testNow + 30 * hourMs)).toEqual({
      day: '2026-01-06',
      startEquity: decimal('50000'),
    })
  })

  it.each([
    { title: 'a day old', ageMs: dayMs, start: '50000' },
    { title: 'older than a day', ageMs: dayMs + 1, start: '40000' },
  ])('after a long outage a valuation $title starts it with $start', ({ ageMs, start }) => {
    const made = book({ funds: { USDT: '0', BTC: '1' } })
    look(made, testNow + hourMs)
    const now = testNow + hourMs + ageMs
    priced(made, '40000', now)
    expect(look(made, now)?.startEquity.toString()).toBe(start)
  })

  it('never gives way to an earlier one, as in the hour that comes twice', () => {
    const made = book(owns('1000'))
    look(made, testNow)
    expect(look(made, testNow - 1)?.day).toBe('2026-01-05')
  })
})

function resume(symbol: string | null) {
  return createMessage(Resume, {
    source: 'operator',
    occurredAt: testNow,
    discriminator: 'a test',
    payload: { requestedBy: 'test', reason: 'a test', account: null, symbol },
  })
}
