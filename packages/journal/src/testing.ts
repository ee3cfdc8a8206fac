// Fills in a few words, for tests.
import type { Fill } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import type { TradeFill } from './trade.ts'

export const assets = { base: 'BTC', quote: 'USDT' }

/** `buy 0.5 100` or with a fee, `sell 0.5 110 0.05 USDT`; numbered and dated by `at`. */
export function told(at: number, text: string, over: Partial<TradeFill> = {}): TradeFill {
  const [side = '', quantity = '0', price = '0', fee = '0', feeAsset = 'USDT'] = text.split(' ')
  const fill: Fill = {
    account: 'main',
    venue: 'simulator',
    symbol: 'BTC/USDT',
    tradeId: String(at),
    clientOrderId: `order-${at}`,
    side: side === 'buy' ? 'buy' : 'sell',
    price: Decimal.from(price),
    quantity: Decimal.from(quantity),
    fee: Decimal.from(fee),
    feeAsset,
    filledAt: at,
  }
  return {
    fill,
    intentId: 'intent-1',
    correlationId: 'correlation-1',
    strategy: side === 'buy' ? 'test' : null,
    stop: null,
    expected: null,
    decided: null,
    exitReason: side === 'sell' ? 'signal' : null,
    ...over,
  }
}
