// How every benchmark reports: a table for people, and one JSON line per figure for machines.
// A figure is judged by its ratio to a baseline of the same run, for machines are noisy.

export type Figure = {
  /** What was measured, `quorum throughput`. */
  readonly figure: string
  readonly value: number
  readonly unit: string
  /** The same thing by the baseline, in the same unit; null where there is none. */
  readonly baseline: number | null
  /** Value over baseline, or null. */
  readonly ratio: number | null
  /** The goal in words, `>= 0.85x raw amqplib`. */
  readonly goal: string
  /** Null when the figure has no goal of its own. */
  readonly met: boolean | null
}

export type Report = {
  readonly add: (figure: Figure) => void
  /** A line for people only. */
  readonly note: (text: string) => void
}

export type BenchOptions = {
  /** More rounds, for a steadier figure. */
  readonly long: boolean
}

/** How often something is measured: as a rule, and with `--long`. */
export type HowOften = { readonly usual: number; readonly long: number }

export function timesOf({ long }: BenchOptions, howOften: HowOften): number {
  return long ? howOften.long : howOften.usual
}

type Measured = Pick<Figure, 'figure' | 'value' | 'unit'> & {
  readonly baseline?: number
  /** In words; may only say what the baseline is, where nothing is judged. */
  readonly goal?: string
  readonly met?: boolean
}

/** A figure beside its baseline, if it has one, and judged if there is a goal. */
export function figureOf({ baseline, goal = '', met, ...rest }: Measured): Figure {
  return {
    ...rest,
    baseline: baseline ?? null,
    ratio: baseline === undefined ? null : rest.value / baseline,
    goal,
    met: met ?? null,
  }
}

export type Bench = (report: Report, options: BenchOptions) => Promise<void>

/** A report that prints as it goes (`json`) or collects rows for the table. */
export function createReport(bench: string, json: boolean) {
  const figures: Figure[] = []
  const report: Report = {
    add: (figure) => {
      figures.push(figure)
      if (json) console.log(JSON.stringify({ bench, ...figure }))
    },
    note: (text) => {
      if (!json) console.log(text)
    },
  }
  return { report, figures, print: () => (json ? undefined : printTable(figures)) }
}

/** Middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Linear interpolation between the nearest ranks; `share` from 0 to 1. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('a quantile of no values')
  const sorted = values.toSorted((left, right) => left - right)
  const position = (sorted.length - 1) * share
  const lower = sorted[Math.floor(position)]!
  return lower + (sorted[Math.ceil(position)]! - lower) * (position % 1)
}

function printTable(figures: readonly Figure[]): void {
  const rows = figures.map((each) => [
    each.figure,
    `${shown(each.value)} ${each.unit}`,
    each.baseline === null ? '' : `${shown(each.baseline)} ${each.unit}`,
    each.ratio === null ? '' : `${each.ratio.toFixed(2)}x`,
    each.goal,
    each.met === null ? '' : each.met ? 'met' : 'MISSED',
  ])
  const header = ['figure', 'value', 'baseline', 'ratio', 'goal', '']
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  )
  for (const row of [header, ...rows]) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
  }
}

function shown(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 3)
}
