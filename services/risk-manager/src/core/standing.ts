// How the account stands: what it was worth when the day began, at its peak and when it was last valued,
// and the regime that follows. It is kept in the ledger's memory, written in the unit of work of
// whatever noticed a change, so that each change happens once.
import type { Json } from '@flotilla/ledger'
import { Decimal } from '@flotilla/money'
import type { Book, BookChange } from './book.ts'
import type { Regime } from './drawdown.ts'

export type TradingDay = {
  /** The date on which it began. */
  readonly day: string
  readonly startEquity: Decimal
}

export type Drawdown = {
  readonly regime: Regime
  readonly since: string
  readonly peak: Decimal
}

export type Valued = {
  /** The first is 1: two may fall into the same millisecond. */
  readonly number: number
  readonly at: number
  readonly equity: Decimal
  /** What each asset was valued at, in the account's currency, and how old that price is. */
  readonly prices: ReadonlyMap<string, { readonly price: Decimal; readonly at: number }>
}

/** Null: nobody has looked yet. */
export type Standing = {
  readonly day: TradingDay | null
  readonly drawdown: Drawdown | null
  readonly valued: Valued | null
}

export const noStanding: Standing = { day: null, drawdown: null, valued: null }

type Part = keyof Standing

function keyOf(account: string, part: Part): string {
  return `standing/${account}/${part}`
}

/** One part of it as the ledger keeps it. */
export function storedStanding(book: Book, part: Partial<Standing>): readonly BookChange[] {
  const { day, drawdown, valued } = part
  return [
    ...(day ? [stored(book, 'day', writeDay(day))] : []),
    ...(drawdown ? [stored(book, 'drawdown', writeDrawdown(drawdown))] : []),
    ...(valued ? [stored(book, 'valued', writeValued(valued))] : []),
  ]
}

function stored(book: Book, part: Part, value: Json): BookChange {
  const key = keyOf(book.account.account, part)
  return { kind: 'memory-stored', agent: 'risk-manager', key, value }
}

/** The standing with one part of it replaced, where the key is that of a part. */
export function recallStanding(book: Book, key: string, value: Json): Standing {
  const { account } = book.account
  const { standing } = book
  if (value === null) return standing
  switch (key) {
    case keyOf(account, 'day'):
      return { ...standing, day: readDay(value) }
    case keyOf(account, 'drawdown'):
      return { ...standing, drawdown: readDrawdown(value) }
    case keyOf(account, 'valued'):
      return { ...standing, valued: readValued(value) }
    default:
      return standing
  }
}

function writeDay({ day, startEquity }: TradingDay): Json {
  return { day, startEquity: startEquity.toString() }
}

function readDay(value: Json): TradingDay {
  const { day, startEquity } = value as { day: string; startEquity: string }
  return { day, startEquity: Decimal.from(startEquity) }
}

function writeDrawdown({ regime, since, peak }: Drawdown): Json {
  return { regime, since, peak: peak.toString() }
}

function readDrawdown(value: Json): Drawdown {
  const { regime, since, peak } = value as { regime: Regime; since: string; peak: string }
  return { regime, since, peak: Decimal.from(peak) }
}

function writeValued({ number, at, equity, prices }: Valued): Json {
  const entries = [...prices].map(([asset, quote]) => {
    return [asset, [quote.price.toString(), quote.at]] as const
  })
  return { number, at, equity: equity.toString(), prices: Object.fromEntries(entries) }
}

function readValued(value: Json): Valued {
  const { number, at, equity, prices } = value as {
    /** Missing where an earlier release wrote it. */
    number?: number
    at: number
    equity: string
    prices: Record<string, [price: string, at: number]>
  }
  const entries = Object.entries(prices).map(([asset, quote]) => {
    return [asset, { price: Decimal.from(quote[0]), at: quote[1] }] as const
  })
  return { number: number ?? 1, at, equity: Decimal.from(equity), prices: new Map(entries) }
}
