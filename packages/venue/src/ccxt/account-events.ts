// The events of the account's stream as values of the port.
import { Decimal } from '@flotilla/money'
import { z } from 'zod'

import type { AccountEvent, VenueFill, VenueOrder } from '../port.ts'
import { orderStatusOf, orderTypeOf, timeInForceOf } from './wire-forms.ts'
import { decimal, id, time } from './wire-schemas.ts'

const executionReport = z.looseObject({
  e: z.literal('executionReport'),
  s: z.string(),
  /** The order's client id; in a report of a cancel the cancel's, and `C` is the order's. */
  c: z.string(),
  C: z.string(),
  S: z.enum(['BUY', 'SELL']),
  o: z.string(),
  f: z.string(),
  q: decimal,
  p: decimal,
  P: decimal,
  g: id,
  X: z.string(),
  r: z.string().optional(),
  eR: z.string().optional(),
  i: id,
  z: decimal,
  Z: decimal,
  T: time,
  /** The fill: trade id, price, quantity, quote quantity, commission; -1 and nothing when there is none. */
  t: id,
  L: decimal,
  l: decimal,
  Y: decimal,
  n: decimal.nullable(),
  N: z.string().nullable(),
})
type ExecutionReport = z.infer<typeof executionReport>

const position = z.looseObject({
  e: z.literal('outboundAccountPosition'),
  B: z.array(z.looseObject({ a: z.string(), f: decimal, l: decimal })),
})

const transfer = z.looseObject({
  e: z.enum(['balanceUpdate', 'externalLockUpdate']),
  a: z.string(),
  d: decimal,
  T: time,
})

/** Told of lists and of streams: their orders are told one by one. */
const silent: ReadonlySet<unknown> = new Set(['listStatus'])

/** Null for what says nothing about orders or money. Throws when an event cannot be read. */
export function accountEventFrom(
  event: Readonly<Record<string, unknown>>,
  symbolOf: (wire: string) => Promise<string>,
): Promise<AccountEvent | null> | AccountEvent | null {
  switch (event['e']) {
    case 'executionReport':
      return orderEvent(executionReport.parse(event), symbolOf)
    case 'outboundAccountPosition':
      return balancesEvent(position.parse(event))
    case 'balanceUpdate':
    case 'externalLockUpdate':
      return transferEvent(transfer.parse(event))
    default:
      if (silent.has(event['e'])) return null
      return { kind: 'gap', reason: `unknown event ${String(event['e'])}` }
  }
}

async function orderEvent(
  report: ExecutionReport,
  symbolOf: (wire: string) => Promise<string>,
): Promise<AccountEvent | null> {
  const type = orderTypeOf(report.o)
  // An order of a type that we do not trade with is somebody else's.
  if (type === null) return null
  const order: VenueOrder = {
    ...identityOf(report, await symbolOf(report.s)),
    type,
    timeInForce: timeInForceOf(report.f),
    status: orderStatusOf(report.X),
    quantity: report.q,
    limitPrice: report.p.isZero() ? null : report.p,
    stopPrice: report.P.isZero() ? null : report.P,
    filledQuantity: report.z,
    filledNotional: report.Z,
    fills: null,
    updatedAt: report.T,
    endReason: endReasonOf(report),
  }
  const fill = fillOf(report, order)
  return { kind: 'order', order: fill === null ? order : { ...order, fills: [fill] } }
}

function identityOf(report: ExecutionReport, symbol: string) {
  return {
    symbol,
    clientOrderId: report.C === '' ? report.c : report.C,
    venueOrderId: report.i,
    venueProtectionId: report.g === none ? null : report.g,
    side: report.S === 'BUY' ? ('buy' as const) : ('sell' as const),
  }
}

const none = '-1'

function endReasonOf({ r, eR }: ExecutionReport): string | null {
  if (eR !== undefined) return eR
  return r === undefined || r === 'NONE' ? null : r
}

function fillOf(report: ExecutionReport, order: VenueOrder): VenueFill | null {
  if (report.t === none || report.l.isZero()) return null
  const { symbol, venueOrderId, clientOrderId, side } = order
  return {
    symbol,
    tradeId: report.t,
    venueOrderId,
    clientOrderId,
    side,
    price: report.L,
    quantity: report.l,
    notional: report.Y,
    fee: report.n ?? Decimal.zero,
    // Without a fee it is of no matter in what.
    feeAsset: report.N ?? symbol.split('/')[side === 'buy' ? 0 : 1] ?? symbol,
    executedAt: report.T,
  }
}

function balancesEvent({ B }: z.infer<typeof position>): AccountEvent {
  const balances = B.map(({ a, f, l }) => ({ asset: a, free: f, locked: l, total: f.plus(l) }))
  return { kind: 'balances', balances }
}

function transferEvent({ a, d, T }: z.infer<typeof transfer>): AccountEvent {
  return { kind: 'transfer', asset: a, change: d, at: T }
}
