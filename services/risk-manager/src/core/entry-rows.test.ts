// How large an entry may be, on both sides of each edge.
import { describe, it } from 'vitest'
import { decimal, intent, reservation } from '../testing.ts'
import type { BookOptions } from '../testing.ts'
import { btc, checkRow, type Row } from '../testing/verdicts.ts'

const share = (text: string) => ({ balanceShare: decimal(text) })
const rich: BookOptions = { funds: { USDT: '10000' } }
const twoPositions: BookOptions = {
  funds: { USDT: '10000', ETH: '1', SOL: '10' },
  positions: { 'ETH/USDT': '1', 'SOL/USDT': '10' },
}

const rows: Row[] = [
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
  {
    title: 'and a size whose stop is just worth that passes',
    book: { funds: { USDT: '6.03' }, ...btc({ notionalMin: decimal('0') }) },
    limits: { ...share('1'), raiseToMinimum: false },
    denied: null,
    adjustments: [],
    size: '0.00012 for 6.03 USDT',
  },
  {
    title: 'as one a cent smaller does not',
    book: { funds: { USDT: '6.02' }, ...btc({ notionalMin: decimal('0') }) },
    limits: { ...share('1'), raiseToMinimum: false },
    denied: { code: 'notional_below_minimum', notional: '5.198875', notionalMin: '5' },
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
    adjustments: [],
    size: '0.04975 for 2500 USDT',
  },
  {
    title: 'a share of the balance a cent above the cap takes the room under it',
    book: rich,
    limits: { ...share('0.250001'), exposureShareMax: decimal('0.25') },
    denied: null,
    adjustments: ['exposure-capped'],
    size: '0.04975 for 2500 USDT',
  },
  {
    title: 'four fifths of the balance under a quarter of the account are that quarter',
    book: rich,
    limits: { ...share('0.8'), exposureShareMax: decimal('0.25') },
    denied: null,
    adjustments: ['exposure-capped'],
    size: '0.04975 for 2500 USDT',
  },
  {
    title: 'what cannot be paid as it was asked for is not made smaller by a cap',
    book: { ...rich, reservations: [reservation({ symbol: 'SOL/USDT', amount: decimal('2001') })] },
    limits: { ...share('0.8'), exposureShareMax: decimal('0.25') },
    denied: { code: 'insufficient_available_balance', required: '8000', available: '7999' },
  },
  {
    title: 'an entry without room under the cap is denied',
    book: { ...rich, reservations: [reservation({ symbol: 'SOL/USDT', amount: decimal('2500') })] },
    limits: { ...share('0.1'), exposureShareMax: decimal('0.25') },
    denied: { code: 'exposure_exceeds_limit', exposure: '3500', exposureMax: '2500' },
  },
  {
    // The least that can be bought costs 6.03.
    title: 'exposure may reach the cap with the minimum',
    book: {
      ...rich,
      reservations: [reservation({ symbol: 'SOL/USDT', amount: decimal('2493.97') })],
    },
    limits: { ...share('0.1'), exposureShareMax: decimal('0.25') },
    denied: null,
    adjustments: ['exposure-capped'],
    size: '0.00012 for 6.03 USDT',
  },
  {
    title: 'exposure a cent above the cap is not allowed',
    book: {
      ...rich,
      reservations: [reservation({ symbol: 'SOL/USDT', amount: decimal('2493.98') })],
    },
    limits: { ...share('0.1'), exposureShareMax: decimal('0.25') },
    denied: { code: 'exposure_exceeds_limit', exposure: '2500.01', exposureMax: '2500' },
  },
  {
    title: 'exposure counts positions and entries on their way',
    book: {
      funds: { USDT: '9000', ETH: '0.4' },
      positions: { 'ETH/USDT': '0.4' },
      reservations: [reservation({ symbol: 'SOL/USDT', amount: decimal('1500') })],
    },
    limits: { ...share('0.1'), exposureShareMax: decimal('0.25') },
    denied: { code: 'exposure_exceeds_limit', exposure: '3400', exposureMax: '2500' },
  },
]

describe('every check, on both sides of its edge', () => {
  it.each(rows)('$title', checkRow)
})
