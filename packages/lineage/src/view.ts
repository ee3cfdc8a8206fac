// The same answer as JSON, for programs: amounts as decimal strings, times as ISO 8601 in market time. The shape is
// described in docs/operating/why.md, whose example is compared with what leaves here.
import { instant } from '@flotilla/contracts'
import type { Decision, Order, Position, Reservation } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { ownStopOf, type EntryStop } from './entry-stops.ts'
import type { KeptStop } from './kept-stop.ts'
import {
  symbolOf,
  type Answer,
  type Lineage,
  type MarketStory,
  type OrderStory,
} from './lineage.ts'

export function viewOf(answer: Answer): object {
  if (answer.kind === 'market') return { kind: answer.kind, ...marketView(answer.story) }
  const { kind, lineages, order } = answer
  return { kind, askedOrder: order?.clientOrderId ?? null, lineages: lineages.map(lineageView) }
}

function marketView({ symbol, positions, entriesStopped, decisions, newest }: MarketStory) {
  return {
    symbol,
    positions: positions.map(positionView),
    entriesStopped: entriesStopped.map(stopView),
    decisions: decisions.map(decisionView),
    newest: newest === null ? null : lineageView(newest),
  }
}

function lineageView(lineage: Lineage) {
  const { intentId, account, correlationId, candle, proposed, decision, reservation } = lineage
  return {
    intentId,
    account,
    symbol: symbolOf(lineage),
    correlationId,
    candle: candle === null ? null : { ...candle, openTime: instant(candle.openTime) },
    proposed: proposed === null ? null : { at: proposed.occurredAt, ...proposed.payload },
    decision: decision === null ? null : decisionView(decision),
    reservation: reservation === null ? null : reservationView(reservation),
    waitsFor: lineage.waitsFor.map(stopView),
    orders: lineage.orders.map(orderView),
    position: lineage.position === null ? null : positionView(lineage.position),
    trades: lineage.trades.map((trade) => plain(trade)),
    messages: lineage.messages,
  }
}

function decisionView({ decisionId, ...decision }: Decision) {
  const { verdict, reasons, checks, sizing, reservationId, decidedAt } = decision
  const { intentId, account, symbol, side } = decision
  const at = instant(decidedAt)
  const about = { decisionId, intentId, account, symbol, side }
  return { ...about, verdict, reasons, checks, sizing, reservationId, decidedAt: at }
}

function reservationView(reservation: Reservation) {
  const { amount, consumed } = reservation
  return plain({ ...reservation, remaining: amount.minus(consumed) })
}

function orderView({ order, fills, stoppedBy }: OrderStory) {
  return {
    ...plain(shownOf(order)),
    fills: fills.map(({ tradeId, price, quantity, fee, feeAsset, filledAt }) =>
      plain({ tradeId, price, quantity, fee, feeAsset, filledAt }),
    ),
    stoppedBy: stoppedBy.map(recordedStopView),
  }
}

/** Without what execution remembers for itself. */
function shownOf({ details: _details, version: _version, ...order }: Order) {
  return order
}

function positionView({ version: _version, protection, ...position }: Position) {
  return { ...plain(position), protection: protection === null ? null : plain(protection) }
}

function stopView({ account, cause, reason, since, end }: EntryStop) {
  return { account, cause, reason, since: since === null ? null : instant(since), end }
}

function recordedStopView(stop: KeptStop) {
  const { cause, reason, since, end } = ownStopOf(stop)
  return { cause, reason, since: instant(since), end }
}

/** Decimals as text, and what is named as a moment as one. */
function plain(record: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]: [string, unknown]) => {
      if (value instanceof Decimal) return [name, value.toString()]
      const isMoment = name === 'since' || name.endsWith('At')
      return [name, isMoment && typeof value === 'number' ? instant(value) : value]
    }),
  )
}
