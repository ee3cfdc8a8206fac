import type { NewOrder } from './checks.ts'
import type { Order } from './types.ts'

/** The first trade replaces its list of trades, so that all without one share it. */
const BLANK: Order = {
  symbol: '',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  price: 0n,
  stopPrice: 0n,
  trailingDelta: 0,
  quantity: 0n,
  quoteQuantity: 0n,
  icebergQuantity: 0n,
  clientOrderId: '',
  selfTradeMode: 'NONE',
  strategyId: null,
  strategyType: null,
  id: 0,
  listId: -1,
  status: 'NEW',
  expiryReason: null,
  trailingAt: -1,
  extreme: 0n,
  visible: 0n,
  executed: 0n,
  executedQuote: 0n,
  prevented: 0n,
  preventedQuote: 0n,
  preventedMatchId: null,
  lockPrice: 0n,
  amends: 0,
  rank: 0,
  locked: 0n,
  createdAt: 0,
  updatedAt: 0,
  workingAt: -1,
  trades: [],
}

type Start = {
  readonly symbol: string
  readonly id: number
  readonly lockPrice: bigint
  readonly now: number
}

/**
 * An order at its beginning: a copy of a blank one, filled in. Of what a plain literal makes V8 counts
 * how much stays, and after a deep book has come in it makes all of it among the old objects; each order
 * that is over at once, and its trades, would then stay until the whole heap is looked through.
 */
export function openedOrder(request: NewOrder, { symbol, id, lockPrice, now }: Start): Order {
  return {
    ...BLANK,
    symbol,
    side: request.side,
    type: request.type,
    timeInForce: request.timeInForce,
    price: request.price,
    stopPrice: request.stopPrice,
    trailingDelta: request.trailingDelta,
    quantity: request.quantity,
    quoteQuantity: request.quoteQuantity,
    icebergQuantity: request.icebergQuantity,
    clientOrderId: request.clientOrderId,
    selfTradeMode: request.selfTradeMode,
    strategyId: request.strategyId,
    strategyType: request.strategyType,
    id,
    lockPrice,
    createdAt: now,
    updatedAt: now,
  }
}
