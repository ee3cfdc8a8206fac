// Deterministic ids. The id of a message follows from what caused it, so that doing the same work
// twice makes the same id and the second one is recognised as a duplicate.
import { hash } from 'node:crypto'

/** The root of all our names: a version 4 UUID, chosen once. */
const NAMESPACE = Buffer.from('7b0c4f5e9d1a4c0fb1f6a9f3c2d85e67', 'hex')

/**
 * A version 5 UUID (RFC 9562, section 5.5) of the given parts. Parts are kept apart: `('ab', 'c')`
 * and `('a', 'bc')` are different ids.
 */
export function deriveId(...parts: readonly string[]): string {
  const name = Buffer.from(parts.map((part) => `${part.length}:${part}`).join(''), 'utf8')
  const digest = hash('sha1', Buffer.concat([NAMESPACE, name]), 'buffer')
  digest[6] = (digest[6]! & 0x0f) | 0x50
  digest[8] = (digest[8]! & 0x3f) | 0x80
  const hex = digest.toString('hex', 0, 16)
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)]
  return `${groups.join('-')}-${hex.slice(20, 32)}`
}
