import { Decimal } from '@flotilla/money'

import type { SymbolRules } from '../port.ts'

/** Rules like BTC/USDT's at Binance; a test overrides what it is about. */
export function symbolRules(overrides: Partial<SymbolRules> = {}): SymbolRules {
  const symbol = overrides.symbol ?? 'BTC/USDT'
  const [base = '', quote = ''] = symbol.split('/')
  return {
    symbol,
    base,
    quote,
    status: 'trading',
    priceTick: Decimal.from('0.01'),
    priceMin: Decimal.from('0.01'),
    priceMax: Decimal.from('1000000'),
    quantityStep: Decimal.from('0.00001'),
    quantityMin: Decimal.from('0.00001'),
    quantityMax: Decimal.from('9000'),
    marketQuantityMax: Decimal.from('100'),
    notionalMin: Decimal.from('5'),
    notionalMax: Decimal.from('9000000'),
    orderTypes: [
      'market',
      'limit',
      'limit-maker',
      'stop-loss',
      'stop-loss-limit',
      'take-profit',
      'take-profit-limit',
    ],
    ocoAllowed: true,
    opoAllowed: true,
    makerFeeRate: Decimal.from('0.001'),
    takerFeeRate: Decimal.from('0.001'),
    ...overrides,
  }
}
