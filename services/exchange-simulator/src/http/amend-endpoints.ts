import {
  amendOrder,
  formatUnits,
  isRefusal,
  ordersOf,
  ParameterReader,
  refusals,
  type Amendment,
  type Order,
  type Refusal,
} from '../core/index.ts'
import { limitOf, reply, withFeed, type Call, type Endpoint, type Reply } from './endpoint.ts'
import { listReport, type Report } from './reports.ts'

/** A smaller quantity for an order that keeps its place, and what was amended before. */
export const amendEndpoints: readonly Endpoint[] = [
  {
    method: 'PUT',
    path: '/api/v3/order/amend/keepPriority',
    weight: 4,
    security: 'signed',
    parameters: ['symbol', 'orderId', 'origClientOrderId', 'newClientOrderId', 'newQty'],
    handle: amend,
  },
  {
    method: 'GET',
    path: '/api/v3/order/amendments',
    weight: 4,
    security: 'signed',
    parameters: ['symbol', 'orderId', 'fromExecutionId', 'limit'],
    handle: (call) =>
      withFeed(call, ({ market }, reader) => {
        reader.mandatoryText('orderId')
        const orderId = reader.integer('orderId')
        const fromId = reader.integer('fromExecutionId') ?? 0
        const limit = limitOf(reader, 500, 1_000)
        if (reader.refusal !== null) return reader.refusal
        const found = call.desk.engine.amendments.filter(
          (amendment) =>
            amendment.symbol === market.rules.symbol &&
            amendment.orderId === orderId &&
            amendment.executionId >= fromId,
        )
        return reply(found.slice(0, limit).map(amendmentReport))
      }),
  },
]

function amend({ desk, parameters }: Call): Reply | Refusal {
  const reader = new ParameterReader(parameters)
  const name = {
    symbol: reader.mandatoryText('symbol'),
    orderId: reader.integer('orderId'),
    clientOrderId: reader.text('origClientOrderId'),
  }
  if (name.orderId === null && name.clientOrderId === null) {
    reader.refuse(refusals.oneMandatory('origClientOrderId', 'orderId'))
  }
  const quantity = reader.mandatoryAmount('newQty')
  const clientOrderId = reader.clientId('newClientOrderId') ?? desk.names.next()
  if (reader.refusal !== null) return reader.refusal
  const { engine } = desk
  const amended = amendOrder(engine, { name, quantity, clientOrderId }, desk.now())
  if (isRefusal(amended)) return amended
  const { order, amendment, list } = amended
  return reply({
    transactTime: amendment.time,
    executionId: amendment.executionId,
    amendedOrder: amendedReport(order, amendment),
    ...(list === null ? {} : { listStatus: listStatus(listReport(list, ordersOf(engine, list))) }),
  })
}

/** This one answer spells some fields otherwise than all the others do. */
function amendedReport(order: Order, { oldClientOrderId }: Amendment): Report {
  return {
    symbol: order.symbol,
    orderId: order.id,
    orderListId: order.listId,
    origClientOrderId: oldClientOrderId,
    clientOrderId: order.clientOrderId,
    price: formatUnits(order.price),
    qty: formatUnits(order.quantity),
    executedQty: formatUnits(order.executed),
    preventedQty: formatUnits(order.prevented),
    quoteOrderQty: formatUnits(order.quoteQuantity),
    cumulativeQuoteQty: formatUnits(order.executedQuote),
    status: order.status,
    timeInForce: order.timeInForce,
    type: order.type,
    side: order.side,
    workingTime: order.workingAt,
    selfTradePreventionMode: order.selfTradeMode,
  }
}

function listStatus(report: Report): Report {
  const { listStatusType: _status, transactionTime: _time, ...rest } = report
  return rest
}

function amendmentReport(amendment: Amendment): Report {
  return {
    symbol: amendment.symbol,
    orderId: amendment.orderId,
    executionId: amendment.executionId,
    origClientOrderId: amendment.oldClientOrderId,
    newClientOrderId: amendment.newClientOrderId,
    origQty: formatUnits(amendment.oldQuantity),
    newQty: formatUnits(amendment.newQuantity),
    time: amendment.time,
  }
}
