// Between records and rows: column names, and what the driver gives back.
import { Decimal } from '@flotilla/money'
import { expandChecks } from './compact-checks.ts'
import type {
  Account,
  Balance,
  ClosedTrade,
  Decision,
  Fill,
  Json,
  Order,
  Position,
  Protection,
  Reservation,
  WrittenDecision,
} from './records.ts'
import { writeDecision } from './written-decision.ts'

/** A row as the driver gives it: numerics and big integers as text, JSON parsed, times as Date. */
export type Row = { readonly [column: string]: unknown }

export function accountRow(account: Account): Row {
  const { account: name, venue, mode, currency, openedAt } = account
  return { account: name, venue, mode, currency, opened_at: openedAt }
}

export function reservationRow(reservation: Reservation): Row {
  const { account, asset, amount, consumed, state } = reservation
  return {
    reservation_id: reservation.reservationId,
    account,
    intent_id: reservation.intentId,
    asset,
    amount,
    consumed,
    state,
    created_at: reservation.createdAt,
    ended_at: reservation.endedAt,
    end_reason: reservation.endReason,
  }
}

/** Its documents are text. */
export function decisionRow(decision: Decision | WrittenDecision): Row {
  const { account, symbol, side, verdict } = decision
  const { checks, reasons, sizing } = writeDecision(decision).written
  return {
    decision_id: decision.decisionId,
    intent_id: decision.intentId,
    account,
    symbol,
    side,
    verdict,
    checks,
    reasons,
    sizing,
    reservation_id: decision.reservationId,
    correlation_id: decision.correlationId,
    decided_at: decision.decidedAt,
  }
}

export function orderRow(order: Order): Row {
  const { account, venue, symbol, leg, attempt, side, type, quantity, price, state } = order
  return {
    client_order_id: order.clientOrderId,
    account,
    venue,
    symbol,
    intent_id: order.intentId,
    reservation_id: order.reservationId,
    leg,
    attempt,
    side,
    type,
    quantity,
    price,
    stop_price: order.stopPrice,
    time_in_force: order.timeInForce,
    state,
    venue_order_id: order.venueOrderId,
    list_id: order.listId,
    filled_quantity: order.filledQuantity,
    quote_filled: order.quoteFilled,
    created_at: order.createdAt,
    submitted_at: order.submittedAt,
    updated_at: order.updatedAt,
    version: order.version,
    reason: order.reason,
    correlation_id: order.correlationId,
    details: order.details,
  }
}

export function fillRow(fill: Fill): Row {
  const { account, venue, symbol, side, price, quantity, fee } = fill
  return {
    account,
    venue,
    symbol,
    trade_id: fill.tradeId,
    client_order_id: fill.clientOrderId,
    side,
    price,
    quantity,
    fee,
    fee_asset: fill.feeAsset,
    filled_at: fill.filledAt,
  }
}

export function positionRow(position: Position): Row {
  const { account, venue, symbol, quantity, protection, version } = position
  return {
    account,
    venue,
    symbol,
    quantity,
    cost_basis: position.costBasis,
    average_entry_price: position.averageEntryPrice,
    realised_profit: position.realisedProfit,
    protection,
    opened_at: position.openedAt,
    updated_at: position.updatedAt,
    version,
  }
}

export function tradeRow(trade: ClosedTrade): Row {
  const { account, venue, symbol, side, strategy, quantity, stop, fees, exits, remaining } = trade
  return {
    account,
    venue,
    symbol,
    opening_trade_id: trade.openingTradeId,
    side,
    strategy,
    intent_ids: trade.intentIds,
    correlation_id: trade.correlationId,
    opened_at: trade.openedAt,
    closed_at: trade.closedAt,
    quantity,
    average_entry_price: trade.averageEntryPrice,
    average_exit_price: trade.averageExitPrice,
    stop,
    fees,
    other_fees: trade.otherFees,
    gross_profit: trade.grossProfit,
    net_profit: trade.netProfit,
    r_multiple: trade.rMultiple,
    entry_slippage: trade.entrySlippage,
    entry_slippage_percent: trade.entrySlippagePercent,
    exit_slippage: trade.exitSlippage,
    exit_slippage_percent: trade.exitSlippagePercent,
    entry_slippage_decided: trade.entrySlippageDecided,
    entry_slippage_decided_percent: trade.entrySlippageDecidedPercent,
    exit_slippage_decided: trade.exitSlippageDecided,
    exit_slippage_decided_percent: trade.exitSlippageDecidedPercent,
    exit_reason: trade.exitReason,
    exits,
    remaining,
  }
}

