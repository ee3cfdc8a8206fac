/**
 * The dynamic filter engine: once a day it looks at the closed trades of the last 14 days and makes the
 * filters stricter or more lenient by one step, within hard ranges. It is careful: with fewer than ten
 * trades it leaves all alone, a step is small, and it can move four filters and nothing else; stops,
 * sizes and risk are out of its reach. What it did and why is kept.
 */
import { instant } from '@flotilla/contracts'
import type { Decimal } from '@flotilla/money'
import { z } from 'zod'

const dynamicFilters = z.strictObject({
  confidenceMin: z.number(),
  quoteVolume24hMin: z.number(),
  spreadMaxPercent: z.number().nullable(),
  setupAgeHoursMax: z.number().nullable(),
})
/** The filters that the engine may move. Null is no limit, the most lenient of all. */
export type DynamicFilters = Readonly<z.infer<typeof dynamicFilters>>
type FilterName = keyof DynamicFilters

const engineMemory = z.strictObject({
  /** What the configuration said when this began: when it says something else, it is heard. */
  configured: dynamicFilters,
  filters: dynamicFilters,
  /** The review that was due last and was done. */
  reviewedDueAt: z.number(),
})
export type EngineMemory = Readonly<z.infer<typeof engineMemory>>

/** Null when it cannot be read: the engine then begins with what is configured. */
export function parseEngineMemory(value: unknown): EngineMemory | null {
  return engineMemory.safeParse(value).data ?? null
}

/** A trade of the journal, as far as the engine looks at it. */
export type ClosedTrade = {
  readonly closedAt: number
  /** In quote currency, after fees. */
  readonly profit: Decimal
  /** Profit by what was risked at first; null when no stop was ever placed. */
  readonly rMultiple: number | null
}

type Verdict = 'too-few-trades' | 'tighten' | 'loosen' | 'hold'

type TradeFigures = {
  /** Closed in the window. */
  readonly trades: number
  readonly tradesPerDay: number
  /** Of the last 30 of them: share with a profit, and mean profit in units of what was risked. */
  readonly winRate: number | null
  readonly meanRMultiple: number | null
}

type FilterChange = {
  readonly filter: FilterName
  readonly before: number | null
  readonly after: number | null
  readonly why: string
}

/** The audit trail's entry. */
export type Review = {
  readonly dueAt: string
  readonly reviewedAt: string
  readonly figures: TradeFigures
  readonly verdict: Verdict
  readonly why: string
  readonly changes: readonly FilterChange[]
}

const dayMs = 86_400_000
/** Five past midnight UTC: the day's last candles have closed and are settled. */
const dueOffsetMs = 5 * 60_000
const windowDays = 14
const tradesMin = 10
const lastTrades = 30

/** The newest time at which a review was due. */
export function lastDueAt(now: number): number {
  return Math.floor((now - dueOffsetMs) / dayMs) * dayMs + dueOffsetMs
}

export function nextDueAt(now: number): number {
  return lastDueAt(now) + dayMs
}

/** Trades closed at or before this are of no interest any more. */
export function windowStart(now: number): number {
  return now - windowDays * dayMs
}

export function review(
  filters: DynamicFilters,
  trades: readonly ClosedTrade[],
  { now, dueAt }: { readonly now: number; readonly dueAt: number },
): { readonly review: Review; readonly filters: DynamicFilters } {
  const figures = figuresOf(trades, now)
  const { verdict, why } = judge(figures)
  const changes = stepsFor(verdict).flatMap(({ filter, step }): FilterChange[] => {
    const before = filters[filter]
    const after = moved(filter, before, step)
    return after === before ? [] : [{ filter, before, after, why }]
  })
  return {
    review: {
      dueAt: instant(dueAt),
      reviewedAt: instant(now),
      figures,
      verdict,
      why,
      changes,
    },
    filters: {
      ...filters,
      ...Object.fromEntries(changes.map(({ filter, after }) => [filter, after])),
    },
  }
}

