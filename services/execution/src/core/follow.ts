// What a fill means for the trade that it belongs to, and why a position is sold.
import { followTrade, takeFill, type ExitReason } from '@flotilla/journal'
import type { Fill } from '@flotilla/ledger'
import type { Decimal } from '@flotilla/money'
import type { Owner, Ticket } from './desk.ts'
import { toldOf } from './journal.ts'
import { heldOf, protectionOf, type Work } from './work.ts'

/** Before the fill is taken into the position: what it realises depends on what was held. */
export function followFill(work: Work, ticket: Ticket, fill: Fill): void {
  const { quantity, costBasis } = heldOf(work)
  const assets = work.market.rules
  const { profit } = takeFill({ quantity, cost: costBasis }, fill, assets)
  work.trade = followTrade(work.trade, toldOf(ticket, fill), { assets, profit })
  work.tradeTouched = true
}

/** A stop that is not where its entry wanted it has followed the price. */
export function stopReasonOf(work: Work, { intentId }: Owner, stop: Decimal): ExitReason {
  const entry = [...work.tickets.values()].find(
    ({ order }) => order.intentId === intentId && order.leg === 'entry',
  )
  const wanted = entry?.terms.stop ?? work.trade?.stop ?? stop
  return stop.greaterThan(wanted) ? 'trailing-stop' : 'stop-loss'
}

/** By the code that the position was given up with. */
const closingReasons: Readonly<Record<string, ExitReason>> = {
  stop_passed: 'stop-loss',
  stop_reached: 'stop-loss',
  stop_gapped: 'stop-loss',
  take_profit_passed: 'take-profit',
  take_profit_reached: 'take-profit',
  trailing_stop: 'trailing-stop',
  holding_time_over: 'holding-time',
  flatten_commanded: 'flattened',
}

/** Once an order to close has failed the position says why that was; the reason is that of the order. */
export function closingReasonOf(work: Work, { intentId }: Owner): ExitReason {
  const known = closingReasons[protectionOf(work).reason ?? '']
  if (known !== undefined) return known
  const before = [...work.tickets.values()].findLast(
    ({ order }) => order.intentId === intentId && order.leg === 'flatten',
  )
  return before?.terms.exitReason ?? 'unprotected'
}
