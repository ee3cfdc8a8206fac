// Why execution sends no entries of a symbol at this moment, as its memory in the ledger tells.
import { entryStopGuide, instant, type EntryStopCause } from '@flotilla/contracts'
import type { Json, LedgerReads } from '@flotilla/ledger'
import { z } from 'zod'
import { keptStopOf, keptStopPrefix, type KeptStop } from './kept-stop.ts'

export type EntryStop = {
  readonly account: string
  /** One of docs/ENTRY-STOPS.md, or the word of others: the risk manager's state, or a flatten. */
  readonly cause: EntryStopCause | 'trading_state' | 'flattened'
  readonly reason: string
  /** Epoch milliseconds; null where it is not recorded. */
  readonly since: number | null
  /** What ends it, as a sentence. */
  readonly end: string
}

/** What is asked: the ledger, the account whose memory has no prefix, and the one that is meant. */
export type Asked = {
  readonly ledger: LedgerReads
  readonly mainAccount: string
  readonly account: string
}

export async function entryStopsOf(asked: Asked, symbol: string): Promise<EntryStop[]> {
  const { account } = asked
  const recall = recallOf(asked)
  const [toldAll, told, flattenedAll, flattened, halted, closed] = await Promise.all([
    recall('entries-stopped:*'),
    recall(`entries-stopped:${symbol}`),
    recall('flattened:*'),
    recall(`flattened:${symbol}`),
    recall(`halted:${symbol}`),
    recall(`market-closed:${symbol}`),
  ])
  const found = [
    ...[toldAll, told].map(tradingStateOf),
    ...[flattenedAll, flattened].map(flattenedOf),
    haltOf(halted),
    closedOf(closed),
    ...(await ownStopsOf(asked, symbol)),
  ]
  return found.flatMap((stop) => (stop === null ? [] : [{ account, ...stop }]))
}

/** With the words of its cause on what ends it. */
export function ownStopOf({ cause, reason, since }: KeptStop) {
  return { cause, reason, since, end: entryStopGuide[cause].end }
}

type Told = Omit<EntryStop, 'account'>

function recallOf({ ledger, mainAccount, account }: Asked): (key: string) => Promise<Json> {
  // Of a further account the fleet keeps what its agents remember under keys of its own.
  const prefix = account === mainAccount ? '' : `@${account}/`
  return (key) => ledger.recall('execution', `${prefix}${key}`)
}

async function ownStopsOf({ ledger, mainAccount, account }: Asked, symbol: string) {
  const prefix = account === mainAccount ? '' : `@${account}/`
  const entries = await ledger.recallAll('execution', `${prefix}${keptStopPrefix}`)
  const assets = symbol.split('/')
  return entries.flatMap(({ value }): Told[] => {
    const stop = keptStopOf(value)
    if (stop === null || (stop.asset !== null && !assets.includes(stop.asset))) return []
    return [ownStopOf(stop)]
  })
}

function tradingStateOf(stored: Json): Told | null {
  if (typeof stored !== 'string') return null
  const end = 'The risk manager lets entries pass again; `control resume` ends what was commanded.'
  return { cause: 'trading_state', reason: stored, since: null, end }
}

function flattenedOf(stored: Json): Told | null {
  if (typeof stored !== 'string') return null
  const reason = `flattened until resumed: ${stored}`
  return { cause: 'flattened', reason, since: null, end: 'An operator resumes.' }
}

const Halt = z.object({
  cause: z.enum(['protection_failed', 'overfill', 'own_fault']),
  reason: z.string(),
})

/** Earlier versions remembered the reason alone. */
function haltOf(stored: Json): Told | null {
  const halt = Halt.safeParse(stored).data ?? null
  if (halt !== null) {
    const { cause, reason } = halt
    return { cause, reason, since: null, end: entryStopGuide[cause].end }
  }
  if (typeof stored !== 'string') return null
  const { end } = entryStopGuide.protection_failed
  return { cause: 'protection_failed', reason: stored, since: null, end }
}

const Closed = z.object({ status: z.string(), since: z.number() })

function closedOf(stored: Json): Told | null {
  const closed = Closed.safeParse(stored).data
  if (closed === undefined) return null
  const { status, since } = closed
  const reason = `the venue does not trade the symbol (${status}) since ${instant(since)}`
  return { cause: 'market_closed', reason, since, end: entryStopGuide.market_closed.end }
}
