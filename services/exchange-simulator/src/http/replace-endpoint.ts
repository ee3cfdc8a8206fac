import {
  isRefusal,
  ORDER_PARAMETERS,
  ParameterReader,
  readOrder,
  refusals,
  REPLACE_MODES,
  replaceOrder,
  type Refusal,
  type Replaced,
  type Replacement,
} from '../core/index.ts'
import type { Call, Endpoint, Reply } from './endpoint.ts'
import { cancelBody, placedBody, readResponseType, readRestriction } from './order-bodies.ts'

const CANCEL_PARAMETERS = [
  'cancelReplaceMode',
  'cancelOrderId',
  'cancelOrigClientOrderId',
  'cancelNewClientOrderId',
  'cancelRestrictions',
  'orderRateLimitExceededMode',
] as const

export const replaceEndpoint: Endpoint = {
  method: 'POST',
  path: '/api/v3/order/cancelReplace',
  weight: 1,
  security: 'signed',
  parameters: [...ORDER_PARAMETERS, ...CANCEL_PARAMETERS],
  handle: (call) => {
    const replacement = readReplacement(call)
    if (isRefusal(replacement)) return replacement
    const { desk, parameters } = call
    const reader = new ParameterReader(parameters)
    const responseType = readResponseType(reader, replacement.request.type)
    if (reader.refusal !== null) return reader.refusal
    const replaced = replaceOrder(desk.engine, replacement, desk.now())
    if (isRefusal(replaced)) return replaced
    return replyOf(replaced, {
      cancelled: (done) => cancelBody(done, replacement.cancel.cancelId ?? ''),
      placed: (done) => placedBody(done, responseType),
    })
  },
}

function readReplacement({ desk, parameters }: Call): Replacement | Refusal {
  const request = readOrder(parameters, desk.names)
  if (isRefusal(request)) return request
  const reader = new ParameterReader(parameters)
  reader.mandatoryText('cancelReplaceMode')
  const wrongMode = refusals.invalidData('cancelReplaceMode')
  const mode = reader.choice('cancelReplaceMode', REPLACE_MODES, wrongMode) ?? 'STOP_ON_FAILURE'
  const cancel = {
    symbol: request.symbol,
    orderId: reader.integer('cancelOrderId'),
    clientOrderId: reader.text('cancelOrigClientOrderId'),
    cancelId: reader.clientId('cancelNewClientOrderId') ?? desk.names.next(),
  }
  if (cancel.orderId === null && cancel.clientOrderId === null) {
    reader.refuse(refusals.mandatory('cancelOrderId'))
  }
  const restriction = readRestriction(reader)
  const wrongLimitMode = refusals.invalidData('orderRateLimitExceededMode')
  const limitModes = ['DO_NOTHING', 'CANCEL_ONLY'] as const
  const limitMode = reader.choice('orderRateLimitExceededMode', limitModes, wrongLimitMode)
  const isCancelOnly = limitMode === 'CANCEL_ONLY'
  return reader.refusal ?? { mode, cancel, request, restriction, isCancelOnly }
}

type Bodies = {
  readonly cancelled: (done: Exclude<Replaced['cancellation'], Refusal>) => unknown
  readonly placed: (done: Exclude<Replaced['submission'], Refusal | null>) => unknown
}

/** Half a success is an error that tells both halves. */
function replyOf({ cancellation, submission }: Replaced, bodies: Bodies): Reply {
  const [cancelResult, cancelResponse] = halfOf(cancellation, bodies.cancelled)
  const [newOrderResult, newOrderResponse] = halfOf(submission, bodies.placed)
  const data = { cancelResult, newOrderResult, cancelResponse, newOrderResponse }
  const results = [cancelResult, newOrderResult]
  const placed = submission === null || isRefusal(submission) ? 0 : 1
  if (results.every((result) => result === 'SUCCESS')) {
    return { kind: 'reply', body: data, isFree: true, placed }
  }
  return results.includes('SUCCESS')
    ? failure(409, { code: -2021, msg: 'Order cancel-replace partially failed.', data }, placed)
    : failure(400, { code: -2022, msg: 'Order cancel-replace failed.', data }, placed)
}

function failure(status: 400 | 409, body: unknown, placed: number): Reply {
  return { kind: 'reply', status, body, placed }
}

function halfOf<Done extends object>(
  outcome: Done | Refusal | null,
  render: (done: Exclude<Done, Refusal>) => unknown,
): [result: 'SUCCESS' | 'FAILURE' | 'NOT_ATTEMPTED', response: unknown] {
  if (outcome === null) return ['NOT_ATTEMPTED', null]
  if (isRefusal(outcome)) return ['FAILURE', { code: outcome.code, msg: outcome.message }]
  return ['SUCCESS', render(outcome as Exclude<Done, Refusal>)]
}
