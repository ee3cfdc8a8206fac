// The convert desk's prices and trades: from the book, less a spread, once.
import { expect, test } from 'vitest'
import { desktop } from '../testing/builders.ts'
import { acceptQuote, formatUnits, isRefusal, quoteConversion, units } from './index.ts'

const asked = { from: 'BTC', to: 'USDT', fromAmount: 0n, toAmount: 0n, validMs: 1_000 }
const SALE = { ...asked, fromAmount: units('1') }

/** Bids at 99, 98 and 97, asks at 101, 102 and 103, ten of each; a thousandth is kept. */
test.each([
  ['a sale within the first level', { fromAmount: units('10') }, '10.00000000', '989.01000000'],
  ['a sale through two levels', { fromAmount: units('20') }, '20.00000000', '1968.03000000'],
  ['a sale for a wanted sum', { toAmount: units('98.901') }, '1.00000001', '98.90100000'],
  ['dust', { fromAmount: 123n }, '0.00000123', '0.00012164'],
  [
    'a purchase',
    { from: 'USDT', to: 'BTC', fromAmount: units('101.101') },
    '101.10100000',
    '0.99999999',
  ],
])('%s is priced by the book, less the spread', (_, change, fromAmount, toAmount) => {
  const desk = desktop({ USDT: 1_000, BTC: 50 })
  const quoted = quoteConversion(desk.engine, { ...asked, ...change }, 5)
  if (isRefusal(quoted)) throw new Error(quoted.message)
  const { conversion, isCovered } = quoted
  expect([formatUnits(conversion.fromAmount), formatUnits(conversion.toAmount)]).toEqual([
    fromAmount,
    toAmount,
  ])
  expect([isCovered, conversion.validUntil]).toEqual([true, 1_005])
})

test.each([
  ['more than the book holds', { fromAmount: units('31') }],
  ['assets without a market', { to: 'NONE', fromAmount: 1n }],
])('for %s there is no price', (_, change) => {
  const quoted = quoteConversion(desktop({ USDT: 0, BTC: 50 }).engine, { ...asked, ...change }, 5)
  expect(isRefusal(quoted)).toBe(true)
})

test('what changes hands keeps the sum of each asset', () => {
  const desk = desktop({ USDT: 0, BTC: 5 })
  const total = (asset: string): bigint => {
    const { free, locked, house, fees } = desk.engine.holdings.get(asset)!
    return free + locked + house + fees
  }
  const before = ['BTC', 'USDT'].map(total)
  quoteConversion(desk.engine, SALE, 5)
  expect(isRefusal(acceptQuote(desk.engine, 1, 6))).toBe(false)
  expect(['BTC', 'USDT'].map(total)).toEqual(before)
  expect([desk.balance('BTC').free, desk.balance('USDT').free]).toEqual(['4', '98.901'])
})

test.each([
  ['that nobody gave', 2, 6],
  ['that has expired', 1, 1_006],
])('a quote %s moves nothing', (_, quoteId, now) => {
  const desk = desktop({ USDT: 0, BTC: 5 })
  quoteConversion(desk.engine, SALE, 5)
  expect(isRefusal(acceptQuote(desk.engine, quoteId, now))).toBe(true)
  expect(desk.balance('BTC').free).toBe('5')
})

test('a quote is taken once, and not without the money', () => {
  const desk = desktop({ USDT: 0, BTC: 1 })
  quoteConversion(desk.engine, SALE, 5)
  quoteConversion(desk.engine, SALE, 5)
  expect(isRefusal(acceptQuote(desk.engine, 1, 6))).toBe(false)
  expect(isRefusal(acceptQuote(desk.engine, 1, 6))).toBe(true)
  expect(isRefusal(acceptQuote(desk.engine, 2, 6))).toBe(true)
  expect(desk.balance('USDT').free).toBe('98.901')
})
