// Looks at what the account is worth: whether a new day has begun, and in which regime it trades now.
// Every decision looks, so that a limit is a limit between two valuations too.
import { instant, type RegimeChanged } from '@flotilla/contracts'
import { Decimal } from '@flotilla/money'
import type { Book, BookChange } from './book.ts'
import { drawdownPercent, nextRegime } from './drawdown.ts'
import type { Limits } from './limits.ts'
import { storedStanding, type Drawdown, type TradingDay, type Valued } from './standing.ts'
import { tradingDayOf } from './trading-day.ts'
import { netAssetValue } from './valuation.ts'

/** What the account is worth now, and how it stands therefore. */
export type Observed = {
  readonly equity: Decimal
  readonly day: TradingDay
  readonly drawdown: Drawdown
}

export type Watched = { readonly book: Book; readonly limits: Limits; readonly now: number }

export function observe(watched: Watched): Observed {
  const { book, limits, now } = watched
  const equity = netAssetValue(book)
  const before = book.standing.drawdown
  const peak = before === null ? equity : Decimal.max(before.peak, equity)
  const regime = nextRegime(before?.regime ?? 'normal', { equity, peak, limits: limits.drawdown })
  const since = before?.regime === regime ? before.since : instant(now)
  return { equity, day: dayOf(watched, equity), drawdown: { regime, since, peak } }
}

/** Older than this, the last valuation says nothing about how the day began. */
const dayMs = 86_400_000

/** Begins once, with what the account was worth then: what was lost since is a loss of the day. */
function dayOf({ book, limits, now }: Watched, equity: Decimal): TradingDay {
  const { day: known, valued } = book.standing
  const today = tradingDayOf(now, limits.dayStart)
  if (known !== null && today <= known.day) return known
  const recent = valued !== null && now - valued.at <= dayMs
  return { day: today, startEquity: recent ? valued.equity : equity }
}

/** What a decision writes down of it: a new day and another regime, and none of it a second time. */
export function changesOf(book: Book, { day, drawdown }: Observed): readonly BookChange[] {
  const { standing } = book
  return storedStanding(book, {
    ...(day === standing.day ? {} : { day }),
    ...(drawdown.regime === standing.drawdown?.regime ? {} : { drawdown }),
  })
}

/** A valuation also writes down the peak and itself. */
export function valuationChanges(
  book: Book,
  seen: Observed,
  valued: Valued,
): readonly BookChange[] {
  const { day, drawdown } = seen
  return storedStanding(book, { ...(day === book.standing.day ? {} : { day }), drawdown, valued })
}

/** Null where the regime is the one it was. */
export function regimeChange(book: Book, { equity, drawdown }: Observed): RegimeChanged | null {
  const from = book.standing.drawdown?.regime ?? 'normal'
  const { regime: to, peak } = drawdown
  if (from === to) return null
  const percent = drawdownPercent(equity, peak)
  return {
    account: book.account.account,
    from,
    to,
    drawdownPercent: percent,
    reason: `equity ${equity.toString()} is ${percent} % below its peak ${peak.toString()}`,
  }
}

/** Who resumes a halted account accepts what it is worth now: the drawdown is counted anew. */
export function resumed(watched: Watched): Observed | null {
  if (watched.book.standing.drawdown?.regime !== 'halt') return null
  const seen = observe(watched)
  const drawdown = { regime: 'normal', since: instant(watched.now), peak: seen.equity } as const
  return { ...seen, drawdown }
}
