// The measure of the time without a stop, on records of the venue that were made up.
import { Decimal } from '@flotilla/money'
import { expect, it } from 'vitest'
import type { SimulatorTruth, TruthOrder, TruthTrade } from '../e2e/support/truth.ts'
import { longestNakedMs } from './support/naked-time.ts'

const symbol = 'BTC/USDT'

function trade(side: 'buy' | 'sell', quantity: string, at: number): TruthTrade {
  const [price, fee] = [Decimal.from('50000'), Decimal.zero]
  const tradeId = `${side} ${quantity} ${String(at)}`
  return {
    symbol,
    tradeId,
    side,
    at,
    price,
    fee,
    feeAsset: 'BNB',
    quantity: Decimal.from(quantity),
  }
}

function stop(from: number, until: number | null): TruthOrder {
  const [quantity, filledQuantity] = [Decimal.from('1'), Decimal.zero]
  const common = { symbol, clientOrderId: 's', type: 'STOP_LOSS', quantity, filledQuantity }
  const [open, status] = until === null ? [true, 'NEW'] : [false, 'EXPIRED']
  return { ...common, open, status, createdAt: from, updatedAt: until ?? from }
}

function truthOf(trades: readonly TruthTrade[], orders: readonly TruthOrder[]): SimulatorTruth {
  return { trades, orders, balances: new Map(), escapes: [] }
}

/** Bought and protected, bare from 61 s on because nobody lived, and sold by who came after. */
const before = [trade('buy', '1', 0), trade('sell', '1', 122_000)]

it('counts from the moment at which the stop has gone', () => {
  expect(longestNakedMs(truthOf(before, [stop(0, 61_000)]), 200_000)).toBe(61_000)
})

it('counts what nobody has protected yet', () => {
  expect(longestNakedMs(truthOf([trade('buy', '1', 5_000)], []), 9_000, 1_000)).toBe(4_000)
})

it('the time of one life does not count for the next, which buys when that has sold', () => {
  const trades = [...before, trade('buy', '1', 122_000)]
  const truth = truthOf(trades, [stop(0, 61_000), stop(122_250, null)])
  expect(longestNakedMs(truth, 200_000, 122_000)).toBe(250)
})
