import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

export function openWorld(
  state: string,
  shared: SharedConfig,
  options: { readonly fresh: boolean },
): World {
  const name = worldName(shared)
  const folder = join(state, name)
  if (options.fresh) rmSync(folder, { recursive: true, force: true })
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

function worldName({ mode, venue, account, simulator }: SharedConfig): string {
  if (venue.kind !== 'simulator' || venue.url !== undefined) {
    return `${mode}-${venue.id}-${account.id}`
  }
  if (simulator.candles.length === 0) return `seed-${simulator.seed}`
  const hash = createHash('sha256').update(simulator.candles.toSorted().join('\n')).digest('hex')
  return `recording-${hash.slice(0, 8)}`
}

/** How other commands find a fleet that runs: its address and the token that lets it be controlled. */
export type RunNote = { readonly pid: number; readonly url: string; readonly token: string }

export function writeRunNote(state: string, note: RunNote): void {
  // The token commands the fleet: nobody but its owner may read it.
  writeFileSync(noteFile(state), JSON.stringify(note), { mode: 0o600 })
}

export function removeRunNote(state: string): void {
  rmSync(noteFile(state), { force: true })
}

export function readRunNote(state: string): RunNote | null {
  try {
    const note = JSON.parse(readFileSync(noteFile(state), 'utf8')) as Partial<RunNote>
    const { pid, url, token } = note
    if (pid === undefined || url === undefined || token === undefined) return null
    return { pid, url, token }
  } catch {
    return null
  }
}

function noteFile(state: string): string {
  return join(state, 'running.json')
}
