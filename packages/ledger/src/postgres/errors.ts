// What a failed statement means: a refusal of this unit, a moment to try again, or neither.
import { CONSTRAINTS, type Constraint } from '../port.ts'
import { Refusal } from '../refusal.ts'

const KNOWN: ReadonlySet<string> = new Set(CONSTRAINTS)

/** Constraints of the schema that stand for one of the port's words. */
const OTHER_NAMES: Readonly<Record<string, Constraint>> = {
  position_version_positive: 'position_version',
}

/** Serialization, deadlock, lock time-out, shutting down, starting up, too many, read-only standby. */
const PASSING = new Set([
  '40001',
  '40P01',
  '55P03',
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  '53300',
  '25006',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
])

/** The driver gives these without a code. */
const PASSING_TEXT =
  /connection terminated|connection error|timeout|not queryable|client was closed/i

/** `FL001` and `FL002` are raised by the commit function. */
export const isDuplicate = (error: unknown): boolean => codeOf(error) === 'FL001'
export const isStaleFence = (error: unknown): boolean => codeOf(error) === 'FL002'

export function isPassing(error: unknown): boolean {
  const code = codeOf(error)
  if (code !== null) return PASSING.has(code) || code.startsWith('08')
  return error instanceof Error && PASSING_TEXT.test(error.message)
}

/** The connection is of no use after this error. */
export function breaksConnection(error: unknown): boolean {
  const code = codeOf(error)
  return code === null || code.length !== 5 || code.startsWith('08') || code.startsWith('57P')
}

export function refusalOf(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error
  const code = codeOf(error)
  if (code === null || !(error instanceof Error)) return null
  if (code.startsWith('23')) return constraintRefusal(error)
  return code.startsWith('22') ? new Refusal('value_storable', error.message) : null
}

function constraintRefusal(error: Error): Refusal {
  const name = textOf(error, 'constraint') ?? ''
  const known = OTHER_NAMES[name] ?? (isConstraint(name) ? name : null)
  if (known === null) return new Refusal('value_storable', error.message)
  return new Refusal(known, textOf(error, 'detail') ?? error.message)
}

function isConstraint(name: string): name is Constraint {
  return KNOWN.has(name)
}

function codeOf(error: unknown): string | null {
  return error instanceof Error ? textOf(error, 'code') : null
}

function textOf(error: Error, property: string): string | null {
  const value: unknown = (error as Error & Record<string, unknown>)[property]
  return typeof value === 'string' ? value : null
}
