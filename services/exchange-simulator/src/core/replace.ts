import { openMarket, type NewOrder } from './checks.ts'
import { checkFilters } from './filters.ts'
import { tell } from './lifecycle.ts'
import { openedOrder } from './opened-order.ts'
import {
  cancelOrder,
  checkRestriction,
  submitOrder,
  type Cancellation,
  type CancelRestriction,
  type OrderName,
  type Submission,
} from './orders.ts'
import { isRefusal, type Refusal } from './refusal.ts'
import type { Engine } from './types.ts'

/** One order goes and another comes, in one step; each of the two can fail alone. */
export const REPLACE_MODES = ['STOP_ON_FAILURE', 'ALLOW_FAILURE'] as const

export type Replacement = {
  readonly mode: (typeof REPLACE_MODES)[number]
  readonly cancel: OrderName
  readonly request: NewOrder
  /** Only an order that has, or has not, been filled in part may go. */
  readonly restriction?: CancelRestriction | null
  /** The old order is to go even where no new one may come. */
  readonly isCancelOnly?: boolean
}

export type Replaced = {
  readonly kind: 'replaced'
  readonly cancellation: Cancellation
  /** Null when it was not attempted. */
  readonly submission: Submission | null
}

/** The new order's filters are looked at while the old one is still there. */
export function replaceOrder(
  engine: Engine,
  replacement: Replacement,
  now: number,
): Replaced | Refusal {
  const { mode, cancel, request, restriction = null } = replacement
  const market = openMarket(engine, request.symbol)
  if (isRefusal(market)) return market
  const filtered = checkFilters(engine, market, request)
  if (filtered !== null) return filtered
  if (engine.barred !== null && replacement.isCancelOnly !== true) return engine.barred
  const cancellation =
    checkRestriction(engine, cancel, restriction) ?? cancelOrder(engine, cancel, now)
  const isStopped = cancellation.kind === 'refused' && mode === 'STOP_ON_FAILURE'
  const submission = isStopped ? null : submitOrder(engine, request, now)
  const replaced: Replaced = { kind: 'replaced', cancellation, submission }
  const rejection = rejectionOf(replaced)
  if (rejection !== null) tellRejected(engine, { request, rejection, now })
  return replaced
}

/** Null unless the new order was refused after the old one had gone. */
function rejectionOf({ cancellation, submission }: Replaced): Refusal | null {
  return !isRefusal(cancellation) && isRefusal(submission) ? submission : null
}

type Rejected = {
  readonly request: NewOrder
  readonly rejection: Refusal
  readonly now: number
}

/**
 * The account hears that the new order was rejected after the old one had gone: the one case in which a
 * rejection is an event. The order never was, so it has no id.
 */
function tellRejected(engine: Engine, { request, rejection, now }: Rejected): void {
  engine.lastExecutionId += 1
  tell(engine, {
    kind: 'REJECTED',
    executionId: engine.lastExecutionId,
    order: {
      ...openedOrder(request, { symbol: request.symbol, id: -1, lockPrice: 0n, now }),
      status: 'REJECTED',
    },
    trade: null,
    prevention: null,
    replacedId: null,
    cancelId: null,
    rejection,
  })
}
