// Requests and readings that the suites of the venue port share.
import { Decimal } from '@flotilla/money'

import type {
  OrderRequest,
  ProtectionRequest,
  Venue,
  VenueOrder,
  VenueProtection,
  WriteOutcome,
} from './port.ts'

export const symbol = 'BTC/USDT'
export const unit = Decimal.from('0.01')

type LimitOverrides = Partial<{ timeInForce: 'gtc' | 'ioc'; quantity: Decimal }>

export function limitOrder(
  side: 'buy' | 'sell',
  price: string,
  overrides: LimitOverrides = {},
): OrderRequest {
  return {
    clientOrderId: 'c-1',
    symbol,
    side,
    type: 'limit',
    timeInForce: 'ioc',
    quantity: unit,
    limitPrice: Decimal.from(price),
    ...overrides,
  }
}

export function marketOrder(side: 'buy' | 'sell', overrides: Partial<{ symbol: string }> = {}) {
  return {
    clientOrderId: 'c-1',
    symbol,
    side,
    type: 'market',
    quantity: unit,
    ...overrides,
  } as const
}

export function protectionRequest(): ProtectionRequest {
  return {
    clientProtectionId: 'p-1',
    symbol,
    side: 'sell',
    quantity: unit,
    stop: { clientOrderId: 'p-1-s', stopPrice: Decimal.from('49000') },
    takeProfit: { clientOrderId: 'p-1-t', limitPrice: Decimal.from('52000') },
  }
}

export async function free(venue: Venue, asset: string): Promise<string> {
  const balances = await venue.fetchBalances()
  return (balances.find((one) => one.asset === asset)?.free ?? Decimal.zero).toString()
}

export function acceptedOrder(outcome: WriteOutcome): VenueOrder {
  if (outcome.kind === 'accepted' && 'order' in outcome) return outcome.order
  throw new Error(`not accepted: ${JSON.stringify(outcome)}`)
}

export function acceptedProtection(outcome: WriteOutcome): VenueProtection {
  if (outcome.kind === 'accepted' && 'protection' in outcome) return outcome.protection
  throw new Error(`not accepted: ${JSON.stringify(outcome)}`)
}
