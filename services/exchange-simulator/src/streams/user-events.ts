import {
  formatUnits,
  isLive,
  ordersOf,
  refusals,
  type Changes,
  type Engine,
  type FundsEvent,
  type ListEvent,
  type Order,
  type OrderEvent,
  type Prevention,
  type Trade,
} from '../core/index.ts'
import { listReport, NO_TRADE_GROUP } from '../http/reports.ts'
import { notionalText } from './payloads.ts'

/** What the owner of the account is told, in the order: what became of orders, of lists, of money. */
export type UserEvent = {
  readonly symbol: string | null
  readonly clientOrderId: string | null
  readonly body: Readonly<Record<string, unknown>>
}

export type Moment = { readonly engine: Engine; readonly now: number }

export function userEvents(changes: Changes, moment: Moment): UserEvent[] {
  const { engine, now } = moment
  const told = changes.events.map((event): UserEvent => {
    if ('delta' in event) {
      return { symbol: null, clientOrderId: null, body: fundsUpdate(event, now) }
    }
    const { symbol, clientOrderId } = event.kind === 'LIST' ? event.list : event.order
    const body =
      event.kind === 'LIST' ? listStatus(engine, event, now) : executionReport(event, now)
    return { symbol, clientOrderId, body }
  })
  if (changes.assets.size === 0) return told
  const body = position(engine, [...changes.assets], now)
  return [...told, { symbol: null, clientOrderId: null, body }]
}

/** In the order of the exchange's sample; what is told now and then comes behind it. */
function executionReport(event: OrderEvent, now: number): UserEvent['body'] {
  const { order, prevention, kind, cancelId } = event
  const last = event.trade === null ? noTrade : lastTrade(event.trade)
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
    F: formatUnits(order.icebergQuantity),
    g: order.listId,
    C: originalId(event),
    x: kind,
    X: order.status,
    r: rejectReason(event),
    i: order.id,
    l: last.l,
    z: formatUnits(order.executed),
    L: last.L,
    n: last.n,
    N: last.N,
    T: order.updatedAt,
    t: last.t,
    I: event.executionId,
    w: isInBook(event),
    m: last.m,
    M: false,
    O: order.createdAt,
    Z: formatUnits(order.executedQuote),
    Y: last.Y,
    Q: formatUnits(order.quoteQuantity),
    ...(order.workingAt < 0 ? {} : { W: order.workingAt }),
    V: order.selfTradeMode,
    ...sometimes(order),
    ...(prevention === null ? {} : preventionPart(prevention)),
  }
}

const zero = formatUnits(0n)
const noTrade = { l: zero, L: zero, n: '0', N: null, t: -1, m: false, Y: zero }

function lastTrade(trade: Trade): Readonly<Record<keyof typeof noTrade, unknown>> {
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

/** By the venue's words for the four refusals that it names; other refusals have no word. */
const rejectReasons: Readonly<Record<string, string>> = {
  [refusals.insufficientBalance().message]: 'INSUFFICIENT_BALANCES',
  [refusals.wouldTrigger().message]: 'STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY',
  [refusals.wouldTake().message]: 'WOULD_MATCH_IMMEDIATELY',
  [refusals.priceRelation().message]: 'OCO_BAD_PRICES',
}

function rejectReason({ rejection }: OrderEvent): string {
  return (rejection === undefined ? undefined : rejectReasons[rejection.message]) ?? 'NONE'
}

/** What the order was called before, when this event names it otherwise. */
function originalId({ order, cancelId, replacedId }: OrderEvent): string {
  return replacedId ?? (cancelId === null ? '' : order.clientOrderId)
}

function isInBook({ order, kind }: OrderEvent): boolean {
  if (order.workingAt < 0 || !isLive(order)) return false
  return (
    kind === 'NEW' ||
    kind === 'REPLACED' ||
    order.status === 'PARTIALLY_FILLED' ||
    kind === 'TRADE_PREVENTION'
  )
}

function preventionPart({ match, counterOrderId, quantity }: Prevention): UserEvent['body'] {
  return {
    B: formatUnits(quantity),
    u: NO_TRADE_GROUP,
    U: counterOrderId,
    Cs: match.symbol,
    pl: formatUnits(quantity),
    pL: formatUnits(match.price),
    pY: notionalText(match.price, quantity),
  }
}

/** What is told only where there is something to tell. */
function sometimes(order: Order): UserEvent['body'] {
  return {
    ...(order.trailingDelta === 0 ? {} : { d: order.trailingDelta, D: order.trailingAt }),
    ...(order.preventedMatchId === null
      ? {}
      : { v: order.preventedMatchId, A: formatUnits(order.prevented) }),
    ...(order.strategyId === null ? {} : { j: order.strategyId }),
    ...(order.strategyType === null ? {} : { J: order.strategyType }),
    ...(order.expiryReason === null ? {} : { eR: order.expiryReason }),
  }
}

function listStatus(
  engine: Engine,
  { list, statusType }: ListEvent,
  now: number,
): UserEvent['body'] {
  const report = listReport(list, ordersOf(engine, list))
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
    l: statusType,
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

function fundsUpdate({ kind, asset, delta, time }: FundsEvent, now: number): UserEvent['body'] {
  const e = kind === 'TRANSFER' ? 'balanceUpdate' : 'externalLockUpdate'
  return { e, E: now, a: asset, d: formatUnits(delta), T: time }
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
