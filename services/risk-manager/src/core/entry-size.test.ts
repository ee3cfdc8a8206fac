import { describe, expect, it } from 'vitest'
import { decimal, intent, reservation, rules, sizing, testNow } from '../testing.ts'
import { checkRow, verdictOf, type Row } from '../testing/verdicts.ts'
import type { Book } from './book.ts'
import { noteBar } from './history.ts'
import type { Limits, Sizing } from './limits.ts'

const rich = { funds: { USDT: '10000' } }
const btc = (overrides: Parameters<typeof rules>[1]) => ({ rules: [rules('BTC/USDT', overrides)] })
const coarse = btc({ quantityStep: decimal('0.001'), takerFeeRate: decimal('0') })
const sized = (overrides: Partial<Sizing>, others: Partial<Limits> = {}) => ({
  sizing: sizing(overrides),
  ...others,
})
const risk = (share: string) => sized({ method: 'fixed-risk', riskShare: decimal(share) })
const target = (share: string) =>
  sized({ method: 'volatility-target', volatilityShare: decimal(share) })

/** Candles that each span a hundredth of 50000, the last closed so long before the decision. */
const candles = (count: number, ageMs = 0) => {
  return (made: Book) => {
    for (let index = 0; index < count; index++) {
      const closeTime = testNow - ageMs - (count - 1 - index) * 60_000
      const bar = { openTime: closeTime - 60_000, closeTime, high: 50_250, low: 49_750 }
      noteBar(made.histories, 'BTC/USDT', { ...bar, close: 50_000 })
    }
  }
}
const offers = (asks: readonly (readonly [string, string])[], ageMs = 0) => {
  return (made: Book) => {
    made.depths.set('BTC/USDT', { asks, at: testNow - ageMs })
  }
}

const share: Row[] = [
  {
    title: 'four fifths of 84.54 are 67.63',
    denied: null,
    adjustments: [],
    size: '0.00134 for 67.63 USDT',
  },
]

const fixedRisk: Row[] = [
  {
    // 1 % of 10000 over the 2750 between 50250 and 47500.
    title: 'loses one hundredth of the account between the worst price and the stop',
    book: rich,
    limits: risk('0.01'),
    denied: null,
    adjustments: [],
    size: '0.03636 for 1827.09 USDT',
  },
  {
    title: 'takes twice as much for a stop half as far',
    book: rich,
    intent: intent({ stopLossPrice: '48875' }),
    limits: risk('0.01'),
    denied: null,
    size: '0.07272 for 3654.18 USDT',
  },
  {
    title: 'takes all that is there where the stop is near, and no more',
    book: rich,
    intent: intent({ stopLossPrice: '49999' }),
    limits: risk('0.05'),
    denied: null,
    adjustments: ['available-capped'],
    size: '0.199 for 10000 USDT',
  },
  {
    title: 'takes what others have left',
    book: {
      ...rich,
      reservations: [reservation({ symbol: 'ETH/USDT', amount: decimal('4000') })],
    },
    intent: intent({ stopLossPrice: '49999' }),
    limits: { ...risk('0.05'), exposureShareMax: decimal('1') },
    denied: null,
    adjustments: ['available-capped'],
    size: '0.1194 for 6000 USDT',
  },
  {
    title: 'fits under the exposure cap',
    book: rich,
    intent: intent({ stopLossPrice: '49999' }),
    limits: { ...risk('0.05'), exposureShareMax: decimal('0.25') },
    denied: null,
    adjustments: ['exposure-capped'],
    size: '0.04975 for 2500 USDT',
  },
  {
    title: 'is denied where the cap is reached already',
    book: {
      ...rich,
      reservations: [reservation({ symbol: 'ETH/USDT', amount: decimal('2500') })],
    },
    limits: { ...risk('0.01'), exposureShareMax: decimal('0.25') },
    denied: { code: 'exposure_exceeds_limit', exposure: '4327.09', exposureMax: '2500' },
  },
  {
    // 0.00012 is needed to be sold at the stop for 5; the risk allows 0.00011.
    title: 'no minimum raises a size above its risk',
    book: { funds: { USDT: '31' } },
    limits: risk('0.01'),
    denied: { code: 'notional_below_minimum' },
  },
  {
    title: 'one step more of risk is enough for the minimum',
    book: { funds: { USDT: '33.01' } },
    limits: risk('0.01'),
    denied: null,
    adjustments: [],
    size: '0.00012 for 6.03 USDT',
  },
]

