import {
  CandleClosed,
  createMessage,
  Flatten,
  Halt,
  instant,
  Pause,
  Resume,
  TickerUpdated,
} from '@flotilla/contracts'
import { describe, expect, it } from 'vitest'
import { book, decimal, intent, limits, testNow } from '../testing.ts'
import { applyAll, notePrice, type Book } from './book.ts'
import { choosePrice } from './prices.ts'
import { takeCommand } from './commands.ts'
import { takeMarket } from './take.ts'
import { strictestState } from './trading-state.ts'

const commands = { pause: Pause, resume: Resume, halt: Halt, flatten: Flatten }
type Command = keyof typeof commands

function give(
  made: Book,
  command: Command,
  symbol: string | null = null,
  account: string | null = null,
) {
  const message = createMessage(commands[command], {
    source: 'operator',
    occurredAt: testNow,
    discriminator: `${command} ${symbol ?? ''}`,
    payload: { requestedBy: 'test', reason: 'a test', account, symbol },
  })
  const work = takeCommand({ book: made, limits: limits(), now: testNow }, message)
  applyAll(made, work.changes)
  return work.outgoing
}

const stateOf = (made: Book, symbol: string) => strictestState(made, symbol)?.state ?? 'active'

describe('commands', () => {
  it.each([
    { given: ['pause'], state: 'paused' },
    { given: ['halt'], state: 'halted' },
    { given: ['halt', 'pause'], state: 'halted' },
    { given: ['pause', 'halt'], state: 'halted' },
    { given: ['pause', 'resume'], state: 'active' },
    { given: ['halt', 'resume'], state: 'active' },
    { given: ['resume'], state: 'active' },
    { given: ['flatten'], state: 'flattened' },
    { given: ['pause', 'flatten'], state: 'flattened' },
    { given: ['flatten', 'pause'], state: 'flattened' },
    { given: ['flatten', 'halt'], state: 'halted' },
    { given: ['halt', 'flatten'], state: 'halted' },
    { given: ['flatten', 'resume'], state: 'active' },
  ] as const)('$given make the account $state', ({ given, state }) => {
    const made = book()
    for (const command of given) give(made, command)
    expect(stateOf(made, 'BTC/USDT')).toBe(state)
  })

  it('for one symbol leave the others alone', () => {
    const made = book()
    give(made, 'halt', 'BTC/USDT')
    expect([stateOf(made, 'BTC/USDT'), stateOf(made, 'ETH/USDT')]).toEqual(['halted', 'active'])
  })

  it('the stricter of account and symbol counts, whichever it is', () => {
    const made = book()
    give(made, 'pause')
    give(made, 'halt', 'BTC/USDT')
    expect([stateOf(made, 'BTC/USDT'), stateOf(made, 'ETH/USDT')]).toEqual(['halted', 'paused'])
    give(made, 'halt')
    give(made, 'resume', 'BTC/USDT')
    expect(stateOf(made, 'BTC/USDT')).toBe('halted')
  })

  it('resume of the whole account frees every symbol, and says so for each', () => {
    const made = book()
    give(made, 'pause', 'BTC/USDT')
    const said = give(made, 'resume')
    expect(stateOf(made, 'BTC/USDT')).toBe('active')
    expect(said.map(({ payload }) => payload)).toEqual([
      { account: 'main', symbol: null, state: 'active', reason: 'a test' },
      { account: 'main', symbol: 'BTC/USDT', state: 'active', reason: 'a test' },
    ])
  })

  it('for another account do nothing here', () => {
    const made = book()
    expect(give(made, 'halt', null, 'other')).toEqual([])
    expect(stateOf(made, 'BTC/USDT')).toBe('active')
  })

  it('for this account by name do the same as for all', () => {
    const made = book()
    give(made, 'pause', null, 'main')
    expect(stateOf(made, 'BTC/USDT')).toBe('paused')
  })
})

describe('prices', () => {
  const market = { venue: 'simulator', symbol: 'BTC/USDT' }
  const ticker = (last: string, at: number) =>
    createMessage(TickerUpdated, {
      source: 'data-collection',
      occurredAt: at,
      discriminator: String(at),
      payload: {
        ...market,
        last,
        bid: null,
        ask: null,
        quoteVolume24h: null,
        observedAt: instant(at),
      },
    })
  const candle = (close: string, closeTime: number) =>
    createMessage(CandleClosed, {
      source: 'data-collection',
      occurredAt: closeTime,
      discriminator: String(closeTime),
      payload: {
        ...market,
        timeframe: '1m',
        openTime: instant(closeTime - 60_000),
        closeTime: instant(closeTime),
        open: close,
        high: close,
        low: close,
        close,
        baseVolume: '1',
        quoteVolume: null,
        origin: 'live',
      },
    })

  it('the newest wins, whether ticker or candle, in whatever order they come', () => {
    const made = book({ prices: {} })
    takeMarket(made, ticker('101', testNow + 2), '1m')
    takeMarket(made, candle('100', testNow + 1), '1m')
    expect(made.prices.get('BTC/USDT')).toEqual({
      price: decimal('101'),
      at: testNow + 2,
      source: 'market',
    })
    takeMarket(made, candle('102', testNow + 3), '1m')
    expect(made.prices.get('BTC/USDT')?.price.toString()).toBe('102')
  })

  const question = (made: Book, now: number) => ({
    book: made,
    intent: intent({ expectedPrice: '77', expectedPriceAt: instant(testNow) }),
    limits: { priceAgeMaxMs: 1_000 },
    now,
  })

  it('come from the market, then the market store, then the intent, and then from nowhere', () => {
    const made = book({ prices: {} })
    const fromStore = { price: decimal('88'), at: testNow, source: 'market-store' } as const
    expect(choosePrice(question(made, testNow + 1_001))).toEqual({ kind: 'none' })
    expect(choosePrice(question(made, testNow))).toMatchObject({ kind: 'fresh', source: 'intent' })
    notePrice(made, 'BTC/USDT', fromStore)
    expect(choosePrice(question(made, testNow))).toMatchObject({ source: 'market-store' })
    takeMarket(made, ticker('99', testNow + 1), '1m')
    expect(choosePrice(question(made, testNow + 1))).toMatchObject({ source: 'market' })
  })

  it('a market price too old gives way to a fresh expected one', () => {
    const made = book({ prices: { 'BTC/USDT': '99' }, pricedAt: testNow - 1_001 })
    expect(choosePrice(question(made, testNow))).toMatchObject({ kind: 'fresh', source: 'intent' })
  })

  it('without a fresh one the old one is named with its age', () => {
    const made = book({ prices: { 'BTC/USDT': '99' }, pricedAt: testNow })
    expect(choosePrice(question(made, testNow + 5_000))).toMatchObject({
      kind: 'stale',
      source: 'market',
      ageMs: 5_000,
    })
  })
})
