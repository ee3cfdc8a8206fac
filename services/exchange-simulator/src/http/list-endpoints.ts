import {
  cancelList,
  isRefusal,
  OCO_PARAMETERS,
  OLD_OCO_PARAMETERS,
  ordersOf,
  ParameterReader,
  pendingListParameters,
  readOco,
  readOldOco,
  readPendingList,
  refusals,
  submitOco,
  submitPendingList,
  type Engine,
  type ListSubmission,
  type NewOco,
  type NewPendingList,
  type OrderList,
  type Refusal,
} from '../core/index.ts'
import { limitOf, reply, withFeed, type Call, type Endpoint, type Reply } from './endpoint.ts'
import { readListResponseType, reportOf } from './order-bodies.ts'
import { cancelledList, listReport, type Report } from './reports.ts'

const DAY_MS = 86_400_000

/** An order list is placed whole, or not at all. */
export const listEndpoints: readonly Endpoint[] = [
  {
    method: 'POST',
    path: '/api/v3/orderList/oco',
    weight: 1,
    security: 'signed',
    parameters: OCO_PARAMETERS,
    handle: (call) => placeOco(call, readOco(call.parameters, call.desk.names)),
  },
  {
    method: 'POST',
    path: '/api/v3/order/oco',
    weight: 1,
    security: 'signed',
    parameters: OLD_OCO_PARAMETERS,
    handle: (call) => placeOco(call, readOldOco(call.parameters, call.desk.names)),
  },
  pendingEndpoint('oto', 'OTO'),
  pendingEndpoint('otoco', 'OTOCO'),
  pendingEndpoint('opo', 'OPO'),
  pendingEndpoint('opoco', 'OPOCO'),
  {
    method: 'DELETE',
    path: '/api/v3/orderList',
    weight: 1,
    security: 'signed',
    parameters: ['symbol', 'orderListId', 'listClientOrderId', 'newClientOrderId'],
    handle: cancelOco,
  },
  {
    method: 'GET',
    path: '/api/v3/orderList',
    weight: 4,
    security: 'signed',
    parameters: ['orderListId', 'origClientOrderId'],
    handle: ({ desk, parameters }) => {
      const reader = new ParameterReader(parameters)
      const list = findList(desk.engine, reader, 'origClientOrderId')
      if (reader.refusal !== null) return reader.refusal
      return list === null ? refusals.noSuchList() : reply(briefReport(desk.engine, list))
    },
  },
  {
    method: 'GET',
    path: '/api/v3/openOrderList',
    weight: 6,
    security: 'signed',
    parameters: [],
    handle: ({ desk: { engine } }) =>
      reply(
        engine.lists
          .filter((list) => list.orderStatus === 'EXECUTING')
          .map((list) => briefReport(engine, list)),
      ),
  },
  {
    method: 'GET',
    path: '/api/v3/allOrderList',
    weight: 20,
    security: 'signed',
    parameters: ['fromId', 'startTime', 'endTime', 'limit'],
    handle: allLists,
  },
]

/** Lists in which one order waits for another. */
function pendingEndpoint(name: string, kind: NewPendingList['kind']): Endpoint {
  return {
    method: 'POST',
    path: `/api/v3/orderList/${name}`,
    weight: 1,
    security: 'signed',
    parameters: pendingListParameters(kind),
    handle: (call) => {
      const { desk, parameters } = call
      const request = readPendingList(kind, parameters, desk.names)
      return isRefusal(request)
        ? request
        : place(call, () => submitPendingList(desk.engine, request, desk.now()))
    },
  }
}

function placeOco(call: Call, request: NewOco | Refusal): Reply | Refusal {
  if (isRefusal(request)) return request
  const { desk } = call
  return place(call, () => submitOco(desk.engine, request, desk.now()))
}

function place({ parameters }: Call, submit: () => ListSubmission): Reply | Refusal {
  const reader = new ParameterReader(parameters)
  const responseType = readListResponseType(reader)
  if (reader.refusal !== null) return reader.refusal
  const submission = submit()
  if (isRefusal(submission)) return submission
  const { list, orders } = submission
  const orderReports = orders.map((order) => reportOf(order, responseType))
  return {
    kind: 'reply',
    body: { ...listReport(list, orders), orderReports },
    isFree: true,
    placed: orders.length,
  }
}

function cancelOco(call: Call): Reply | Refusal {
  return withFeed(call, ({ market }, reader) => {
    const { engine, names } = call.desk
    const cancelId = reader.clientId('newClientOrderId') ?? names.next()
    const list = findList(engine, reader, 'listClientOrderId')
    if (reader.refusal !== null) return reader.refusal
    if (list === null || list.symbol !== market.rules.symbol) return refusals.unknownList()
    const cancellation = cancelList(engine, list, { now: call.desk.now(), cancelId })
    if (isRefusal(cancellation)) {
      return cancellation.code === -2011 ? refusals.unknownList() : cancellation
    }
    const body = cancelledList(list, ordersOf(engine, list), cancelId)
    return { kind: 'reply', body, isFree: true }
  })
}

function findList(engine: Engine, reader: ParameterReader, idName: string): OrderList | null {
  const id = reader.integer('orderListId')
  const clientOrderId = reader.text(idName)
  if (id !== null) return engine.lists[id - 1] ?? null
  if (clientOrderId !== null) return engine.listsByClientId.get(clientOrderId) ?? null
  reader.refuse(refusals.mandatory('orderListId'))
  return null
}

/** Who asks later gets the names of the legs only. */
function briefReport(engine: Engine, list: OrderList): Report {
  return listReport(list, ordersOf(engine, list))
}

function allLists({ desk, parameters }: Call): Reply | Refusal {
  const reader = new ParameterReader(parameters)
  const fromId = reader.integer('fromId')
  const startTime = reader.moment('startTime')
  const endTime = reader.moment('endTime')
  const limit = limitOf(reader, 500, 1_000)
  if (fromId !== null && (startTime ?? endTime) !== null) return refusals.invalidCombination()
  if (startTime !== null && endTime !== null && endTime - startTime > DAY_MS) {
    return refusals.windowTooLong()
  }
  if (reader.refusal !== null) return reader.refusal
  const found = desk.engine.lists.filter(
    (list) =>
      list.id >= (fromId ?? 0) &&
      list.createdAt >= (startTime ?? 0) &&
      list.createdAt <= (endTime ?? Infinity),
  )
  const isForward = fromId !== null || startTime !== null
  const rows = isForward ? found.slice(0, limit) : found.slice(-limit)
  return reply(rows.map((list) => briefReport(desk.engine, list)))
}
