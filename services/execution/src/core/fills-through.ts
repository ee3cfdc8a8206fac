// From where fills are asked for. Where the venue counts its trades, from the newest one up to which all of ours
// are known: a time would be the venue's, and its clock may be another than ours. Where it tells fills by time
// alone, and when a look from a trade on has missed something, from before the last look by a margin.
import type { Json } from '@flotilla/ledger'
import type { FillsFrom, VenueFill } from '@flotilla/venue'
import { ticketOfFill } from './observe.ts'
import { isDoubtful } from './order-life.ts'
import type { Work } from './work.ts'

/** Where the trade is remembered. */
export function fillsThroughKey(symbol: string): string {
  return `fills-through:${symbol}`
}

export function fillsThroughOf(stored: Json): string | null {
  return typeof stored === 'string' ? stored : null
}

/** Before the first trade of any venue that counts them. */
const BEFORE_ALL = '0'

/** `since` by our clock. */
export function fillsFrom(work: Work, since: number): FillsFrom {
  const { settings, fillsThrough, tickets } = work
  const byTime = { since: venueTime(work, since) }
  if (!settings.fillsById) return byTime
  if (fillsThrough !== null) return { fromId: fillsThrough }
  // Nothing of what was traded before our first order can be ours.
  return tickets.size === 0 ? { newest: 1 } : byTime
}

/** A moment of our clock by the venue's. */
export function venueTime({ venueAheadMs }: Work, at: number): number {
  return Math.max(0, Math.floor(at + venueAheadMs))
}

/**
 * After all fills from a point on were told. Copies of the venue lag, so that the newest rows are looked at
 * again, and a row that may be of an order in doubt waits until that is known.
 */
export function passThrough(work: Work, fills: readonly VenueFill[]): void {
  if (!work.settings.fillsById) return
  const open = fills.findIndex((fill) => mayBeOurs(work, fill))
  const known = open === -1 ? fills : fills.slice(0, open)
  if (work.tickets.size === 0) {
    remember(work, known.at(-1)?.tradeId ?? work.fillsThrough ?? BEFORE_ALL)
    return
  }
  const newest = Math.max(...fills.map(({ executedAt }) => executedAt))
  const settled = known.findLast(
    ({ executedAt }) => executedAt <= newest - work.settings.fillMarginMs,
  )
  if (settled !== undefined) remember(work, settled.tradeId)
}

/** Of none of the orders that the venue has told us about, and one of the others may have made it. */
function mayBeOurs(work: Work, fill: VenueFill): boolean {
  if (ticketOfFill(work, fill) !== null) return false
  return [...work.tickets.values()].some(
    ({ order }) =>
      order.side === fill.side && (isDoubtful(order.state) || order.state === 'not-placed'),
  )
}

function remember(work: Work, tradeId: string): void {
  if (work.fillsThrough === tradeId) return
  work.fillsThrough = tradeId
  const key = fillsThroughKey(work.market.symbol)
  work.remembered.push({ kind: 'memory-stored', agent: 'execution', key, value: tradeId })
}
