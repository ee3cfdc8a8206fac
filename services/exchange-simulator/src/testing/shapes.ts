/** What an answer or event looks like without its values: names of fields with a mark of their kind. */

/** `#` is a number, `$` a decimal text, `?` yes or no, `-` nothing; any other text has no mark. */
export function markOf(value: unknown): string {
  if (value === null) return '-'
  if (typeof value === 'number') return '#'
  if (typeof value === 'boolean') return '?'
  return typeof value === 'string' && /^-?\d+\.\d+$/.test(value) ? '$' : ''
}

/** In the order in which they were sent. Of a list its first entry. */
export function orderedShape(value: unknown): string {
  return shape(value, (fields) => fields)
}

/** In the order of the alphabet, where the sender's is of no matter. */
export function sortedShape(value: unknown): string {
  return shape(value, (fields) => fields.toSorted())
}

function shape(value: unknown, arrange: (fields: string[]) => string[]): string {
  if (Array.isArray(value)) return `[${value.length === 0 ? '' : shape(value[0], arrange)}]`
  if (typeof value !== 'object' || value === null) return markOf(value)
  const fields = Object.entries(value).map(([name, part]) => `${name}${shape(part, arrange)}`)
  return `{${arrange(fields).join(' ')}}`
}
