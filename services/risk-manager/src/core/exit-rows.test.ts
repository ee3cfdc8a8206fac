// What can be sold, on both sides of each edge.
import { describe, it } from 'vitest'
import { decimal, exit, reservation } from '../testing.ts'
import { btc, holding, checkRow, type Row } from '../testing/verdicts.ts'

const rows: Row[] = [
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
