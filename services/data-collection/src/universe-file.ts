import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MarketSymbol } from '@flotilla/contracts'
import { z } from 'zod'
import { tiers, universeReasons } from './core/index.ts'
import type { Universe } from './core/index.ts'

/**
 * The verdicts of the last run. Without them a restart would judge everybody as a newcomer, and what was
 * in by its past would be out; and a symbol that went out, in which a position may be open, would get no
 * candles any more. A file that is missing or not readable costs no more than that.
 */
const Entry = z.object({
  symbol: MarketSymbol,
  tier: z.enum(tiers),
  eligible: z.boolean(),
  reason: z.enum(universeReasons),
})
const Contents = z.object({ venue: z.string(), symbols: z.array(Entry) })

/** One for each venue; its name is a word, without anything that a path could be made of. */
const fileOf = (folder: string, venue: string): string => join(folder, `universe-${venue}.json`)

export function readUniverse(folder: string, venue: string): Universe {
  try {
    const text = readFileSync(fileOf(folder, venue), 'utf8')
    const contents = Contents.parse(JSON.parse(text))
    const symbols = contents.venue === venue ? contents.symbols : []
    return new Map(symbols.map((entry) => [entry.symbol, { ...entry, contrarySince: null }]))
  } catch {
    return new Map()
  }
}

/** Written beside and moved, so that a stop leaves the old file or the new one. */
export function writeUniverse(folder: string, venue: string, universe: Universe): void {
  const symbols = [...universe.values()].map(({ symbol, tier, eligible, reason }) => {
    return { symbol, tier, eligible, reason }
  })
  const path = fileOf(folder, venue)
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${path}.new`, JSON.stringify({ venue, symbols }))
  renameSync(`${path}.new`, path)
}