// The columns below are what our own migrations made and our own commits filled, so that their
// types are taken for granted here and checked by the conformance suite.

export function toAccount(row: Row): Account {
  return {
    account: text(row, 'account'),
    venue: text(row, 'venue'),
    mode: row['mode'] as Account['mode'],
    currency: text(row, 'currency'),
    openedAt: time(row, 'opened_at'),
  }
}

export function toBalance(row: Row): Balance {
  return {
    account: text(row, 'account'),
    asset: text(row, 'asset'),
    total: decimal(row, 'total'),
    reserved: decimal(row, 'reserved'),
    version: Number(row['version']),
  }
}

export function toReservation(row: Row): Reservation {
  return {
    reservationId: text(row, 'reservation_id'),
    account: text(row, 'account'),
    intentId: text(row, 'intent_id'),
    asset: text(row, 'asset'),
    amount: decimal(row, 'amount'),
    consumed: decimal(row, 'consumed'),
    state: row['state'] as Reservation['state'],
    createdAt: time(row, 'created_at'),
    endedAt: timeOrNull(row, 'ended_at'),
    endReason: textOrNull(row, 'end_reason'),
  }
}

export function toDecision(row: Row): Decision {
  return {
    decisionId: text(row, 'decision_id'),
    intentId: text(row, 'intent_id'),
    account: text(row, 'account'),
    symbol: text(row, 'symbol'),
    side: row['side'] as Decision['side'],
    verdict: row['verdict'] as Decision['verdict'],
    checks: expandChecks(row['checks'] as Json),
    reasons: row['reasons'] as Decision['reasons'],
    sizing: row['sizing'] as Decision['sizing'],
    reservationId: textOrNull(row, 'reservation_id'),
    correlationId: text(row, 'correlation_id'),
    decidedAt: time(row, 'decided_at'),
  }
}

export function toOrder(row: Row): Order {
  return {
    clientOrderId: text(row, 'client_order_id'),
    account: text(row, 'account'),
    venue: text(row, 'venue'),
    symbol: text(row, 'symbol'),
    intentId: text(row, 'intent_id'),
    reservationId: textOrNull(row, 'reservation_id'),
    leg: row['leg'] as Order['leg'],
    attempt: Number(row['attempt']),
    side: row['side'] as Order['side'],
    type: row['type'] as Order['type'],
    quantity: decimal(row, 'quantity'),
    price: decimalOrNull(row, 'price'),
    stopPrice: decimalOrNull(row, 'stop_price'),
    timeInForce: row['time_in_force'] as Order['timeInForce'],
    state: row['state'] as Order['state'],
    venueOrderId: textOrNull(row, 'venue_order_id'),
    listId: textOrNull(row, 'list_id'),
    filledQuantity: decimal(row, 'filled_quantity'),
    quoteFilled: decimal(row, 'quote_filled'),
    createdAt: time(row, 'created_at'),
    submittedAt: timeOrNull(row, 'submitted_at'),
    updatedAt: time(row, 'updated_at'),
    version: Number(row['version']),
    reason: textOrNull(row, 'reason'),
    correlationId: text(row, 'correlation_id'),
    details: row['details'] as Order['details'],
  }
}

