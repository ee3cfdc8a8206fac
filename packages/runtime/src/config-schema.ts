import { z } from 'zod'

/**
 * A zod schema seen as the JSON Schema of what a person may write. It serves editors, the mapping of
 * environment variables to settings, and the suggestions for a mistyped name.
 */
export type JsonSchema = { readonly [key: string]: unknown }
export type SettingPath = readonly (string | number)[]

export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
}

/** All the forms that the value at this path may take; empty when the path leads nowhere. */
export function formsAt(root: JsonSchema, path: SettingPath): JsonSchema[] {
  let forms = formsOf(root, root)
  for (const key of path) {
    forms = forms.flatMap((form) => stepInto(form, key)).flatMap((form) => formsOf(root, form))
  }
  return forms
}

export function knownKeys(forms: readonly JsonSchema[]): string[] {
  return [...new Set(forms.flatMap((form) => Object.keys(propertiesOf(form))))]
}

/** True where any further key is somebody else's business: another agent's section. */
export function isOpen(forms: readonly JsonSchema[]): boolean {
  return forms.some((form) => form['type'] === undefined && form['enum'] === undefined)
}

export function hasType(forms: readonly JsonSchema[], type: string): boolean {
  return forms.some((form) => form['type'] === type)
}

/** A map with names chosen by the user, as balances by asset. */
export function isMap(forms: readonly JsonSchema[]): boolean {
  return forms.some((form) => isSchema(form['additionalProperties']))
}

/**
 * The name in a map that a segment of a variable means: as it is, or where the names must be lower case
 * with hyphens, in that form, `MY_SECOND` for my-second.
 */
export function mapKeyOf(root: JsonSchema, forms: readonly JsonSchema[], segment: string): string {
  const patterns = forms.flatMap((form) => {
    const names = form['propertyNames']
    const own = isSchema(names) ? formsOf(root, names) : []
    return own.flatMap(({ pattern }) => (typeof pattern === 'string' ? [new RegExp(pattern)] : []))
  })
  const lower = segment.toLowerCase().replaceAll('_', '-')
  const fits = (text: string): boolean => patterns.some((pattern) => pattern.test(text))
  return !fits(segment) && fits(lower) ? lower : segment
}

function stepInto(form: JsonSchema, key: string | number): JsonSchema[] {
  if (typeof key === 'number') return isSchema(form['items']) ? [form['items']] : []
  const property = propertiesOf(form)[key]
  if (isSchema(property)) return [property]
  return isSchema(form['additionalProperties']) ? [form['additionalProperties']] : []
}

/** Follows references and opens alternatives; a form that is an alternative itself is left out. */
function formsOf(root: JsonSchema, form: JsonSchema): JsonSchema[] {
  const reference = form['$ref']
  if (typeof reference === 'string') return formsOf(root, resolve(root, reference))
  const parts = ['anyOf', 'oneOf', 'allOf'].flatMap((word) => {
    const list = form[word]
    return Array.isArray(list) ? list.filter(isSchema) : []
  })
  return parts.length === 0 ? [form] : parts.flatMap((part) => formsOf(root, part))
}

function resolve(root: JsonSchema, reference: string): JsonSchema {
  let node: unknown = root
  for (const part of reference.replace(/^#\/?/, '').split('/')) {
    if (part !== '') node = isSchema(node) ? node[part] : undefined
  }
  return isSchema(node) ? node : {}
}

function propertiesOf(form: JsonSchema): JsonSchema {
  const properties = form['properties']
  return isSchema(properties) ? properties : {}
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
