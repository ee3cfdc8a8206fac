// What is wrong with a request, for who sent it: the field, what stood there, what is allowed, how to mend it.
import type { z } from 'zod'

export type Problem = {
  readonly field: string
  readonly value: unknown
  readonly message: string
}

/** `example` is a body that would be understood. */
export function problemsOf(error: z.ZodError, body: unknown, example: string): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        field: key,
        value: valueAt(body, [key]),
        message: 'is not known here; leave it out',
      }))
    }
    if (issue.path.length === 0) {
      return [
        { field: 'body', value: typeof body, message: `must be a JSON object, as ${example}` },
      ]
    }
    const field = issue.path.join('.')
    return [{ field, value: valueAt(body, issue.path), message: issue.message }]
  })
}

/** The ledger's documents hold neither a zero character nor half of a character that takes two. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

export const unstorable = 'has a character that cannot be stored; write it without'

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = body
  for (const key of path) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  }
  return value ?? null
}
