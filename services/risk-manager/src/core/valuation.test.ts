import { describe, expect, it } from 'vitest'
import { book, decimal, limits, reservation, testNow, type BookOptions } from '../testing.ts'
import { applyAll, createBook, notePrice, type Book } from './book.ts'
import { observe } from './observe.ts'
import { takeStock } from './take-stock.ts'
import { exposureOf, netAssetValue, valueAccount } from './valuation.ts'

const prices = { 'BTC/USDT': '50000', 'ETH/USDT': '2500' }

describe('the value of an account', () => {
  it('is the sum over all assets, the biggest first, what has no price named and not counted', () => {
    const made = book({
      prices,
      funds: { USDT: '100', BTC: '0.01', ETH: '1', DUST: '7', SOLD: '0' },
      reservations: [reservation({ amount: decimal('40') })],
    })
    expect(valueAccount(made, { now: testNow, priceAgeMaxMs: 60_000 })).toEqual({
      account: 'main',
      currency: 'USDT',
      equity: '3100',
      assets: [
        { asset: 'ETH', total: '1', reserved: '0', price: '2500', value: '2500' },
        { asset: 'BTC', total: '0.01', reserved: '0', price: '50000', value: '500' },
        { asset: 'USDT', total: '100', reserved: '40', price: '1', value: '100' },
        { asset: 'DUST', total: '7', reserved: '0', price: null, value: null },
      ],
      unpriced: ['DUST'],
      coverage: { assets: 4, priced: 3 },
      topHoldings: [
        { asset: 'ETH', share: '0.8065' },
        { asset: 'BTC', share: '0.1613' },
        { asset: 'USDT', share: '0.0323' },
      ],
      faults: [],
      baseline: true,
    })
    expect(netAssetValue(made).toString()).toBe('3100')
  })
})

describe('a valuation', () => {
  const value = (made: Book, now = testNow) => {
    const work = takeStock({ book: made, limits: limits(), now })
    applyAll(made, work.changes)
    const regime = made.standing.drawdown?.regime
    return { ...work.valued, regime }
  }
  const price = (made: Book, symbol: string, text: string, at = testNow + 1) =>
    notePrice(made, symbol, { price: decimal(text), at, source: 'market' })
  /** As after a restart: what the ledger has, and nothing that the market said. */
  const rebuilt = (made: Book, options: BookOptions): Book => {
    const again = book({ ...options, prices: {} })
    again.standing = made.standing
    return again
  }
  const eth: BookOptions = { prices, funds: { USDT: '600', ETH: '0.16' } }

  it('of the very first time takes what it finds as the beginning, however little it is', () => {
    const coins = Array.from({ length: 36 }, (_, index) => `COIN${index}`)
    const made = book({
      prices: Object.fromEntries(coins.map((coin) => [`${coin}/USDT`, '1.5'])),
      funds: Object.fromEntries(coins.map((coin) => [coin, '1.075'])),
    })
    const first = value(made)
    expect(first).toMatchObject({
      equity: '58.05',
      coverage: { assets: 36, priced: 36 },
      baseline: true,
      regime: 'normal',
    })
    expect(made.standing).toMatchObject({
      day: { startEquity: decimal('58.05') },
      drawdown: { peak: decimal('58.05') },
    })
    expect(value(made)).toMatchObject({ baseline: false, regime: 'normal' })
  })

  it('tells a price that fails to come from a loss', () => {
    const before = book(eth)
    expect(value(before)).toMatchObject({ equity: '1000', faults: [] })
    const made = rebuilt(before, eth)
    // Without the price of ETH two fifths of the account would be gone.
    expect(value(made, testNow + 300_000)).toMatchObject({
      equity: '1000',
      faults: [{ asset: 'ETH', cause: 'price_missing', price: '2500', value: '400' }],
      regime: 'normal',
    })
    expect(observe({ book: made, limits: limits(), now: testNow }).equity.toString()).toBe('1000')
    // It is carried on, however often it fails, and forgotten when it is back.
    expect(value(rebuilt(made, eth), testNow + 600_000)).toMatchObject({ equity: '1000' })
    price(made, 'ETH/USDT', '2500', testNow + 600_000)
    expect(value(made, testNow + 600_000)).toMatchObject({ equity: '1000', faults: [] })
  })

  it.each([
    { ageMs: 60_000, faults: [] },
    { ageMs: 60_001, faults: [{ asset: 'ETH', cause: 'price_stale', value: '400' }] },
  ])('finds a price of $ageMs ms at fault: $faults.length', ({ ageMs, faults }) => {
    expect(value(book(eth), testNow + ageMs).faults).toMatchObject(faults)
  })

  it('takes a real fall for what it is', () => {
    const made = book({ prices, funds: { USDT: '0', ETH: '0.4' } })
    value(made)
    price(made, 'ETH/USDT', '1500')
    expect(value(made)).toMatchObject({ equity: '600', faults: [], regime: 'halt' })
  })

  it('does not take what never had a price for a loss either', () => {
    const made = book({ prices, funds: { USDT: '600', DUST: '7' } })
    expect(value(made)).toMatchObject({ unpriced: ['DUST'], faults: [], equity: '600' })
    expect(value(made)).toMatchObject({ faults: [], regime: 'normal' })
  })

  it('in the same millisecond as another is another, and the later one stands', () => {
    const made = book(eth)
    const first = takeStock({ book: made, limits: limits(), now: testNow })
    applyAll(made, first.changes)
    price(made, 'ETH/USDT', '1', testNow + 1)
    const second = takeStock({ book: made, limits: limits(), now: testNow })
    applyAll(made, second.changes)
    expect(made.standing.valued).toMatchObject({ number: 2, equity: decimal('600.16') })
    price(made, 'ETH/USDT', '2500', testNow + 2)
    const third = takeStock({ book: made, limits: limits(), now: testNow })
    applyAll(made, third.changes)
    // From normal to halt and back: what is said of each is said apart.
    const said = [first, second, third].flatMap(({ outgoing }) => outgoing)
    expect(said.map(({ type }) => type.split('.')[1])).toEqual([
      'equity',
      'regime',
      'equity',
      'regime',
      'equity',
    ])
    expect(new Set(said.map(({ messageId }) => messageId)).size).toBe(said.length)
  })

  it('is the same when the book is loaded from what the ledger keeps', () => {
    const made = book(eth)
    const { changes } = takeStock({ book: made, limits: limits(), now: testNow })
    applyAll(made, changes)
    const memory = changes.flatMap((change) => (change.kind === 'memory-stored' ? [change] : []))
    const balances: never[] = []
    const loaded = createBook({ account: made.account, balances, reservations: [], memory })
    expect(loaded.standing).toEqual(made.standing)
  })
})

