import { describe, expect, it } from 'vitest'
import { book, decimal, reservation } from '../testing.ts'
import { exposureOf, netAssetValue, valueAccount } from './valuation.ts'

const prices = { 'BTC/USDT': '50000', 'ETH/USDT': '2500' }

describe('the value of an account', () => {
  it('is the sum over all assets, the biggest first, what has no price named and not counted', () => {
    const made = book({
      prices,
      funds: { USDT: '100', BTC: '0.01', ETH: '1', DUST: '7', SOLD: '0' },
      reservations: [reservation({ amount: decimal('40') })],
    })
    expect(valueAccount(made)).toEqual({
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
    })
    expect(netAssetValue(made).toString()).toBe('3100')
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
})
