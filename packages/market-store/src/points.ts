// What waits to be written. A point's key says which stored point it is: the same key overwrites.
import type {
  CandleHole,
  StoredCandle,
  StoredEquity,
  StoredIndicator,
  StoredTicker,
} from './port.ts'

export type Point =
  | { readonly kind: 'candle'; readonly row: StoredCandle }
  | { readonly kind: 'ticker'; readonly row: StoredTicker }
  | { readonly kind: 'indicator'; readonly row: StoredIndicator }
  | { readonly kind: 'equity'; readonly row: StoredEquity }

export function keyOf(point: Point): string {
  switch (point.kind) {
    case 'candle': {
      const { venue, symbol, timeframe, openTime } = point.row
      return JSON.stringify(['candle', venue, symbol, timeframe, openTime])
    }
    case 'ticker': {
      const { venue, symbol, observedAt } = point.row
      return JSON.stringify(['ticker', venue, symbol, observedAt])
    }
    case 'indicator': {
      const { venue, symbol, timeframe, name, at } = point.row
      return JSON.stringify(['indicator', venue, symbol, timeframe, name, at])
    }
    case 'equity':
      return JSON.stringify(['equity', point.row.account, point.row.at])
  }
}

/** Why no store can keep this point; null when there is nothing wrong with it. */
export function flawOf({ kind, row }: Point): string | null {
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'number' && !Number.isFinite(value)) return `${kind}: ${name} is no number`
    if (value === '') return `${kind}: ${name} is empty`
  }
  return null
}

/** Null for what cannot be fetched again from the venue. */
export function holeOf(point: Point): CandleHole | null {
  if (point.kind !== 'candle') return null
  const { venue, symbol, timeframe, openTime } = point.row
  return { venue, symbol, timeframe, from: openTime, to: openTime }
}

/** One hole per series, wide enough for both; what lies between is fetched again needlessly, not wrongly. */
export function joinHoles(one: CandleHole | undefined, other: CandleHole): CandleHole {
  if (one === undefined) return other
  return { ...one, from: Math.min(one.from, other.from), to: Math.max(one.to, other.to) }
}
