import type { LedgerReads, Position } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import { table } from '../terminal.ts'
import type { Tally } from './tally.ts'

/** What the run came to: counted from its messages, and the account as the ledger has it. */
export type SummarySource = {
  readonly tally: Tally
  readonly ledger: Pick<LedgerReads, 'loadBalances' | 'loadPositions'>
  readonly account: string
  readonly currency: string
  /** Where there are several. */
  readonly heading?: string
}

export async function summaryOf(source: SummarySource): Promise<string> {
  const { ledger, account } = source
  const balances = await ledger.loadBalances(account)
  const positions = await ledger.loadPositions(account)
  const rows = balances.filter(({ total }) => !total.isZero())
  return [
    '',
    source.heading ?? 'Summary',
    ...table(tallyRows(source.tally)).map((line) => `  ${line}`),
    '',
    ...table([
      ['position', 'quantity', 'entry', 'stop', 'take-profit', 'realised'],
      ...positions.map(positionRow),
    ]).map((line) => `  ${line}`),
    '',
    ...table([
      ['balance', 'total', 'reserved', 'available'],
      ...rows.map(({ asset, total, reserved }) => [
        asset,
        total.toString(),
        reserved.toString(),
        total.minus(reserved).toString(),
      ]),
    ]).map((line) => `  ${line}`),
    '',
    `  ${equityText(source, rows)}`,
  ].join('\n')
}

function tallyRows({ count, denials }: Tally): string[][] {
  const ordered = [...denials].toSorted(([, left], [, right]) => right - left)
  const fills = count('execution.order.filled.v1') + count('execution.order.partially-filled.v1')
  const rows: readonly (readonly [string, number])[] = [
    ['candles', count('market.candle.closed.v1')],
    ['intents', count('strategy.intent.proposed.v1')],
    ['approved', count('risk.intent.approved.v1')],
    ['denied', count('risk.intent.denied.v1')],
    ...ordered.map(([code, times]) => [`  ${code}`, times] as const),
    ['orders sent', count('execution.order.submitted.v1')],
    ['orders rejected', count('execution.order.rejected.v1')],
    ['fills', fills],
  ]
  return rows.map(([name, value]) => [name, String(value)])
}

function positionRow(position: Position): string[] {
  const { symbol, quantity, averageEntryPrice, realisedProfit } = position
  const [stop, target] = quantity.isZero() ? ['-', '-'] : protectionCells(position.protection)
  return [
    symbol,
    quantity.toString(),
    averageEntryPrice?.round(8, 'half-up').toString() ?? '-',
    stop,
    target,
    realisedProfit.round(8, 'half-up').toString(),
  ]
}

/** A position without a price for its stop shows the state of its protection instead. */
function protectionCells(protection: Position['protection']): [string, string] {
  if (protection === null) return ['none', 'none']
  const { state, stop, takeProfit } = protection
  return [stop?.toString() ?? state, takeProfit?.toString() ?? state]
}

function equityText(
  source: SummarySource,
  balances: readonly { readonly asset: string; readonly total: Decimal }[],
): string {
  let equity = Decimal.zero
  const unpriced: string[] = []
  for (const { asset, total } of balances) {
    const price =
      asset === source.currency
        ? Decimal.from(1)
        : source.tally.priceOf(`${asset}/${source.currency}`)
    if (price === null) unpriced.push(asset)
    else equity = equity.plus(total.times(price))
  }
  const note = unpriced.length === 0 ? '' : ` (without ${unpriced.join(', ')}: no price known)`
  return `equity ${equity.round(2, 'half-up').toString()} ${source.currency}${note}`
}
