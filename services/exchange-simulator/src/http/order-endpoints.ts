import {
  cancelList,
  cancelOrder,
  checkOrder,
  checkRestriction,
  findOrder,
  isLive,
  isRefusal,
  ORDER_PARAMETERS,
  ParameterReader,
  readOrder,
  refusals,
  submitOrder,
  type Cancellation,
  type Order,
  type OrderName,
  type Parameters,
  type Refusal,
} from '../core/index.ts'
import { reply, withFeed, type Call, type Endpoint, type Reply } from './endpoint.ts'
import { limitOf } from './endpoint.ts'
import { cancelBody, placedBody, readResponseType, readRestriction } from './order-bodies.ts'
import { replaceEndpoint } from './replace-endpoint.ts'
import { orderReport } from './reports.ts'
import { orderCommission } from './commission.ts'

const DAY_MS = 86_400_000
const NAME_PARAMETERS = ['symbol', 'orderId', 'origClientOrderId'] as const

/** One order at a time. */
export const orderEndpoints: readonly Endpoint[] = [
  {
    method: 'POST',
    path: '/api/v3/order',
    weight: 1,
    security: 'signed',
    parameters: ORDER_PARAMETERS,
    handle: placeOrder,
  },
  {
    method: 'POST',
    path: '/api/v3/order/test',
    weight: (parameters) => (parameters.has('computeCommissionRates') ? 20 : 1),
    security: 'signed',
    parameters: [...ORDER_PARAMETERS, 'computeCommissionRates'],
    handle: ({ desk, parameters }) => {
      const order = readOrder(parameters, desk.names)
      if (isRefusal(order)) return order
      const refusal = checkOrder(desk.engine, order)
      const isAsked = parameters.get('computeCommissionRates') === 'true'
      return refusal ?? reply(isAsked ? orderCommission(desk.engine) : {})
    },
  },
  replaceEndpoint,
  {
    method: 'GET',
    path: '/api/v3/order',
    weight: 4,
    security: 'signed',
    parameters: NAME_PARAMETERS,
    handle: ({ desk, parameters }) => {
      const name = readName(parameters)
      if (isRefusal(name)) return name
      const order = findOrder(desk.engine, name)
      if (isRefusal(order)) return order
      return isArchived(order, desk.now()) ? refusals.archived() : reply(orderReport(order))
    },
  },
  {
    method: 'DELETE',
    path: '/api/v3/order',
    weight: 1,
    security: 'signed',
    parameters: [...NAME_PARAMETERS, 'newClientOrderId', 'cancelRestrictions'],
    handle: cancelOne,
  },
  {
    method: 'GET',
    path: '/api/v3/openOrders',
    weight: (parameters) => (parameters.has('symbol') ? 6 : 80),
    security: 'signed',
    parameters: ['symbol'],
    handle: (call) => {
      if (call.parameters.has('symbol')) {
        return withFeed(call, ({ market }) => reply([...market.live.values()].map(orderReport)))
      }
      const markets = [...call.desk.engine.markets.values()]
      return reply(markets.flatMap(({ live }) => [...live.values()].map(orderReport)))
    },
  },
  {
    method: 'DELETE',
    path: '/api/v3/openOrders',
    weight: 1,
    security: 'signed',
    parameters: ['symbol'],
    handle: cancelAll,
  },
  {
    method: 'GET',
    path: '/api/v3/allOrders',
    weight: 20,
    security: 'signed',
    parameters: ['symbol', 'orderId', 'startTime', 'endTime', 'limit'],
    handle: allOrders,
  },
]

function placeOrder({ desk, parameters }: Call): Reply | Refusal {
  const request = readOrder(parameters, desk.names)
  if (isRefusal(request)) return request
  const reader = new ParameterReader(parameters)
  const responseType = readResponseType(reader, request.type)
  if (reader.refusal !== null) return reader.refusal
  const submission = submitOrder(desk.engine, request, desk.now())
  if (isRefusal(submission)) return submission
  return {
    kind: 'reply',
    body: placedBody(submission, responseType),
    isFree: true,
    placed: 1,
  }
}

/** What ended long ago without a trade is not told of any more. */
function isArchived(order: Order, now: number): boolean {
  return !isLive(order) && order.executed === 0n && now - order.updatedAt > 90 * DAY_MS
}

function readName(parameters: Parameters): OrderName | Refusal {
  const reader = new ParameterReader(parameters)
  const name = {
    symbol: reader.mandatoryText('symbol'),
    orderId: reader.integer('orderId'),
    clientOrderId: reader.text('origClientOrderId'),
  }
  if (name.orderId === null && name.clientOrderId === null) {
    reader.refuse(refusals.mandatory('orderId'))
  }
  return reader.refusal ?? name
}

function cancelOne({ desk, parameters }: Call): Reply | Refusal {
  const name = readName(parameters)
  if (isRefusal(name)) return name
  const reader = new ParameterReader(parameters)
  const cancelId = reader.clientId('newClientOrderId') ?? desk.names.next()
  const restriction = readRestriction(reader)
  if (reader.refusal !== null) return reader.refusal
  const barred = checkRestriction(desk.engine, name, restriction)
  if (barred !== null) return barred
  return cancelReply(cancelOrder(desk.engine, { ...name, cancelId }, desk.now()), cancelId)
}

function cancelReply(cancellation: Cancellation, cancelId: string): Reply | Refusal {
  if (isRefusal(cancellation)) return cancellation
  return { kind: 'reply', body: cancelBody(cancellation, cancelId), isFree: true }
}

/** A list among them is one entry; nothing to cancel is an error. */
function cancelAll(call: Call): Reply | Refusal {
  return withFeed(call, ({ market }) => {
    const { engine, names } = call.desk
    const now = call.desk.now()
    const bodies: unknown[] = []
    let barred: Refusal | null = null
    for (const order of market.live.values()) {
      if (!isLive(order)) continue
      const list = engine.lists[order.listId - 1]
      const cancelId = names.next()
      const name = { symbol: order.symbol, orderId: order.id, clientOrderId: null, cancelId }
      const cancellation =
        list === undefined
          ? cancelOrder(engine, name, now)
          : cancelList(engine, list, { now, cancelId })
      if (isRefusal(cancellation)) barred = cancellation
      else bodies.push(cancelBody(cancellation, cancelId))
    }
    if (bodies.length === 0) return barred ?? refusals.unknownOrder()
    return { kind: 'reply', body: bodies, isFree: true }
  })
}

function allOrders(call: Call): Reply | Refusal {
  return withFeed(call, ({ market }, reader) => {
    const fromId = reader.integer('orderId')
    const startTime = reader.moment('startTime')
    const endTime = reader.moment('endTime')
    const limit = limitOf(reader, 500, 1_000)
    const isTooLong = startTime !== null && endTime !== null && endTime - startTime > DAY_MS
    if (isTooLong) reader.refuse(refusals.windowTooLong())
    if (reader.refusal !== null) return reader.refusal
    const within = (createdAt: number): boolean =>
      createdAt >= (startTime ?? 0) && createdAt <= (endTime ?? Infinity)
    const isForward = fromId !== null || startTime !== null
    const found = isForward
      ? market.orders.from(Math.max(1, fromId ?? 1), limit, within)
      : market.orders.latest(limit, within)
    return reply(found.map(orderReport))
  })
}