const volatility: Row[] = [
  {
    title: 'a move of one average true range moves the account by the share',
    book: rich,
    prepare: candles(10),
    limits: target('0.005'),
    denied: null,
    adjustments: [],
    size: '0.1 for 5025 USDT',
  },
  {
    title: 'with a smaller share it is smaller',
    book: rich,
    prepare: candles(10),
    limits: target('0.001'),
    denied: null,
    adjustments: [],
    size: '0.02 for 1005 USDT',
  },
  {
    title: 'as many candles as the period needs are enough',
    book: rich,
    prepare: candles(4),
    limits: target('0.001'),
    denied: null,
  },
  {
    title: 'one candle less says nothing',
    book: rich,
    prepare: candles(3),
    limits: target('0.001'),
    denied: { code: 'volatility_unknown', symbol: 'BTC/USDT' },
  },
  {
    title: 'candles as old as allowed still count',
    book: rich,
    prepare: candles(10, 120_000),
    limits: target('0.001'),
    denied: null,
  },
  {
    title: 'one millisecond older they do not',
    book: rich,
    prepare: candles(10, 120_001),
    limits: target('0.001'),
    denied: { code: 'volatility_unknown' },
  },
]

const confidence: Row[] = [
  {
    title: 'at 100 the size is whole',
    intent: intent({ confidence: 100 }),
    limits: sized({ confidenceScaleMin: decimal('0.5') }),
    denied: null,
    adjustments: [],
  },
  {
    title: 'just below 100 it is a little less',
    intent: intent({ confidence: 99.9 }),
    limits: sized({ confidenceScaleMin: decimal('0.5') }),
    denied: null,
    adjustments: ['confidence x0.999'],
    size: '0.00134 for 67.56 USDT',
  },
  {
    title: 'at the least confidence it is the configured part',
    intent: intent({ confidence: 50 }),
    limits: sized({ confidenceScaleMin: decimal('0.5') }),
    denied: null,
    adjustments: ['confidence x0.5'],
    size: '0.00067 for 33.81 USDT',
  },
  {
    title: 'where the least that is accepted is all there is, nothing is scaled',
    intent: intent({ confidence: 100 }),
    limits: sized({ confidenceScaleMin: decimal('0.5') }, { confidenceMin: 100 }),
    denied: null,
    adjustments: [],
  },
]

const liquidity: Row[] = [
  {
    title: 'offers of just the size up to the worst price cap nothing',
    prepare: offers([
      ['50000', '0.001'],
      ['50250', '0.00034'],
    ]),
    denied: null,
    adjustments: [],
    size: '0.00134 for 67.63 USDT',
  },
  {
    title: 'a tick beyond the worst price an offer does not count',
    prepare: offers([
      ['50000', '0.001'],
      ['50250.01', '0.00034'],
    ]),
    denied: null,
    adjustments: ['liquidity-capped'],
    size: '0.001 for 50.25 USDT',
  },
  {
    title: 'a part of the offers may be taken',
    prepare: offers([['50000', '0.001']]),
    limits: sized({ depthShareMax: decimal('0.5') }),
    denied: null,
    adjustments: ['liquidity-capped'],
    size: '0.0005 for 25.13 USDT',
  },
  {
    title: 'after the cap the minimum is looked at again: just enough',
    prepare: offers([['50000', '0.00012']]),
    denied: null,
    adjustments: ['liquidity-capped'],
    size: '0.00012 for 6.03 USDT',
  },
  {
    title: 'and never raised above what is offered',
    prepare: offers([['50000', '0.00011']]),
    denied: { code: 'insufficient_liquidity', offered: '0.00011', quantityMin: '0.00012' },
  },
  {
    title: 'an empty side offers nothing',
    prepare: offers([]),
    denied: { code: 'insufficient_liquidity', offered: '0' },
  },
  {
    title: 'an order book as old as allowed counts',
    prepare: offers([['50000', '0.001']], 10_000),
    denied: null,
    adjustments: ['liquidity-capped'],
  },
  {
    title: 'an older one caps nothing',
    prepare: offers([['50000', '0.001']], 10_001),
    denied: null,
    adjustments: [],
  },
]

