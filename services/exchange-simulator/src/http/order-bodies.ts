import {
  refusals,
  type Cancellation,
  type OrderType,
  type ParameterReader,
  type Refusal,
  type Submission,
} from '../core/index.ts'
import { cancelledList } from './list-endpoints.ts'
import { ackReport, cancelReport, fullReport, resultReport } from './reports.ts'

/** What a placed order and a cancelled one are answered with. */
const RESPONSE_TYPES = ['ACK', 'RESULT', 'FULL'] as const
export type ResponseType = (typeof RESPONSE_TYPES)[number]

export function readResponseType(reader: ParameterReader, type: OrderType): ResponseType {
  const isFast = type === 'MARKET' || type === 'LIMIT'
  const wrong = refusals.invalidData('newOrderRespType')
  return reader.choice('newOrderRespType', RESPONSE_TYPES, wrong) ?? (isFast ? 'FULL' : 'ACK')
}

export function placedBody(
  { order, trades }: Exclude<Submission, Refusal>,
  type: ResponseType,
): unknown {
  if (type === 'ACK') return ackReport(order)
  return type === 'RESULT' ? resultReport(order) : fullReport(order, trades)
}

export function cancelBody(
  cancellation: Exclude<Cancellation, Refusal>,
  cancelId: string,
): unknown {
  return cancellation.kind === 'order-cancelled'
    ? cancelReport(cancellation.order, cancelId)
    : cancelledList(cancellation.list, cancellation.orders, cancelId)
}
