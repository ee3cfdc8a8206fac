// All fills of a symbol from a point on. The venue answers at most a day and 1,000 rows at once: days are
// walked until one has fills, from there on the ids carry on without any gap. A far away start is read by id
// from the first fill on.
import type { FillsFrom, VenueFill } from '../port.ts'
import type { Parameters } from './client.ts'
import { fillFrom } from './wire-answers.ts'
import { trades, type WireTrade } from './wire-schemas.ts'
import type { Wire } from './wire.ts'

export type FillsReader = {
  readonly wire: Wire
  readonly symbol: string
  readonly wireSymbol: string
  /** The venue's time now. */
  readonly until: number
}

const pageSize = 1_000
const dayMs = 86_400_000

export async function readFills(reader: FillsReader, from: FillsFrom): Promise<VenueFill[]> {
  const rows = await readRows(reader, from)
  return rows.map((row) => fillFrom(row, reader.symbol))
}

function readRows(reader: FillsReader, from: FillsFrom): Promise<WireTrade[]> {
  if ('fromId' in from) return readFromId(reader, from.fromId)
  // Without any point to begin at the venue tells the newest.
  if ('newest' in from) return readPage(reader, {}, from.newest)
  return readSince(reader, Math.max(0, from.since))
}

/** A walk of more days than this asks more often than reading the whole history by id would. */
const walkDaysMax = 7

async function readSince(reader: FillsReader, since: number): Promise<WireTrade[]> {
  if (reader.until - since > walkDaysMax * dayMs) {
    const all = await readFromId(reader, '0')
    return all.filter((row) => row.time >= since)
  }
  // Slack at the end: our idea of the venue's time lags a little behind it.
  for (let start = since; start <= reader.until + 60_000; start += dayMs) {
    const window = { startTime: start, endTime: start + dayMs - 1 }
    const page = await readPage(reader, window)
    const last = page.at(-1)
    if (last === undefined) continue
    return [...page, ...(await readFromId(reader, idAfter(last.id)))]
  }
  return []
}

async function readFromId(reader: FillsReader, fromId: string): Promise<WireTrade[]> {
  const rows: WireTrade[] = []
  let next = fromId
  for (;;) {
    const page = await readPage(reader, { fromId: next })
    rows.push(...page)
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return rows
    next = idAfter(last.id)
  }
}

async function readPage(
  reader: FillsReader,
  range: Parameters,
  limit = pageSize,
): Promise<WireTrade[]> {
  const rows = await reader.wire.readSigned({
    endpoint: 'privateGetMyTrades',
    parameters: { symbol: reader.wireSymbol, ...range, limit },
    schema: trades,
  })
  return rows.toSorted((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1))
}

function idAfter(id: string): string {
  return (BigInt(id) + 1n).toString()
}