describe('exposure', () => {
  it('is positions and entries on their way, not what the account owned before', () => {
    const made = book({
      prices,
      funds: { USDT: '100', BTC: '0.02', ETH: '3' },
      positions: { 'BTC/USDT': '0.01' },
      reservations: [reservation({ symbol: 'ETH/USDT', amount: decimal('40') })],
    })
    expect(exposureOf(made).toString()).toBe('540')
  })

  it('does not count inventory set aside for an exit twice', () => {
    const made = book({
      prices,
      funds: { USDT: '100', BTC: '0.01' },
      positions: { 'BTC/USDT': '0.01' },
      reservations: [reservation({ asset: 'BTC', amount: decimal('0.01') })],
    })
    expect(exposureOf(made).toString()).toBe('500')
  })

  it('values a position without a market price at its last fill', () => {
    const made = book({
      prices: { 'BTC/USDT': '50000' },
      funds: { USDT: '0', BTC: '0.01' },
      positions: { 'BTC/USDT': '0.01' },
    })
    made.prices.clear()
    expect(exposureOf(made).toString()).toBe('500')
  })

  it('converts a quote currency that has a price, and takes others at par', () => {
    const made = book({
      prices: { 'SOL/BTC': '0.002', 'BTC/USDT': '50000', 'SOL/USDC': '100' },
      funds: { USDT: '0', SOL: '2' },
      positions: { 'SOL/BTC': '1', 'SOL/USDC': '1' },
    })
    expect(exposureOf(made).toString()).toBe('200')
  })

  it('values a position at the last valuation where the market says nothing', () => {
    const options = { funds: { USDT: '0', BTC: '0.01' }, positions: { 'BTC/USDT': '0.01' } }
    const made = book({ prices: { 'BTC/USDT': '50000' }, ...options })
    applyAll(made, takeStock({ book: made, limits: limits(), now: testNow }).changes)
    const bought = made.positions.get('BTC/USDT')!
    made.positions.set('BTC/USDT', { ...bought, lastFillPrice: decimal('1') })
    made.prices.clear()
    expect(exposureOf(made).toString()).toBe('500')
  })
})