const expensive: Row[] = [
  {
    // A step of 0.001 costs 50.25; 1 % of 5000 is 50, 0.5 % of 5000 is 25.
    title: 'where not one step can be bought for the size, one is',
    book: { funds: { USDT: '5000' }, ...coarse },
    limits: { balanceShare: decimal('0.01') },
    denied: null,
    adjustments: ['expensive-asset-minimum'],
    size: '0.001 for 50.25 USDT',
  },
  {
    title: 'where just one step can be bought, nothing is raised',
    book: { funds: { USDT: '5025' }, ...coarse },
    limits: { balanceShare: decimal('0.01') },
    denied: null,
    adjustments: [],
    size: '0.001 for 50.25 USDT',
  },
  {
    // 0.5 % of 100500 are 502.5: ten steps exactly.
    title: 'half a per cent of the buying power is the minimum',
    book: { funds: { USDT: '100500' }, ...coarse },
    limits: { balanceShare: decimal('0.0001') },
    denied: null,
    adjustments: ['expensive-asset-minimum'],
    size: '0.01 for 502.5 USDT',
  },
  {
    title: 'but not when raising is switched off',
    book: { funds: { USDT: '5000' }, ...coarse },
    limits: { balanceShare: decimal('0.01'), raiseToMinimum: false },
    denied: { code: 'notional_below_minimum', notional: '0' },
  },
  {
    title: 'and not with money that is not there',
    book: { funds: { USDT: '50.24' }, ...coarse },
    limits: { balanceShare: decimal('1') },
    denied: { code: 'notional_below_minimum', notional: '0' },
  },
]

const shares = sized(
  { wholeUnitAssets: new Set(['BTC']) },
  { balanceShare: decimal('0.5'), slippageMax: decimal('0.005') },
)
const wholeUnits: Row[] = [
  {
    title: 'shares of companies are bought whole, and their fee is money',
    book: { prices: { 'BTC/USDT': '100' }, funds: { USDT: '400' } },
    limits: shares,
    denied: null,
    adjustments: [],
    size: '1 for 200 USDT',
  },
  {
    title: 'just enough for two are two',
    book: { prices: { 'BTC/USDT': '100' }, funds: { USDT: '402' } },
    limits: shares,
    denied: null,
    size: '2 for 201 USDT',
  },
  {
    title: 'one is the least',
    book: { prices: { 'BTC/USDT': '100' }, funds: { USDT: '100.5' } },
    limits: shares,
    denied: null,
    adjustments: ['expensive-asset-minimum'],
    size: '1 for 100.5 USDT',
  },
  {
    title: 'a cent less buys none',
    book: { prices: { 'BTC/USDT': '100' }, funds: { USDT: '100.49' } },
    limits: shares,
    denied: { code: 'quantity_below_minimum', quantity: '0', quantityMin: '1' },
  },
  {
    title: 'a venue that names no step is traded to the sixth digit',
    book: { funds: { USDT: '10000' }, ...btc({ quantityStep: decimal('0') }) },
    limits: { balanceShare: decimal('0.01') },
    denied: null,
    size: '0.00199 for 100 USDT',
  },
]

describe('a size', () => {
  it.each(share)('by balance: $title', checkRow)
  it.each(fixedRisk)('by risk: $title', checkRow)
  it.each(volatility)('by volatility: $title', checkRow)
  it.each(confidence)('by confidence: $title', checkRow)
  it.each(liquidity)('by liquidity: $title', checkRow)
  it.each(expensive)('of a dear asset: $title', checkRow)
  it.each(wholeUnits)('in whole units: $title', checkRow)

  it('names every adjustment in the order in which it was made', () => {
    const verdict = verdictOf({
      title: '',
      book: rich,
      intent: intent({ confidence: 75, takeProfitPrice: '49000' }),
      limits: sized({ confidenceScaleMin: decimal('0.5') }),
      prepare: offers([['50000', '0.00005']]),
      denied: null,
    })
    expect(verdict.draft?.adjustments).toEqual(['confidence x0.75', 'liquidity-capped'])
    expect(verdict.kind).toBe('denied')
  })
})
