// The day's loss over everything that can happen to a day: clocks that are put forward and back, restarts,
// outages. What counts is on which looks a new day begins, and with what the account was worth then.
import { instant } from '@flotilla/contracts'
import { describe, expect, it } from 'vitest'
import { book, decimal, limits } from '../testing.ts'
import { applyAll, createBook, notePrice, type Book } from './book.ts'
import { takeStock } from './take-stock.ts'
import type { DayStart } from './trading-day.ts'

const berlin: DayStart = { at: '00:00', zone: 'Europe/Berlin' }
const newYork: DayStart = { at: '17:00', zone: 'America/New_York' }
/** Does not exist in the night of spring, and comes twice in that of autumn. */
const awkward: DayStart = { at: '02:30', zone: 'Europe/Berlin' }
const utc: DayStart = { at: '00:00', zone: 'UTC' }

/** At this time the one bitcoin is worth so much; after `restart` the book is what the ledger kept. */
type Look = readonly [at: string, price: string, how?: 'restart']

type Case = {
  readonly title: string
  readonly start: DayStart
  readonly looks: readonly Look[]
  /** The looks on which a day began, its date and what it began with. */
  readonly begins: readonly (readonly [at: string, day: string, startEquity: string])[]
}

const cases: readonly Case[] = [
  {
    title: 'the clock goes forward: the day of 23 hours begins and ends once',
    start: berlin,
    looks: [
      ['2026-03-28T22:59:59.999Z', '100'],
      ['2026-03-28T23:00:00.000Z', '101'],
      ['2026-03-29T01:00:00.000Z', '90'],
      ['2026-03-29T21:59:59.999Z', '91'],
      ['2026-03-29T22:00:00.000Z', '92'],
    ],
    begins: [
      ['2026-03-28T22:59:59.999Z', '2026-03-28', '100'],
      ['2026-03-28T23:00:00.000Z', '2026-03-29', '100'],
      ['2026-03-29T22:00:00.000Z', '2026-03-30', '91'],
    ],
  },
  {
    title: 'the clock goes back: the day of 25 hours begins and ends once',
    start: berlin,
    looks: [
      ['2026-10-24T21:59:59.999Z', '100'],
      ['2026-10-24T22:00:00.000Z', '101'],
      ['2026-10-25T00:30:00.000Z', '95'],
      ['2026-10-25T01:30:00.000Z', '94'],
      ['2026-10-25T22:59:59.999Z', '93'],
      ['2026-10-25T23:00:00.000Z', '92'],
    ],
    begins: [
      ['2026-10-24T21:59:59.999Z', '2026-10-24', '100'],
      ['2026-10-24T22:00:00.000Z', '2026-10-25', '100'],
      ['2026-10-25T23:00:00.000Z', '2026-10-26', '93'],
    ],
  },
  {
    title: 'a start that the night of spring leaves out is when the clock has passed it',
    start: awkward,
    looks: [
      ['2026-03-29T00:59:59.999Z', '100'],
      ['2026-03-29T01:00:00.000Z', '99'],
      ['2026-03-29T01:30:00.000Z', '98'],
    ],
    begins: [
      ['2026-03-29T00:59:59.999Z', '2026-03-28', '100'],
      ['2026-03-29T01:00:00.000Z', '2026-03-29', '100'],
    ],
  },
  {
    title:
      'a start that comes twice in the night of autumn counts the first time, over a restart too',
    start: awkward,
    looks: [
      ['2026-10-25T00:29:59.999Z', '100'],
      ['2026-10-25T00:30:00.000Z', '99'],
      ['2026-10-25T01:00:00.000Z', '98'],
      ['2026-10-25T01:15:00.000Z', '97', 'restart'],
      ['2026-10-25T01:30:00.000Z', '96'],
      ['2026-10-26T01:30:00.000Z', '95'],
    ],
    begins: [
      ['2026-10-25T00:29:59.999Z', '2026-10-24', '100'],
      ['2026-10-25T00:30:00.000Z', '2026-10-25', '100'],
      ['2026-10-26T01:30:00.000Z', '2026-10-26', '96'],
    ],
  },
  {
    title: "an exchange's afternoon is five hours west in winter and four in summer",
    start: newYork,
    looks: [
      ['2026-03-06T21:59:59.999Z', '100'],
      ['2026-03-06T22:00:00.000Z', '101'],
      ['2026-03-09T20:59:59.999Z', '102'],
      ['2026-03-09T21:00:00.000Z', '103'],
    ],
    begins: [
      ['2026-03-06T21:59:59.999Z', '2026-03-05', '100'],
      ['2026-03-06T22:00:00.000Z', '2026-03-06', '100'],
      // The last valuation is three days old: it says nothing of how this day began.
      ['2026-03-09T20:59:59.999Z', '2026-03-08', '102'],
      ['2026-03-09T21:00:00.000Z', '2026-03-09', '102'],
    ],
  },
  {
    title: 'restarts within a day begin none',
    start: utc,
    looks: [
      ['2026-01-05T08:00:00.000Z', '100'],
      ['2026-01-05T09:00:00.000Z', '97', 'restart'],
      ['2026-01-05T23:59:59.999Z', '96', 'restart'],
    ],
    begins: [['2026-01-05T08:00:00.000Z', '2026-01-05', '100']],
  },
  {
    title: 'an outage over midnight begins the day with the last valuation before it, once',
    start: utc,
    looks: [
      ['2026-01-05T23:00:00.000Z', '100'],
      ['2026-01-06T05:00:00.000Z', '94', 'restart'],
      ['2026-01-06T06:00:00.000Z', '93', 'restart'],
    ],
    begins: [
      ['2026-01-05T23:00:00.000Z', '2026-01-05', '100'],
      ['2026-01-06T05:00:00.000Z', '2026-01-06', '100'],
    ],
  },
  {
    title: 'an outage of several days begins one day only, with what is found',
    start: utc,
    looks: [
      ['2026-01-05T23:00:00.000Z', '100'],
      ['2026-01-09T05:00:00.000Z', '80', 'restart'],
      ['2026-01-09T06:00:00.000Z', '79'],
    ],
    begins: [
      ['2026-01-05T23:00:00.000Z', '2026-01-05', '100'],
      ['2026-01-09T05:00:00.000Z', '2026-01-09', '80'],
    ],
  },
  {
    title: 'an outage over the night of spring loses no day',
    start: berlin,
    looks: [
      ['2026-03-28T20:00:00.000Z', '100'],
      ['2026-03-29T05:00:00.000Z', '98', 'restart'],
      ['2026-03-29T22:00:00.000Z', '97'],
    ],
    begins: [
      ['2026-03-28T20:00:00.000Z', '2026-03-28', '100'],
      ['2026-03-29T05:00:00.000Z', '2026-03-29', '100'],
      ['2026-03-29T22:00:00.000Z', '2026-03-30', '98'],
    ],
  },
]

