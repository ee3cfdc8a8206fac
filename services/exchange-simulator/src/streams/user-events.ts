import {
  formatUnits,
  type Changes,
  type Engine,
  type Order,
  type OrderEvent,
  type OrderList,
  type Trade,
} from '../core/index.ts'
import { listReport, ordersOfList } from '../http/reports.ts'
import { notionalText } from './payloads.ts'

/** What the owner of the account is told, in the order: what became of orders, of lists, of money. */
export type UserEvent = {
  readonly symbol: string | null
  readonly clientOrderId: string | null
  readonly body: Readonly<Record<string, unknown>>
}

export type Moment = {
  readonly engine: Engine
  readonly now: number
  readonly nextId: () => number
}

export function userEvents(changes: Changes, moment: Moment): UserEvent[] {
  const { engine, now } = moment
  const reports = changes.events.map((event) => ({
    symbol: event.order.symbol,
    clientOrderId: event.order.clientOrderId,
    body: executionReport(event, moment),
  }))
  const lists = [...changes.lists].map((list) => ({
    symbol: list.symbol,
    clientOrderId: list.clientOrderId,
    body: listStatus(engine, list, now),
  }))
  if (changes.assets.size === 0) return [...reports, ...lists]
  const body = position(engine, [...changes.assets], now)
  return [...reports, ...lists, { symbol: null, clientOrderId: null, body }]
}

function executionReport(event: OrderEvent, { now, nextId }: Moment): UserEvent['body'] {
  const { order, trade, kind, cancelId } = event
  return {
    e: 'executionReport',
    E: now,
    s: order.symbol,
    c: cancelId ?? order.clientOrderId,
    S: order.side,
    o: order.type,
    f: order.timeInForce,
    q: formatUnits(order.quantity),
    p: formatUnits(order.price),
    P: formatUnits(order.stopPrice),
    F: formatUnits(0n),
    g: order.listId,
    C: cancelId === null ? '' : order.clientOrderId,
    x: kind,
    X: order.status,
    r: 'NONE',
    i: order.id,
    z: formatUnits(order.executed),
    T: order.updatedAt,
    I: nextId(),
    w: order.workingAt >= 0 && (kind === 'NEW' || order.status === 'PARTIALLY_FILLED'),
    M: false,
    O: order.createdAt,
    Z: formatUnits(order.executedQuote),
    Q: formatUnits(order.quoteQuantity),
    V: order.selfTradeMode,
    ...(trade === null ? noTrade : tradePart(trade)),
    ...sometimes(order),
  }
}

const zero = formatUnits(0n)
const noTrade = { l: zero, L: zero, n: zero, N: null, t: -1, m: false, Y: zero }

function tradePart(trade: Trade): UserEvent['body'] {
  return {
    l: formatUnits(trade.quantity),
    L: formatUnits(trade.price),
    n: formatUnits(trade.commission),
    N: trade.commissionAsset,
    t: trade.id,
    m: trade.isMaker,
    Y: notionalText(trade.price, trade.quantity),
  }
}

/** What is told only where there is something to tell. */
function sometimes(order: Order): UserEvent['body'] {
  return {
    ...(order.workingAt < 0 ? {} : { W: order.workingAt }),
    ...(order.strategyId === null ? {} : { j: order.strategyId }),
    ...(order.strategyType === null ? {} : { J: order.strategyType }),
    ...(order.expiryReason === null ? {} : { eR: order.expiryReason }),
  }
}

function listStatus(engine: Engine, list: OrderList, now: number): UserEvent['body'] {
  const report = listReport(list, ordersOfList(engine, list))
  const orders = report['orders'] as readonly {
    symbol: string
    orderId: number
    clientOrderId: string
  }[]
  return {
    e: 'listStatus',
    E: now,
    s: list.symbol,
    g: list.id,
    c: report['contingencyType'],
    l: list.statusType,
    L: list.orderStatus,
    r: 'NONE',
    C: list.clientOrderId,
    T: list.updatedAt,
    O: orders.map(({ symbol, orderId, clientOrderId }) => ({
      s: symbol,
      i: orderId,
      c: clientOrderId,
    })),
  }
}

function position(engine: Engine, assets: readonly string[], now: number): UserEvent['body'] {
  return {
    e: 'outboundAccountPosition',
    E: now,
    u: now,
    B: assets.map((asset) => {
      const holding = engine.holdings.get(asset)
      return {
        a: asset,
        f: formatUnits(holding?.free ?? 0n),
        l: formatUnits(holding?.locked ?? 0n),
      }
    }),
  }
}
