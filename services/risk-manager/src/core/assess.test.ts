import { instant } from '@flotilla/contracts'
import { describe, expect, it } from 'vitest'
import { decimal, exit, intent, reservation, rules, testNow } from '../testing.ts'
import type { BookOptions } from '../testing.ts'
import { checkRow, verdictOf, type Row } from '../testing/verdicts.ts'
import type { Book } from './book.ts'

const stopped = (scope: string, state: 'paused' | 'flattened' | 'halted') => (made: Book) => {
  const since = instant(testNow)
  made.tradingStates.set(scope, { state, since, reason: 'a test', requestedBy: 'test' })
}
const withoutRules = (made: Book) => made.rules.clear()
const rich: BookOptions = { funds: { USDT: '10000' } }
const twoPositions: BookOptions = {
  funds: { USDT: '10000', ETH: '1', SOL: '10' },
  positions: { 'ETH/USDT': '1', 'SOL/USDT': '10' },
}
const share = (text: string) => ({ balanceShare: decimal(text) })
const btc = (overrides: Parameters<typeof rules>[1]) => ({ rules: [rules('BTC/USDT', overrides)] })
/** Holds exactly this much bitcoin as a position. */
const holding = (quantity: string, funds = quantity): BookOptions => ({
  funds: { USDT: '0', BTC: funds },
  positions: { 'BTC/USDT': quantity },
})

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
  // stop
  {
    title: 'a stop one tick below the price protects',
    book: rich,
    intent: intent({ stopLossPrice: '49999.99' }),
    denied: null,
  },
  {
    title: 'a stop at the price would trigger at once',
    intent: intent({ stopLossPrice: '50000' }),
    denied: { code: 'stop_not_below_price', stopLossPrice: '50000', price: '50000' },
  },
  {
    title: 'a take-profit that is reached already is replaced',
    intent: intent({ takeProfitPrice: '50000' }),
    denied: null,
    adjustments: ['take-profit-replaced'],
  },
  // one entry, one position, so many positions
  {
    title: 'an entry of the same symbol on its way denies another',
    book: { ...rich, reservations: [reservation()] },
    denied: { code: 'intent_already_open' },
  },
  {
    title: 'unless positions may be added to',
    book: { ...rich, reservations: [reservation()] },
    limits: { addToPositions: true },
    denied: null,
  },
  {
    title: 'an entry of another symbol on its way denies nothing',
    book: { ...rich, reservations: [reservation({ symbol: 'ETH/USDT' })] },
    denied: null,
  },
  {
    title: 'a position denies an entry',
    book: { funds: { USDT: '10000', BTC: '0.0001' }, positions: { 'BTC/USDT': '0.0001' } },
    denied: { code: 'position_already_open', quantity: '0.0001' },
  },
  {
    title: 'dust is no position',
    book: { funds: { USDT: '10000', BTC: '0.00009' }, positions: { 'BTC/USDT': '0.00009' } },
    denied: null,
  },
  {
    title: 'a position may be added to when that is allowed',
    book: { funds: { USDT: '10000', BTC: '0.01' }, positions: { 'BTC/USDT': '0.01' } },
    limits: { addToPositions: true },
    denied: null,
  },
  {
    title: 'what the account owned before is no position',
    book: { funds: { USDT: '10000', BTC: '0.01' } },
    denied: null,
  },
  {
    title: 'one position less than the limit leaves room',
    book: twoPositions,
    limits: { openPositionsMax: 3, ...share('0.1') },
    denied: null,
  },
  {
    title: 'as many positions as the limit leave none',
    book: twoPositions,
    limits: { openPositionsMax: 2, ...share('0.1') },
    denied: { code: 'open_positions_exceed_limit', openPositions: 2, openPositionsMax: 2 },
  },
  // available balance
  {
    title: 'a size of all that is available is taken',
    book: {
      funds: { USDT: '100' },
      reservations: [reservation({ symbol: 'ETH/USDT', amount: decimal('50') })],
    },
    limits: share('0.5'),
    denied: null,
  },
  {
    title: 'a cent more is not',
    book: {
      funds: { USDT: '100' },
      reservations: [reservation({ symbol: 'ETH/USDT', amount: decimal('50') })],
    },
    limits: share('0.5001'),
    denied: {
      code: 'insufficient_available_balance',
      asset: 'USDT',
      required: '50.01',
      available: '50',
    },
  },
  {
    title: 'a share of what is available is never more than that',
    book: {
      funds: { USDT: '100' },
      reservations: [reservation({ symbol: 'ETH/USDT', amount: decimal('50') })],
    },
    limits: { shareOf: 'available' },
    denied: null,
  },
  // the venue's minimum
  {
    title: 'a size whose stop is just worth the minimum needs no raise',
    book: { funds: { USDT: '6.03' } },
    limits: share('1'),
    denied: null,
    adjustments: [],
  },
  {
    title: 'a cent less buys one that could not be sold at its stop',
    book: { funds: { USDT: '6.02' } },
    limits: share('1'),
    denied: { code: 'notional_below_minimum', notional: '5.198875', notionalMin: '5' },
  },
  {
    title: 'a size below it is raised to it',
    book: { funds: { USDT: '10' } },
    limits: share('0.5'),
    denied: null,
    adjustments: ['min-lot-adjusted'],
  },
  {
    title: 'but not when that is switched off',
    book: { funds: { USDT: '10' } },
    limits: { ...share('0.5'), raiseToMinimum: false },
    denied: { code: 'notional_below_minimum', notionalMin: '5' },
  },
  {
    title: 'and not with money that is not there',
    book: { funds: { USDT: '6.02' } },
    limits: share('0.5'),
    denied: { code: 'notional_below_minimum', notionalMin: '5' },
  },
  {
    title: 'a smallest lot above the size is the reason where it is the larger minimum',
    book: { funds: { USDT: '500' }, ...btc({ quantityMin: decimal('0.01') }) },
    denied: { code: 'quantity_below_minimum', quantityMin: '0.01002' },
  },
  {
    title: 'a venue without a minimum gets the conservative one',
    book: { funds: { USDT: '10' }, ...btc({ notionalMin: decimal('0') }) },
    limits: { ...share('0.5'), raiseToMinimum: false },
    denied: { code: 'notional_below_minimum', notionalMin: '5' },
  },
  // the venue's maximum
  {
    title: 'a size at 98 % of the largest market order stays',
    book: { funds: { USDT: '49245' }, ...btc({ marketQuantityMax: decimal('1') }) },
    limits: share('1'),
    denied: null,
    adjustments: [],
  },
  {
    title: 'a larger one is capped to it',
    book: { funds: { USDT: '49746' }, ...btc({ marketQuantityMax: decimal('1') }) },
    limits: share('1'),
    denied: null,
    adjustments: ['max-quantity-capped'],
  },
  // exposure
  {
    title: 'exposure at the cap is allowed',
    book: rich,
    limits: { ...share('0.25'), exposureShareMax: decimal('0.25') },
    denied: null,
  },
  {
    title: 'exposure a cent above the cap is not',
    book: rich,
    limits: { ...share('0.250001'), exposureShareMax: decimal('0.25') },
    denied: { code: 'exposure_exceeds_limit', exposure: '2500.01', exposureMax: '2500' },
  },
  {
    title: 'exposure counts positions and entries on their way',
    book: {
      funds: { USDT: '9000', ETH: '0.4' },
      positions: { 'ETH/USDT': '0.4' },
      reservations: [reservation({ symbol: 'SOL/USDT', amount: decimal('1000') })],
    },
    limits: { ...share('0.1'), exposureShareMax: decimal('0.25') },
    denied: { code: 'exposure_exceeds_limit', exposure: '2900', exposureMax: '2500' },
  },
  // inventory
  {
    title: 'nothing held: nothing to sell',
    intent: exit(),
    denied: { code: 'insufficient_inventory', asset: 'BTC', required: '0.00001', available: '0' },
  },
  {
    title: 'all of it set aside for another exit: nothing free',
    book: {
      ...holding('0.01'),
      reservations: [reservation({ asset: 'BTC', amount: decimal('0.01') })],
    },
    intent: exit(),
    denied: { code: 'insufficient_inventory', asset: 'BTC', required: '0.01', available: '0' },
  },
  {
    title: 'a part of it free: that part is sold',
    book: {
      ...holding('0.01'),
      reservations: [reservation({ asset: 'BTC', amount: decimal('0.004') })],
    },
    intent: exit(),
    denied: null,
    adjustments: ['inventory-limited'],
  },
  {
    title: 'a strategy does not sell what the account owned before',
    book: { funds: { USDT: '0', BTC: '1' } },
    intent: exit(),
    denied: { code: 'insufficient_inventory' },
  },
  {
    title: 'a person does',
    book: { funds: { USDT: '0', BTC: '1' } },
    intent: exit({ strategy: 'manual' }),
    denied: null,
  },
  {
    title: 'the smallest lot can be sold',
    book: { ...holding('0.0001'), ...btc({ quantityMin: decimal('0.0001') }) },
    intent: exit(),
    denied: null,
  },
  {
    title: 'less than the smallest lot is dust',
    book: { ...holding('0.0009'), ...btc({ quantityMin: decimal('0.001') }) },
    intent: exit(),
    denied: { code: 'quantity_below_minimum', quantity: '0.0009', quantityMin: '0.001' },
  },
  {
    title: 'an exit worth less than the minimum is dust',
    book: holding('0.00009'),
    intent: exit(),
    denied: { code: 'notional_below_minimum', notional: '4.5', notionalMin: '5' },
  },
  {
    title: 'an exit larger than the largest market order is capped',
    book: { ...holding('2'), ...btc({ marketQuantityMax: decimal('1') }) },
    intent: exit(),
    denied: null,
    adjustments: ['max-quantity-capped'],
  },
]

