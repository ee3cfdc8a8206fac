import {
  formatUnits,
  isStop,
  type Order,
  type OrderList,
  type PreventedMatch,
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
    icebergQty: formatUnits(order.icebergQuantity),
    time: order.createdAt,
    updateTime: order.updatedAt,
    isWorking: order.workingAt >= 0,
    ...tail(order),
  }
}

/** One account alone belongs to no group that shares its self-trade rules. */
export const NO_TRADE_GROUP = -1

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
    ...(order.icebergQuantity > 0n ? { icebergQty: formatUnits(order.icebergQuantity) } : {}),
    ...tail(order),
  }
}

export function fullReport(
  order: Order,
  done: { readonly trades: readonly Trade[]; readonly prevented: readonly PreventedMatch[] },
): Report {
  return {
    ...resultReport(order),
    fills: done.trades.map((trade) => ({
      price: formatUnits(trade.price),
      qty: formatUnits(trade.quantity),
      commission: formatUnits(trade.commission),
      commissionAsset: trade.commissionAsset,
      tradeId: trade.id,
    })),
    ...(done.prevented.length === 0
      ? {}
      : { preventedMatches: done.prevented.map(preventedBrief) }),
  }
}

function preventedBrief(match: PreventedMatch): Report {
  return {
    preventedMatchId: match.id,
    makerSymbol: match.symbol,
    makerOrderId: match.makerOrderId,
    price: formatUnits(match.price),
    ...preventedAmounts(match),
  }
}

function preventedAmounts({ takerPrevented, makerPrevented }: PreventedMatch): Report {
  return {
    ...(takerPrevented === null ? {} : { takerPreventedQuantity: formatUnits(takerPrevented) }),
    ...(makerPrevented === null ? {} : { makerPreventedQuantity: formatUnits(makerPrevented) }),
  }
}

/** A trade of the account with itself that did not take place. */
export function preventedReport(match: PreventedMatch): Report {
  return {
    symbol: match.symbol,
    preventedMatchId: match.id,
    takerOrderId: match.takerOrderId,
    makerSymbol: match.symbol,
    makerOrderId: match.makerOrderId,
    tradeGroupId: NO_TRADE_GROUP,
    selfTradePreventionMode: match.mode,
    price: formatUnits(match.price),
    ...preventedAmounts(match),
    transactTime: match.time,
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
    contingencyType: list.kind === 'OCO' ? 'OCO' : 'OTO',
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

export function cancelledList(list: OrderList, orders: readonly Order[], cancelId: string): Report {
  return {
    ...listReport(list, orders),
    orderReports: orders.map((order) => cancelReport(order, cancelId)),
  }
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
    ...(order.trailingDelta === 0
      ? {}
      : { trailingDelta: order.trailingDelta, trailingTime: order.trailingAt }),
    ...(order.preventedMatchId === null
      ? {}
      : {
          preventedMatchId: order.preventedMatchId,
          preventedQuantity: formatUnits(order.prevented),
        }),
    ...(order.expiryReason === null ? {} : { expiryReason: order.expiryReason }),
  }
}
