import { existsSync, readFileSync } from 'node:fs'
import { isMap as isYamlMap, isNode, isPair, isScalar, LineCounter, parseDocument } from 'yaml'
import type { Document, ParsedNode } from 'yaml'
import type { z } from 'zod'
import { readOverrides } from './config-environment.ts'
import type { Environment, Override } from './config-environment.ts'
import { findingsOf } from './config-problem.ts'
import type { Finding } from './config-problem.ts'
import { jsonSchemaOf } from './config-schema.ts'
import type { SettingPath } from './config-schema.ts'

/**
 * Configuration is read once, checked whole, and refused before anything starts. A refusal names file,
 * line, column, the setting, its value, the limit and the fix, for every fault and not just the first.
 */
export type ConfigProblem = {
  /** `flotilla.yaml:3:17`, or the environment variable the value came from. */
  readonly place: string
  readonly line: number | null
  /** Dotted: `risk.exposureRatioMax`. */
  readonly setting: string
  readonly message: string
  readonly fix: string | null
}

export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

export function formatProblem(problem: ConfigProblem): string {
  const setting = problem.setting === '' ? '' : `${problem.setting}: `
  const fix = problem.fix === null ? '' : `; ${problem.fix}`
  return `${problem.place} ${setting}${problem.message}${fix}`
}

export type ConfigSource<Schema extends z.ZodType> = {
  readonly file: string
  /** How the file is called in messages, where that is shorter. */
  readonly shownAs?: string
  readonly text: string
  readonly schema: Schema
  readonly environment?: Environment
}

export function readConfig<Schema extends z.ZodType>(
  source: Omit<ConfigSource<Schema>, 'text'>,
): z.infer<Schema> {
  if (!existsSync(source.file)) {
    throw new ConfigError([
      { ...nowhere, place: shown(source), message: 'there is no such file', fix: 'check the path' },
    ])
  }
  return parseConfig({ ...source, text: readFileSync(source.file, 'utf8') })
}

export function parseConfig<Schema extends z.ZodType>(
  source: ConfigSource<Schema>,
): z.infer<Schema> {
  const lines = new LineCounter()
  const document = parseDocument(source.text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0)
    throw new ConfigError(syntaxProblems(shown(source), document, lines))

  const jsonSchema = jsonSchemaOf(source.schema)
  const { overrides, problems } = readOverrides(source.environment ?? {}, jsonSchema)
  const written = (document.toJS() ?? {}) as unknown
  const data = overrides.reduce(withOverride, written)

  const parsed = source.schema.safeParse(data)
  const findings = parsed.success
    ? []
    : findingsOf(parsed.error.issues, { data, schema: jsonSchema })
  const all = [
    ...problems.map((problem) => ({ ...nowhere, ...problem, place: problem.variable })),
    ...findings.map((finding) =>
      locate(finding, { file: shown(source), document, lines, overrides }),
    ),
  ]
  if (all.length > 0 || !parsed.success) throw new ConfigError(all)
  return parsed.data
}

function shown(source: { readonly file: string; readonly shownAs?: string }): string {
  return source.shownAs ?? source.file
}

const nowhere = { line: null, setting: '' } as const

function syntaxProblems(file: string, document: Document, lines: LineCounter): ConfigProblem[] {
  return document.errors.map((error) => {
    const { line, col } = lines.linePos(error.pos[0])
    const message = `is not valid YAML: ${error.message}`
    const fix = 'check indentation, colons and quotes on this line'
    return { place: `${file}:${line}:${col}`, line, setting: '', message, fix }
  })
}

function withOverride(data: unknown, override: Override): unknown {
  return setIn(data, override.path, override.value)
}

function setIn(data: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  const group = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
  return { ...group, [key]: setIn(group[key], rest, value) }
}

type Written = {
  readonly file: string
  readonly document: Document.Parsed
  readonly lines: LineCounter
  readonly overrides: readonly Override[]
}

function locate(finding: Finding, written: Written): ConfigProblem {
  const { message, fix } = finding
  const setting = finding.path.join('.')
  const override = written.overrides.find((one) => one.path.join('.') === setting)
  if (override !== undefined) {
    return { place: override.variable, line: null, setting, message, fix }
  }
  const offset = offsetOf(written.document, finding)
  const { line, col } = written.lines.linePos(offset)
  return { place: `${written.file}:${line}:${col}`, line, setting, message, fix }
}

/** The value's place; for a wrong name the name's; for what is missing the nearest group around it. */
function offsetOf(document: Document.Parsed, finding: Finding): number {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [index, key] of finding.path.entries()) {
    const isLast = index === finding.path.length - 1
    const step = stepInto(node, key)
    if (step === null) return offset
    offset = isLast && !finding.atName ? (startOf(step.value) ?? step.keyOffset) : step.keyOffset
    node = step.value
  }
  return offset
}

function stepInto(
  node: unknown,
  key: SettingPath[number],
): { value: unknown; keyOffset: number } | null {
  if (isYamlMap(node)) {
    for (const pair of node.items) {
      if (!isPair(pair) || !isScalar(pair.key) || String(pair.key.value) !== String(key)) continue
      return { value: pair.value, keyOffset: startOf(pair.key) ?? 0 }
    }
    return null
  }
  const value = isNode(node) && 'get' in node ? node.get(key, true) : undefined
  const keyOffset = startOf(value)
  return keyOffset === null ? null : { value, keyOffset }
}

function startOf(node: unknown): number | null {
  return isNode(node) ? ((node as ParsedNode).range?.[0] ?? null) : null
}