describe('every check, on both sides of its edge', () => {
  it.each(rows)('$title', checkRow)
})

describe('the record', () => {
  it('keeps what each check looked at', () => {
    const verdict = verdictOf({ title: '', denied: null })
    expect(verdict.checks.find(({ check: name }) => name === 'size')?.inputs).toEqual({
      of: 'balance',
      balance: '84.54',
      share: '0.8',
      amount: '67.63',
      price: '50000',
      limitPrice: '50250',
      quantity: '0.00134',
    })
  })

  it('collects all reasons, not the first alone', () => {
    const verdict = verdictOf({
      title: '',
      denied: null,
      prepare: stopped('*', 'paused'),
      intent: intent({ confidence: 1, expiresAt: instant(testNow) }),
      book: { funds: { USDT: '0' } },
    })
    const codes = verdict.kind === 'denied' ? verdict.reasons.map(({ code }) => code) : []
    expect(codes).toEqual([
      'trading_paused',
      'intent_expired',
      'confidence_below_minimum',
      'notional_below_minimum',
      'insufficient_available_balance',
    ])
  })

  it('skips what has nothing to look at, and says so', () => {
    const verdict = verdictOf({ title: '', denied: null, prepare: withoutRules })
    const skipped = verdict.checks.filter(({ outcome }) => outcome === 'skipped')
    expect(skipped.map(({ check: name }) => name)).toEqual([
      'stop',
      'size',
      'confidence-scale',
      'regime-scale',
      'room',
      'liquidity',
      'expensive-asset',
      'quantity-maximum',
      'minimum',
      'available-balance',
      'budget',
      'exposure',
      'symbol-exposure',
      'asset-exposure',
      'correlated-exposure',
    ])
  })
})

describe('an approval', () => {
  it('reserves 67.63 of 84.54 and covers the quantity at the worst price', () => {
    const verdict = verdictOf({ title: '', denied: null })
    expect(verdict.kind === 'approved' && verdict.approved).toEqual({
      quantity: '0.00134',
      limitPrice: '50250',
      referencePrice: '50000',
      reserve: { asset: 'USDT', amount: decimal('67.63') },
      stopLossPrice: '47500',
      takeProfitPrice: '55000',
      sizing: { method: 'balance-share', adjustments: [] },
    })
  })

  it('of an exit reserves the inventory and names no price', () => {
    const verdict = verdictOf({
      title: '',
      denied: null,
      book: holding('0.010009', '1'),
      intent: exit(),
    })
    expect(verdict.kind === 'approved' && verdict.approved).toEqual({
      quantity: '0.01',
      limitPrice: null,
      referencePrice: '50000',
      reserve: { asset: 'BTC', amount: decimal('0.01') },
      stopLossPrice: null,
      takeProfitPrice: null,
      sizing: { method: 'position', adjustments: [] },
    })
  })
})
