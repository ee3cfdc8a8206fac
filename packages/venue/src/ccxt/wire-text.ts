// Text from the wire that may be shown: signed requests carry their signature in the address.

/** Drops query strings; what is left names the path only. */
export function withoutQueries(text: string): string {
  return text.replace(/\?[^\s"']*/g, '')
}

/** The start of an answer that was not what was expected. */
export function excerptOf(body: string): string {
  const line = body.replace(/\s+/g, ' ').trim()
  return line.length > 120 ? `${line.slice(0, 120)}...` : line
}
