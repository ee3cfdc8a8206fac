import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from './clock.ts'
import { formatLogLine } from './log-format.ts'
import { nearest } from './nearest.ts'

/** Reads back what the agents wrote: one agent or all of them, merged by time and readable. */
export type TailOptions = {
  readonly folder: string
  /** Empty for all. */
  readonly agents: readonly string[]
  /** How many of the last lines. */
  readonly lines: number
  readonly colors: boolean
  /** As they are stored, one JSON document a line. */
  readonly json?: boolean
  write(text: string): void
}

/** Agents that have a log in this folder. */
export function loggedAgents(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .map((name) => name.slice(0, -'.log'.length))
    .toSorted()
}

/** What is wrong with the names asked for, or null. */
export function tailProblem(folder: string, agents: readonly string[]): string | null {
  const known = loggedAgents(folder)
  if (known.length === 0) return `there are no logs in ${folder}; start the fleet first`
  const unknown = agents.find((agent) => !known.includes(agent))
  if (unknown === undefined) return null
  const meant = nearest(unknown, known)
  const fix = meant === null ? `known are ${known.join(', ')}` : `did you mean ${meant}?`
  return `no agent "${unknown}" has a log; ${fix}`
}

export function printTail(options: TailOptions): LogPosition[] {
  const positions = options.agents.map((agent) => ({
    file: join(options.folder, `${agent}.log`),
    offset: 0,
    rest: '',
  }))
  const lines = positions.flatMap((position) => readNew(position).slice(-options.lines))
  print(lines.toSorted(byTime).slice(-options.lines), options)
  return positions
}

/** Lines as they are written, until the signal. */
export async function followLogs(
  positions: readonly LogPosition[],
  options: TailOptions & { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  while (!options.signal.aborted) {
    print(positions.flatMap(readNew).toSorted(byTime), options)
    await options.clock.sleep(followPollMs, options.signal).catch(() => undefined)
  }
}

/** Fast enough to feel live; file notifications are not to be had on every file system. */
const followPollMs = 200

export type LogPosition = { readonly file: string; offset: number; rest: string }

/** Whole lines that came since the last look; a file that was rotated is read from its start. */
function readNew(position: LogPosition): string[] {
  if (!existsSync(position.file)) return []
  const file = openSync(position.file, 'r')
  try {
    const { size } = fstatSync(file)
    if (size < position.offset) {
      position.offset = 0
      position.rest = ''
    }
    const buffer = Buffer.alloc(size - position.offset)
    const count = readSync(file, buffer, 0, buffer.length, position.offset)
    position.offset += count
    const lines = (position.rest + buffer.toString('utf8', 0, count)).split('\n')
    position.rest = lines.pop() ?? ''
    return lines
  } finally {
    closeSync(file)
  }
}

function print(lines: readonly string[], options: TailOptions): void {
  for (const line of lines) {
    options.write(`${options.json === true ? line : formatLogLine(line, options)}\n`)
  }
}

/** Lines begin alike, with level and time: the time is cut out without reading the whole. */
function byTime(left: string, right: string): number {
  return timeOf(left).localeCompare(timeOf(right))
}

function timeOf(line: string): string {
  return /"time":"([^"]*)"/.exec(line)?.[1] ?? ''
}
