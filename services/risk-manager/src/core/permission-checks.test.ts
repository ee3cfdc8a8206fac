// Who may trade what at all, on both sides of each edge.
import { instant } from '@flotilla/contracts'
import { describe, it } from 'vitest'
import { exit, intent, rules, testNow } from '../testing.ts'
import { stopped, withoutRules, btc, holding, checkRow, type Row } from '../testing/verdicts.ts'
import { noteRules } from './book.ts'

const rows: Row[] = [
  // trading state
  {
    title: 'a pause of the account denies an entry',
    prepare: stopped('*', 'paused'),
    denied: { code: 'trading_paused', since: instant(testNow) },
  },
  {
    title: 'a pause of the account lets an exit go',
    book: holding('0.01'),
    prepare: stopped('*', 'paused'),
    intent: exit(),
    denied: null,
  },
  {
    title: 'a pause of the symbol denies its entry',
    prepare: stopped('BTC/USDT', 'paused'),
    denied: { code: 'trading_paused' },
  },
  {
    title: 'a pause of another symbol denies nothing',
    prepare: stopped('ETH/USDT', 'paused'),
    denied: null,
  },
  {
    title: 'what was flattened denies an entry',
    prepare: stopped('*', 'flattened'),
    denied: { code: 'trading_flattened', since: instant(testNow) },
  },
  {
    title: 'what was flattened lets an exit go: it may not have been closed yet',
    book: holding('0.01'),
    prepare: stopped('BTC/USDT', 'flattened'),
    intent: exit(),
    denied: null,
  },
  {
    title: 'a halt denies an entry',
    prepare: stopped('*', 'halted'),
    denied: { code: 'trading_halted', since: instant(testNow) },
  },
  {
    title: 'a halt denies an exit: protection alone goes on',
    book: holding('0.01'),
    prepare: stopped('*', 'halted'),
    intent: exit(),
    denied: { code: 'trading_halted' },
  },
  // expiry
  {
    title: 'one millisecond before its expiry an intent is in time',
    intent: intent({ expiresAt: instant(testNow + 1) }),
    denied: null,
  },
  {
    title: 'at its expiry an intent is void',
    intent: intent({ expiresAt: instant(testNow) }),
    denied: { code: 'intent_expired', expiresAt: instant(testNow), decidedAt: instant(testNow) },
  },
  // symbol
  {
    title: 'a symbol that is not configured is denied',
    limits: { symbols: new Set(['ETH/USDT']) },
    denied: { code: 'symbol_not_traded', symbol: 'BTC/USDT' },
  },
  {
    title: 'a symbol of another venue is denied',
    intent: intent({ venue: 'elsewhere' }),
    denied: { code: 'symbol_not_traded' },
  },
  {
    title: 'a symbol that the venue has halted is denied',
    book: btc({ status: 'halted' }),
    denied: { code: 'symbol_not_traded' },
  },
  {
    title: 'a symbol that the venue lists no more is denied',
    prepare: (made) => noteRules(made, [rules('ETH/USDT')]),
    denied: { code: 'symbol_not_traded' },
  },
  {
    title: 'and can be left by the rules that were known',
    book: holding('0.01'),
    prepare: (made) => noteRules(made, [rules('ETH/USDT')]),
    intent: exit(),
    denied: null,
  },
  {
    title: 'a symbol that the venue lists again is traded',
    prepare: (made) => {
      noteRules(made, [rules('ETH/USDT')])
      noteRules(made, [rules('ETH/USDT'), rules('BTC/USDT')])
    },
    denied: null,
  },
  {
    title: 'a symbol that is no longer configured can still be left',
    book: holding('0.01'),
    limits: { symbols: new Set() },
    intent: exit(),
    denied: null,
  },
  // side
  {
    title: 'an entry by selling is not supported',
    intent: intent({ side: 'sell' }),
    denied: { code: 'side_not_supported', side: 'sell', purpose: 'entry' },
  },
  {
    title: 'an exit by buying is not supported',
    book: holding('0.01'),
    intent: exit({ side: 'buy' }),
    denied: { code: 'side_not_supported', side: 'buy', purpose: 'exit' },
  },
  // confidence
  {
    title: 'confidence at the minimum is enough',
    intent: intent({ confidence: 50 }),
    denied: null,
  },
  {
    title: 'confidence just below the minimum is denied',
    intent: intent({ confidence: 49.9 }),
    denied: { code: 'confidence_below_minimum', confidence: 49.9, confidenceMin: 50 },
  },
  {
    title: 'an exit needs no confidence',
    book: holding('0.01'),
    intent: exit({ confidence: 0 }),
    denied: null,
  },
  // rules and price
  {
    title: 'without the rules of the venue nothing is sized',
    prepare: withoutRules,
    denied: { code: 'venue_rules_unavailable', symbol: 'BTC/USDT' },
  },
  {
    title: 'a price as old as allowed is fresh',
    book: { pricedAt: testNow - 60_000 },
    denied: null,
  },
  {
    title: 'a price one millisecond older is stale',
    book: { pricedAt: testNow - 60_001 },
    intent: intent({ expectedPriceAt: instant(testNow - 60_001) }),
    denied: { code: 'stale_price', ageMs: 60_001, ageMaxMs: 60_000 },
  },
  {
    title: 'a stale price lets an exit go',
    book: { ...holding('0.01'), pricedAt: testNow - 600_000 },
    intent: exit({ expectedPriceAt: instant(testNow - 600_000) }),
    denied: null,
  },
  {
    title: 'no price at all, and an old expected one: denied',
    book: { prices: {} },
    intent: intent({ expectedPriceAt: instant(testNow - 60_001) }),
    denied: { code: 'no_price', symbol: 'BTC/USDT' },
  },
  {
    title: 'an expected price from the future is not believed',
    book: { prices: {} },
    intent: intent({ expectedPriceAt: instant(testNow + 60_001) }),
    denied: { code: 'no_price' },
  },
  {
    title: 'no market price, and a fresh expected one: approved',
    book: { prices: {}, funds: { USDT: '84.54' } },
    intent: intent({ expectedPriceAt: instant(testNow - 60_000) }),
    denied: null,
  },
]

describe('every check, on both sides of its edge', () => {
  it.each(rows)('$title', checkRow)
})