function figuresOf(all: readonly ClosedTrade[], now: number): TradeFigures {
  const trades = all
    .filter(({ closedAt }) => closedAt > windowStart(now) && closedAt <= now)
    .toSorted((left, right) => left.closedAt - right.closedAt)
  const last = trades.slice(-lastTrades)
  const wins = last.filter(({ profit }) => profit.isPositive())
  const rMultiples = last.flatMap(({ rMultiple }) => rMultiple ?? [])
  return {
    trades: trades.length,
    tradesPerDay: rounded(trades.length / windowDays),
    winRate: last.length === 0 ? null : rounded(wins.length / last.length),
    meanRMultiple: rMultiples.length === 0 ? null : rounded(mean(rMultiples)),
  }
}

type Judged = {
  readonly tradesPerDay: number
  readonly winRate: number
  /** Unknown, when no trade had a stop to measure it by, counts for neither side. */
  readonly meanRMultiple: number
}
type Rule = {
  readonly verdict: Verdict
  readonly when: (figures: Judged) => boolean
  readonly because: string
}

/** The first that fits. Poor results count before anything else, many trades before few. */
const rules: readonly Rule[] = [
  { verdict: 'tighten', when: ({ winRate }) => winRate < 0.4, because: 'win rate below 40 %' },
  { verdict: 'tighten', when: (each) => each.meanRMultiple < 0, because: 'mean R below 0' },
  {
    verdict: 'tighten',
    when: ({ tradesPerDay, meanRMultiple }) => tradesPerDay > 8 && meanRMultiple < 0.1,
    because: 'more than 8 trades a day for a mean R below 0.1',
  },
  {
    verdict: 'loosen',
    when: ({ tradesPerDay, winRate, meanRMultiple }) =>
      tradesPerDay < 2 && winRate >= 0.5 && meanRMultiple >= 0.2,
    because: 'good results in fewer than 2 trades a day',
  },
  { verdict: 'hold', when: () => true, because: 'nothing to mend' },
]

function judge(figures: TradeFigures): { readonly verdict: Verdict; readonly why: string } {
  const { trades, tradesPerDay, winRate, meanRMultiple } = figures
  if (trades < tradesMin || winRate === null) {
    const why = `${trades} closed trades in ${windowDays} days are fewer than ${tradesMin}`
    return { verdict: 'too-few-trades', why }
  }
  const judged = { tradesPerDay, winRate, meanRMultiple: meanRMultiple ?? Number.NaN }
  const { verdict, because } = rules.find(({ when }) => when(judged)) as Rule
  const told =
    `${tradesPerDay} trades a day, win rate ${(100 * winRate).toFixed(0)} %, ` +
    `mean R ${meanRMultiple ?? 'unknown'}`
  return { verdict, why: `${because}: ${told}` }
}

type Range = {
  readonly least: number
  readonly most: number
  /** What tightening adds. */
  readonly tighter: number
}

const ranges: Readonly<Record<FilterName, Range>> = {
  confidenceMin: { least: 68, most: 82, tighter: 2 },
  quoteVolume24hMin: { least: 8_000, most: 60_000, tighter: 4_000 },
  spreadMaxPercent: { least: 0.7, most: 2.4, tighter: -0.2 },
  setupAgeHoursMax: { least: 24, most: 168, tighter: -24 },
}

type Step = { readonly filter: FilterName; readonly step: number }

function stepsFor(verdict: Verdict): readonly Step[] {
  if (verdict !== 'tighten' && verdict !== 'loosen') return []
  const sign = verdict === 'tighten' ? 1 : -1
  const names = Object.keys(ranges) as FilterName[]
  return names.map((filter) => ({ filter, step: sign * ranges[filter].tighter }))
}

/**
 * One step, never out of the range. A limit that was configured beyond its range is brought into it by
 * a step in that direction, and left alone by a step in the other one: tightening never loosens.
 */
function moved(filter: FilterName, before: number | null, step: number): number | null {
  const { least, most, tighter } = ranges[filter]
  const noLimit = tighter > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const from = before ?? noLimit
  const after = Math.min(most, Math.max(least, rounded(from + step)))
  return step > 0 === after > from ? after : before
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length
}

/** Three digits: enough to judge by, and steps of a tenth stay steps of a tenth. */
function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000
}

/** Whatever the order in which a store keeps the keys. */
export function sameFilters(left: DynamicFilters, right: DynamicFilters): boolean {
  return (Object.keys(ranges) as FilterName[]).every((name) => left[name] === right[name])
}
