import type { z } from 'zod'
import { formsAt, knownKeys } from './config-schema.ts'
import type { JsonSchema, SettingPath } from './config-schema.ts'
import { nearest } from './nearest.ts'

/** What is wrong with one setting, in the words of the person who has to mend it. */
export type Finding = {
  readonly path: SettingPath
  /** True when the name itself is wrong: the place to show is then the name, not the value. */
  readonly atName: boolean
  readonly message: string
  readonly fix: string | null
}

type Issue = z.core.$ZodIssue
type Input = { readonly data: unknown; readonly schema: JsonSchema }

export function findingsOf(issues: readonly Issue[], input: Input): Finding[] {
  return issues.flatMap((issue) => findingsOfIssue(issue, input))
}

function findingsOfIssue(issue: Issue, input: Input): Finding[] {
  const path = settingPath(issue.path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey([...path, key], input.schema))
  }
  if (issue.code === 'invalid_union') return findingsOfUnion(issue, input)
  return [{ path, atName: false, ...wordsOf(issue, path, input) }]
}

function wordsOf(issue: Issue, path: SettingPath, input: Input): Words {
  const value = shown(input.data, path)
  if (issue.code === 'too_big' || issue.code === 'too_small') return outOfRange(issue, value)
  if (issue.code === 'invalid_value') return notOneOf(issue.values, valueAt(input.data, path))
  if (issue.code === 'invalid_type') return wrongType(issue.expected, value)
  return ownWords(issue, value)
}

type Words = Pick<Finding, 'message' | 'fix'>

function unknownKey(path: SettingPath, schema: JsonSchema): Finding {
  const known = knownKeys(formsAt(schema, path.slice(0, -1)))
  const meant = nearest(String(path.at(-1)), known)
  const choices = known.length === 0 ? null : `use one of ${known.join(', ')}`
  return {
    path,
    atName: true,
    message: 'is not a known setting',
    fix: meant === null ? choices : `did you mean "${meant}"?`,
  }
}

/** Of several forms the one that fits best is the one that was meant: fewest faults, deepest inside. */
function findingsOfUnion(issue: Issue & { code: 'invalid_union' }, input: Input): Finding[] {
  const path = settingPath(issue.path)
  const branches = issue.errors.toSorted((left, right) => weight(left) - weight(right))
  const best = branches[0]
  if (best === undefined || best.length === 0) {
    return [{ path, atName: false, ...ownWords(issue, shown(input.data, path)) }]
  }
  const inside = best.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
  return findingsOf(inside, input)
}

function weight(issues: readonly Issue[]): number {
  const depth = Math.max(0, ...issues.map((issue) => issue.path.length))
  return issues.length * 10 - depth * 100 + (issues.some(isTypeFault) ? 50 : 0)
}

function isTypeFault(issue: Issue): boolean {
  return issue.code === 'invalid_type'
}

function outOfRange(issue: Issue & { code: 'too_big' | 'too_small' }, value: string): Words {
  const isBig = issue.code === 'too_big'
  const limit = String(isBig ? issue.maximum : issue.minimum)
  const counted = { string: ' characters', array: ' entries' }[issue.origin as string] ?? ''
  const including = issue.inclusive === false ? (isBig ? 'less than' : 'more than') : null
  const bound = including ?? (isBig ? 'at most' : 'at least')
  return {
    message: `${value} is ${isBig ? 'above' : 'below'} the limit of ${limit}${counted}`,
    fix: `use ${bound} ${limit}${counted}`,
  }
}

function notOneOf(values: readonly unknown[], value: unknown): Words {
  const known = values.map(String)
  const meant = typeof value === 'string' ? nearest(value, known) : null
  const choice = known.length === 1 ? `use ${known.join('')}` : `use one of ${known.join(', ')}`
  return {
    message: value === undefined ? 'is missing' : `${JSON.stringify(value)} is not allowed here`,
    fix: meant === null ? choice : `did you mean "${meant}"? (${choice})`,
  }
}

function wrongType(expected: string, value: string): Words {
  const wanted = typeWords[expected] ?? expected
  return {
    message: value === 'undefined' ? 'is missing' : `${value} is not ${wanted}`,
    fix: `give ${wanted}`,
  }
}

const typeWords: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of settings',
  record: 'a group of settings',
}

/** Checks of our own say what is wrong in their message, and how to mend it in their parameters. */
function ownWords(issue: Issue, value: string): Words {
  const params = 'params' in issue ? issue.params : undefined
  const fix: unknown = params?.['fix']
  const startsWithVerb = /^(is|must|needs|has) /.test(issue.message)
  return {
    message: startsWithVerb && value !== 'undefined' ? `${value} ${issue.message}` : issue.message,
    fix: typeof fix === 'string' ? fix : null,
  }
}

function shown(data: unknown, path: SettingPath): string {
  const name = String(path.at(-1) ?? '')
  const value = valueAt(data, path)
  if (value !== undefined && /key|secret|password|token|url/i.test(name)) return 'the value'
  const text = JSON.stringify(value) ?? 'undefined'
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

function valueAt(data: unknown, path: SettingPath): unknown {
  let value: unknown = data
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string | number, unknown>)[key]
  }
  return value
}

function settingPath(path: readonly PropertyKey[]): SettingPath {
  return path.map((key) => (typeof key === 'number' ? key : String(key)))
}
