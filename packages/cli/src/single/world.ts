import { createHash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { SharedConfig } from '@flotilla/fleet'

/**
 * Where a single-process fleet lives. Each seed is a world of its own, with its database, its candles
 * and its exchange, and goes on where it stopped; another seed is another folder.
 */
export type World = {
  readonly name: string
  readonly folder: string
  /** Folder of one part; made when it is asked for. */
  part(name: string): string
}

export function openWorld(state: string, shared: SharedConfig): World {
  const name = worldName(shared)
  const folder = join(state, name)
  mkdirSync(folder, { recursive: true })
  return {
    name,
    folder,
    part(part) {
      const path = join(folder, part)
      mkdirSync(path, { recursive: true })
      return path
    },
  }
}

/** Forgets all that a world holds. Whoever calls this has made sure that no fleet lives in it. */
export function forgetWorld({ folder }: World): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
}

/** What the world of this configuration is called, whether it exists or not. */
export function worldName({ mode, venue, account, simulator }: SharedConfig): string {
  if (venue.kind !== 'simulator' || venue.url !== undefined) {
    return `${mode}-${venue.id}-${account.id}`
  }
  const { candles, trades, books, follow, seed } = simulator
  if (follow !== undefined) return `${follow.venue}-followed`
  const files = [...candles, ...trades, ...books]
  if (files.length === 0) return `seed-${seed}`
  const hash = createHash('sha256').update(files.toSorted().join('\n')).digest('hex')
  return `recording-${hash.slice(0, 8)}`
}
