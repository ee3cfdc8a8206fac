import { instant } from '@flotilla/contracts'
import type { ClosedTrade } from '@flotilla/ledger'
import type { Decimal } from '@flotilla/money'
import { table, type Paint } from '../terminal.ts'
import type { TradeSummary } from './trade-summary.ts'
import type { HeldTrade } from './trades-command.ts'

type Told = {
  readonly closed: readonly ClosedTrade[]
  readonly open: readonly HeldTrade[]
  readonly summaries: readonly TradeSummary[]
}

/** For the terminal; amounts are cut to eight digits here, and whole as CSV and JSON. */
export function tradesText({ closed, open, summaries }: Told, paint: Paint): string {
  return [
    ...(closed.length === 0 ? ['no such trade was closed'] : closedLines(closed)),
    ...(open.length === 0 ? [] : ['', paint('cyan', 'held now'), ...openLines(open)]),
    ...(summaries.length === 0 ? [] : ['']),
    ...summaries.map((summary) => paint('bold', summaryLine(summary))),
  ].join('\n')
}

const SLIPPAGE = ['entry slip %', 'decided %', 'exit slip %', 'decided %']
const HEADING = ['quantity', 'entry', 'exit', 'net', 'fees', 'R', ...SLIPPAGE]

function closedLines(trades: readonly ClosedTrade[]): string[] {
  const rows = trades.map((trade) => [
    instant(trade.closedAt),
    trade.account,
    trade.symbol,
    trade.strategy ?? '-',
    trade.exitReason,
    short(trade.quantity),
    short(trade.averageEntryPrice),
    short(trade.averageExitPrice),
    short(trade.netProfit),
    short(trade.fees),
    ratio(trade.rMultiple, 2),
    ratio(trade.entrySlippagePercent, 4),
    ratio(trade.entrySlippageDecidedPercent, 4),
    ratio(trade.exitSlippagePercent, 4),
    ratio(trade.exitSlippageDecidedPercent, 4),
  ])
  return table([['closed at', 'account', 'symbol', 'strategy', 'exit by', ...HEADING], ...rows], 5)
}

function openLines(open: readonly HeldTrade[]): string[] {
  const rows = open.map(({ position, trade, figures, lastPrice, unrealisedProfit }) => [
    trade === null ? '-' : instant(trade.openedAt),
    position.account,
    position.symbol,
    trade?.strategy ?? '-',
    short(position.quantity),
    short(figures?.averageEntryPrice ?? position.averageEntryPrice),
    short(lastPrice),
    short(unrealisedProfit),
    short(trade?.netProfit ?? null),
    short(trade?.fees ?? null),
  ])
  const figures = ['quantity', 'entry', 'last price', 'unrealised', 'realised', 'fees']
  return table([['opened at', 'account', 'symbol', 'strategy', ...figures], ...rows], 4)
}

function summaryLine(summary: TradeSummary): string {
  const { currency, trades, winRate, netProfit, fees, meanR } = summary
  const { meanEntrySlippagePercent, meanExitSlippagePercent } = summary
  return (
    `${trades} ${trades === 1 ? 'trade' : 'trades'} in ${currency}: ` +
    `${(winRate * 100).toFixed(1)} % won, net profit ${short(netProfit)}, ` +
    `mean R ${ratio(meanR, 2)}, fees ${short(fees)}, mean slippage ` +
    `${ratio(meanEntrySlippagePercent, 4)} % in, ${ratio(meanExitSlippagePercent, 4)} % out`
  )
}

function short(value: Decimal | null): string {
  return value === null ? '-' : value.round(8, 'half-up').toString()
}

function ratio(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits)
}

type Cell = string | number | Decimal | null

const columns: Readonly<Record<string, (trade: ClosedTrade) => Cell>> = {
  account: (trade) => trade.account,
  venue: (trade) => trade.venue,
  symbol: (trade) => trade.symbol,
  side: (trade) => trade.side,
  strategy: (trade) => trade.strategy,
  opened_at: (trade) => instant(trade.openedAt),
  closed_at: (trade) => instant(trade.closedAt),
  quantity: (trade) => trade.quantity,
  average_entry_price: (trade) => trade.averageEntryPrice,
  average_exit_price: (trade) => trade.averageExitPrice,
  stop: (trade) => trade.stop,
  gross_profit: (trade) => trade.grossProfit,
  fees: (trade) => trade.fees,
  other_fees: (trade) => pairs(trade.otherFees),
  net_profit: (trade) => trade.netProfit,
  r_multiple: (trade) => trade.rMultiple,
  entry_slippage: (trade) => trade.entrySlippage,
  entry_slippage_percent: (trade) => trade.entrySlippagePercent,
  exit_slippage: (trade) => trade.exitSlippage,
  exit_slippage_percent: (trade) => trade.exitSlippagePercent,
  entry_slippage_decided: (trade) => trade.entrySlippageDecided,
  entry_slippage_decided_percent: (trade) => trade.entrySlippageDecidedPercent,
  exit_slippage_decided: (trade) => trade.exitSlippageDecided,
  exit_slippage_decided_percent: (trade) => trade.exitSlippageDecidedPercent,
  exit_reason: (trade) => trade.exitReason,
  exits: (trade) => pairs(trade.exits),
  remaining: (trade) => trade.remaining,
  opening_trade_id: (trade) => trade.openingTradeId,
  intent_ids: (trade) => trade.intentIds.join(' '),
  correlation_id: (trade) => trade.correlationId,
}

/** RFC 4180: a header, lines ended by CRLF, quotes where they are needed; empty for what is not known. */
export function tradesCsv(trades: readonly ClosedTrade[]): string {
  const rows = trades.map((trade) => Object.values(columns).map((cell) => field(cell(trade))))
  const lines = [Object.keys(columns), ...rows].map((cells) => cells.join(','))
  // The terminal ends the last line.
  return `${lines.join('\r\n')}\r`
}

function pairs(amounts: Readonly<Record<string, string>>): string {
  return Object.entries(amounts)
    .map(([name, amount]) => `${name} ${amount}`)
    .join('; ')
}

function field(cell: Cell): string {
  const text = cell === null ? '' : cell.toString()
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
