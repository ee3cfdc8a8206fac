import { instant } from '@flotilla/contracts'
import { painter, table } from '../terminal.ts'
import type { Estimate } from './bootstrap.ts'
import type { AccountFigures, Comparison } from './comparison.ts'

/** The comparison for people: figures side by side, and a sentence that says what they are worth. */
export function comparisonText(comparison: Comparison, colors: boolean): string {
  const paint = painter(colors)
  const { accounts, periods, periodMs, draws, blockLength, seed, level } = comparison
  const [{ account: one, from, to }, { account: other }] = accounts
  const interval = `${percent(level, 0)} interval`
  return [
    `${one} and ${other}, ${instant(from)} to ${instant(to)}: ${periods} periods of ${lengthOf(periodMs)}`,
    '',
    ...table([
      ['account', 'return', 'mean of a period', 'volatility', 'Sharpe of a period', 'deepest fall'],
      ...accounts.map(figureRow),
    ]).map((line) => `  ${line}`),
    '',
    ...table([
      [`${one} less ${other}`, 'difference', interval, 'p'],
      estimateRow('mean return of a period', comparison.meanReturnDifference, asPercent),
      estimateRow('Sharpe of a period', comparison.sharpeDifference, asNumber),
    ]).map((line) => `  ${line}`),
    '',
    `  ${paint('bold', verdictOf(comparison))}`,
    '',
    `  Stationary bootstrap of paired log returns (Politis and Romano 1994), ${draws} draws in blocks of`,
    `  ${blockLength} periods on average, seed ${seed}. p is how often no difference at all would look as large.`,
  ].join('\n')
}

function verdictOf({ accounts, level, ...comparison }: Comparison): string {
  const [{ account: one }, { account: other }] = accounts
  const { value, pValue } = comparison.meanReturnDifference
  const threshold = 1 - level
  const better = value > 0 ? one : other
  const earned =
    pValue < threshold
      ? `${better} earned more, and chance alone is an unlikely reason (p ${pValue.toFixed(4)}).`
      : `The returns do not differ by more than chance explains (p ${pValue.toFixed(4)}).`
  const sharpe = comparison.sharpeDifference
  if (sharpe === null || sharpe.pValue >= threshold) {
    return `${earned} For the risk taken neither is shown to be the better.`
  }
  const wiser = sharpe.value > 0 ? one : other
  return `${earned} For the risk taken ${wiser} did better (p ${sharpe.pValue.toFixed(4)}).`
}

function figureRow(figures: AccountFigures): string[] {
  const { account, meanReturn, volatility, sharpe, drawdownMax } = figures
  return [
    account,
    percent(figures.return, 3),
    percent(meanReturn, 4),
    percent(volatility, 4),
    sharpe?.toFixed(4) ?? '-',
    percent(drawdownMax, 3),
  ]
}

function estimateRow(
  name: string,
  estimate: Estimate | null,
  format: (value: number) => string,
): string[] {
  if (estimate === null) return [name, '-', '-', '-']
  const { value, low, high, pValue } = estimate
  return [name, format(value), `${format(low)} to ${format(high)}`, pValue.toFixed(4)]
}

const asPercent = (value: number): string => percent(value, 5)
const asNumber = (value: number): string => value.toFixed(4)

function percent(share: number, digits: number): string {
  return `${(share * 100).toFixed(digits)} %`
}

function lengthOf(ms: number): string {
  const minutes = ms / 60_000
  if (minutes % 1_440 === 0) return minutes === 1_440 ? 'a day' : `${minutes / 1_440} days`
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`
}
