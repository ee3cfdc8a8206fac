import { instant } from '@flotilla/contracts'
import { describe, expect, it } from 'vitest'
import { book, decimal, limits, reservation, rules, testNow, type BookOptions } from '../testing.ts'
import { applyAll, type Book } from './book.ts'
import { planTrim, positionsAtRisk, takeTrim, trimmer } from './trim.ts'

/** A quarter of the account may be at risk. */
const quarter = limits({ exposureShareMax: decimal('0.25') })
/** Money first, then positions in BTC at 50000, ETH at 2500 and SOL at 100. */
const holds = (usdt: string, positions: Record<string, string>): BookOptions => ({
  funds: {
    USDT: usdt,
    ...Object.fromEntries(
      Object.entries(positions).map(([symbol, quantity]) => [symbol.split('/')[0]!, quantity]),
    ),
  },
  positions,
})
const exitOnItsWay = (asset: string, amount: string) =>
  reservation({ symbol: `${asset}/USDT`, asset, amount: decimal(amount) })
const planned = (made: Book, now = testNow) => {
  const trim = planTrim({ book: made, limits: quarter, now })
  return trim === null ? null : `${trim.symbol} ${trim.quantity.toString()}`
}
const stopped = (state: 'paused' | 'halted') => (made: Book) => {
  const since = instant(testNow)
  made.tradingStates.set('BTC/USDT', { state, since, reason: 'a test', requestedBy: 'test' })
}

const rows: {
  title: string
  book: BookOptions
  prepare?: (made: Book) => void
  now?: number
  plan: string | null
}[] = [
  {
    title: 'at the cap nothing is sold',
    book: holds('7500', { 'BTC/USDT': '0.05' }),
    plan: null,
  },
  {
    title: 'a cent above it as little as can be sold is',
    book: holds('7499.96', { 'BTC/USDT': '0.05' }),
    plan: 'BTC/USDT 0.0001',
  },
  {
    // 5000 of 10000; 2500 have to go.
    title: 'what exceeds the cap is sold, rounded up to a step',
    book: holds('5000.01', { 'BTC/USDT': '0.1' }),
    plan: 'BTC/USDT 0.05',
  },
  {
    title: 'the largest position gives first',
    book: holds('6000', { 'BTC/USDT': '0.02', 'ETH/USDT': '0.8', 'SOL/USDT': '10' }),
    plan: 'ETH/USDT 0.6',
  },
  {
    title: 'a position that is smaller than the excess goes whole',
    book: holds('1000', { 'BTC/USDT': '0.02', 'ETH/USDT': '0.4', 'SOL/USDT': '10.01' }),
    plan: 'SOL/USDT 10.01',
  },
  {
    title: 'what is on its way out does not count again',
    book: {
      ...holds('5000', { 'BTC/USDT': '0.1' }),
      reservations: [exitOnItsWay('BTC', '0.05')],
    },
    plan: null,
  },
  {
    title: 'the rest beside it does',
    book: {
      ...holds('5000', { 'BTC/USDT': '0.1' }),
      reservations: [exitOnItsWay('BTC', '0.04')],
    },
    plan: 'BTC/USDT 0.01',
  },
  {
    title: 'entries on their way are the business of their own check',
    book: {
      ...holds('7500', { 'BTC/USDT': '0.05' }),
      reservations: [reservation({ symbol: 'ETH/USDT', amount: decimal('1000') })],
    },
    plan: null,
  },
  {
    title: 'what the account owned before is not at risk and not sold',
    book: { funds: { USDT: '0', BTC: '1' } },
    plan: null,
  },
  {
    title: 'a pause does not hold it up',
    book: holds('0', { 'BTC/USDT': '0.1' }),
    prepare: stopped('paused'),
    plan: 'BTC/USDT 0.075',
  },
  {
    title: 'a halt does',
    book: holds('0', { 'BTC/USDT': '0.1' }),
    prepare: stopped('halted'),
    plan: null,
  },
  {
    title: 'a price as old as allowed is good enough to sell at',
    book: holds('0', { 'BTC/USDT': '0.1' }),
    now: testNow + 60_000,
    plan: 'BTC/USDT 0.075',
  },
  {
    title: 'at an older one nobody knows what is at risk',
    book: holds('0', { 'BTC/USDT': '0.1' }),
    now: testNow + 60_001,
    plan: null,
  },
  {
    title: 'dust is left where it is',
    book: { ...holds('0', { 'BTC/USDT': '0.00009' }) },
    plan: null,
  },
]

describe('a trim', () => {
  it.each(rows)('$title', ({ book: options, prepare, now, plan }) => {
    const made = book(options)
    prepare?.(made)
    expect(planned(made, now)).toBe(plan)
  })

  it('sells all of what its rest would be dust', () => {
    // 0.0002 of BTC are worth 10; all but 0.0001 have to go, and 5.1 are the least that can be sold.
    const options = holds('10', { 'BTC/USDT': '0.0002' })
    const made = book({ ...options, rules: [rules('BTC/USDT', { notionalMin: decimal('5.1') })] })
    expect(planned(made)).toBe('BTC/USDT 0.0002')
  })

  it('is an approved exit with its decision, its inventory set aside, and its own name', () => {
    const made = book(holds('5000', { 'BTC/USDT': '0.1' }))
    const watched = { book: made, limits: quarter, now: testNow }
    const work = takeTrim(watched, 'BTC/USDT')
    expect(work.outgoing.at(-1)).toMatchObject({
      type: 'risk.intent.approved.v1',
      payload: {
        strategy: trimmer,
        symbol: 'BTC/USDT',
        side: 'sell',
        purpose: 'exit',
        quantity: '0.05',
        limitPrice: null,
        reservation: { asset: 'BTC', amount: '0.05' },
      },
    })
    expect(work.records).toMatchObject([
      { kind: 'decision-recorded', decision: { verdict: 'approved', side: 'sell' } },
    ])
    applyAll(made, work.changes)
    expect(positionsAtRisk(made).toString()).toBe('2500')
    expect(takeTrim(watched, 'BTC/USDT').trim).toBeNull()
  })

  it('of a symbol that is no longer the one to sell does nothing', () => {
    const made = book(holds('5000', { 'BTC/USDT': '0.1' }))
    const work = takeTrim({ book: made, limits: quarter, now: testNow }, 'ETH/USDT')
    expect(work).toMatchObject({ changes: [], records: [], outgoing: [], trim: null })
  })
})
