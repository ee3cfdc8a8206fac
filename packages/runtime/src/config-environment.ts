import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { formsAt, hasType, isMap, isOpen, knownKeys, mapKeyOf } from './config-schema.ts'
import type { JsonSchema } from './config-schema.ts'
import { nearest } from './nearest.ts'

/**
 * Settings from the environment win over the file: `FLOTILLA_VENUE__API_KEY=...` is venue.apiKey.
 * With `_FILE` at the end the value is read from the file that is named, as container secrets are
 * given. Double underscores separate levels, single ones the words of a name.
 */
export type Environment = Readonly<Record<string, string | undefined>>

export type Override = {
  readonly variable: string
  readonly path: readonly string[]
  readonly value: unknown
}

type OverrideProblem = {
  readonly variable: string
  readonly message: string
  readonly fix: string
}

export type Overrides = {
  readonly overrides: readonly Override[]
  readonly problems: readonly OverrideProblem[]
}

const prefix = 'FLOTILLA_'

export function readOverrides(environment: Environment, schema: JsonSchema): Overrides {
  const overrides: Override[] = []
  const problems: OverrideProblem[] = []
  for (const [variable, text] of Object.entries(environment).toSorted(byName)) {
    if (!variable.startsWith(prefix) || text === undefined) continue
    const outcome = readOverride({ variable, text, schema })
    if (outcome === null) continue
    if ('message' in outcome) problems.push(outcome)
    else overrides.push(outcome)
  }
  return { overrides, problems }
}

export function variableOf(path: readonly (string | number)[]): string {
  const words = path.map((part) =>
    String(part)
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
      .replaceAll('-', '_'),
  )
  return `${prefix}${words.join('__').toUpperCase()}`
}

type Reading = { readonly variable: string; readonly text: string; readonly schema: JsonSchema }

function readOverride(reading: Reading): Override | OverrideProblem | null {
  const { variable, schema } = reading
  const segments = variable.slice(prefix.length).split('__')
  const path: string[] = []
  for (const [index, segment] of segments.entries()) {
    const forms = formsAt(schema, path)
    const isLast = index === segments.length - 1
    const key = matchKey(segment, knownKeys(forms))
    if (key !== null) {
      path.push(key)
    } else if (isLast && segment.endsWith('_FILE') && hasSetting(schema, path, segment)) {
      const name = matchKey(segment.slice(0, -'_FILE'.length), knownKeys(forms)) ?? ''
      return fromFile(reading, [...path, name])
    } else if (isMap(forms)) {
      path.push(mapKeyOf(schema, forms, segment))
    } else {
      return unknownSetting({ variable, path, segment, schema })
    }
  }
  return { variable, path, value: typed(reading.text, schema, path) }
}

function hasSetting(schema: JsonSchema, path: readonly string[], segment: string): boolean {
  return matchKey(segment.slice(0, -'_FILE'.length), knownKeys(formsAt(schema, path))) !== null
}

/** `API_KEY` is apiKey: letters and digits count, case and underscores do not. */
function matchKey(segment: string, keys: readonly string[]): string | null {
  const plain = (name: string): string => name.replaceAll(/[^A-Za-z0-9]/g, '').toLowerCase()
  return keys.find((key) => plain(key) === plain(segment)) ?? null
}

/** A variable of one level that names no setting is not ours to judge: FLOTILLA_CONFIG and the like. */
function unknownSetting(found: {
  variable: string
  path: readonly string[]
  segment: string
  schema: JsonSchema
}): OverrideProblem | null {
  const { variable, path, segment, schema } = found
  const forms = formsAt(schema, path)
  if (!variable.includes('__') || (path.length > 0 && isOpen(forms))) return null
  const known = knownKeys(forms).map((key) => variableOf([...path, key]))
  const meant = nearest(variableOf([...path, segment]), known)
  return {
    variable,
    message: 'names no setting',
    fix: meant === null ? 'remove it' : `did you mean ${meant}?`,
  }
}

function fromFile(reading: Reading, path: readonly string[]): Override | OverrideProblem {
  const { variable, text: file, schema } = reading
  try {
    const text = readFileSync(file, 'utf8').trim()
    if (text === '') return { variable, message: `the file ${file} is empty`, fix: 'fill it' }
    return { variable, path, value: typed(text, schema, path) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    return {
      variable,
      message: `cannot read ${file} (${code})`,
      fix: 'name a file that is readable',
    }
  }
}

/** Text stays text where text is wanted: a password of digits is not a number. */
function typed(text: string, schema: JsonSchema, path: readonly string[]): unknown {
  const forms = formsAt(schema, path)
  if (hasType(forms, 'string') && !hasType(forms, 'boolean')) return text
  if (hasType(forms, 'array') && !text.trimStart().startsWith('[')) {
    return text.split(',').map((part) => part.trim())
  }
  try {
    return parse(text) as unknown
  } catch {
    return text
  }
}

function byName(left: [string, unknown], right: [string, unknown]): number {
  return left[0] < right[0] ? -1 : 1
}
