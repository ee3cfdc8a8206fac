import { instant } from '@flotilla/contracts'
import { describe, expect, it } from 'vitest'
import { decimal, exit, intent, testNow } from '../testing.ts'
import { stopped, withoutRules, holding, verdictOf } from '../testing/verdicts.ts'

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
