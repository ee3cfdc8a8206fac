import { z } from 'zod'
import type { Strategy } from './strategy.ts'

/** The parameters of a strategy with defaults and ranges, as a table for its page in docs/strategies. */
export function parameterTable(strategy: Strategy): string {
  const { properties = {} } = z.toJSONSchema(strategy.parameters, { io: 'input' })
  const rows = Object.entries(properties).map(([name, value]) => {
    const schema = value as ParameterSchema
    return `| \`${name}\` | ${defaultOf(schema)} | ${rangeOf(schema)} | ${schema.description ?? ''} |`
  })
  return ['| parameter | default | range | meaning |', '|---|---|---|---|', ...rows].join('\n')
}

type ParameterSchema = {
  readonly type?: string
  readonly default?: unknown
  readonly description?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
}

function defaultOf({ type, default: value }: ParameterSchema): string {
  return type === 'array' ? 'see below' : JSON.stringify(value)
}

function rangeOf(schema: ParameterSchema): string {
  if (schema.type === 'array') return `${schema.minItems} to ${schema.maxItems} entries`
  return `${schema.minimum} to ${schema.maximum}`
}
