import type { Contents, Gap } from './candle-file.ts'
import type { CandleRange } from './download-candles.ts'

/** What a person reads about a download: how far it is, and what the file lacks. */

const barWidth = 30
const gapsShown = 20

export function progressText(done: number, range: CandleRange): string {
  const span = Math.max(1, range.to - range.from)
  const share = Math.min(1, Math.max(0, (done - range.from) / span))
  const filled = Math.round(share * barWidth)
  const bar = '#'.repeat(filled) + '-'.repeat(barWidth - filled)
  return `[${bar}] ${String(Math.floor(share * 100)).padStart(3)} %  ${momentText(done)}`
}

export function gapReport(contents: Contents, range: CandleRange): string[] {
  const { rows, first, last } = contents
  if (first === null || last === null) return ['the venue has no candles in this range']
  const lines = [`${rows} candles from ${momentText(first)} to ${momentText(last)}`]
  const begin = Math.ceil(range.from / range.intervalMs) * range.intervalMs
  if (first > begin) lines.push(`the venue's first candle is ${momentText(first)}`)
  const { gaps } = contents
  if (gaps.length === 0) return [...lines, 'no gaps']
  const missing = gaps.reduce((total, gap) => total + missingIn(gap, range), 0)
  lines.push(`${gaps.length} ${plural('gap', gaps.length)}, ${candlesText(missing)} missing:`)
  const longest = gaps.toSorted((left, right) => right.to - right.from - (left.to - left.from))
  const shown = longest.slice(0, gapsShown).toSorted((left, right) => left.from - right.from)
  for (const gap of shown) {
    const count = missingIn(gap, range)
    const until = momentText(gap.to - range.intervalMs)
    lines.push(`  ${momentText(gap.from)} to ${until}: ${candlesText(count)}`)
  }
  const rest = gaps.length - shown.length
  return rest === 0 ? lines : [...lines, `  and ${rest} shorter ${plural('one', rest)}`]
}

export function momentText(time: number): string {
  return new Date(time).toISOString().replace(/:00\.000Z$/, 'Z')
}

function missingIn({ from, to }: Gap, { intervalMs }: CandleRange): number {
  return (to - from) / intervalMs
}

function candlesText(count: number): string {
  return `${count} ${plural('candle', count)}`
}

function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`
}
