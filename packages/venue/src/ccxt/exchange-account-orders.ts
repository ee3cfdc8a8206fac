// Orders as ccxt.pro reads them from the account's streams, put right where it reads them wrong. Found in 4.5.84: at
// Coinbase the quantity is only what was filled, and a stop price of nought makes a stop of every order; at MEXC what
// the order is worth is taken for what it has cost.
import { Decimal } from '@flotilla/money'
import { z } from 'zod'
import * as answers from './exchange-answers.ts'
import type { SpotKind } from './exchange-requests.ts'
import { checked } from './exchange-wire.ts'

/** @throws VenueError when it lacks what an order needs */
export function streamedOrder(kind: SpotKind, told: unknown): answers.UnifiedOrder {
  const order = checked(answers.order, told, 'streamed order')
  return { ...order, ...corrections[kind](order) }
}

type Corrections = Partial<answers.UnifiedOrder>

const corrections: Readonly<Record<SpotKind, (order: answers.UnifiedOrder) => Corrections>> = {
  coinbase: coinbaseCorrections,
  mexc: mexcCorrections,
  // The same words as its answers have.
  alpaca: () => ({}),
}

const amount = z
  .string()
  .optional()
  .transform((text) => (text === undefined || text === '' ? Decimal.zero : Decimal.from(text)))

const coinbaseInfo = z.looseObject({
  cumulative_quantity: amount,
  leaves_quantity: amount,
  avg_price: amount,
  filled_value: amount,
  stop_price: amount,
  order_type: z.string().optional(),
})

/** Field by field as in its document of the user channel. */
function coinbaseCorrections({ info }: answers.UnifiedOrder): Corrections {
  const told = checked(coinbaseInfo, info, 'user channel')
  const filled = told.cumulative_quantity
  return {
    amount: filled.plus(told.leaves_quantity),
    cost: told.filled_value.isZero() ? filled.times(told.avg_price) : told.filled_value,
    triggerPrice: told.stop_price.isPositive() ? told.stop_price : null,
    type: told.order_type?.toLowerCase() === 'market' ? 'market' : 'limit',
  }
}

const mexcInfo = z.looseObject({ cumulativeAmount: amount })

function mexcCorrections({ info, timeInForce }: answers.UnifiedOrder): Corrections {
  const { cumulativeAmount } = checked(mexcInfo, info, 'private orders')
  return { cost: cumulativeAmount, postOnly: timeInForce === 'PO' }
}
