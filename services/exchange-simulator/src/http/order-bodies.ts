import {
  CANCEL_RESTRICTIONS,
  refusals,
  type Cancellation,
  type CancelRestriction,
  type Order,
  type OrderType,
  type ParameterReader,
  type Refusal,
  type Submission,
} from '../core/index.ts'
import { ackReport, cancelledList, cancelReport, fullReport, resultReport } from './reports.ts'

/** What a placed order and a cancelled one are answered with. */
const RESPONSE_TYPES = ['ACK', 'RESULT', 'FULL'] as const
export type ResponseType = (typeof RESPONSE_TYPES)[number]

export function readResponseType(reader: ParameterReader, type: OrderType): ResponseType {
  const isFast = type === 'MARKET' || type === 'LIMIT'
  const wrong = refusals.invalidData('newOrderRespType')
  return reader.choice('newOrderRespType', RESPONSE_TYPES, wrong) ?? (isFast ? 'FULL' : 'ACK')
}

export function readRestriction(reader: ParameterReader): CancelRestriction | null {
  const wrong = refusals.cancelRestrictions()
  return reader.choice('cancelRestrictions', CANCEL_RESTRICTIONS, wrong)
}

/** Lists tell all that is known of their orders unless they are asked for less. */
export function readListResponseType(reader: ParameterReader): ResponseType {
  const wrong = refusals.invalidData('newOrderRespType')
  return reader.choice('newOrderRespType', RESPONSE_TYPES, wrong) ?? 'RESULT'
}

export function reportOf(order: Order, type: ResponseType): unknown {
  return placedBody({ kind: 'accepted', order, trades: order.trades, prevented: [] }, type)
}

export function placedBody(done: Exclude<Submission, Refusal>, type: ResponseType): unknown {
  const { order } = done
  if (type === 'ACK') return ackReport(order)
  return type === 'RESULT' ? resultReport(order) : fullReport(order, done)
}

export function cancelBody(
  cancellation: Exclude<Cancellation, Refusal>,
  cancelId: string,
): unknown {
  return cancellation.kind === 'order-cancelled'
    ? cancelReport(cancellation.order, cancelId)
    : cancelledList(cancellation.list, cancellation.orders, cancelId)
}