export function toFill(row: Row): Fill {
  return {
    account: text(row, 'account'),
    venue: text(row, 'venue'),
    symbol: text(row, 'symbol'),
    tradeId: text(row, 'trade_id'),
    clientOrderId: text(row, 'client_order_id'),
    side: row['side'] as Fill['side'],
    price: decimal(row, 'price'),
    quantity: decimal(row, 'quantity'),
    fee: decimal(row, 'fee'),
    feeAsset: text(row, 'fee_asset'),
    filledAt: time(row, 'filled_at'),
  }
}

export function toPosition(row: Row): Position {
  return {
    account: text(row, 'account'),
    venue: text(row, 'venue'),
    symbol: text(row, 'symbol'),
    quantity: decimal(row, 'quantity'),
    costBasis: decimal(row, 'cost_basis'),
    averageEntryPrice: decimalOrNull(row, 'average_entry_price'),
    realisedProfit: decimal(row, 'realised_profit'),
    protection: toProtection(row['protection'] as StoredProtection | null),
    openedAt: timeOrNull(row, 'opened_at'),
    updatedAt: time(row, 'updated_at'),
    version: Number(row['version']),
  }
}

export function toTrade(row: Row): ClosedTrade {
  return {
    account: text(row, 'account'),
    venue: text(row, 'venue'),
    symbol: text(row, 'symbol'),
    openingTradeId: text(row, 'opening_trade_id'),
    side: row['side'] as ClosedTrade['side'],
    strategy: textOrNull(row, 'strategy'),
    intentIds: row['intent_ids'] as ClosedTrade['intentIds'],
    correlationId: text(row, 'correlation_id'),
    openedAt: time(row, 'opened_at'),
    closedAt: time(row, 'closed_at'),
    quantity: decimal(row, 'quantity'),
    averageEntryPrice: decimalOrNull(row, 'average_entry_price'),
    averageExitPrice: decimal(row, 'average_exit_price'),
    stop: decimalOrNull(row, 'stop'),
    fees: decimal(row, 'fees'),
    otherFees: row['other_fees'] as ClosedTrade['otherFees'],
    grossProfit: decimal(row, 'gross_profit'),
    netProfit: decimal(row, 'net_profit'),
    rMultiple: row['r_multiple'] as number | null,
    entrySlippage: decimalOrNull(row, 'entry_slippage'),
    entrySlippagePercent: row['entry_slippage_percent'] as number | null,
    exitSlippage: decimalOrNull(row, 'exit_slippage'),
    exitSlippagePercent: row['exit_slippage_percent'] as number | null,
    entrySlippageDecided: decimalOrNull(row, 'entry_slippage_decided'),
    entrySlippageDecidedPercent: row['entry_slippage_decided_percent'] as number | null,
    exitSlippageDecided: decimalOrNull(row, 'exit_slippage_decided'),
    exitSlippageDecidedPercent: row['exit_slippage_decided_percent'] as number | null,
    exitReason: text(row, 'exit_reason'),
    exits: row['exits'] as ClosedTrade['exits'],
    remaining: decimal(row, 'remaining'),
  }
}

/** As JSON has it: the decimals are texts. */
type StoredProtection = Omit<Protection, 'stop' | 'takeProfit' | 'quantity'> & {
  readonly stop: string | null
  readonly takeProfit: string | null
  readonly quantity: string
}

function toProtection(stored: StoredProtection | null): Protection | null {
  if (stored === null) return null
  return {
    ...stored,
    stop: stored.stop === null ? null : Decimal.from(stored.stop),
    takeProfit: stored.takeProfit === null ? null : Decimal.from(stored.takeProfit),
    quantity: Decimal.from(stored.quantity),
  }
}

function text(row: Row, column: string): string {
  return row[column] as string
}

function textOrNull(row: Row, column: string): string | null {
  return row[column] as string | null
}

function decimal(row: Row, column: string): Decimal {
  return Decimal.from(row[column] as string)
}

function decimalOrNull(row: Row, column: string): Decimal | null {
  return row[column] === null ? null : decimal(row, column)
}

function time(row: Row, column: string): number {
  return (row[column] as Date).getTime()
}

function timeOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : time(row, column)
}
