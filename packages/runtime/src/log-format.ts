import { styleText } from 'node:util'

/**
 * One JSON log line as a person reads it: market time where it differs, agent, level, phrase, values.
 * Anything that is not a JSON line (a stack trace, a library's warning) passes through as it is.
 */
export function formatLogLine(line: string, options: { readonly colors: boolean }): string {
  const record = parseRecord(line)
  if (record === null) return line.trimEnd()
  const level = text(record['level'], 'info')
  const paint = (style: Style, value: string): string =>
    options.colors ? styleText(style, value, { validateStream: false }) : value
  const head = [
    paint('gray', clockOf(text(record['marketTime'] ?? record['time'], ''))),
    paint('cyan', text(record['agent'], 'flotilla').padEnd(agentWidth)),
    paint(levelStyles[level] ?? 'white', level.toUpperCase().padEnd(5)),
    text(record['msg'], ''),
  ]
  const values = Object.entries(record)
    .filter(([key]) => !headKeys.has(key))
    .map(([key, value]) => `${paint('gray', `${key}=`)}${formatValue(key, value)}`)
  return [...head, ...values].join(' ').trimEnd()
}

type Style = 'gray' | 'cyan' | 'white' | 'green' | 'yellow' | 'red'

const levelStyles: Readonly<Record<string, Style>> = {
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
}

/** The longest agent's name, so that phrases stand in one column. */
const agentWidth = 18

const headKeys = new Set([
  'level',
  'time',
  'marketTime',
  'agent',
  'instance',
  'msg',
  'pid',
  'hostname',
])

function parseRecord(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

function text(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}

/** `2026-11-21T15:04:05.678Z` as `15:04:05`: the date is in the file for who needs it. */
function clockOf(isoTime: string): string {
  return isoTime.length >= 19 ? isoTime.slice(11, 19) : isoTime.padEnd(8)
}

/** Ids are shortened to what tells two of them apart at a glance; the file has them whole. */
function formatValue(key: string, value: unknown): string {
  if (typeof value === 'string') {
    if (key.endsWith('Id') && uuid.test(value)) return value.slice(0, 8)
    return /\s/.test(value) || value === '' ? JSON.stringify(value) : value
  }
  if (key === 'err' && typeof value === 'object' && value !== null) return formatError(value)
  return JSON.stringify(value) ?? 'undefined'
}

const uuid = /^[0-9a-f]{8}-[0-9a-f-]{27}$/

function formatError(error: object): string {
  const { message, stack } = error as { message?: unknown; stack?: unknown }
  return `${JSON.stringify(text(message, 'unknown'))}\n${text(stack, '')}`.trimEnd()
}