/** What the ledger's memory holds after the changes of each look. */
function createLedger() {
  const memory = new Map<string, Parameters<typeof createBook>[0]['memory'][number]>()
  const bitcoin = { funds: { USDT: '0', BTC: '1' }, prices: {} }
  let made: Book = book(bitcoin)
  return {
    restart: () => {
      const { account, funds } = book(bitcoin)
      const balances = [...funds].map(([asset, each]) => ({ asset, ...each }))
      made = createBook({ account, balances, reservations: [], memory: [...memory.values()] })
    },
    look: (at: number, price: string, dayStart: DayStart): string => {
      notePrice(made, 'BTC/USDT', { price: decimal(price), at, source: 'market' })
      const { changes } = takeStock({ book: made, limits: limits({ dayStart }), now: at })
      for (const change of changes)
        if (change.kind === 'memory-stored') memory.set(change.key, change)
      applyAll(made, changes)
      const { day, startEquity } = made.standing.day!
      return `${day} ${startEquity.toString()}`
    },
  }
}

describe('the trading day', () => {
  it.each(cases)('$title', ({ start, looks, begins }) => {
    const ledger = createLedger()
    let before = ''
    const seen = looks.flatMap(([time, price, how]) => {
      if (how === 'restart') ledger.restart()
      const at = Date.parse(time)
      const standing = ledger.look(at, price, start)
      if (standing === before) return []
      before = standing
      return [[instant(at), ...standing.split(' ')]]
    })
    expect(seen).toEqual(begins.map((each) => [...each]))
  })
})
