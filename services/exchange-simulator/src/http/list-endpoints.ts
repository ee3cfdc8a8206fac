import {
  cancelList,
  isLive,
  isRefusal,
  OCO_PARAMETERS,
  OLD_OCO_PARAMETERS,
  ParameterReader,
  readOco,
  readOldOco,
  refusals,
  submitOco,
  type Engine,
  type NewOco,
  type Order,
  type OrderList,
  type Refusal,
} from '../core/index.ts'
import { limitOf, reply, withFeed, type Call, type Endpoint, type Reply } from './endpoint.ts'
import { cancelReport, listReport, ordersOfList, resultReport, type Report } from './reports.ts'

const DAY_MS = 86_400_000

/** Two orders of which one cancels the other. */
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

function placeOco({ desk }: Call, request: NewOco | Refusal): Reply | Refusal {
  if (isRefusal(request)) return request
  const submission = submitOco(desk.engine, request, desk.now())
  if (isRefusal(submission)) return submission
  const { list, orders } = submission
  return {
    kind: 'reply',
    body: { ...listReport(list, orders), orderReports: orders.map(resultReport) },
    isFree: true,
    unfilled: orders.filter(isLive).length,
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
    const body = cancelledList(list, ordersOfList(engine, list), cancelId)
    return { kind: 'reply', body, isFree: true }
  })
}

export function cancelledList(list: OrderList, orders: readonly Order[], cancelId: string): Report {
  return {
    ...listReport(list, orders),
    orderReports: orders.map((order) => cancelReport(order, cancelId)),
  }
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
  return listReport(list, ordersOfList(engine, list))
}

function allLists({ desk, parameters }: Call): Reply | Refusal {
  const reader = new ParameterReader(parameters)
  const fromId = reader.integer('fromId')
  const startTime = reader.integer('startTime')
  const endTime = reader.integer('endTime')
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
