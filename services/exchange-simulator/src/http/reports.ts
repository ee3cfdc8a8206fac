import {
  formatUnits,
  isStop,
  type Engine,
  type Order,
  type OrderList,
  type Trade,
} from '../core/index.ts'

/** Orders, lists and trades in the exchange's words and field order. */
export type Report = Readonly<Record<string, unknown>>

/** What an order looks like to whoever asks about it. */
export function orderReport(order: Order): Report {
  return {
    symbol: order.symbol,
    orderId: order.id,
    orderListId: order.listId,
    clientOrderId: order.clientOrderId,
    ...amounts(order),
    stopPrice: formatUnits(order.stopPrice),
    icebergQty: formatUnits(0n),
    time: order.createdAt,
    updateTime: order.updatedAt,
    isWorking: order.workingAt >= 0,
    ...tail(order),
  }
}

/** The answer to a new order. */
export function ackReport(order: Order): Report {
  return {
    symbol: order.symbol,
    orderId: order.id,
    orderListId: order.listId,
    clientOrderId: order.clientOrderId,
    transactTime: order.updatedAt,
  }
}

export function resultReport(order: Order): Report {
  return {
    ...ackReport(order),
    ...amounts(order),
    ...(isStop(order.type) ? { stopPrice: formatUnits(order.stopPrice) } : {}),
    ...tail(order),
  }
}

export function fullReport(order: Order, trades: readonly Trade[]): Report {
  return {
    ...resultReport(order),
    fills: trades.map((trade) => ({
      price: formatUnits(trade.price),
      qty: formatUnits(trade.quantity),
      commission: formatUnits(trade.commission),
      commissionAsset: trade.commissionAsset,
      tradeId: trade.id,
    })),
  }
}

/** The answer to a cancel, which has a client id of its own. */
export function cancelReport(order: Order, cancelId: string): Report {
  return {
    ...resultReport(order),
    origClientOrderId: order.clientOrderId,
    clientOrderId: cancelId,
  }
}

/** What both legs of a list have in common. */
export function listReport(list: OrderList, orders: readonly Order[]): Report {
  return {
    orderListId: list.id,
    contingencyType: 'OCO',
    listStatusType: list.statusType,
    listOrderStatus: list.orderStatus,
    listClientOrderId: list.clientOrderId,
    transactionTime: list.updatedAt,
    symbol: list.symbol,
    orders: orders.map((order) => ({
      symbol: order.symbol,
      orderId: order.id,
      clientOrderId: order.clientOrderId,
    })),
  }
}

export function ordersOfList(engine: Engine, list: OrderList): Order[] {
  const market = engine.markets.get(list.symbol)
  return list.orderIds.flatMap((id) => market?.orders[id - 1] ?? [])
}

export function tradeReport(trade: Trade): Report {
  return {
    symbol: trade.symbol,
    id: trade.id,
    orderId: trade.orderId,
    orderListId: trade.listId,
    price: formatUnits(trade.price),
    qty: formatUnits(trade.quantity),
    quoteQty: formatUnits(trade.quote),
    commission: formatUnits(trade.commission),
    commissionAsset: trade.commissionAsset,
    time: trade.time,
    isBuyer: trade.isBuyer,
    isMaker: trade.isMaker,
    isBestMatch: true,
  }
}

function amounts(order: Order): Report {
  return {
    price: formatUnits(order.price),
    origQty: formatUnits(order.quantity),
    executedQty: formatUnits(order.executed),
    origQuoteOrderQty: formatUnits(order.quoteQuantity),
    cummulativeQuoteQty: formatUnits(order.executedQuote),
    status: order.status,
    timeInForce: order.timeInForce,
    type: order.type,
    side: order.side,
  }
}

function tail(order: Order): Report {
  return {
    workingTime: order.workingAt,
    selfTradePreventionMode: order.selfTradeMode,
    ...(order.strategyId === null ? {} : { strategyId: order.strategyId }),
    ...(order.strategyType === null ? {} : { strategyType: order.strategyType }),
    ...(order.expiryReason === null ? {} : { expiryReason: order.expiryReason }),
  }
}
