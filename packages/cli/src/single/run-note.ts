import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/**
 * How other commands find a fleet that runs: its address, and the token that lets it be commanded.
 * A killed fleet leaves its note behind; what counts is whether somebody answers at the address.
 */
const Note = z.strictObject({ url: z.url(), token: z.string().min(1), startedAt: z.number() })
export type RunNote = z.infer<typeof Note>

export function writeRunNote(folder: string, note: RunNote): void {
  // The token commands the fleet: nobody but its owner may read it.
  writeFileSync(noteFile(folder), JSON.stringify(note), { mode: 0o600 })
}

/** Only the note of this run: another one may have written its own since. */
export function removeRunNote(folder: string, token: string): void {
  if (readRunNote(folder)?.token === token) rmSync(noteFile(folder), { force: true })
}

/** The fleet that lives in this folder now, or null. */
export async function runningIn(folder: string): Promise<RunNote | null> {
  const note = readRunNote(folder)
  return note !== null && (await answers(note)) ? note : null
}

/** The fleet that was started last of those that run below this folder. */
export async function runningBelow(state: string): Promise<RunNote | null> {
  const folders = existsSync(state) ? readdirSync(state).map((name) => join(state, name)) : []
  const notes = await Promise.all(folders.map(runningIn))
  const running = notes.filter((note) => note !== null)
  return running.toSorted((left, right) => right.startedAt - left.startedAt)[0] ?? null
}

function readRunNote(folder: string): RunNote | null {
  try {
    const parsed = Note.safeParse(JSON.parse(readFileSync(noteFile(folder), 'utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** A fleet on this machine answers within milliseconds, unless the machine has much to do. */
const timeoutMs = 3_000

async function answers({ url }: RunNote): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    return (await fetch(`${url}/api/v1/health/liveness`, { signal })).ok
  } catch {
    return false
  }
}

function noteFile(folder: string): string {
  return join(folder, 'running.json')
}
